"""The sandbox through the real SDK and plain HTTP: lifetime, keys, GraphQL, reading a project."""

import importlib
import socket
import sys
import threading

import pytest
import requests
from labelbox import Client, MediaType, Project
from lbox.exceptions import (
    AuthenticationError,
    InvalidQueryError,
    MalformedQueryException,
    ResourceNotFoundError,
)
from sandbox_projects import ONTOLOGY, new_project

from deeplake_labelbox.sandbox import Sandbox, SandboxError


@pytest.fixture(scope="module")
def project(box):
    return new_project(box)


def graphql(box, query, variables=None, *, key=None, path="/graphql"):
    headers = {"Authorization": f"Bearer {key or box.api_key}"}
    body = {"query": query, "variables": variables}
    return requests.post(box.url + path, json=body, headers=headers, timeout=10)


def test_stopping_leaves_no_thread_or_port():
    before = set(threading.enumerate())
    box = Sandbox().start()
    port = int(box.url.rsplit(":", 1)[1])
    assert requests.get(box.url, timeout=10).status_code == 404
    box.stop()
    assert set(threading.enumerate()) == before
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_stopping_works_while_clients_wait_or_do_not_read(caplog):
    before = set(threading.enumerate())
    with Sandbox() as box:
        project = new_project(box)
        slow, read, cut = (project.add_video(bytes(20_000_000)) for _ in range(3))
        box.faults.add(slow.id, "delay", delay=600)
        box.faults.add(cut.id, "cut", after_bytes=19_000_000)
        with pytest.raises(requests.Timeout):
            requests.get(slow.row_data, timeout=0.1)
        answers = [requests.get(row.row_data, stream=True, timeout=10) for row in (read, cut)]
    assert set(threading.enumerate()) == before
    for answer in answers:
        answer.close()
    assert caplog.text == ""


def test_the_sandbox_listens_on_the_given_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Sandbox(port=port) as box:
        assert box.endpoint == f"http://127.0.0.1:{port}/graphql"
        assert box.rest_endpoint == f"http://127.0.0.1:{port}/api/v1"


def test_a_port_in_use_is_a_clear_error(box):
    port = int(box.url.rsplit(":", 1)[1])
    with pytest.raises(SandboxError, match=f"Port {port} of 127.0.0.1 cannot be used"):
        Sandbox(port=port).start()


def test_a_stopped_sandbox_raises():
    with pytest.raises(SandboxError, match="not running"):
        _ = Sandbox().endpoint


