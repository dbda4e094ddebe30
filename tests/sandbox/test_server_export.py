"""Exports of the sandbox through the real SDK: tasks, streams, filters and params."""

import json
from datetime import UTC, datetime

import pytest
import requests
from labelbox import StreamType
from labelbox.schema.export_task import ExportTask
from lbox.exceptions import OperationNotAllowedException
from sandbox_projects import ALL_PARAMS, box_at, car, export_lines, new_project

URL = "https://videos.test/a.mp4"


@pytest.fixture
def project(box):
    return new_project(box)


def started(box, project, **options):
    return box.client().get_project(project.id).export(**options)


def ids(lines):
    return [line["data_row"]["id"] for line in lines]


def test_an_empty_project_has_no_stream(box, project):
    task = started(box, project)
    task.wait_till_done()
    assert task.status == "COMPLETE"
    assert not task.has_result()
    assert not task.has_errors()


def test_a_bare_export_has_only_the_fixed_fields(box, project):
    row = project.add_video(row_data=URL)
    label = row.add_label([car(box_at(1))])
    (line,) = export_lines(box, project)
    assert line["data_row"] == {"id": row.id, "row_data": URL}
    assert set(line) == {"data_row", "media_attributes", "projects"}
    assert set(line["projects"][project.id]) == {"name", "labels"}
    (exported,) = line["projects"][project.id]["labels"]
    assert set(exported) == {"label_kind", "version", "id", "annotations"}
    assert (exported["label_kind"], exported["version"]) == ("Video", "1.0.0")
    assert exported["id"] == label.id


def test_every_param_adds_its_fields(box, project):
    moment = datetime(2024, 4, 8, 16, 21, 26, tzinfo=UTC)
    row = project.add_video(
        row_data=URL,
        external_id="a.mp4",
        global_key=f"key of {project.id}",
        batch="first",
        dataset="Clips",
        workflow_status="IN_REVIEW",
        created_at=moment,
        metadata_fields=[{"schema_name": "split", "value": "train"}],
        attachments=[{"type": "RAW_TEXT", "value": "hello"}],
    )
    label = row.add_label([], created_by="ann@x.test", created_at=moment)
    (line,) = export_lines(box, project, params=ALL_PARAMS)
    assert line["data_row"]["external_id"] == "a.mp4"
    assert line["data_row"]["global_key"] == f"key of {project.id}"
    details = line["data_row"]["details"]
    assert details["dataset_name"] == "Clips"
    assert details["created_at"] == "2024-04-08T16:21:26.000+00:00"
    assert set(details) == {
        "dataset_id",
        "dataset_name",
        "created_at",
        "updated_at",
        "last_activity_at",
        "created_by",
    }
    assert line["metadata_fields"] == [{"schema_name": "split", "value": "train"}]
    assert line["attachments"] == [{"type": "RAW_TEXT", "value": "hello"}]
    assert line["embeddings"] == []
    project_details = line["projects"][project.id]["project_details"]
    assert project_details["ontology_id"] == project.ontology_id
    assert project_details["batch_name"] == "first"
    assert project_details["workflow_status"] == "IN_REVIEW"
    assert project_details["selected_label_id"] == label.id
    (exported,) = line["projects"][project.id]["labels"]
    assert exported["label_details"] == {
        "created_at": "2024-04-08T16:21:26.000+00:00",
        "updated_at": "2024-04-08T16:21:26.000+00:00",
        "created_by": "ann@x.test",
        "content_last_updated_at": "2024-04-08T16:21:26.000+00:00",
        "reviews": [],
    }
    assert exported["performance_details"]["skipped"] is False


def test_the_latest_label_that_is_not_skipped_is_selected(box, project):
    row = project.add_video(row_data=URL)
    first = row.add_label([])
    second = row.add_label([])
    skipped = row.add_label([car(box_at(1))], skipped=True)
    assert row.selected_label_id == second.id
    row.selected_label_id = first.id
    found = box.client().get_data_row(row.id)
    assert found.get_winning_label_id(project.id) == first.id
    (line,) = export_lines(box, project, params=ALL_PARAMS)
    part = line["projects"][project.id]
    assert part["project_details"]["selected_label_id"] == first.id
    assert [label["id"] for label in part["labels"]] == [first.id, second.id, skipped.id]
    assert part["labels"][2]["performance_details"]["skipped"] is True
    assert "frames" not in part["labels"][2]["annotations"]


