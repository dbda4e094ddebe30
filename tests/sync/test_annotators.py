"""Columns of each annotator (``label_selection="all"``) stay in step."""

import pytest
from sync_projects import ONTOLOGY, car, change_ontology, contents, make, nose, person, road

from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.label_diff import diff_labels


@pytest.fixture
def project(box, videos):
    project = box.add_project("Consensus", ONTOLOGY)
    first = project.add_video(videos[0], external_id="a.mp4")
    second = project.add_video(videos[1], external_id="b.mp4")
    first.add_label([car(2), road(3)], created_by="ada@x.test")
    first.add_label([car(5)], created_by="bob@x.test")
    second.add_label([car(4, "blue")], created_by="bob@x.test")
    first.selected_label_id = first.labels[0].id
    return project


@pytest.fixture
def dataset(box, project, path):
    return make(box, project, path, label_selection="all")


def test_new_annotators_come_and_others_leave(sync, dataset, project, videos, is_in_step):
    first, second = project.data_rows
    assert not sync(dataset).committed
    first.update_label(first.labels[1], [car(9), person(2)])
    assert sync(dataset).summary == "1 label of an annotator changed"
    is_in_step(dataset, label_selection="all")

    second.add_label([person(1), road(6)], created_by="cleo@x.test")
    project.add_video(videos[3]).add_label([car(1)], created_by="ada@x.test")
    assert sync(dataset).summary == "1 video added, 1 label corrected"
    assert "cleo@x.test/road" in column_names(dataset)
    is_in_step(dataset, label_selection="all")

    first.delete_label(first.labels[1])
    second.delete_label(second.labels[0])
    assert sync(dataset).committed
    assert all(len(cell) == 0 for cell in dataset["bob@x.test/car/car"][0:12])
    is_in_step(dataset, label_selection="all")
    assert not sync(dataset).committed


def test_their_columns_follow_the_ontology(sync, dataset, project, is_in_step):
    ids = dict(dataset["ada@x.test/car/car_track_ids"].metadata["feature_ids"])

    def change(ontology):
        ontology["tools"][0]["name"] = "vehicle"
        del ontology["tools"][0]["classifications"][0]["options"][0]
        ontology["tools"].append({"tool": "point", "name": "wheel"})

    change_ontology(project, change)
    assert sync(dataset).committed
    assert dict(dataset["ada@x.test/vehicle/vehicle_track_ids"].metadata["feature_ids"]) == ids
    assert "bob@x.test/wheel" in column_names(dataset)
    assert "ada@x.test/car/car" not in column_names(dataset)
    is_in_step(dataset, label_selection="all")
    assert not sync(dataset).committed


def test_their_labels_reach_main_with_a_merge(sync, dataset, project, is_in_step):
    first, second = project.data_rows
    first.update_label(first.labels[1], [car(9)])
    sync(dataset)
    second.add_label([person(1)], created_by="cleo@x.test")
    assert sync(dataset, branch="labelbox", merge=True).merged
    dataset.refresh()
    is_in_step(dataset, label_selection="all")
    assert contents(dataset) == contents(dataset.branches["labelbox"].open())


def test_a_diff_tells_answers_beside_their_own_objects_only(sync, dataset, project):
    """The columns of an annotator begin alike, whichever tool they are of."""
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(2), nose(2), road(3)])
    sync(dataset, tag="before")
    first.update_label(first.labels[0], [car(2, "blue"), nose(2), road(3)])
    sync(dataset, tag="after")
    (video,) = diff_labels(dataset, "before", "after").videos
    told = [answer.column for answer in video.answers if answer.column.startswith("ada@x.test/")]
    assert told == ["ada@x.test/car/color"]
