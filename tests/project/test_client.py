"""The client made from a key, and every error of the SDK in the words of this package."""

import json
import logging

import labelbox
import lbox.exceptions as sdk
import pytest
import requests
from google.api_core.exceptions import RetryError
from labelbox.orm.model import Entity

from deeplake_labelbox._labelbox.client import (
    api_key_of,
    clean,
    connect,
    labelbox_errors,
    labelbox_hosts,
)
from deeplake_labelbox.errors import (
    AuthenticationError,
    ConfigurationError,
    DeepLakeLabelboxError,
    LabelboxError,
    LabelboxUnavailableError,
    OntologyError,
    ProjectNotFoundError,
)
from deeplake_labelbox.sandbox import Sandbox

KEY = "eyJhbGciOi.eyJ1c2VySWQi.c2lnbmF0dXJl"


def test_a_ready_client_wins(monkeypatch):
    monkeypatch.delenv("LABELBOX_API_KEY", raising=False)
    client = labelbox.Client(api_key=KEY)
    assert connect(None, lb_client=client) is client
    assert connect("other", lb_client=client, endpoint="nonsense") is client


def test_the_key_comes_from_the_argument_then_the_environment(monkeypatch):
    monkeypatch.setenv("LABELBOX_API_KEY", "from-environment\n")
    assert api_key_of(connect(" given ")) == "given"
    assert api_key_of(connect(None)) == "from-environment"


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_no_key(monkeypatch, key):
    monkeypatch.setenv("LABELBOX_API_KEY", "")
    with pytest.raises(AuthenticationError, match=r"api-keys .* `lb_api_key` .* LABELBOX_API_KEY"):
        connect(key)


@pytest.mark.parametrize("key", ["se\ncret", "sécret", "se cret"])
def test_a_key_that_cannot_be_sent_is_not_repeated(key):
    with pytest.raises(AuthenticationError) as caught:
        connect(key)
    assert key not in str(caught.value)


def test_what_is_no_client():
    with pytest.raises(ConfigurationError, match=r"must be a labelbox.Client, not a str"):
        connect(None, lb_client="key")


@pytest.mark.parametrize(
    ("endpoint", "base", "hosts"),
    [
        ("http://127.0.0.1:8000/graphql", "http://127.0.0.1:8000", {"127.0.0.1:8000"}),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", {"127.0.0.1:8000"}),
        ("https://Lb.test/x/graphql/", "https://Lb.test/x", {"lb.test", "lb.test:443"}),
        ("http://[::1]:80/graphql", "http://[::1]:80", {"[::1]:80", "[::1]"}),
    ],
)
def test_another_server(endpoint, base, hosts):
    client = connect(KEY, endpoint=endpoint)
    assert client.endpoint == f"{base}/graphql"
    assert client.rest_endpoint == f"{base}/api/v1"
    assert labelbox_hosts(client) == hosts


def test_the_hosts_of_labelbox():
    names = {"api.labelbox.com", "app.labelbox.com"}
    expected = names | {f"{name}:443" for name in names}
    assert labelbox_hosts(connect(KEY)) == expected
    assert labelbox_hosts(connect(KEY, endpoint="https://api.labelbox.com/graphql")) == expected


@pytest.mark.parametrize(
    "endpoint",
    ["", "127.0.0.1:8000", "ftp://x/graphql", "http://", "http://x:99999/", "http://u:p@x/",
     "http://x/graphql?key=1", "http://[::1/"],
)  # fmt: skip
def test_an_endpoint_that_is_none(endpoint):
    with pytest.raises(ConfigurationError, match="is not an HTTP URL"):
        connect(KEY, endpoint=endpoint)


def test_a_client_without_a_key():
    client = labelbox.Client(api_key="")
    with pytest.raises(AuthenticationError, match="has no API key"):
        api_key_of(client)


def not_found(entity):
    return sdk.ResourceNotFoundError(entity, {"param_0": "abc"})