def test_labels_and_lines_can_be_given_verbatim(box, project):
    row = project.add_video(row_data=URL)
    row.add_label_json({"id": "codd", "annotations": {"frames": {"1": {"objects": []}}}})
    (line,) = export_lines(box, project)
    (label,) = line["projects"][project.id]["labels"]
    assert label == {"id": "codd", "annotations": {"frames": {"1": {"objects": []}}}}
    row.set_export_json({"odd": True})
    assert export_lines(box, project) == [{"odd": True}]


def test_a_stream_of_several_chunks_keeps_every_character(box, project):
    texts = [f"日本語 ünïcode \u2028 {number} 🚗" for number in range(6)]
    for text in texts:
        project.add_video(row_data=f"https://videos.test/{text}").add_label(
            [{"name": "note", "answer": [{"value": text, "frames": [{"start": 1, "end": 2}]}]}]
        )
    box.exports.chunk_size = 1500
    try:
        task = started(box, project)
        task.wait_till_done()
        seen = len(box.requests)
        lines = [item.json for item in task.get_buffered_stream()]
    finally:
        box.exports.chunk_size = 32 * 1024
    chunks = [request for request in box.requests[seen:] if request.host == "storage"]
    assert 1 < len(chunks) <= 6
    assert all("authorization" not in chunk.headers for chunk in chunks)
    assert [
        line["data_row"]["row_data"].removeprefix("https://videos.test/") for line in lines
    ] == (texts)
    contents = [
        line["projects"][project.id]["labels"][0]["annotations"]["frames"]["1"]["classifications"][
            0
        ]["text_answer"]["content"]
        for line in lines
    ]
    assert contents == texts
    assert task.get_total_lines(StreamType.RESULT) == 6
    assert task.get_total_file_size(StreamType.RESULT) == len(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    )


def test_an_export_that_is_not_streamed_is_one_file(box, project):
    row = project.add_video(row_data=URL)
    with pytest.warns(DeprecationWarning, match="export_v2"):
        task = box.client().get_project(project.id).export_v2()
    task.wait_till_done()
    assert ids(task.result) == [row.id]


@pytest.mark.parametrize("status", ["FAILED", "CANCELED"])
def test_the_next_export_can_fail(box, project, status):
    project.add_video(row_data=URL)
    box.exports.next_status = status
    task = started(box, project)
    task.wait_till_done()
    assert task.status == status
    with pytest.raises(ExportTask.ExportTaskException):
        task.has_result()
    assert len(export_lines(box, project)) == 1


def test_the_next_export_can_run_for_ever(box, project):
    box.exports.next_status = "IN_PROGRESS"
    task = started(box, project)
    assert task.status == "IN_PROGRESS"
    with pytest.raises(ExportTask.ExportTaskException, match="not ready"):
        task.has_result()


def test_the_next_export_can_take_some_polls(box, project):
    project.add_video(row_data=URL)
    box.exports.next_polls = 1
    task = started(box, project)
    assert task.status == "IN_PROGRESS"
    assert box.client().get_task_by_id(task.uid).status == "COMPLETE"


def test_a_project_runs_ten_exports_at_most(box, project):
    for _ in range(10):
        box.exports.next_status = "IN_PROGRESS"
        started(box, project)
    with pytest.raises(OperationNotAllowedException, match="Too many exports"):
        started(box, project)


def test_the_next_export_can_have_errors(box, project):
    project.add_video(row_data=URL)
    box.exports.next_errors = [{"data_row": "x", "message": "no"}]
    task = started(box, project)
    task.wait_till_done()
    assert task.has_errors()
    errors = [item.json for item in task.get_buffered_stream(stream_type=StreamType.ERRORS)]
    assert errors == [{"data_row": "x", "message": "no"}]
    again = started(box, project)
    assert not again.has_errors()


