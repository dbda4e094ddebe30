"""Operations other than uploads, imports and exports, through the real SDK."""

from types import SimpleNamespace

import pytest
from labelbox import DataRow, Label, MediaType, Project, Tool, UniqueId, UniqueIds, Webhook
from labelbox.schema.data_row_metadata import (
    DataRowMetadata,
    DataRowMetadataField,
    DataRowMetadataKind,
    DeleteDataRowMetadata,
)
from lbox.exceptions import LabelboxError, ResourceNotFoundError
from sandbox_projects import ONTOLOGY, box_at, car, export_lines
from video_files import write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", frames=3)


@pytest.fixture(scope="module")
def client(box):
    return box.client()


@pytest.fixture(autouse=True)
def settled(box, monkeypatch):
    """Remove the pauses of the SDK, and end all lags before the next test."""
    monkeypatch.setattr("labelbox.schema.task.time", SimpleNamespace(sleep=lambda _: None))
    yield
    box.faults.clear()


@pytest.fixture
def project(box):
    return box.add_project("Operations", ONTOLOGY)


@pytest.fixture
def dataset(client):
    return client.create_dataset(name="Operations", iam_integration=None)


def made_row(dataset, clip, **values):
    task = dataset.create_data_rows([{"row_data": str(clip), **values}])
    task.wait_till_done()
    assert task.errors is None
    (made,) = task.result
    return dataset.client.get_data_row(made["id"])


def test_data_rows_are_changed_and_deleted(client, dataset, clip):
    row = made_row(dataset, clip, external_id="old")
    row.update(external_id="new", global_key="op-key")
    assert client.get_data_row_by_global_key("op-key").external_id == "new"
    task = dataset.upsert_data_rows([{"key": UniqueId(row.uid), "external_id": "newer"}])
    task.wait_till_done()
    row = client.get_data_row(row.uid)
    assert (row.external_id, row.global_key) == ("newer", "op-key")
    assert row.created_by() == client.get_user()
    assert row.organization() == client.get_organization()
    others = [made_row(dataset, clip) for _ in range(2)]
    following = list(dataset.data_rows(from_cursor=others[0].uid))
    assert [each.uid for each in following] == [row.uid]
    row.delete()
    DataRow.bulk_delete(others)
    assert list(dataset.data_rows()) == []
    with pytest.raises(ResourceNotFoundError):
        client.get_data_row(row.uid)


def test_attachments(dataset, clip):
    row = made_row(dataset, clip, attachments=[{"type": "RAW_TEXT", "value": "first"}])
    added = row.create_attachment("RAW_TEXT", "second", "note")
    added.update(value="changed")
    assert [each.attachment_value for each in row.attachments()] == ["first", "changed"]
    added.delete()
    assert [each.attachment_name for each in row.attachments()] == [None]


def test_metadata(client, dataset, clip):
    schemas = client.get_data_row_metadata_ontology()
    schemas.create_schema("camera", DataRowMetadataKind.enum, ["left", "right"])
    given = [{"name": "split", "value": "test"}, {"name": "camera", "value": "left"}]
    row = made_row(dataset, clip, metadata_fields=given)
    told = {field["name"]: field["value"] for field in row.metadata_fields}
    assert told == {"split": "test", "camera": "left"}
    tag = DataRowMetadataField(name="tag", value="night")
    assert schemas.bulk_upsert([DataRowMetadata(data_row_id=row.uid, fields=[tag])]) == []
    (exported,) = schemas.bulk_export([row.uid])
    assert sorted(field.name for field in exported.fields) == ["left", "tag", "test"]
    split = schemas.reserved_by_name["split"]["test"].parent
    delete = DeleteDataRowMetadata(data_row_id=row.uid, fields=[split])
    assert schemas.bulk_delete([delete]) == []
    assert [refused.error for refused in schemas.bulk_delete([delete])] == ["Schema did not exist"]
    export = dataset.export(params={"metadata_fields": True})
    export.wait_till_done()
    (line,) = [each.json for each in export.get_buffered_stream()]
    assert {(each["schema_name"], each["value"]) for each in line["metadata_fields"]} == {
        ("camera", "left"),
        ("tag", "night"),
    }
    assert schemas.delete_schema("camera")
    assert "camera" not in schemas.custom_by_name