def test_an_unreachable_server_is_told_by_what_went_wrong_in_the_end():
    client = labelbox.Client(api_key="key", endpoint="http://127.0.0.1:1/graphql")
    with (
        pytest.raises(LabelboxUnavailableError, match=r"127\.0\.0\.1.*refused") as caught,
        labelbox_errors("reading project abc"),
    ):
        client.get_project("abc")
    assert "Max retries" not in str(caught.value)
    assert "caused by" not in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (sdk.AuthenticationError("Invalid API key"), AuthenticationError, "refused the API key"),
        (sdk.AuthorizationError("role"), AuthenticationError, "has no permission .*role"),
        (sdk.OperationNotAllowedException("quota"), LabelboxError, "refused the request .*quota"),
        (sdk.LabelboxError("401 Unauthorized", "off"), AuthenticationError, "refused the API key"),
        (sdk.LabelboxError("403 Forbidden", "off"), AuthenticationError, "has no permission"),
        (sdk.LabelboxError("429 Too Many", None), LabelboxUnavailableError, "rate limit"),
        (sdk.ApiLimitError("You have exceeded"), LabelboxUnavailableError, "rate limit"),
        (sdk.TimeoutError("60 s"), LabelboxUnavailableError, "could not be reached"),
        (sdk.InternalServerError("502"), LabelboxUnavailableError, "could not be reached"),
        (sdk.ProcessingWaitTimeout("1 h"), LabelboxUnavailableError, "could not be reached"),
        (sdk.NetworkError(OSError("refused")), LabelboxUnavailableError, "refused"),
        (RetryError("deadline", cause=None), LabelboxUnavailableError, "kept failing"),
        (requests.ConnectionError("reset"), LabelboxUnavailableError, "reset"),
        (TimeoutError("slow"), LabelboxUnavailableError, "slow"),
        (not_found(Entity.Project), ProjectNotFoundError, "no such project"),
        (sdk.ResourceNotFoundError(message="Project not found"), ProjectNotFoundError, "project"),
        (not_found(Entity.Task), LabelboxError, "did not find something .*'Task'"),
        (sdk.InvalidQueryError("bad id"), LabelboxError, "bad id"),
        (sdk.ValidationFailedError("complexity"), LabelboxError, "complexity"),
        (sdk.UnprocessableEntityError("entity"), LabelboxError, "entity"),
        (sdk.ResourceConflict("name"), LabelboxError, "name"),
        (sdk.MalformedQueryException("syntax"), LabelboxError, "syntax"),
        (sdk.LabelboxError("Unknown error: []"), LabelboxError, "Unknown error"),
        (sdk.LabelboxError("Failed to parse response as JSON: <html>"), LabelboxError, "not JSON"),
    ],
)
def test_errors_of_the_sdk(raised, expected, words):
    with (
        pytest.raises(DeepLakeLabelboxError, match=words) as caught,
        labelbox_errors("reading project abc"),
    ):
        raise raised
    assert type(caught.value) is expected
    assert caught.value.__cause__ is raised
    assert "while reading project abc" in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "reply",
    ["{}", "[]", json.dumps({"errors": [{"message": "no extensions"}]}), '{"data": null}'],
)
def test_replies_that_the_sdk_cannot_read(monkeypatch, reply):
    def send(*_args, **_kwargs):
        response = requests.Response()
        response.status_code = 200
        response._content = reply.encode()  # requests has no public way to make one
        return response

    monkeypatch.setattr(requests.Session, "send", send)
    client = connect(KEY)
    with (
        pytest.raises(LabelboxError, match="while reading project abc"),
        labelbox_errors("reading project abc"),
    ):
        client.get_project("abc")


def test_own_errors_and_own_bugs_pass():
    with pytest.raises(OntologyError, match=r"^as it is$"), labelbox_errors("x"):
        raise OntologyError("as it is")
    with pytest.raises(KeyError), labelbox_errors("x"):
        {}["missing"]


def test_secrets_are_taken_out_of_messages():
    said = clean(f"GET https://s3.test/a.mp4?Signature=abc 'Bearer {KEY}' {KEY}\n\n x" + "y" * 999)
    assert "abc" not in said
    assert KEY not in said
    assert said.startswith("GET https://s3.test/a.mp4 'Bearer ***' *** xy")
    assert len(said) < 320


def test_urls_of_refused_connections_lose_their_query():
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get("http://127.0.0.1:9/a.mp4?Expires=1&Signature=secret", timeout=5)
    assert "secret" in str(caught.value)
    assert "/a.mp4" in clean(str(caught.value))
    assert "secret" not in clean(str(caught.value))
    assert clean("proxy http://user:secret@proxy.test:1/") == "proxy http://proxy.test:1/"


def test_a_key_that_the_sdk_quotes_is_cut_off(caplog):
    caplog.set_level(logging.CRITICAL)
    client = labelbox.Client(api_key="secret\nkey")
    with pytest.raises(AuthenticationError) as caught, labelbox_errors("reading"):
        client.get_project("abc")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nobody_listens():
    client = connect(KEY, endpoint="http://127.0.0.1:9/graphql")
    with pytest.raises(LabelboxUnavailableError) as caught, labelbox_errors("reading"):
        client.get_project("abc")
    assert KEY not in str(caught.value)


def test_a_real_server():
    with Sandbox(sample=False) as box:
        client = connect(box.api_key, endpoint=box.endpoint)
        assert api_key_of(client) == box.api_key
        with pytest.raises(ProjectNotFoundError), labelbox_errors("reading project nope"):
            client.get_project("nope")
        wrong = connect("wrong-key", endpoint=box.endpoint)
        with pytest.raises(AuthenticationError) as caught, labelbox_errors("reading project nope"):
            wrong.get_project("nope")
        assert "wrong-key" not in str(caught.value)


def test_requests_say_who_asks(box):
    asked = len(box.requests)
    connect(box.api_key, endpoint=box.endpoint).get_user()
    told = [request.headers["x-sdk-method"] for request in box.requests[asked:]]
    assert set(told) == {"deeplake_labelbox:connect"}


def test_the_endpoint_comes_from_the_argument_then_the_environment(monkeypatch):
    monkeypatch.setenv("LABELBOX_ENDPOINT", "http://127.0.0.1:8000/graphql\n")
    client = connect(KEY)
    assert client.endpoint == "http://127.0.0.1:8000/graphql"
    assert client.rest_endpoint == "http://127.0.0.1:8000/api/v1"
    assert labelbox_hosts(client) == {"127.0.0.1:8000"}
    assert connect(KEY, endpoint="https://other.test").endpoint == "https://other.test/graphql"
    monkeypatch.setenv("LABELBOX_ENDPOINT", "127.0.0.1:8000")
    with pytest.raises(ConfigurationError, match="LABELBOX_ENDPOINT"):
        connect(KEY)
    monkeypatch.setenv("LABELBOX_ENDPOINT", "")
    assert connect(KEY).endpoint == "https://api.labelbox.com/graphql"
