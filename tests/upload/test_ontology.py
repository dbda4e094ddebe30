"""Ontologies to and from their normalized form, and from the columns of Deep Lake datasets."""

from uuid import uuid4

import deeplake
import pytest
from deeplake import types
from sandbox_projects import ONTOLOGY

from deeplake_labelbox import (
    Ontology,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    create_labelbox_annotation_project,
)
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.dataset_ontology import ontology_of_dataset
from deeplake_labelbox._upload.normalized import are_same, completed, normalized_of
from deeplake_labelbox.errors import OntologyError


@pytest.fixture(scope="module")
def sample(sample_box, sample_client):
    """Makes a labeled dataset of the sample project."""

    def make(group_mapping=None):
        project_id = sample_box.sample.project_id
        made, _ = create_dataset_from_video_annotation_project(
            f"mem://inferred-{uuid4()}",
            project_id,
            None,
            overwrite=True,
            lb_client=sample_client,
            progress=False,
        )
        converter = converter_for_video_project_with_id(
            project_id,
            lambda _: made,
            None,
            group_mapping,
            lb_client=sample_client,
            progress=False,
        )
        return converter.dataset_with_applied_annotations()

    return make


def test_normalized_forms_are_the_same_but_for_ids_and_colors(box):
    given = box.add_project("normalized", ONTOLOGY).ontology_normalized
    written = normalized_of(Ontology.of(given))
    assert are_same(given, written)
    assert are_same(ONTOLOGY, written)
    assert "featureSchemaId" not in str(written)
    written["tools"][0]["color"] = "#123456"
    assert are_same(given, written)
    written["classifications"][0]["scope"] = "global"
    assert not are_same(given, written)


def test_an_ontology_is_sent_completely():
    given = {
        "tools": [
            {"tool": "rectangle", "name": "car", "featureSchemaId": "car-id", "required": True},
            {"tool": "marker", "name": "beat", "color": "#112233", "featureSchemaId": "beat-id"},
            {
                "tool": "edge",
                "name": "pulls",
                "featureSchemaId": "pulls-id",
                "definition": {"constraints": [["car-id", "car-id"]]},
            },
        ],
        "classifications": [
            {
                "type": "radio",
                "name": "mood",
                "scope": "index",
                "isLikertScale": True,
                "options": [{"value": "good", "featureSchemaId": "good-id", "position": 0}],
            },
            {"type": "group", "name": "bunch", "scope": "index"},
        ],
    }
    (car, beat, pulls), (mood, bunch) = completed(given).values()
    assert (car["required"], beat["required"], beat["color"]) == (True, False, "#112233")
    assert pulls["definition"] == {"constraints": [["car-id", "car-id"]]}
    # Other ids belong to another ontology.
    ids = [feature.get("featureSchemaId") for feature in (car, beat, pulls, mood)]
    assert ids == ["car-id", None, None, None]
    assert (mood["isLikertScale"], bunch["type"], bunch["scope"]) == (True, "group", "index")
    (good,) = mood["options"]
    assert (good["label"], good["position"], good.get("featureSchemaId")) == ("good", 0, None)
    assert are_same(given, completed(given))


def test_tools_without_a_color_get_one_each():
    tools = [{"tool": "point", "name": name} for name in "abc"]
    colors = {tool["color"] for tool in normalized_of(Ontology.of({"tools": tools}))["tools"]}
    assert len(colors) == 3


def test_the_ontology_that_labels_were_applied_with_is_kept(sample, sample_box):
    found = ontology_of_dataset(sample())
    assert normalized_of(found) == normalized_of(Ontology.of(sample_box.sample.ontology_normalized))


def test_without_a_stored_ontology_the_columns_define_it(sample, sample_box, monkeypatch):
    monkeypatch.setattr(AppliedLabels, "read", lambda _: None)
    found = ontology_of_dataset(sample())
    expected = Ontology.of(sample_box.sample.ontology_normalized)
    assert [(tool.name, tool.kind, tool.color) for tool in found.tools] == [
        (tool.name, tool.kind, tool.color) for tool in expected.tools
    ]
    written, wanted = normalized_of(found), normalized_of(expected)
    # Labels of options are not in a dataset, and everything is asked per frame.
    for part in (written, wanted):
        for classification in part["classifications"]:
            classification["scope"] = "index"
            kind = classification["type"]
            classification["type"] = "radio" if kind == "checklist" else kind
        _values_alone(part)
    assert written == wanted


def test_shared_columns_become_a_tool_for_each_class(sample, monkeypatch):
    monkeypatch.setattr(AppliedLabels, "read", lambda _: None)
    found = ontology_of_dataset(sample({"raster-segmentation": "mask"}))
    masks = [tool.name for tool in found.tools if tool.kind == "raster-segmentation"]
    assert masks == ["road", "boat"]


def test_a_dataset_gives_the_ontology_of_an_upload(box, sample):
    result = create_labelbox_annotation_project(
        ["https://videos.test/from-a-dataset.mp4"],
        "inferred",
        "inferred",
        None,
        lb_ontology=sample(),
        lb_client=box.client(),
        progress=False,
    )
    connected = box.project(result.project_id).ontology_normalized
    assert connected["tools"][0]["name"] == "car"
    assert [each["name"] for each in connected["tools"][0]["classifications"]] == [
        "color",
        "state",
        "plate",
    ]


def test_columns_of_other_datasets_become_tools():
    dataset = deeplake.create("mem://other")
    dataset.add_column("boxes", types.BoundingBox())
    dataset.add_column("masks", types.BinaryMask())
    dataset.add_column("name", types.Text())
    tools = ontology_of_dataset(dataset).tools
    assert [(tool.name, tool.kind) for tool in tools] == [
        ("boxes", "rectangle"),
        ("masks", "raster-segmentation"),
    ]


def test_a_dataset_without_annotations_has_no_ontology():
    dataset = deeplake.create("mem://without-annotations")
    dataset.add_column("name", types.Text())
    with pytest.raises(OntologyError, match="No column of the dataset holds geometries"):
        ontology_of_dataset(dataset)


def _values_alone(part):
    for value in part.values():
        for entry in value if isinstance(value, list) else []:
            if isinstance(entry, dict):
                if "value" in entry:
                    entry["label"] = entry["value"]
                _values_alone(entry)
