"""A project that changes between two exports: labels, data rows and the ontology."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from sandbox_projects import (
    ONTOLOGY,
    box_at,
    car,
    export_lines,
    exported_annotations,
    new_project,
)

from deeplake_labelbox.sandbox import SandboxError

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATER = LONG_AGO + timedelta(days=10)


@pytest.fixture
def project(box):
    return new_project(box, "Edits")


@pytest.fixture
def row(project):
    return project.add_video(row_data="https://videos.test/a.mp4", created_at=LONG_AGO)


def feature_ids(box, project):
    frames = exported_annotations(box, project)["frames"].values()
    return {
        shown["bounding_box"]["left"]: feature_id
        for frame in frames
        for feature_id, shown in frame["objects"].items()
    }


def active_since(box, project, moment):
    filters = {"last_activity_at": [moment.strftime("%Y-%m-%d %H:%M:%S"), None]}
    return [line["data_row"]["id"] for line in export_lines(box, project, filters=filters)]


def test_an_edited_label_keeps_id_and_features_and_shows_in_the_filters(box, project, row):
    project_made = datetime.now(UTC)
    kept = car(box_at(1, 1)) | {"uuid": "kept"}
    label = row.add_label([kept, car(box_at(1, 2)) | {"uuid": "gone"}], created_at=LONG_AGO)
    before = feature_ids(box, project)
    soon = project_made + timedelta(hours=1)
    assert active_since(box, project, soon - timedelta(minutes=1)) == []
    row.update_label(label, [car(box_at(1, 7)) | {"uuid": "new"}, kept], updated_at=soon)
    after = feature_ids(box, project)
    assert after[1.0] == before[1.0]
    assert set(after) == {1.0, 7.0}
    assert after[7.0] not in before.values()
    assert row.selected_label_id == label.id
    assert active_since(box, project, soon - timedelta(minutes=1)) == [row.id]
    (line,) = export_lines(box, project, params={"label_details": True})
    (shown,) = line["projects"][project.id]["labels"]
    assert shown["label_details"]["updated_at"].startswith(soon.strftime("%Y-%m-%dT%H:%M:%S"))


def test_the_label_before_a_deleted_one_is_selected(box, project, row):
    first = row.add_label([car(box_at(1, 1))])
    second = row.add_label([car(box_at(1, 2))])
    row.delete_label(second)
    assert [label.id for label in row.labels] == [first.id]
    assert row.selected_label_id == first.id
    row.delete_label(first.id)
    assert row.selected_label_id is None
    (line,) = export_lines(box, project)
    assert line["projects"][project.id]["labels"] == []
    with pytest.raises(SandboxError, match="has no label"):
        row.delete_label(first)


def test_a_row_is_skipped_after_it_was_labeled(box, project, row):
    row.add_label([car(box_at(1))])
    row.set_skipped(updated_at=LATER)
    (line,) = export_lines(box, project, params={"performance_details": True})
    (label,) = line["projects"][project.id]["labels"]
    assert label["performance_details"]["skipped"] is True
    assert label["annotations"] == {}


def test_a_video_is_removed_from_the_project(box, project, row):
    other = project.add_video(row_data="https://videos.test/b.mp4")
    row.add_label([car(box_at(1))])
    project.remove_video(row)
    assert [line["data_row"]["id"] for line in export_lines(box, project)] == [other.id]
    assert box.client().get_data_row(row.id).uid == row.id
    with pytest.raises(SandboxError, match="has no data row"):
        project.remove_video(row.id)


def test_an_ontology_changes_and_its_features_stay_the_same(box, project, row):
    nose = {"name": "nose", "segments": [{"keyframes": [{"frame": 1, "point": {"x": 1, "y": 1}}]}]}
    place = {"name": "place", "answer": {"name": "town"}}
    label = row.add_label([car(box_at(1)) | {"uuid": "car"}, nose, place])
    before = project.ontology_normalized
    changed = copy.deepcopy(ONTOLOGY)
    changed["tools"] = [
        {**changed["tools"][0], "name": "vehicle"},
        {"tool": "rectangle", "name": "truck"},
    ]
    changed["tools"][0]["featureSchemaId"] = before["tools"][0]["featureSchemaId"]
    changed["classifications"][0]["options"].append({"value": "snow"})
    project.update_ontology(changed)
    after = project.ontology_normalized
    car_before, vehicle = before["tools"][0], after["tools"][0]
    assert vehicle["classifications"] == car_before["classifications"]
    weather_before, weather = before["classifications"][0], after["classifications"][0]
    assert weather["featureSchemaId"] == weather_before["featureSchemaId"]
    assert weather["options"][:2] == weather_before["options"]
    assert weather["options"][2]["featureSchemaId"]
    annotations = exported_annotations(box, project)
    (shown,) = annotations["frames"]["1"]["objects"].values()
    assert shown["name"] == "vehicle"
    assert [each["name"] for each in annotations["classifications"]] == ["place"]
    row.update_label(label, [{**car(box_at(2)), "name": "truck"}])
    (shown,) = exported_annotations(box, project)["frames"]["2"]["objects"].values()
    assert shown["name"] == "truck"


def test_an_edit_that_does_not_fit_changes_nothing(box, project, row):
    label = row.add_label([car(box_at(1, 3))])
    with pytest.raises(SandboxError, match="'bus'"):
        row.update_label(label, [{"name": "bus", "segments": []}])
    with pytest.raises(SandboxError, match="the uuid 'a'"):
        row.update_label(label, [car(box_at(1)) | {"uuid": "a"}] * 2)
    assert set(feature_ids(box, project)) == {3.0}