@pytest.mark.parametrize(
    ("chosen", "status"),
    [("ToLabel", "TO_LABEL"), ("InReview", "IN_REVIEW"), ("InRework", "IN_REWORK")],
)
def test_workflow_status_filters(box, project, chosen, status):
    project.add_video(row_data=URL)
    moved = project.add_video(row_data=URL)
    moved.set_workflow_status(status)
    assert ids(export_lines(box, project, filters={"workflow_status": chosen})) == [moved.id]
    done = export_lines(box, project, filters={"workflow_status": "Done"})
    assert ids(done) == [project.data_rows[0].id]


def test_batches_data_rows_and_global_keys_filter(box, project):
    first = project.add_video(row_data=URL, batch="one", global_key=f"one of {project.id}")
    second = project.add_video(row_data=URL, batch="two", global_key=f"two of {project.id}")
    for filters in (
        {"batch_ids": [second.batch_id]},
        {"data_row_ids": [second.id]},
        {"global_keys": [second.global_key, "none such"]},
    ):
        assert ids(export_lines(box, project, filters=filters)) == [second.id]
    both = {"batch_ids": [second.batch_id], "data_row_ids": [first.id]}
    assert export_lines(box, project, filters=both) == []


def test_batches_are_named_once(box, project):
    rows = [project.add_video(row_data=URL, batch="one") for _ in range(2)]
    (batch,) = box.client().get_project(project.id).batches()
    assert (batch.name, batch.size) == ("one", 2)
    assert {row.batch_id for row in rows} == {batch.uid}


def test_dates_filter_labels_and_activity(box, project):
    labeled = project.add_video(row_data=URL, created_at=datetime(2000, 1, 1, tzinfo=UTC))
    labeled.add_label([], created_at=datetime(2100, 5, 5, 12, tzinfo=UTC))
    project.add_video(row_data=URL, created_at=datetime(2000, 1, 1, tzinfo=UTC))
    for key in ("label_created_at", "last_activity_at"):
        for dates, found in (
            (["2100-05-05", "2100-05-06"], [labeled.id]),
            (["2100-05-05 12:00:00", None], [labeled.id]),
            (["2100-05-05T12:00:01+0000", None], []),
            ([None, "1999-01-01"], []),
        ):
            assert ids(export_lines(box, project, filters={key: dates})) == found


def test_dates_are_read_in_the_time_zone_of_the_user(box, project):
    row = project.add_video(row_data=URL)
    row.add_label([], created_at=datetime(2100, 5, 5, 12, tzinfo=UTC))
    box.set_timezone("America/New_York")
    try:
        late = export_lines(
            box, project, filters={"label_created_at": ["2100-05-05 09:00:00", None]}
        )
        early = export_lines(
            box, project, filters={"label_created_at": ["2100-05-05 08:00:00", None]}
        )
    finally:
        box.set_timezone("UTC")
    assert late == []
    assert ids(early) == [row.id]


def test_a_dataset_export_has_the_labels_of_the_requested_projects(box, project):
    row = project.add_video(row_data=URL, dataset=f"of {project.id}")
    row.add_label([])
    client = box.client()
    (dataset,) = [each for each in client.get_datasets() if each.name == f"of {project.id}"]
    for params, found in (({}, []), ({"project_ids": [project.id]}, [project.id])):
        task = dataset.export(params=params)
        task.wait_till_done()
        (item,) = task.get_buffered_stream()
        assert item.json["data_row"]["id"] == row.id
        assert list(item.json["projects"]) == found


def test_an_export_file_needs_its_signature(box, project):
    project.add_video(row_data=URL)
    seen = len(box.requests)
    export_lines(box, project)
    (chunk,) = [request for request in box.requests[seen:] if request.host == "storage"]
    url = f"{box.storage_url}{chunk.path}"
    assert requests.get(f"{url}?{chunk.query}", timeout=10).status_code == 200
    assert requests.get(url, timeout=10).status_code == 403
    assert requests.get(f"{url}?{chunk.query}0", timeout=10).status_code == 403
