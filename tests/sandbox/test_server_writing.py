"""Creating through the real SDK: ontologies, datasets, data rows, projects, batches."""

import json
import re
import warnings
from pathlib import Path

import pytest
import requests
from labelbox import Classification, MediaType, OntologyBuilder, Option, Tool
from lbox.exceptions import (
    InvalidQueryError,
    LabelboxError,
    MalformedQueryException,
    ResourceConflict,
    ResourceNotFoundError,
)
from sandbox_projects import ONTOLOGY, box_at, car
from video_files import write_video

from deeplake_labelbox.sandbox import Sandbox

TAG = "cko8s9r5v0001h2dk9elqdidh"
TWICE = [{"schema_id": TAG, "value": value} for value in ("one", "two")]


@pytest.fixture(scope="module")
def client(box):
    return box.client()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    write_video(path, frames=7)
    return path


@pytest.fixture
def dataset(client, request):
    return client.create_dataset(name=request.node.name, iam_integration=None)


@pytest.fixture
def project(client, request):
    return client.create_project(name=request.node.name, media_type=MediaType.Video)


def create_rows(dataset, rows):
    task = dataset.create_data_rows(rows)
    task.wait_till_done()
    assert task.status == "COMPLETE"
    return task


def test_an_ontology_gets_its_ids(client):
    builder = OntologyBuilder(
        tools=[Tool(tool=Tool.Type.BBOX, name="car")],
        classifications=[
            Classification(
                class_type=Classification.Type.RADIO,
                name="weather",
                options=[Option(value="sun"), Option(value="rain")],
                scope=Classification.Scope.INDEX,
            )
        ],
    )
    made = client.create_ontology("Made", builder.asdict(), media_type=MediaType.Video)
    found = client.get_ontology(made.uid)
    assert found.media_type == MediaType.Video
    assert [tool.feature_schema_id for tool in found.tools()] != [None]
    assert [each.value for each in found.classifications()[0].options] == ["sun", "rain"]
    assert made.uid in [each.uid for each in client.get_ontologies("Made")]


def test_an_ontology_of_an_unknown_kind_is_refused(client):
    with pytest.raises(InvalidQueryError, match="cuboid"):
        client.create_ontology("Bad", {"tools": [{"tool": "cuboid", "name": "c"}]})


def test_local_files_become_data_rows_that_are_served(client, dataset, clip):
    task = create_rows(dataset, [{"row_data": str(clip), "global_key": "local-clip"}])
    assert task.errors is None
    ((made,),) = [task.result]
    assert (made["global_key"], made["external_id"]) == ("local-clip", str(clip))
    row = client.get_data_row(made["id"])
    assert row.media_attributes["frameCount"] == 7
    assert row.media_attributes["assetType"] == "video"
    assert requests.get(row.row_data, timeout=10).content == Path(clip).read_bytes()
    assert row.row_data.partition("?")[0].endswith("/clip.mp4")


def test_paths_as_strings_have_no_global_key_and_missing_files_are_skipped(dataset, clip, tmp_path):
    task = create_rows(dataset, [str(clip), str(tmp_path / "missing.mp4")])
    assert task.errors is None
    (made,) = task.result
    assert (made["global_key"], made["external_id"]) == (None, str(clip))
    assert dataset.data_row_for_external_id(str(clip)).uid == made["id"]
    task = create_rows(dataset, [str(tmp_path / "missing.mp4")])
    assert (task.errors, list(task.result or [])) == (None, [])
    with pytest.raises(ResourceNotFoundError):
        dataset.data_row_for_external_id("missing")


def test_rows_are_rejected_one_by_one_in_a_task_that_completes(box, dataset, clip):
    create_rows(dataset, [{"row_data": str(clip), "global_key": "taken"}])
    task = create_rows(
        dataset,
        [
            {"row_data": str(clip), "global_key": "taken"},
            {"row_data": str(clip), "global_key": " padded"},
            {"row_data": str(clip), "global_key": "a  b"},
            {"row_data": str(clip), "global_key": "x" * 201},
            {"row_data": f"{box.storage_url}/nothing.mp4", "global_key": "unreachable"},
            {"row_data": {"pages": 3}, "media_type": "VIDEO", "global_key": "document"},
            {"row_data": str(clip), "metadata_fields": TWICE, "global_key": "twice"},
            {"row_data": str(clip), "global_key": "good"},
        ],
    )
    told = {
        row["globalKey"]: error["message"]
        for error in task.errors
        for row in error["failedDataRows"]
    }
    assert told == {
        "taken": "Duplicate global key: 'taken'",
        " padded": "Global key has leading, trailing or double spaces",
        "a  b": "Global key has leading, trailing or double spaces",
        "x" * 201: "Global key is longer than 200 characters",
        "unreachable": "Failed to access URL: 404",
        "document": "Expected type video/*, detected: application/json",
        "twice": f"A schemaId can only be specified once per DataRow : [{TAG}]",
    }
    assert [row["global_key"] for row in task.result] == ["good"]


