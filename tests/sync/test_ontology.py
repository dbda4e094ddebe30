"""Columns and classes follow the ontology, and keep their numbers."""

import pytest
from sync_projects import car, change_ontology, make, person


def test_what_is_renamed_keeps_column_number_and_values(sync, dataset, project, is_in_step):
    ids = dict(dataset["car/car_track_ids"].metadata["feature_ids"])

    def rename(ontology):
        ontology["tools"][0]["name"] = "vehicle"
        color = ontology["tools"][0]["classifications"][0]
        color["options"][0] |= {"value": "crimson", "label": "crimson"}
        ontology["classifications"][0] |= {"name": "sky", "instructions": "sky"}

    change_ontology(project, rename)
    report = sync(dataset)
    assert report.summary == (
        "tool 'car' renamed to 'vehicle', option 'red' renamed to 'crimson', "
        "classification 'weather' renamed to 'sky'"
    )
    assert list(dataset["vehicle/color"].metadata["class_names"]) == ["crimson", "blue"]
    assert dict(dataset["vehicle/vehicle_track_ids"].metadata["feature_ids"]) == ids
    assert "car/car" not in [column.name for column in dataset.schema.columns]
    is_in_step(dataset)
    assert not sync(dataset).committed


def test_the_ontology_grows(sync, dataset, project, is_in_step):
    def grow(ontology):
        ontology["tools"].insert(0, {"tool": "rectangle", "name": "truck"})
        ontology["tools"][1]["classifications"][1]["options"].insert(0, {"value": "new"})
        ontology["tools"][2]["classifications"] = [{"type": "text", "name": "who"}]
        ontology["classifications"][0]["options"].insert(0, {"value": "fog"})

    change_ontology(project, grow)
    report = sync(dataset)
    assert report.summary == (
        "tool 'truck' added, option 'new' added, classification 'who' added, option 'fog' added"
    )
    assert list(dataset["weather"].metadata["class_names"]) == ["sun", "rain", "fog"]
    assert list(dataset["car/flags"].metadata["class_names"]) == ["parked", "dirty", "new"]
    assert dataset["person/person"][1].shape == (1, 4)
    is_in_step(dataset)
    assert not sync(dataset).committed


def test_what_is_deleted_leaves_empty_columns(sync, dataset, project, is_in_step):
    def shrink(ontology):
        del ontology["tools"][1]
        del ontology["classifications"][1]
        ontology["tools"].append({"tool": "point", "name": "person"})

    change_ontology(project, shrink)
    sync(dataset)
    assert dataset["person_rectangle"][1].shape == (0, 4)
    is_in_step(dataset)
    assert not sync(dataset).committed


@pytest.mark.parametrize("kind", ["rectangle", "radio"])
def test_groups_keep_their_numbers(box, sync, project, path, is_in_step, kind):
    mapping = {"rectangle": "box", "radio": "choice"}
    dataset = make(box, project, path, group_mapping=mapping)

    def change(ontology):
        ontology["tools"][1]["name"] = "human"
        ontology["tools"].insert(0, {"tool": "rectangle", "name": "truck"})
        del ontology["classifications"][2]
        if kind == "radio":
            ontology["classifications"][0]["name"] = "sky"

    change_ontology(project, change)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(3), person(1, name="human"), car(1, uuid="2")])
    sync(dataset)
    assert list(dataset["box/box_labels"].metadata["class_names"]) == ["car", "human", "truck"]
    is_in_step(dataset, group_mapping=mapping)
    assert not sync(dataset).committed
