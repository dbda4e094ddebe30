"""Datasets of the frames: what is made, and where secrets go."""

import json

import deeplake
import numpy as np
import pytest
from sample_builds import EMPTY_ONTOLOGY, create, new_project
from sample_oracle import BASE, VIDEOS, check_frames, contents
from video_files import write_video

from deeplake_labelbox import (
    ProjectExport,
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox.errors import (
    ExportFailedError,
    VideoForbiddenError,
)

# --- what is made --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["memory", "local"])
def test_base_columns_hold_every_frame(sample_box, tmp_path, place):
    path = "mem://base-columns" if place == "memory" else str(tmp_path / "new" / "dataset")
    report = Report()
    dataset, export = create(sample_box, path, report=report)

    assert [column.name for column in dataset.schema.columns] == list(BASE)
    check_frames(dataset)
    check_frames(deeplake.open(path))
    assert [outcome.rows for outcome in report] == [video.frame_count for video in VIDEOS]
    assert report.gaps == []
    assert isinstance(export, ProjectExport)
    assert [row["data_row"]["id"] for row in export] == [
        row.id for row in sample_box.sample.data_rows
    ]


def test_jpg_frames_look_the_same(sample_box, export):
    dataset, _ = create(sample_box, "mem://jpg", project_json=export, frame_storage="jpg")
    check_frames(dataset, exact=False)


def test_the_history_names_every_video(sample_box, export, monkeypatch):
    monkeypatch.setattr("deeplake_labelbox._jobs.build._COMMIT_ROWS", 1)
    dataset, _ = create(sample_box, "mem://history", project_json=export)
    messages = [version.message for version in dataset.history]
    for video, row in zip(VIDEOS, sample_box.sample.data_rows, strict=True):
        (message,) = (message for message in messages if row.id in message)
        assert f"{video.frame_count} frames" in message


def test_short_videos_share_a_commit(box, tmp_path, monkeypatch):
    """Two commits for all that fit its bounds: of the rows, and then of what is known of them."""
    project = new_project(box, tmp_path, *([3] * 7))
    dataset, _ = create(box, "mem://short", project.id)
    messages = [version.message for version in dataset.history]
    (message,) = (message for message in messages if message and message.startswith("Add"))
    assert message.startswith("Add 21 frames of 7 videos, clip-0.mp4 (")
    assert message.endswith("to clip-6.mp4")
    monkeypatch.setattr("deeplake_labelbox._jobs.build._COMMIT_ROWS", 6)
    dataset, _ = create(box, "mem://six-rows", project.id)
    added = [v.message for v in dataset.history if v.message and v.message.startswith("Add")]
    assert [message.split(" frames")[0] for message in added] == ["Add 6"] * 3 + ["Add 3"]


def test_an_export_may_be_rows_or_a_file(sample_box, export, undisturbed, tmp_path):
    saved = tmp_path / "project.ndjson"
    saved.write_text("".join(json.dumps(row) + "\n" for row in export))
    for index, source in enumerate([list(export), saved, str(saved)]):
        asked = len(sample_box.requests)
        dataset, returned = create(sample_box, f"mem://source-{index}", project_json=source)
        assert contents(dataset) == undisturbed
        assert list(returned) == list(export)
        assert not any(request.operation for request in sample_box.requests[asked:])


def test_without_a_key_nothing_is_asked_of_labelbox(sample_box, export, monkeypatch):
    monkeypatch.setenv("LABELBOX_API_KEY", "not-to-be-used")
    asked = len(sample_box.requests)
    report = Report()
    dataset, _ = create_dataset_from_video_annotation_project(
        "mem://no-key",
        sample_box.sample.id,
        None,
        project_json=export,
        progress=False,
        report=report,
    )

    (gap,) = report.gaps
    assert gap.name.endswith("/video.mp4")
    assert len(dataset) == sum(video.frame_count for video in VIDEOS if not video.private)
    received = sample_box.requests[asked:]
    assert received
    assert not any(request.operation for request in received)
    assert not any("authorization" in request.headers for request in received)


def test_two_videos_of_the_same_name_keep_their_own_frames(box, tmp_path):
    project = box.add_project("Twins", EMPTY_ONTOLOGY)
    for index, first in enumerate((0, 40)):
        path = write_video(tmp_path / f"{index}.mp4", frames=4 + index, size=(96, 64), first=first)
        project.add_video(path, external_id="clip.mp4")
    dataset, _ = create(box, "mem://twins", project.id)
    assert dataset["video_idx"][:].tolist() == [0] * 4 + [1] * 5
    assert dataset["frame_idx"][:].tolist() == [*range(4), *range(5)]
    assert not np.array_equal(dataset["frames"][0], dataset["frames"][4])


def test_errors_beside_an_export_are_raised_where_that_is_asked_for(box, tmp_path):
    project = new_project(box, tmp_path, 2)
    errors = [{"message": "One label is unreadable"}]
    box.exports.next_errors = list(errors)
    dataset, _ = create(box, "mem://export-errors", project.id)
    assert len(dataset) == 2
    strictly = {"fail_on_labelbox_project_export_error": True}
    box.exports.next_errors = list(errors)
    with pytest.raises(ExportFailedError, match="One label is unreadable"):
        create(box, "mem://export-errors-raised", project.id, **strictly)
    assert not deeplake.exists("mem://export-errors-raised")
    box.exports.next_errors = list(errors)
    with pytest.raises(ExportFailedError, match="One label is unreadable"):
        converter_for_video_project_with_id(
            project.id, lambda _: dataset, None, lb_client=box.client(), progress=False, **strictly
        )


def test_a_presigner_of_the_user_gives_access(box, tmp_path):
    """Also to storage that is no web server, which the default presigner cannot reach."""
    project = new_project(box, tmp_path, 5, private=True)
    url = project.data_rows[0].row_data
    for name, row_data in {"private": url, "bucket": "s3://bucket/clip.mp4"}.items():
        other = box.add_project(name, EMPTY_ONTOLOGY)
        other.add_video(row_data=row_data)
        asked = []

        def presign(given, asked=asked):
            asked.append(given)
            return url, {"headers": {"Authorization": f"Bearer {box.api_key}"}}

        dataset, _ = create(box, f"mem://presigned-{name}", other.id, url_presigner=presign)
        assert len(dataset) == 5
        assert asked == [row_data]


# --- secrets -------------------------------------------------------------------------------------


def test_secrets_stay_out_of_dataset_report_and_log(sample_box, export, tmp_path, caplog):
    caplog.set_level("DEBUG")
    path = str(tmp_path / "dataset")
    report = Report()
    sample_box.faults.add("harbor", "truncate", after_bytes=30_000)
    dataset, _ = create(sample_box, path, project_json=export, report=report)
    sample_box.faults.clear()
    converter = converter_for_video_project_with_id(
        sample_box.sample.id,
        lambda _: dataset,
        None,
        project_json=export,
        lb_client=sample_box.client(),
        progress=False,
    )
    dataset = converter.dataset_with_applied_annotations()

    records = [r.getMessage() for r in caplog.records if r.name.startswith("deeplake_labelbox")]
    text = [*records, str(report), str(converter.report), repr(report), repr(dataset)]
    text += [str(version.message) for version in dataset.history]
    text += [str(dict(dataset.metadata))]
    for column in dataset.schema.columns:
        text.append(str(dict(dataset[column.name].metadata)))
        text += [cell for cell in dataset[column.name][:] if isinstance(cell, str)]
    report.save(tmp_path / "report.json")
    text.append((tmp_path / "report.json").read_text())
    assert records
    assert report.gaps
    assert converter.report.gaps
    assert any("crossing.mp4" in part for part in text)
    for secret in (sample_box.api_key, "Signature=", "Expires=", "Bearer"):
        assert not any(secret in part for part in text), secret


def test_the_key_goes_to_labelbox_only(sample_box, export):
    """Signed URLs are on a host of their own, which refuses whoever sends it a key."""
    since = len(sample_box.requests)
    dataset, _ = create(sample_box, "mem://key", project_json=export)
    converter_for_video_project_with_id(
        sample_box.sample.id,
        lambda _: dataset,
        None,
        project_json=export,
        lb_client=sample_box.client(),
        progress=False,
    ).dataset_with_applied_annotations()

    with_key = {"api": [], "storage": []}
    for request in sample_box.requests[since:]:
        with_key[request.host].append("authorization" in request.headers)
    assert any(with_key["api"])
    assert with_key["storage"]
    assert not any(with_key["storage"])


def test_a_foreign_host_that_asks_for_a_key_gets_none(box, tmp_path):
    """Its 401 is an answer: only Labelbox's own hosts are sent the key."""
    project = new_project(box, tmp_path, 2)
    other = box.add_project("Foreign", EMPTY_ONTOLOGY)
    unsigned = project.data_rows[0].row_data.partition("?")[0]
    assert unsigned.startswith(box.storage_url)
    other.add_video(row_data=unsigned, external_id="unsigned.mp4")
    since = len(box.requests)
    with pytest.raises(VideoForbiddenError):
        create(box, "mem://foreign", other.id, fail_on_error=True)
    received = [request for request in box.requests[since:] if request.host == "storage"]
    assert any("/videos/" in request.path for request in received)
    assert not any("authorization" in request.headers for request in received)
