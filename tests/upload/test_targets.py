"""The dataset, project, ontology and IAM integration of an upload."""

import json

import pytest
from labelbox import MediaType
from sandbox_projects import ONTOLOGY

from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox.errors import (
    ConfigurationError,
    LabelboxError,
    MediaTypeError,
    OntologyError,
    ProjectNotFoundError,
)


def test_a_data_row_of_another_dataset_is_used(box, upload, clips):
    first = upload(clips[:1])
    other = upload(clips, lb_dataset_name="More", lb_project_name="Another")
    assert other.data_row_ids[str(clips[0])] == first.data_row_ids[str(clips[0])]
    assert len(other.created) == 2
    assert len(box.project(other.project_id).data_rows) == 3


def test_ambiguous_names_are_refused_and_resolved_by_ids(box, upload, clips):
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
    with pytest.raises(OntologyError, match="has an ontology other than the given one"):
        upload(clips, lb_ontology=other)
    pictures = box.client().create_ontology("Pictures", other, media_type=MediaType.Image)
    with pytest.raises(OntologyError, match="for IMAGE"):
        upload(clips, lb_ontology=pictures)
    with pytest.raises(OntologyError, match="neither tools nor"):
        upload(clips, lb_ontology={})
    assert len(box.projects) == 1 + 1


def test_every_form_of_ontology_is_accepted(box, upload, clips):
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


def test_a_project_without_ontology_gives_a_warning(upload, clips):
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
