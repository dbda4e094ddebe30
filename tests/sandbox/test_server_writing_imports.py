"""Imports of annotations through the real SDK: ground truth and pre-labels, line by line."""

import json

import pytest
import requests
from labelbox import LabelImport, MALPredictionImport
from lbox.exceptions import ResourceConflict, ResourceNotFoundError
from sandbox_projects import (
    ONTOLOGY,
    box_at,
    car,
    composite_png,
    export_lines,
    exported_annotations,
    mask_frame,
    new_project,
)

from deeplake_labelbox.sandbox import SandboxError

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def project(box):
    return new_project(box, "Imports")


@pytest.fixture
def row(project):
    return project.add_video(
        row_data="https://videos.test/a.mp4",
        media_attributes={"width": 64, "height": 48, "frame_count": 20},
        workflow_status="TO_LABEL",
    )


@pytest.fixture
def run(box, project, row):
    names = iter(f"import {number}" for number in range(100))

    def import_lines(*annotations, kind=LabelImport, name=None):
        lines = [{"dataRow": {"id": row.id}} | annotation for annotation in annotations]
        job = kind.create_from_objects(box.client(), project.id, name or next(names), lines)
        job.wait_till_done(sleep_time_seconds=0)
        return job

    return import_lines


def reasons(job):
    return [status["errors"][0]["message"] for status in job.errors]


def cars(box, project):
    annotations = exported_annotations(box, project)
    objects = {}
    for number, frame in annotations["frames"].items():
        for feature_id, shown in frame["objects"].items():
            objects.setdefault(feature_id, {})[int(number)] = shown["bounding_box"]["left"]
    return objects


def test_ground_truth_becomes_the_label_of_the_row(box, project, row, run):
    job = run(
        car(box_at(2), box_at(9, 60)) | {"uuid": "u1"},
        {"uuid": "u2", "name": "place", "answer": {"name": "town"}},
        {
            "uuid": "u3",
            "name": "weather",
            "answer": [
                {"name": "sun", "frames": [{"start": 1, "end": 4}]},
                {"name": "rain", "frames": [{"start": 5, "end": 20}]},
            ],
        },
    )
    assert job.state.value == "FINISHED"
    assert [(each["uuid"], each["status"]) for each in job.statuses] == [
        ("u1", "SUCCESS"),
        ("u2", "SUCCESS"),
        ("u3", "SUCCESS"),
    ]
    assert job.statuses[0]["dataRow"] == {"id": row.id}
    assert job.errors == []
    assert [line["uuid"] for line in job.inputs] == ["u1", "u2", "u3"]
    assert list(cars(box, project).values()) == [{2: 10.0, 9: 60.0}]
    annotations = exported_annotations(box, project)
    assert annotations["classifications"][0]["radio_answer"]["value"] == "town"
    assert next(frame["classifications"] for frame in annotations["frames"].values())
    assert row.workflow_status == "DONE"


def test_lines_are_refused_one_by_one_and_the_import_still_finishes(box, project, run):
    row_elsewhere = new_project(box).add_video(row_data="https://videos.test/b.mp4")
    job = run(
        car(box_at(1)) | {"uuid": "good"},
        car(box_at(21)) | {"uuid": "late"},
        {"uuid": "unknown", "name": "bus", "segments": []},
        car(box_at(3)) | {"uuid": "elsewhere", "dataRow": {"id": row_elsewhere.id}},
        car(box_at(3)) | {"uuid": "nowhere", "dataRow": {"globalKey": "none such"}},
        car(box_at(3)) | {"uuid": "good"},
        car(box_at(3), end=9) | {"uuid": "held"},
        {"uuid": "answer", "name": "weather", "answer": {"name": "hail"}, "frames": [{}]},
        {
            "uuid": "range",
            "name": "note",
            "answer": "x",
            "frames": [{"start": 3, "end": 21}],
        },
    )
    assert job.state.value == "FINISHED"
    assert [each["uuid"] for each in job.errors] == [
        "late",
        "unknown",
        "elsewhere",
        "nowhere",
        "good",
        "held",
        "answer",
        "range",
    ]
    assert len(job.statuses) == 9
    told = "\n".join(reasons(job))
    assert "is on frame 21, but the video has 20 frames" in told
    assert "names 'bus', which the ontology does not have" in told
    assert f"Data row {row_elsewhere.id} is not in the project" in told
    assert "Data row none such is not in the project" in told
    assert "occurs once in an import" in told
    assert "unknown key 'end'" in told
    assert len(cars(box, project)) == 1


