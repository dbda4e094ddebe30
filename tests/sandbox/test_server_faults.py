"""Injected faults as clients see them."""

import pytest
import requests
from lbox.exceptions import ApiLimitError, LabelboxError, NetworkError
from sandbox_projects import export_lines, new_project

from deeplake_labelbox.sandbox import SandboxError

DATA = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def _no_fault_is_left(box):
    yield
    box.faults.clear()


@pytest.fixture
def project(box):
    return new_project(box)


@pytest.fixture
def url(project):
    return project.add_video(DATA).row_data


def get(url, **headers):
    return requests.get(url, headers=headers, timeout=10)


def test_a_status_is_sent_as_often_as_requested(box, url):
    box.faults.add("video", status=503, headers={"Retry-After": "0"}, times=2)
    answers = [get(url) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "0"
    assert box.faults.waiting == ()


def test_a_fault_can_last_until_it_is_cleared(box, url):
    fault = box.faults.add("video", status=500, body=b"broken", times=None)
    assert [get(url).content for _ in range(3)] == [b"broken"] * 3
    assert box.faults.waiting == (fault,)
    box.faults.clear()
    assert get(url).content == DATA


def test_a_fault_can_let_requests_pass_first(box, url):
    box.faults.add("video", skip=1)
    assert [get(url).status_code for _ in range(3)] == [200, 503, 200]


def test_a_fault_can_be_bound_to_a_path(box, project):
    first, second = (project.add_video(DATA) for _ in range(2))
    box.faults.add(f"/videos/{second.id}/")
    assert get(first.row_data).status_code == 200
    assert get(second.row_data).status_code == 503


def test_a_dropped_connection_has_no_answer(box, url):
    box.faults.add("video", "drop")
    with pytest.raises(requests.ConnectionError):
        get(url)
    assert get(url).content == DATA


@pytest.mark.parametrize("after_bytes", [0, 1000, 100_000, 10**9])
def test_a_cut_response_announces_more_than_it_sends(box, url, after_bytes):
    box.faults.add("video", "cut", after_bytes=after_bytes)
    received = bytearray()
    with requests.get(url, stream=True, timeout=10) as answer:
        assert answer.headers["content-length"] == str(len(DATA))
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            received.extend(part for chunk in answer.iter_content(500) for part in chunk)
    assert len(received) <= min(after_bytes, len(DATA) - 1)
    assert DATA.startswith(bytes(received))
    assert get(url, Range="bytes=7-").content == DATA[7:]


def test_a_truncated_response_is_valid_but_short(box, url):
    box.faults.add("video", "truncate", after_bytes=70_000)
    answer = get(url)
    assert (answer.status_code, answer.content) == (200, DATA[:70_000])
    assert answer.headers["content-length"] == "70000"


def test_a_delay_is_longer_than_a_client_waits(box, url):
    box.faults.add("video", "delay", delay=600)
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=(60, 0.05))
    box.faults.add("video", "delay", delay=0.001)
    assert get(url).content == DATA


def test_one_graphql_operation_can_fail(box, project):
    client = box.client()
    box.faults.add("graphql:GetProject", status=429)
    assert client.get_user().email
    with pytest.raises(ApiLimitError):
        client.get_project(project.id)
    assert client.get_project(project.id).uid == project.id


def test_any_graphql_operation_can_be_dropped(box, project):
    client = box.client()
    box.faults.add("graphql", "drop")
    with pytest.raises(NetworkError):
        client.get_project(project.id)


def test_a_response_can_be_lost_after_the_operation(box, project):
    project.add_video(DATA)
    box.faults.add("graphql:exportDataRowsInProjectPyApi", "cut")
    with pytest.raises((NetworkError, LabelboxError)):
        box.client().get_project(project.id).export()
    assert len(export_lines(box, project)) == 1


def test_export_chunks_can_fail(box, project):
    project.add_video(DATA)
    box.faults.add("chunk", status=403)
    with pytest.raises(requests.HTTPError):
        export_lines(box, project)
    box.faults.add("chunk", "truncate", after_bytes=20)
    with pytest.raises(AssertionError, match="got 20 bytes"):
        export_lines(box, project)
    assert len(export_lines(box, project)) == 1


def test_masks_can_fail(box):
    box.faults.add("mask", status=504)
    base = box.rest_endpoint
    assert get(f"{base}/tasks/t/masks/m/index/1").status_code == 504
    assert get(f"{base}/projects/p/annotations/f/index/1/mask").status_code == 401


def test_unknown_faults_are_refused(box):
    with pytest.raises(SandboxError, match="Unknown fault 'explode'"):
        box.faults.add("video", "explode")
    with pytest.raises(SandboxError, match="not a regular expression"):
        box.faults.add("(")
