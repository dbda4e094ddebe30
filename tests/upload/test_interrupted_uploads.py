"""Uploads that are interrupted, refused half way or slowed down, and resumed."""

import json
from types import SimpleNamespace

import pytest
from sandbox_projects import ONTOLOGY

from deeplake_labelbox.errors import (
    AuthenticationError,
    LabelboxError,
    LabelboxUnavailableError,
    UploadError,
)


def test_if_no_video_is_accepted_the_error_names_created_objects(box, upload):
    with pytest.raises(UploadError, match=r"rejected 1 of 1.*Created so far: dataset Clips \(c"):
        upload([f"{box.storage_url}/gone.mp4"])
    assert box.projects == ()


def test_an_interrupted_upload_names_created_objects_and_resumes(box, upload, clips, operations):
    box.faults.add("graphql:CreateProject", status=400, body=b'{"errors": []}')
    with pytest.raises(LabelboxError, match=r"Created so far: dataset Clips \(.*\), 2 data rows; "):
        upload(clips[:2], lb_ontology=ONTOLOGY)
    box.faults.add("graphql:ConnectOntology", status=403)
    with pytest.raises(AuthenticationError, match=r"Created so far: project Label them \("):
        upload(clips[:2], lb_ontology=ONTOLOGY)
    seen = len(box.requests)
    result = upload(clips[:2], lb_ontology=ONTOLOGY)
    asked = operations(seen)
    assert not {"UploadFile", "CreateDatasetPyApi", "CreateProjectPyApi"} & set(asked)
    # The ontology that the call before had made is the one that is connected.
    assert not asked["upsertRootSchemaNodePyApi"]
    assert len(result.data_rows) == len(box.project(result.project_id).data_rows) == 2


def test_a_key_that_is_revoked_half_way(box, upload, clips):
    reply = {"errors": [{"message": "no", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}
    body = json.dumps(reply).encode()
    box.faults.add("graphql:UpsertDataRows", status=401, body=body, times=None)
    with pytest.raises(AuthenticationError, match="Created so far: dataset Clips"):
        upload(clips[:1])
    box.faults.clear()
    assert len(upload(clips[:1]).created) == 1


def test_data_rows_of_many_files_are_created_in_small_parts(upload, clips, tmp_path, operations):
    paths = []
    for number in range(45):
        path = tmp_path / f"{number:02}.mp4"
        path.write_bytes(clips[0].read_bytes() + bytes([number]))
        paths.append(path)
    result = upload(paths, preflight="off")
    assert operations()["UpsertDataRowsPyApi"] == 3
    assert [row.name for row in result.data_rows] == [str(path) for path in paths]


def test_a_lost_response_creates_nothing_twice(box, upload, clips, operations):
    box.faults.add("graphql:UpsertDataRows", "cut")
    with pytest.raises(LabelboxUnavailableError, match="Created so far: dataset Clips"):
        upload(clips[:2])
    seen = len(box.requests)
    result = upload(clips[:2])
    assert operations(seen)["UploadFile"] == 0
    assert (len(result.data_rows), result.created) == (2, ())


def test_an_upload_resumes_between_two_parts(box, upload, clips, tmp_path):
    paths = []
    for number in range(30):
        path = tmp_path / f"{number:02}.mp4"
        path.write_bytes(clips[0].read_bytes() + bytes([number]))
        paths.append(path)
    box.faults.add("graphql:UpsertDataRows", status=403, skip=1)
    with pytest.raises(AuthenticationError, match="20 data rows; run this again to continue"):
        upload(paths, preflight="off")
    result = upload(paths, preflight="off")
    assert len(result.created) == 10
    assert len(box.project(result.project_id).data_rows) == 30


def test_the_rate_limit_is_waited_for(box, upload, clips, monkeypatch):
    waits = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=waits.append))
    for operation in ("UploadFile", "UpsertDataRows", "createBatchV2"):
        box.faults.add(f"graphql:{operation}", status=429, headers={"Retry-After": "9"})
    made = upload(clips)
    assert waits == [9, 9, 9]
    assert len(made.data_rows) == len(made.created) == len(clips)