def test_polygons_cannot_be_imported(box):
    project = box.add_project("Areas", {"tools": [{"tool": "polygon", "name": "area"}]})
    row = project.add_video(row_data="https://videos.test/a.mp4")
    line = {"dataRow": {"id": row.id}, "name": "area", "segments": [{"keyframes": [{}]}]}
    job = LabelImport.create_from_objects(box.client(), project.id, "polygons", [line])
    assert "is a polygon, which has no key frames in a video" in reasons(job)[0]
    assert row.labels == ()


def test_the_same_uuid_overwrites_and_others_are_added(box, project, row, run):
    run(car(box_at(1, 1)) | {"uuid": "a"}, car(box_at(1, 2)) | {"uuid": "b"})
    before = cars(box, project)
    run(car(box_at(1, 7)) | {"uuid": "a"}, car(box_at(1, 3)) | {"uuid": "c"})
    after = cars(box, project)
    assert sorted(left[1] for left in after.values()) == [2.0, 3.0, 7.0]
    assert set(before) < set(after)
    assert len(row.labels) == 1


def test_a_refused_line_overwrites_nothing(box, project, run):
    run(car(box_at(1, 1)) | {"uuid": "a"})
    job = run(car(box_at(99, 5)) | {"uuid": "a"}, car(box_at(2, 2)) | {"uuid": "b"})
    assert len(job.errors) == 1
    assert sorted(cars(box, project).values(), key=str) == [{1: 1.0}, {2: 2.0}]


def test_ground_truth_replaces_a_labelers_label(box, project, row, run):
    label = row.add_label([car(box_at(1, 50))])
    run(car(box_at(1, 4)))
    assert [each.id for each in row.labels] != [label.id]
    assert list(cars(box, project).values()) == [{1: 4.0}]
    (line,) = export_lines(box, project, params={"label_details": True, "project_details": True})
    part = line["projects"][project.id]
    assert part["labels"][0]["label_details"]["created_by"] == "you@sandbox.test"
    assert part["project_details"]["selected_label_id"] == row.selected_label_id


def test_masks_are_one_composite_per_frame(box, project, run):
    client = box.client()
    url = client.upload_data(composite_png((RED, 2)), "mask.png", "image/png")
    job = run(
        {
            "masks": {
                "frames": [
                    mask_frame(1, composite_png((RED, 0), (BLUE, 4))),
                    {"index": 5, "instanceURI": url},
                ],
                "instances": [
                    {"name": "road", "colorRGB": list(RED)},
                    {"name": "sky", "colorRGB": list(BLUE)},
                ],
            }
        },
        {
            "masks": {
                "frames": [mask_frame(5, composite_png((RED, 0)))],
                "instances": [{"name": "road", "colorRGB": list(RED)}],
            }
        },
        {
            "masks": {
                "frames": [{"index": 6, "instanceURI": "https://pictures.test/m.png"}],
                "instances": [{"name": "road", "colorRGB": list(RED)}],
            }
        },
    )
    assert "second composite mask on frame 5" in reasons(job)[0]
    assert "reads only from 127.0.0.1" in reasons(job)[1]
    assert sorted(exported_annotations(box, project)["segments"].values()) == [[[1, 1]], [[1, 5]]]