def test_remote_rows_keep_their_url(client, dataset):
    url = "https://videos.test/a/b.mp4"
    task = create_rows(dataset, [{"row_data": url, "global_key": "remote", "media_type": "VIDEO"}])
    (made,) = task.result
    row = client.get_data_row_by_global_key("remote")
    assert (row.uid, row.row_data, row.media_attributes) == (made["id"], url, {})


def test_remote_rows_on_this_machine_are_probed(box, client, dataset, clip):
    served = box.add_project("Served", ONTOLOGY).add_video(clip)
    task = create_rows(dataset, [{"row_data": served.row_data}])
    (made,) = task.result
    assert client.get_data_row(made["id"]).media_attributes["frameCount"] == 7


def test_a_manifest_that_cannot_be_read_is_refused(client):
    query = "mutation U($u: String!) { upsertDataRows(data: {manifestUri: $u}) { id } }"
    with pytest.raises(InvalidQueryError, match="not an upload"):
        client.execute(query, {"u": "https://elsewhere.test/manifest.json"})
    url = client.upload_data(b"{", "manifest.json", "application/json")
    with pytest.raises(InvalidQueryError, match="not JSON"):
        client.execute(query, {"u": url})
    manifest = json.dumps({"source": "SDK", "item_count": 3, "chunk_uris": []}).encode()
    url = client.upload_data(manifest, "manifest.json", "application/json")
    with pytest.raises(InvalidQueryError, match="has 3 rows, but its chunks 0"):
        client.execute(query, {"u": url})


def test_an_upload_task_may_fail(box, dataset, clip):
    box.tasks.next_failure = "No room"
    task = dataset.create_data_rows([{"row_data": str(clip)}])
    task.wait_till_done()
    assert task.status == "FAILED"
    assert list(dataset.data_rows()) == []


def test_global_keys_are_assigned_and_found(client, dataset, clip):
    (first,) = create_rows(dataset, [str(clip)]).result
    (second,) = create_rows(dataset, [str(clip)]).result
    links = [
        {"data_row_id": first["id"], "global_key": "assigned"},
        {"data_row_id": second["id"], "global_key": "assigned"},
    ]
    answer = client.assign_global_keys_to_data_rows(links)
    assert answer["status"] == "PARTIAL SUCCESS"
    assert [each["data_row_id"] for each in answer["results"]] == [first["id"]]
    assert [each["data_row_id"] for each in answer["errors"]] == [second["id"]]
    found = client.get_data_row_ids_for_global_keys(["assigned", "none"])
    assert found["results"] == [first["id"], ""]
    assert client.clear_global_keys(["assigned"])["status"] == "SUCCESS"
    assert client.get_data_row_ids_for_global_keys(["assigned"])["results"] == [""]
    external = client.get_data_row_ids_for_external_ids([str(clip)])
    assert {first["id"], second["id"]} <= set(external[str(clip)])


def test_a_project_is_set_up(client, project, dataset, clip):
    assert project.media_type == MediaType.Video
    assert project.ontology() is None
    ontology = client.create_ontology("Set up", ONTOLOGY, media_type=MediaType.Video)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK warns that it connects the editor
        project.connect_ontology(ontology)
    assert project.ontology().uid == ontology.uid
    assert project.labeling_frontend().name == "Editor"
    create_rows(dataset, [str(clip)])
    task = project.create_batches_from_dataset("batch ", dataset.uid, priority=2)
    task.wait_till_done()
    assert task.errors() is None
    (batch,) = task.result()
    assert (batch.name, batch.size) == ("batch 0000", 1)
    assert [each.uid for each in project.batches()] == [batch.uid]
    again = project.create_batches_from_dataset("more ", dataset.uid)
    assert again.tasks == []


def test_an_ontology_of_another_media_type_is_refused(client, project):
    ontology = client.create_ontology("Pictures", ONTOLOGY, media_type=MediaType.Image)
    with pytest.raises(ValueError, match="share the same type"):
        project.connect_ontology(ontology)
    query = """mutation C($p: ID!, $o: ID!) {
        project(where: {id: $p}) { connectOntology(ontologyId: $o) { id } } }"""
    with pytest.raises(InvalidQueryError, match="share the same media type"):
        client.execute(query, {"p": project.uid, "o": ontology.uid})


