"""What `deeplake.integrations.labelbox` gets wrong with uploads: R13."""

import json
import shutil

import pytest

from deeplake_labelbox import create_labelbox_annotation_project
from deeplake_labelbox.errors import VideoNotFoundError
from deeplake_labelbox.sandbox import Sandbox


def upload(sandbox, *paths, project="Label"):
    return create_labelbox_annotation_project(
        list(paths), "Clips", project, None, lb_client=sandbox.client(), progress=False
    )


def test_r13_an_upload_tells_its_result_and_a_mistyped_path_is_an_error(clips, tmp_path):
    """The key of a video is the same in every run, and rows that were refused are listed."""
    copy = shutil.copy(clips[0], tmp_path / "copy.mp4")
    keys = []
    for path in (clips[0], copy):
        with Sandbox() as sandbox:
            gone = f"{sandbox.storage_url}/gone.mp4"
            with pytest.raises(VideoNotFoundError, match=r"mistyped\.mp4"):
                upload(sandbox, path, "/videos/mistyped.mp4")
            assert sandbox.projects == ()
            result = upload(sandbox, path, gone)
            refused = [(each.path, each.by, each.reason) for each in result.refused]
            assert refused == [(gone, "labelbox", "Failed to access URL: 404")]
            assert len(sandbox.project(result.project_id).data_rows) == 1
            keys.append([row.global_key for row in result.created])
    assert keys[0] == keys[1] != []


def test_r13_rows_that_a_batch_does_not_take_are_listed(clips, monkeypatch):
    monkeypatch.setattr("deeplake_labelbox._upload.batches.LAG_DELAYS", (0.01,))
    with Sandbox() as sandbox:
        known = upload(sandbox, *clips[:2]).data_row_ids
        batch = {
            "id": "b",
            "name": "b",
            "size": 1,
            "consensusSettingsJson": None,
            "createdAt": "2024-05-01T00:00:00.000Z",
            "updatedAt": "2024-05-01T00:00:00.000Z",
        }
        answer = {"batch": batch, "failedDataRowIds": [known[str(clips[1])]]}
        body = json.dumps({"data": {"project": {"createBatchV2": answer}}}).encode()
        sandbox.faults.add("graphql:createBatchV2", status=200, body=body)
        result = upload(sandbox, *clips[:2], project="Another")
    assert [row.path for row in result.data_rows] == [str(clips[0])]
    assert [(each.path, each.by) for each in result.refused] == [(str(clips[1]), "labelbox")]