def test_answers_below_answers_of_objects_are_silently_dropped(box, project, run):
    nested = {"name": "color", "answer": {"name": "red", "classifications": [
        {"name": "shade", "answer": "dark"}]}}  # fmt: skip
    job = run(car(box_at(1, classifications=[nested])) | {"uuid": "a"})
    assert job.errors == []

    def answer():
        (shown,) = exported_annotations(box, project)["frames"]["1"]["objects"].values()
        return shown["classifications"][0]["radio_answer"]

    assert (answer()["value"], answer()["classifications"]) == ("red", [])
    box.imports.keep_deep_nesting = True
    try:
        run(car(box_at(1, classifications=[nested])) | {"uuid": "a"})
    finally:
        box.imports.keep_deep_nesting = False
    assert answer()["classifications"][0]["text_answer"] == {"content": "dark"}


def test_schema_ids_identify_tools_classifications_and_options(box, project, run):
    ontology = project.ontology_normalized
    tool, weather = ontology["tools"][0], ontology["classifications"][0]
    color = tool["classifications"][0]
    answered = {
        "schemaId": color["featureSchemaId"],
        "answer": {"schemaId": color["options"][1]["featureSchemaId"]},
    }
    job = run(
        {
            "schemaId": tool["featureSchemaId"],
            "segments": [{"keyframes": [box_at(1, classifications=[answered])]}],
        },
        {
            "schemaId": weather["featureSchemaId"],
            "answer": {"schemaId": weather["options"][0]["featureSchemaId"]},
            "frames": [{"start": 1, "end": 2}],
        },
    )
    assert job.errors == []
    (shown,) = exported_annotations(box, project)["frames"]["1"]["objects"].values()
    assert shown["classifications"][0]["radio_answer"]["value"] == "blue"


def test_pre_labels_wait_for_a_labeler(box, project, row, run):
    job = run(
        car(box_at(1, 5)) | {"uuid": "a"},
        car(box_at(1, 6)) | {"uuid": "b"},
        car(box_at(99)) | {"uuid": "late"},
        kind=MALPredictionImport,
    )
    assert [each["uuid"] for each in job.errors] == ["late"]
    (line,) = export_lines(box, project)
    assert line["projects"][project.id]["labels"] == []
    assert [each["uuid"] for each in row.pre_labels] == ["a", "b"]
    run(car(box_at(1, 8)) | {"uuid": "b"}, kind=MALPredictionImport)

    def correct(annotation):
        if annotation["uuid"] == "a":
            return None
        annotation["segments"][0]["keyframes"][0]["bbox"]["left"] += 0.5
        return annotation

    row.accept_pre_labels(correct, created_by="ann@sandbox.test")
    assert row.pre_labels == ()
    assert list(cars(box, project).values()) == [{1: 8.5}]
    with pytest.raises(SandboxError, match="has no pre-labels"):
        row.accept_pre_labels()


def test_names_are_unique_in_their_project(box, project, run):
    run(car(box_at(1)), name="mine")
    with pytest.raises(ResourceConflict):
        run(car(box_at(1)), name="mine")
    run(car(box_at(1)), name="mine", kind=MALPredictionImport)
    client = box.client()
    assert LabelImport.from_name(client, project.id, "mine").name == "mine"
    with pytest.raises(ResourceNotFoundError):
        LabelImport.from_name(client, project.id, "other")
    found = client.get_project(project.id)
    assert [each.name for each in found.get_label_imports()] == ["mine"]
    (pre_labels,) = found.get_mal_prediction_imports()
    pre_labels.delete()
    assert list(found.get_mal_prediction_imports()) == []


def test_an_import_can_be_running_when_polled(box, project, row):
    box.imports.next_polls = 3
    line = car(box_at(1)) | {"dataRow": {"id": row.id}}
    client = box.client()
    job = LabelImport.create_from_objects(client, project.id, "slow", [line])
    assert (job.state.value, job.error_file_url) == ("RUNNING", None)
    seen = len(box.requests)
    job.wait_till_done(sleep_time_seconds=0)
    polls = [each.operation for each in box.requests[seen:]]
    assert polls == ["getLabelImportPyApi"] * 3
    assert (job.state.value, job.progress) == ("FINISHED", "100%")


