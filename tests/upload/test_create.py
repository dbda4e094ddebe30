"""Uploads to a project that is ready to label, through the real SDK against the sandbox."""

import logging

import pytest
import requests
from labelbox import LabelImport, MediaType
from sandbox_projects import ONTOLOGY, box_at, car, new_project

from deeplake_labelbox import (
    FrameExtractor,
    ProjectExporter,
)
from deeplake_labelbox.errors import (
    ConfigurationError,
    UploadError,
    VideoNotFoundError,
)


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
    assert warning.startswith("Labelbox can no longer show 1 video once the signature")
    found = box.client().get_project(project.id)
    assert found.media_type == MediaType.Video
    assert found.ontology().uid == result.ontology_id
    (batch,) = found.batches()
    assert (batch.name, batch.uid) == ("Clips_batch-0000", result.batch_ids[0])
    assert "Signature" not in repr(result)
    assert "3 videos, 3 of them new, 0 refused" in str(result)


def test_a_second_run_uploads_only_new_videos(box, upload, clips, operations):
    first = upload(clips[:2], lb_ontology=ONTOLOGY)
    seen = len(box.requests)
    second = upload(clips[:2], lb_ontology=ONTOLOGY)
    asked = operations(seen)
    assert not [name for name in asked if name and name.startswith(("create", "Create", "Upload"))]
    assert second.data_row_ids == first.data_row_ids
    assert (second.created, second.batch_ids) == ((), ())
    assert (second.project_id, second.dataset_id) == (first.project_id, first.dataset_id)
    seen = len(box.requests)
    third = upload(clips)
    assert [row.name for row in third.created] == [str(clips[2])]
    # The file, the chunk and the manifest.
    assert operations(seen)["UploadFile"] == 3
    assert third.ontology_id == first.ontology_id
    names = [batch.name for batch in box.client().get_project(first.project_id).batches()]
    assert names == ["Clips_batch-0000", "Clips_batch-0001"]
    assert len(box.project(first.project_id).data_rows) == 3


def test_a_missing_file_is_refused_before_anything_is_created(box, upload, clips):
    with pytest.raises(VideoNotFoundError, match=r"no file /missing/a.mp4, b\.mp4; nothing was"):
        upload([clips[0], "/missing/a.mp4", "b.mp4"])
    assert box.requests == []


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("one.mp4", "`paths` is the single path one.mp4"),
        ([], "`paths` is empty"),
        ([3], "`paths` has a int"),
        (["ftp://host/a.mp4"], "scheme ftp://"),
        (["s3://bucket"], "does not name a file in a bucket"),
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
        ({"lb_global_key_generator": lambda _: None}, "a key that is not a string"),
    ],
)
def test_options_that_cannot_be_used(upload, clips, options, message, operations):
    with pytest.raises(ConfigurationError, match=message):
        upload(clips[:1], **options)
    assert not [name for name in operations() if name and "Create" in name]


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


def test_files_that_labelbox_does_not_accept_fail_or_are_skipped(box, upload, clips, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(UploadError, match=r"does not accept 1 of 2 files: .*bad\.mp4") as caught:
        upload([clips[0], bad])
    assert str(caught.value).count(str(bad)) == 1
    assert ".." not in str(caught.value).replace(str(bad), "")
    assert box.requests == []
    result = upload([clips[0], bad], preflight="skip")
    assert [(each.name, each.by) for each in result.refused] == [(str(bad), "preflight")]
    result = upload([clips[0], bad], preflight="off")
    assert [(each.name, each.by) for each in result.refused] == [(str(bad), "labelbox")]


def test_signed_urls_stay_out_of_logs(box, upload, clips, caplog):
    caplog.set_level(logging.DEBUG, logger="deeplake_labelbox")
    served = new_project(box).add_video(clips[0])
    upload([served.row_data])
    assert "Signature" not in caplog.text
    assert box.api_key not in caplog.text


def test_uploaded_videos_are_labeled_and_exported(box, upload, clips):
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