def test_a_missing_sandbox_extra_is_named(monkeypatch):
    module = "deeplake_labelbox.sandbox"
    for name in ("running", "serving", "application", "faulty_answer"):
        monkeypatch.delitem(sys.modules, f"{module}.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(SandboxError, match=r'pip install "deeplake-labelbox\[sandbox\]"'):
        Sandbox().start()
    monkeypatch.undo()
    importlib.import_module(f"{module}.running")


def test_a_sandbox_without_a_sample_raises(box):
    with pytest.raises(SandboxError, match="sample=True"):
        _ = box.sample


def test_the_sdk_reads_a_project(box, project):
    found = box.client().get_project(project.id)
    assert (found.uid, found.name) == (project.project_id, "Traffic")
    assert found.media_type == MediaType.Video
    assert found.created_at.tzinfo is not None


def test_the_sdk_lists_projects_by_name(box):
    made = new_project(box, "A name of its own")
    client = box.client()
    named = client.get_projects(where=Project.name == "A name of its own")
    assert [each.uid for each in named] == [made.id]


def test_an_unknown_project_is_not_found(box):
    with pytest.raises(ResourceNotFoundError):
        box.client().get_project("cnosuchproject")


def test_a_wrong_key_is_refused(box, project):
    client = Client(api_key="wrong", endpoint=box.endpoint, rest_endpoint=box.rest_endpoint)
    with pytest.raises(AuthenticationError, match="Invalid API key"):
        client.get_project(project.id)


def test_the_key_can_be_chosen():
    with Sandbox(api_key="mine") as box:
        assert graphql(box, "{user{id}}", key="mine").status_code == 200
        assert graphql(box, "{user{id}}", key="sandbox-api-key").status_code == 401


def test_the_sdk_reads_the_ontology_with_all_its_ids(box, project):
    client = box.client()
    ontology = client.get_project(project.id).ontology()
    assert ontology.uid == project.ontology_id
    assert [tool.name for tool in ontology.tools()] == [t["name"] for t in ONTOLOGY["tools"]]
    assert all(tool.feature_schema_id for tool in ontology.tools())
    colors = [tool.color for tool in ontology.tools()]
    assert len(set(colors)) == len(colors)
    scopes = [each.scope.value for each in ontology.classifications()]
    assert scopes == ["index", "index", "index", "global"]
    assert client.get_ontology(project.ontology_id).normalized == project.ontology_normalized
    nested = project.ontology_normalized["tools"][0]["classifications"][0]["options"][0]["options"]
    assert nested[0]["featureSchemaId"]
    assert nested[0]["instructions"] == "shade"


def test_ids_in_an_ontology_are_kept(box):
    tool = {"tool": "point", "name": "p", "featureSchemaId": "cmine", "color": "#010203"}
    made = box.add_project("ids", {"tools": [tool]})
    (kept,) = made.ontology_normalized["tools"]
    assert (kept["featureSchemaId"], kept["color"]) == ("cmine", "#010203")
    assert made.ontology_normalized["classifications"] == []


@pytest.mark.parametrize(
    ("ontology", "message"),
    [
        ({"tools": [{"tool": "cuboid", "name": "c"}]}, "Tool 'c' is of kind 'cuboid'"),
        ({"tools": [{"tool": "point"}]}, "A tool of the ontology has no 'name'"),
        (
            {"classifications": [{"type": "dropdown", "name": "d"}]},
            "Classification 'd' is of type 'dropdown'",
        ),
        ({"classifications": [{"type": "radio", "name": "r"}]}, "'r' has no options"),
    ],
)
def test_a_bad_ontology_is_refused(box, ontology, message):
    with pytest.raises(SandboxError, match=message):
        box.add_project("bad", ontology)


def test_the_sdk_reads_user_and_organization(box):
    client = box.client()
    assert client.get_user().email == "you@sandbox.test"
    assert client.get_organization().name == "Sandbox"


def test_the_sdk_reads_datasets_and_data_rows(box):
    made = new_project(box, "Rows")
    row = made.add_video(
        row_data="s3://bucket/a.mp4",
        external_id="a.mp4",
        global_key="rows-a",
        dataset="Rows dataset",
        media_attributes={"width": 3},
    )
    client = box.client()
    found = client.get_data_row(row.id)
    assert (found.external_id, found.global_key) == ("a.mp4", "rows-a")
    assert found.row_data == "s3://bucket/a.mp4"
    assert found.media_attributes == {"width": 3}
    keys = client.get_data_row_ids_for_global_keys(["rows-a", "none such"])
    assert keys["results"] == [row.id, ""]
    (line,) = [each for each in client.get_datasets() if each.name == "Rows dataset"]
    assert line.data_row_for_external_id("a.mp4").uid == row.id
    assert [each.uid for each in line.data_rows()] == [row.id]


def test_unknown_fields_and_operations_are_invalid(box):
    reply = graphql(box, "query NoSuchPyApi { noSuchField { id } }").json()
    assert reply["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    with pytest.raises(InvalidQueryError):
        box.client().execute("query NoSuchPyApi { noSuchField { id } }")


def test_a_document_that_does_not_parse_has_its_own_error(box):
    reply = graphql(box, "query {").json()
    assert reply["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


def test_variables_must_fit_their_types(box):
    reply = graphql(box, "query P($id: ID!) { project(where: {id: $id}) { id } }", {}).json()
    assert reply["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_request_that_is_not_graphql_is_malformed(box):
    headers = {"Authorization": f"Bearer {box.api_key}"}
    reply = requests.post(box.endpoint, data=b"hello", headers=headers, timeout=10)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["extensions"]["code"] == "MALFORMED_REQUEST"
    with pytest.raises(MalformedQueryException):
        box.client().execute(data=b"{}")


def test_the_second_path_answers_too(box):
    assert graphql(box, "{user{email}}", path="/_gql").json()["data"]["user"]["email"]


def test_requests_are_recorded_with_operation_and_headers(box, project):
    seen = len(box.requests)
    box.client().get_project(project.id)
    (request,) = box.requests[seen:]
    assert (request.host, request.method, request.path) == ("api", "POST", "/graphql")
    assert request.operation == "GetProjectPyApi"
    assert request.headers["authorization"] == f"Bearer {box.api_key}"


def test_projects_are_found_by_id(box, project):
    assert box.project(project.id).name == "Traffic"
    assert project.id in [each.id for each in box.projects]
    with pytest.raises(SandboxError, match="no project 'x'"):
        box.project("x")