def test_labels_are_listed_scored_and_deleted(client, project, clip):
    rows = [project.add_video(clip) for _ in range(2)]
    ids = [row.add_label([car(box_at(1))]).id for row in rows]
    found = client.get_project(project.id)
    labels = list(found.labels())
    assert [label.uid for label in labels] == ids
    assert labels[0].project() == found
    assert labels[0].data_row().uid == rows[0].id
    assert [label.uid for label in client.get_data_row(rows[1].id).labels()] == ids[1:]
    (score,) = client.upsert_label_feedback(ids[0], "well drawn", {"overall": 5})
    assert (score.name, score.score) == ("overall", 5)
    Label.bulk_delete(labels[:1])
    assert [label.uid for label in found.labels()] == ids[1:]
    assert found.get_label_count() == 1
    assert rows[0].labels == ()


def test_batches_are_emptied_and_deleted(client, project, dataset, clip):
    found = client.get_project(project.id)
    ids = [made_row(dataset, clip).uid for _ in range(3)]
    labeled = found.create_batch("labeled", ids[:2])
    row = next(row for row in project.data_rows if row.id == ids[0])
    row.add_label([car(box_at(1))])
    with pytest.raises(Exception, match="have labels cannot be deleted"):
        labeled.delete()
    labeled.remove_queued_data_rows()
    assert [row.id for row in project.data_rows] == ids[:1]
    settings = {"number_of_labels": 2, "coverage_percentage": 0.5}
    other = found.create_batch("other", ids[2:], consensus_settings=settings)
    assert other.consensus_settings == settings
    assert other.project() == found
    other.delete()
    assert [batch.name for batch in found.batches()] == ["labeled"]
    labeled.delete_labels()
    assert (row.labels, row.workflow_status) == ((), "TO_LABEL")


def test_data_rows_move_through_the_workflow(client, project, clip):
    row = project.add_video(clip, workflow_status="TO_LABEL")
    found = client.get_project(project.id)
    queues = {queue.queue_type: queue for queue in found.task_queues()}
    assert queues["MANUAL_REVIEW_QUEUE"].data_row_count == 0
    found.move_data_rows_to_task_queue(UniqueIds([row.id]), queues["MANUAL_REVIEW_QUEUE"].uid)
    assert row.workflow_status == "IN_REVIEW"
    assert found.get_overview().in_review == 1
    assert found.get_overview(details=True).in_review["data"] == [{"Initial review task": 1}]
    found.move_data_rows_to_task_queue(UniqueIds([row.id]))
    assert (row.workflow_status, found.get_overview().done) == ("DONE", 1)
    assert found.set_labeling_parameter_overrides([(UniqueId(row.id), 2)])
    assert [each.priority for each in found.labeling_parameter_overrides()] == [2]
    assert found.update_data_row_labeling_priority(UniqueIds([row.id]), 3)
    assert [each.priority for each in found.labeling_parameter_overrides()] == [3]


def test_projects_are_changed_and_cloned(client, project, tmp_path):
    found = client.get_project(project.id)
    assert found.labeling_frontend().name == "Editor"
    found.update(description="Told")
    cloned = found.clone()
    assert (cloned.description, cloned.ontology().uid) == ("Told", found.ontology().uid)
    assert list(cloned.batches()) == []
    page = tmp_path / "instructions.html"
    page.write_text("<html></html>")
    found.upsert_instructions(str(page))
    assert found.ontology().normalized["projectInstructions"].startswith("http")
    assert "projectInstructions" not in client.get_ontology(found.ontology().uid).normalized
    assert not found.enable_model_assisted_labeling(False)
    newer = client.get_projects(where=Project.created_at >= cloned.created_at)
    assert cloned in list(newer)
    assert found not in list(client.get_projects(where=Project.name != found.name))