def test_batches_of_both_sizes(box, project, dataset, clip):
    rows = create_rows(dataset, [{"row_data": "https://videos.test/1.mp4", "global_key": "one"}])
    (row,) = rows.result
    batch = project.create_batch("small", global_keys=["one", "unknown"])
    assert (batch.size, list(batch.failed_data_row_ids)) == (1, ["unknown"])
    with pytest.raises(ResourceConflict):
        project.create_batch("small", [row["id"]])
    (other,) = create_rows(dataset, [str(clip)]).result
    batch = project.create_batch("large", [other["id"]] + ["cnone"] * 1000, priority=1)
    assert (batch.name, batch.size) == ("large", 1)
    assert len(box.project(project.uid).data_rows) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data_rows": ["cnone"]}, "No valid data rows to be added from the list provided!"),
        ({"data_rows": ["ROW"]}, "No valid data rows to add to project"),
        ({"global_keys": ["none"]}, "Data rows with the following global keys do not exist: none."),
    ],
)
def test_a_batch_without_a_valid_data_row_is_an_error(project, dataset, given, message):
    (row,) = create_rows(dataset, [{"row_data": "https://videos.test/1.mp4"}]).result
    project.create_batch("first", [row["id"]])
    given = {key: [each.replace("ROW", row["id"]) for each in ids] for key, ids in given.items()}
    with pytest.raises(MalformedQueryException, match=re.escape(message)):
        project.create_batch("second", **given)
    assert [batch.name for batch in project.batches()] == ["first"]
    with pytest.raises(LabelboxError):
        project.create_batch("third", [row["id"]], priority=None)


def test_files_that_cannot_be_processed_are_refused_by_the_batch(
    box, project, dataset, clip, tmp_path
):
    text, noise = tmp_path / "text.mp4", tmp_path / "noise.mp4"
    text.write_text("no video")
    noise.write_bytes(bytes(range(256)))
    given = [str(clip), str(text), str(noise), "gs://no-such-bucket/clip.mp4"]
    task = create_rows(dataset, [{"row_data": each} for each in given])
    assert task.errors is None
    ids = [each["id"] for each in task.result]
    batch = project.create_batch("some", ids)
    sound = [row.id for row in box.project(project.uid).data_rows]
    assert len(sound) == batch.size == 1
    assert set(batch.failed_data_row_ids) == set(ids) - set(sound)


def test_a_failed_batch_task_has_a_reason(box, project, dataset):
    create_rows(dataset, [{"row_data": "https://videos.test/1.mp4"}])
    box.tasks.next_failure = "Quota exceeded"
    task = project.create_batches_from_dataset("failing ", dataset.uid)
    assert list(task.errors().values()) == [{"error": "Quota exceeded"}]
    assert list(project.batches()) == []
    box.tasks.next_failure = "Quota exceeded"
    ids = [row.uid for row in dataset.data_rows()]
    with pytest.raises(LabelboxError, match="Batch was not created successfully"):
        project.create_batch("failing large", ids * 1000)


def test_a_dataset_with_an_iam_integration():
    with Sandbox() as box:
        client = box.client()
        assert client.create_dataset(name="none to use").iam_integration() is None
        default = box.add_iam_integration("bucket", is_default=True)
        box.add_iam_integration("broken", provider="GCP", valid=False)
        assert client.create_dataset(name="default").iam_integration().uid == default
        broken = client.get_organization().get_iam_integrations()[1]
        assert (broken.name, broken.provider) == ("broken", "GCP")
        with pytest.raises(ValueError, match="not valid"):
            client.create_dataset(name="half made", iam_integration=broken)
        assert [each.name for each in client.get_datasets()] == ["none to use", "default"]


def test_projects_and_datasets_are_renamed_and_deleted(client, project, dataset):
    project.update(name="Renamed")
    assert client.get_project(project.uid).name == "Renamed"
    project.delete()
    with pytest.raises(ResourceNotFoundError):
        client.get_project(project.uid)
    dataset.delete()
    with pytest.raises(ResourceNotFoundError):
        client.get_dataset(dataset.uid)


def test_a_project_created_over_http_can_be_labeled(box, client, project):
    ontology = client.create_ontology("Labels", ONTOLOGY, media_type=MediaType.Video)
    face = box.project(project.uid)
    row = face.add_video(row_data="https://videos.test/a.mp4")
    line = car(box_at(1)) | {"dataRow": {"id": row.id}}
    from labelbox import LabelImport  # noqa: PLC0415 - used once

    job = LabelImport.create_from_objects(client, project.uid, "too early", [line])
    assert "has no ontology" in job.errors[0]["errors"][0]["message"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK warns that it connects the editor
        project.connect_ontology(ontology)
    assert LabelImport.create_from_objects(client, project.uid, "labels", [line]).errors == []
