"""Videos to a project that is ready to label, through the real SDK against the sandbox."""

import json
import logging
from collections import Counter
from types import SimpleNamespace

import pytest
import requests
from labelbox import LabelImport, MediaType
from labelbox.schema.data_row_metadata import DataRowMetadataKind
from sandbox_projects import ONTOLOGY, box_at, car, new_project
from video_files import write_video

from deeplake_labelbox import (
    FrameExtractor,
    ProjectExporter,
    create_labelbox_annotation_project,
)
from deeplake_labelbox._labelbox.filters import ExportParams
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox.errors import (
    AuthenticationError,
    ConfigurationError,
    LabelboxError,
    LabelboxUnavailableError,
    MediaTypeError,
    OntologyError,
    ProjectNotFoundError,
    UploadError,
    VideoNotFoundError,
)
from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture
def box():
    """A sandbox of its own: keys and names are unique in an organization."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    for frames in (4, 5, 6):
        write_video(folder / f"clip {frames}.mp4", frames=frames)
    return sorted(folder.iterdir())


@pytest.fixture
def upload(box):
    def run(paths, **options):
        names = {"lb_dataset_name": "Clips", "lb_project_name": "Label them", "lb_api_key": None}
        return create_labelbox_annotation_project(
            paths, **names | options, lb_client=box.client(), progress=False
        )

    return run


def operations(box, since=0):
    return Counter(request.operation for request in box.requests[since:])


def test_files_and_urls_become_a_project(box, upload, clips):
    served = new_project(box).add_video(clips[2])
    result = upload([*clips[:2], served.row_data], lb_ontology=ONTOLOGY, lb_batch_priority=2)
    (project,) = [each for each in box.projects if each.name == "Label them"]
    rows = project.data_rows
    assert result.project_id == project.id
    assert result.editor_url == f"{box.url}/projects/{project.id}"
    assert [row.data_row_id for row in result.data_rows] == [row.id for row in rows]
    assert [row.media_attributes["frame_count"] for row in rows] == [4, 5, 6]
    assert [row.external_id for row in rows] == [path.name for path in clips]
    assert result.global_keys[str(clips[0])].startswith("sha256-")
    assert result.global_keys[served.row_data] == served.row_data.partition("?")[0]
    assert result.data_row_ids[str(clips[1])] == rows[1].id
    assert requests.get(rows[0].row_data, timeout=10).content == clips[0].read_bytes()
    assert rows[2].row_data == served.row_data
    assert {row.workflow_status for row in rows} == {"TO_LABEL"}
    assert (len(result.created), result.refused) == (3, ())
    (warning,) = result.warnings
    assert warning.startswith("Labelbox cannot show 1 video any more once the signature")
    found = box.client().get_project(project.id)
    assert found.media_type == MediaType.Video
    assert found.ontology().uid == result.ontology_id
    (batch,) = found.batches()
    assert (batch.name, batch.uid) == ("Clips_batch-0000", result.batch_ids[0])
    assert "Signature" not in repr(result)
    assert "3 videos, 3 of them new, 0 refused" in str(result)


def test_a_second_run_uploads_nothing_and_more_videos_go_on(box, upload, clips):
    first = upload(clips[:2], lb_ontology=ONTOLOGY)
    seen = len(box.requests)
    second = upload(clips[:2], lb_ontology=ONTOLOGY)
    asked = operations(box, seen)
    assert not [name for name in asked if name and name.startswith(("create", "Create", "Upload"))]
    assert second.data_row_ids == first.data_row_ids
    assert (second.created, second.batch_ids) == ((), ())
    assert (second.project_id, second.dataset_id) == (first.project_id, first.dataset_id)
    seen = len(box.requests)
    third = upload(clips)
    assert [row.name for row in third.created] == [str(clips[2])]
    # The file, the chunk and the manifest.
    assert operations(box, seen)["UploadFile"] == 3
    assert third.ontology_id == first.ontology_id
    names = [batch.name for batch in box.client().get_project(first.project_id).batches()]
    assert names == ["Clips_batch-0000", "Clips_batch-0001"]
    assert len(box.project(first.project_id).data_rows) == 3


def test_a_missing_file_ends_it_before_anything_is_made(box, upload, clips):
    with pytest.raises(VideoNotFoundError, match=r"no file /missing/a.mp4, b\.mp4; nothing was"):
        upload([clips[0], "/missing/a.mp4", "b.mp4"])
    assert box.requests == []


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("one.mp4", "`video_paths` is the single path one.mp4"),
        ([], "`video_paths` is empty"),
        ([3], "`video_paths` has a int"),
        (["ftp://host/a.mp4"], "scheme ftp://"),
        (["s3://bucket"], "names no file in a bucket"),
    ],
)
def test_paths_that_cannot_be_used(upload, paths, message):
    with pytest.raises(ConfigurationError, match=message):
        upload(paths)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lb_dataset_name": " "}, "The name of the dataset is ' '"),
        ({"lb_batch_priority": 6}, "`priority` is 6"),
        ({"preflight": "maybe"}, "`preflight` is 'maybe'"),
        ({"data_upload_strategy": "none"}, "`duplicates` is 'none'"),
        ({"lb_ontology": 3}, "The ontology is a int"),
        ({"lb_ontology": "cnone"}, "no ontology cnone"),
        ({"lb_global_key_generator": lambda _: "x" * 201}, "a key that is too long"),
        ({"lb_global_key_generator": lambda _: None}, "a key that is no string"),
    ],
)
def test_options_that_cannot_be_used(box, upload, clips, options, message):
    with pytest.raises(ConfigurationError, match=message):
        upload(clips[:1], **options)
    assert not [name for name in operations(box) if name and "Create" in name]


def test_duplicates_fail_are_skipped_or_all_uploaded(box, upload, clips, tmp_path):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clips[0].read_bytes())
    with pytest.raises(ConfigurationError, match=r"copy\.mp4 \(as .*clip 4\.mp4\)"):
        upload([clips[0], copy])
    assert box.requests == []
    skipped = upload([clips[0], copy], data_upload_strategy="skip")
    assert len(skipped.data_rows) == 1
    assert [(each.name, each.by) for each in skipped.refused] == [(str(copy), "duplicate")]
    every = upload([clips[0], copy], data_upload_strategy="all")
    keys = [row.global_key for row in every.data_rows]
    assert keys[1] == f"{keys[0]}-2"
    assert [row.created for row in every.data_rows] == [False, True]


def test_a_generator_makes_the_keys(upload, clips):
    result = upload(clips[:1], lb_global_key_generator=lambda path: f"mine/{len(path) > 0}")
    assert list(result.global_keys.values()) == ["mine/True"]


def test_rows_that_labelbox_rejects_are_listed_with_its_reason(box, upload, clips):
    gone = f"{box.storage_url}/gone.mp4?Signature=secret"
    result = upload([clips[0], gone])
    (refused,) = result.refused
    assert (refused.path, refused.by, refused.reason) == (
        gone,
        "labelbox",
        "Failed to access URL: 404",
    )
    assert "secret" not in str(refused) + repr(refused)
    assert len(box.project(result.project_id).data_rows) == 1
    with pytest.raises(UploadError, match=r"rejected 1 of 2 videos.*gone\.mp4: Failed"):
        upload([clips[1], gone], fail_on_error=True)
    assert upload([clips[1]]).created == ()


def test_when_no_video_is_taken_the_error_names_what_was_made(box, upload):
    with pytest.raises(UploadError, match=r"rejected 1 of 1.*Made so far: dataset Clips \(c"):
        upload([f"{box.storage_url}/gone.mp4"])
    assert box.projects == ()


def test_an_interrupted_upload_says_what_is_there_and_goes_on(box, upload, clips):
    box.faults.add("graphql:CreateProject", status=400, body=b'{"errors": []}')
    with pytest.raises(LabelboxError, match=r"Made so far: dataset Clips \(.*\), 2 data rows; "):
        upload(clips[:2], lb_ontology=ONTOLOGY)
    box.faults.add("graphql:ConnectOntology", status=403)
    with pytest.raises(AuthenticationError, match=r"Made so far: project Label them \("):
        upload(clips[:2], lb_ontology=ONTOLOGY)
    seen = len(box.requests)
    result = upload(clips[:2], lb_ontology=ONTOLOGY)
    asked = operations(box, seen)
    assert not {"UploadFile", "CreateDatasetPyApi", "CreateProjectPyApi"} & set(asked)
    # The ontology that the call before had made is the one that is connected.
    assert not asked["upsertRootSchemaNodePyApi"]
    assert len(result.data_rows) == len(box.project(result.project_id).data_rows) == 2


def test_a_key_that_is_revoked_half_way(box, upload, clips):
    reply = {"errors": [{"message": "no", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}
    body = json.dumps(reply).encode()
    box.faults.add("graphql:UpsertDataRows", status=401, body=body, times=None)
    with pytest.raises(AuthenticationError, match="Made so far: dataset Clips"):
        upload(clips[:1])
    box.faults.clear()
    assert len(upload(clips[:1]).created) == 1


def test_a_data_row_of_another_dataset_is_used(box, upload, clips):
    first = upload(clips[:1])
    other = upload(clips, lb_dataset_name="More", lb_project_name="Another")
    assert other.data_row_ids[str(clips[0])] == first.data_row_ids[str(clips[0])]
    assert len(other.created) == 2
    assert len(box.project(other.project_id).data_rows) == 3


def test_names_that_occur_twice_are_told_and_ids_choose(box, upload, clips):
    client = box.client()
    projects = [
        client.create_project(name="Label them", media_type=MediaType.Video) for _ in range(2)
    ]
    with pytest.raises(LabelboxError, match=r"2 projects named 'Label them'.*pass the id"):
        upload(clips[:1])
    datasets = [client.create_dataset(name="Clips", iam_integration=None) for _ in range(2)]
    with pytest.raises(LabelboxError, match=r"2 datasets named 'Clips'.*pass the id"):
        upload(clips[:1], lb_project_id=projects[1].uid)
    result = upload(clips[:1], lb_project_id=projects[1].uid, lb_dataset_id=datasets[0].uid)
    assert (result.project_id, result.dataset_id) == (projects[1].uid, datasets[0].uid)
    with pytest.raises(ProjectNotFoundError):
        upload(clips[:1], lb_project_id="cnone", lb_dataset_id=datasets[0].uid)


def test_a_project_of_another_kind_or_ontology_is_left_alone(box, upload, clips):
    box.client().create_project(name="Pictures", media_type=MediaType.Image)
    with pytest.raises(MediaTypeError, match="media type Image"):
        upload(clips[:1], lb_project_name="Pictures")
    upload(clips[:1], lb_ontology=ONTOLOGY)
    other = {"tools": [{"tool": "rectangle", "name": "ship"}]}
    with pytest.raises(OntologyError, match="has another ontology"):
        upload(clips, lb_ontology=other)
    pictures = box.client().create_ontology("Pictures", other, media_type=MediaType.Image)
    with pytest.raises(OntologyError, match="for IMAGE"):
        upload(clips, lb_ontology=pictures)
    with pytest.raises(OntologyError, match="neither tools nor"):
        upload(clips, lb_ontology={})
    assert len(box.projects) == 1 + 1


def test_an_ontology_is_an_object_an_id_a_dict_or_ours(box, upload, clips):
    client = box.client()
    made = client.create_ontology("Made", ONTOLOGY, media_type=MediaType.Video)
    forms = [made, made.uid, made.normalized, Ontology.of(ONTOLOGY)]
    for number, form in enumerate(forms):
        result = upload(clips[:1], lb_project_name=f"Form {number}", lb_ontology=form)
        connected = box.project(result.project_id).ontology_normalized
        assert Ontology.of(connected).tools[0].name == "car"
        if number < 2:
            assert result.ontology_id == made.uid
        else:
            # Ids belong to one ontology; a new one gets its own.
            assert connected["tools"][0]["featureSchemaId"] not in json.dumps(made.normalized)
            nested = connected["classifications"][0]["options"][1]["options"][0]
            assert nested["options"][0]["options"][0]["name"] == "shade"


def test_without_an_ontology_a_warning_says_so(upload, clips):
    result = upload(clips[:1])
    assert result.ontology_id is None
    assert ["The project has no ontology" in warning for warning in result.warnings] == [True]


def test_iam_integrations_by_default_id_and_name(box, upload, clips):
    default = box.add_iam_integration("bucket", is_default=True)
    other = box.add_iam_integration("other")
    box.add_iam_integration("broken", valid=False)
    client = box.client()
    for number, (wanted, expected) in enumerate(
        [("DEFAULT", default), (other, other), ("other", other), (None, None)]
    ):
        names = {"lb_dataset_name": f"D{number}", "lb_project_name": f"P{number}"}
        result = upload(clips[:1], lb_iam_integration_id=wanted, **names)
        signer = client.get_dataset(result.dataset_id).iam_integration()
        assert (signer and signer.uid) == expected
    with pytest.raises(ConfigurationError, match=r"no IAM integration 'none'; it has bucket \("):
        upload(clips[:1], lb_iam_integration_id="none")
    with pytest.raises(ConfigurationError, match=r"broken .* is not valid"):
        upload(clips[:1], lb_iam_integration_id="broken")


def test_files_that_labelbox_does_not_take_end_it_or_are_skipped(box, upload, clips, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(UploadError, match=r"does not take 1 of 2 files: .*bad\.mp4") as caught:
        upload([clips[0], bad])
    assert str(caught.value).count(str(bad)) == 1
    assert ".." not in str(caught.value).replace(str(bad), "")
    assert box.requests == []
    result = upload([clips[0], bad], preflight="skip")
    assert [(each.name, each.by) for each in result.refused] == [(str(bad), "preflight")]
    result = upload([clips[0], bad], preflight="off")
    assert [(each.name, each.by) for each in result.refused] == [(str(bad), "labelbox")]


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video")
    return path


def test_a_video_that_cannot_be_processed_stops_no_second_call(box, upload, clips, broken):
    first = upload([clips[0], broken], preflight="off")
    for result in (first, upload([clips[0], broken], preflight="off")):
        (row,) = result.data_rows
        (refused,) = result.refused
        assert (row.path, refused.path, refused.by) == (str(clips[0]), str(broken), "labelbox")
        assert "could not process the file" in refused.reason
    assert len(first.batch_ids) == 1
    third = upload([*clips, broken], preflight="off")
    assert [row.created for row in third.data_rows] == [False, True, True]
    assert len(third.refused) == 1
    names = [batch.name for batch in box.client().get_project(first.project_id).batches()]
    assert names == ["Clips_batch-0000", "Clips_batch-0001"]


def test_a_video_that_cannot_be_processed_is_an_error_if_wanted_or_alone(upload, clips, broken):
    for paths, options in (([broken], {}), ([clips[0], broken], {"fail_on_error": True})):
        with pytest.raises(UploadError, match=r"rejected 1 of .*broken\.mp4: .* could not process"):
            upload(paths, preflight="off", **options)
    assert len(upload([clips[0]]).data_rows) == 1


def test_large_batches_tell_what_they_left_out(upload, clips, broken, monkeypatch):
    monkeypatch.setattr("labelbox.schema.project.MAX_SYNC_BATCH_ROW_COUNT", 1)
    result = upload([*clips, broken], preflight="off")
    assert [row.path for row in result.data_rows] == list(map(str, clips))
    assert [each.path for each in result.refused] == [str(broken)]
    again = upload([*clips, broken], preflight="off")
    assert (again.data_row_ids, again.batch_ids) == (result.data_row_ids, ())
    assert [each.path for each in again.refused] == [str(broken)]


def test_a_second_call_at_once_finds_what_exports_do_not_show_yet(box, upload, clips, broken):
    box.faults.lag("exports", 0.6)
    first = upload([*clips[:2], broken], preflight="off")
    second = upload([*clips, broken], preflight="off")
    assert second.data_row_ids.items() > first.data_row_ids.items()
    assert [row.created for row in second.data_rows] == [False, False, True]
    assert [each.path for each in second.refused] == [str(broken)]
    assert len(box.project(first.project_id).data_rows) == 3


def test_a_data_row_that_exports_never_show_is_not_said_to_be_there(
    box, upload, clips, monkeypatch
):
    monkeypatch.setattr("deeplake_labelbox._upload.batches._LOOKS", (0.01,))
    box.faults.lag("exports")
    upload(clips[:1])
    with pytest.raises(UploadError, match="call again in a minute"):
        upload(clips[:1])
    box.faults.clear()
    assert len(upload(clips[:1]).data_rows) == 1


def test_a_deleted_data_row_holds_its_key_for_a_while(box, upload, clips):
    box.faults.lag("global keys")
    first = upload(clips[:1])
    client = box.client()
    client.get_data_row(first.data_rows[0].data_row_id).delete()
    with pytest.raises(UploadError, match=r"Duplicate global key.*free again after some minutes"):
        upload(clips[:1])
    box.faults.clear()
    assert upload(clips[:1]).data_rows[0].created


def test_a_data_row_that_is_deleted_late_is_used_until_then(box, upload, clips):
    first = upload(clips[:1])
    box.faults.lag("deletions")
    box.client().get_data_row(first.data_rows[0].data_row_id).delete()
    assert upload(clips[:1]).data_row_ids == first.data_row_ids
    box.faults.clear()
    assert upload(clips[:1]).data_rows[0].created


def test_videos_are_sent_once_they_are_processed(box, upload, clips, monkeypatch):
    monkeypatch.setattr("labelbox.schema.project.time", SimpleNamespace(sleep=lambda _: None))
    box.faults.lag("processing", 0.3)
    result = upload(clips)
    assert len(result.data_rows) == len(box.project(result.project_id).data_rows) == 3


def test_new_data_rows_get_their_metadata(box, upload, clips):
    schemas = box.client().get_data_row_metadata_ontology()
    schemas.create_schema("camera", DataRowMetadataKind.number)
    given = {str(clips[0]): {"split": "test", "camera": 3}, str(clips[1]): {}}
    made = upload([str(path) for path in clips], lb_metadata=given)
    (line, *_) = ProjectExporter(box.client(), made.project_id).export(
        params=ExportParams(metadata_fields=True), progress=False
    )
    told = {each["schema_name"]: each["value"] for each in line["metadata_fields"]}
    assert told == {"split": "test", "camera": 3}
    other = upload(
        [str(clips[0])],
        lb_project_name="Other",
        lb_dataset_name="Other",
        lb_global_key_generator=lambda path: f"other {len(path)}",
        lb_metadata=lambda path: {"tag": path[-5:]},
    )
    row = box.client().get_data_row(other.data_rows[0].data_row_id)
    assert [(each["name"], each["value"]) for each in row.metadata_fields] == [("tag", "4.mp4")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"elsewhere.mp4": {"tag": "a"}}, "names 'elsewhere.mp4', which is none of the videos"),
        (lambda _: {"lens": 1}, "the field 'lens', which the organization does not have; it has"),
        (lambda _: {"split": "half"}, "split = 'half', which cannot be used"),
        (lambda _: {"tag": 3}, "tag = 3, which cannot be used"),
    ],
)
def test_metadata_that_cannot_be_used_ends_it_before_anything_is_made(
    box, upload, clips, given, message
):
    with pytest.raises(ConfigurationError, match=message):
        upload(clips[:1], lb_metadata=given)
    assert not [name for name in operations(box) if name and "Create" in name]


def test_many_files_are_made_data_rows_of_a_few_at_a_time(box, upload, clips, tmp_path):
    paths = []
    for number in range(45):
        path = tmp_path / f"{number:02}.mp4"
        path.write_bytes(clips[0].read_bytes() + bytes([number]))
        paths.append(path)
    result = upload(paths, preflight="off")
    assert operations(box)["UpsertDataRowsPyApi"] == 3
    assert [row.name for row in result.data_rows] == [str(path) for path in paths]


def test_signed_urls_stay_out_of_logs(box, upload, clips, caplog):
    caplog.set_level(logging.DEBUG, logger="deeplake_labelbox")
    served = new_project(box).add_video(clips[0])
    upload([served.row_data])
    assert "Signature" not in caplog.text
    assert box.api_key not in caplog.text


def test_an_answer_that_is_lost_makes_nothing_twice(box, upload, clips):
    box.faults.add("graphql:UpsertDataRows", "cut")
    with pytest.raises(LabelboxUnavailableError, match="Made so far: dataset Clips"):
        upload(clips[:2])
    seen = len(box.requests)
    result = upload(clips[:2])
    assert operations(box, seen)["UploadFile"] == 0
    assert (len(result.data_rows), result.created) == (2, ())


def test_an_upload_that_ends_between_two_pieces_goes_on_with_the_rest(box, upload, clips, tmp_path):
    paths = []
    for number in range(30):
        path = tmp_path / f"{number:02}.mp4"
        path.write_bytes(clips[0].read_bytes() + bytes([number]))
        paths.append(path)
    box.faults.add("graphql:UpsertDataRows", status=403, skip=1)
    with pytest.raises(AuthenticationError, match="20 data rows; run it again to go on"):
        upload(paths, preflight="off")
    result = upload(paths, preflight="off")
    assert len(result.created) == 10
    assert len(box.project(result.project_id).data_rows) == 30


def test_what_was_uploaded_is_labeled_and_comes_back(box, upload, clips):
    result = upload(clips[:1], lb_ontology=ONTOLOGY)
    (row,) = result.data_rows
    line = car(box_at(2)) | {"dataRow": {"globalKey": row.global_key}}
    job = LabelImport.create_from_objects(box.client(), result.project_id, "labels", [line])
    job.wait_till_done(sleep_time_seconds=0)
    assert job.errors == []
    (exported,) = ProjectExporter(box.client(), result.project_id).export(progress=False)
    (label,) = exported["projects"][result.project_id]["labels"]
    assert list(label["annotations"]["frames"]) == ["2"]
    with FrameExtractor(exported["data_row"]["row_data"]) as extractor:
        assert sum(len(batch) for batch in extractor) == 4


def test_the_rate_limit_is_waited_for(box, upload, clips, monkeypatch):
    waits = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=waits.append))
    for operation in ("UploadFile", "UpsertDataRows", "createBatchV2"):
        box.faults.add(f"graphql:{operation}", status=429, headers={"Retry-After": "9"})
    made = upload(clips)
    assert waits == [9, 9, 9]
    assert len(made.data_rows) == len(made.created) == len(clips)