def test_feature_schemas_over_rest(box, client, clip):
    made = client.upsert_feature_schema(Tool(tool=Tool.Type.BBOX, name="van").asdict())
    schema_id = made.normalized["featureSchemaId"]
    ontology = client.create_ontology_from_feature_schemas("Vans", [schema_id], MediaType.Video)
    other = client.create_feature_schema({"tool": "point", "name": "door"})
    assert other.uid in client.get_unused_feature_schemas()
    client.insert_feature_schema_into_ontology(other.uid, ontology.uid, 0)
    client.update_feature_schema_title(schema_id, "lorry")
    assert [tool.name for tool in client.get_ontology(ontology.uid).tools()] == ["door", "lorry"]
    with pytest.raises(LabelboxError, match="it is used in ontologies"):
        client.delete_unused_feature_schema(schema_id)
    assert ontology.uid in client.get_unused_ontologies()
    project = client.create_project(name="Vans", media_type=MediaType.Video)
    project.connect_ontology(ontology)
    row = box.project(project.uid).add_video(clip)
    row.add_label([{**car(box_at(1)), "name": "lorry"}])
    result = client.delete_feature_schema_from_ontology(ontology.uid, schema_id)
    assert (result.archived, result.deleted) == (True, False)
    assert client.is_feature_schema_archived(ontology.uid, schema_id)
    client.unarchive_feature_schema_node(ontology.uid, schema_id)
    assert not client.is_feature_schema_archived(ontology.uid, schema_id)
    assert client.delete_feature_schema_from_ontology(ontology.uid, other.uid).deleted
    client.delete_unused_feature_schema(other.uid)
    with pytest.raises(LabelboxError, match=f"connected to projects: {project.uid}"):
        client.delete_unused_ontology(ontology.uid)
    project.delete()
    client.delete_unused_ontology(ontology.uid)
    with pytest.raises(ResourceNotFoundError):
        client.get_ontology(ontology.uid)


def test_organization(client, project):
    organization, found = client.get_organization(), client.get_project(project.id)
    assert list(organization.users()) == [client.get_user()]
    tag = organization.create_resource_tag({"text": "night", "color": "#ffffff"})
    assert [each.uid for each in found.update_project_resource_tags([tag.uid])] == [tag.uid]
    assert [each.text for each in found.get_resource_tags()] == ["night"]
    hook = Webhook.create(client, [Webhook.LABEL_CREATED], "https://h.test", "secret", found)
    assert list(found.webhooks()) == [hook]
    hook.update(status=Webhook.REVOKED)
    assert (hook.status, hook.project()) == ("REVOKED", found)


def test_a_running_export_is_canceled(box, client, project, clip):
    project.add_video(clip)
    box.exports.next_polls = 5
    export = client.get_project(project.id).export()
    assert client.cancel_task(export.uid)
    assert client.get_task_by_id(export.uid).status == "CANCELED"


def test_unsupported_operations_are_refused_by_name(client, dataset):
    with pytest.raises(LabelboxError, match="has model runs"):
        dataset.export(params={"model_run_ids": ["a run"]})
    for ask, name in ((client.get_embeddings, "GetEmbeddings"), (client.get_roles, "Roles")):
        with pytest.raises(LabelboxError, match=f"The sandbox does not have '.*{name}' "):
            ask()


def test_delayed_changes_become_visible(box, client, dataset, clip):
    project = box.add_project("Late", ONTOLOGY)
    for kind in ("exports", "labels", "deletions", "global keys", "processing"):
        box.faults.lag(kind)
    row = made_row(dataset, clip, global_key="late")
    assert row.media_attributes == {}
    assert not export_lines(box, project)
    video = project.add_video(clip)
    video.add_label([car(box_at(1))])
    assert not export_lines(box, project)
    row.delete()
    assert client.get_data_row(row.uid).global_key == "late"
    box.faults.lag("exports", 0)
    box.faults.clear()
    with pytest.raises(ResourceNotFoundError):
        client.get_data_row(row.uid)
    (line,) = export_lines(box, project)
    assert len(line["projects"][project.id]["labels"]) == 1
    box.faults.lag("labels")
    video.update_label(video.labels[0], [car(box_at(2))])
    (line,) = export_lines(box, project)
    (label,) = line["projects"][project.id]["labels"]
    assert list(label["annotations"]["frames"]) == ["1"]
    box.faults.clear()
    (line,) = export_lines(box, project)
    (label,) = line["projects"][project.id]["labels"]
    assert list(label["annotations"]["frames"]) == ["2"]