def test_every_import_adds_a_label_with_consensus(box):
    project = box.add_project("Consensus", ONTOLOGY, consensus=True)
    row = project.add_video(row_data="https://videos.test/b.mp4", media_attributes={})

    def run(*lefts, uuids=(None,)):
        lines = [
            car(box_at(1, left)) | {"dataRow": {"id": row.id}} | ({"uuid": uuid} if uuid else {})
            for left, uuid in zip(lefts, uuids, strict=True)
        ]
        name = f"{lefts} {uuids}"
        job = LabelImport.create_from_objects(box.client(), project.id, name, lines)
        job.wait_till_done(sleep_time_seconds=0)
        assert job.errors == []

    def lefts():
        (line,) = export_lines(box, project)
        labels = line["projects"][project.id]["labels"]
        found = [label["annotations"]["frames"]["1"]["objects"].values() for label in labels]
        return [[shown["bounding_box"]["left"] for shown in objects] for objects in found]

    for left in (1, 2, 3):
        run(left)
    assert lefts() == [[1], [2], [3]]
    # Also of uuids that are known.
    run(4, 5, uuids=("a", "b"))
    run(6, uuids=("b",))
    assert lefts() == [[1], [2], [3], [4, 5], [6]]


def test_an_import_may_fail_as_a_whole(box, row, run):
    box.imports.next_state = "FAILED"
    job = run(car(box_at(1)))
    assert job.state.value == "FAILED"
    with pytest.raises(ValueError, match="Import failed"):
        _ = job.errors
    assert row.labels == ()
    assert run(car(box_at(1))).state.value == "FINISHED"


def test_a_file_that_is_not_ndjson_fails(box, project, tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_text('{"dataRow": \n')
    job = LabelImport.create_from_file(box.client(), project.id, "bad file", str(path))
    assert (job.state.value, job.status_file_url, job.error_file_url) == ("RUNNING", None, None)
    job.wait_till_done(sleep_time_seconds=0)
    assert job.state.value == "FAILED"


def test_files_and_urls_are_imported_too(box, project, row, tmp_path):
    client = box.client()
    path = tmp_path / "labels.ndjson"
    path.write_text(json.dumps(car(box_at(1, 1)) | {"dataRow": {"id": row.id}}) + "\n")
    job = LabelImport.create_from_file(client, project.id, "by file", str(path))
    job.wait_till_done(sleep_time_seconds=0)
    assert [each["status"] for each in job.statuses] == ["SUCCESS"]
    url = client.upload_data(path.read_bytes(), "labels.ndjson", "application/x-ndjson")
    job = MALPredictionImport.create_from_url(client, project.id, "by url", url)
    assert job.input_file_url == url
    job.wait_till_done(sleep_time_seconds=0)
    assert [each["status"] for each in job.statuses] == ["SUCCESS"]
    assert len(row.pre_labels) == 1


def test_a_feature_is_limited_to_5000_annotations_per_row(box, project, row):
    lines = [
        {"dataRow": {"id": row.id}, "schemaId": schema_id, "segments": segments}
        for schema_id in [project.ontology_normalized["tools"][1]["featureSchemaId"]]
        for segments in [[{"keyframes": [{"frame": 1, "point": {"x": 1, "y": 2}}]}]] * 5001
    ]
    job = LabelImport.create_from_objects(box.client(), project.id, "many", lines)
    assert [each["errors"][0]["name"] for each in job.errors] == ["LimitExceeded"]


def test_lines_can_be_refused_on_demand(box, run):
    box.imports.refuse = lambda line: "Not today" if line["uuid"] == "b" else None
    try:
        job = run(car(box_at(1)) | {"uuid": "a"}, car(box_at(1)) | {"uuid": "b"})
    finally:
        box.imports.refuse = None
    assert reasons(job) == ["Not today"]


def test_the_files_of_an_import_expire(box, run):
    job = run(car(box_at(1)))
    box.imports.forget_files()
    assert requests.get(job.error_file_url, timeout=10).status_code == 404


def test_status_files_are_ascii_because_the_sdk_splits_at_any_line_end(run):
    job = run({"uuid": "line\u2028end", "name": "place", "answer": {"name": "\u0085"}})
    assert job.errors[0]["uuid"] == "line\u2028end"
