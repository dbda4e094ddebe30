"""What is for this machine goes around the proxies of the environment, and nothing else does."""

import os

import labelbox
import pytest
import requests
from faulty_server import Answer, FaultyServer
from sandbox_projects import ONTOLOGY, export_lines, new_project
from video_files import write_video

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    create_labelbox_annotation_project,
    import_annotations,
    inspect_project,
)
from deeplake_labelbox._labelbox.client import connect
from deeplake_labelbox._video import Transport
from deeplake_labelbox.sandbox import Sandbox

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
EXEMPT = ("no_proxy", "NO_PROXY")
OBJECT = {"data_row": "clip.mp4", "track": 1, "frame": 2}
ANNOTATIONS = [
    {**OBJECT, "class": "car", "box": [4, 5, 20, 10]},
    {**OBJECT, "track": 2, "class": "road", "mask": [[1] * 32] * 16},
]


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that the environment names; it answers what it is told to, and refuses the rest."""
    with FaultyServer() as server:
        for name in (*EXEMPT, *PROXIES, *map(str.upper, PROXIES)):
            monkeypatch.delenv(name, raising=False)
        yield server


def use(proxy, monkeypatch, names):
    for name in names:
        monkeypatch.setenv(name, proxy.url)


@pytest.mark.parametrize("names", [PROXIES, tuple(map(str.upper, PROXIES))], ids=["lower", "upper"])
def test_the_whole_job_goes_around_a_proxy(proxy, monkeypatch, tmp_path, names):
    clip = write_video(tmp_path / "clip.mp4", size=(32, 16), frames=4)
    with Sandbox() as box:  # there before the proxy, as one that runs in another process
        use(proxy, monkeypatch, names)
        monkeypatch.setenv("LABELBOX_API_KEY", box.api_key)
        monkeypatch.setenv("LABELBOX_ENDPOINT", box.endpoint)
        made = create_labelbox_annotation_project(
            [str(clip)], "Clips", "Street", lb_ontology=ONTOLOGY, lb_api_key=None, progress=False
        )
        options = {"import_as": "ground-truth", "poll_seconds": 0.001, "progress": False}
        sent = import_annotations(ANNOTATIONS, made.project_id, None, **options)
        assert len(sent.accepted) == 2, sent
        inspect_project(made.project_id, None, progress=False)
        dataset, _ = create_dataset_from_video_annotation_project(
            f"mem://{tmp_path.name}", made.project_id, None, progress=False
        )
        converter = converter_for_video_project_with_id(
            made.project_id, lambda _: dataset, None, progress=False
        )
        dataset = converter.dataset_with_applied_annotations()
        assert not converter.report.gaps
        assert dataset["road"][1].shape == (16, 32, 1)
        client = labelbox.Client(
            api_key=box.api_key, endpoint=box.endpoint, rest_endpoint=box.rest_endpoint
        )
        assert connect(None, lb_client=client).get_project(made.project_id).name == "Street"
    assert proxy.requests == []


@pytest.mark.usefixtures("box")  # one that ran before there was a proxy
def test_a_program_with_a_sandbox_goes_around_a_proxy(proxy, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intern.test")
    use(proxy, monkeypatch, PROXIES)
    proxy.serve("http://elsewhere.test/", Answer(b"of the proxy"))
    before = dict(os.environ)
    with FaultyServer() as files, Sandbox() as box, Sandbox():
        url = files.serve("/clip.mp4", Answer(b"no video"))
        dataset = box.client().create_dataset(name="Clips")
        dataset.create_data_rows([{"row_data": url, "media_type": "VIDEO"}])
        assert files.paths() == ["/clip.mp4"]
        project = new_project(box)
        project.add_video(row_data=url)
        assert len(export_lines(box, project)) == 1  # with the downloads of the SDK itself
        assert proxy.requests == []
        assert requests.get("http://elsewhere.test/", timeout=10).content == b"of the proxy"
        assert len(proxy.requests) == 1
    assert dict(os.environ) == before


@pytest.mark.parametrize("exempt", ["*", "", None])
def test_a_sandbox_leaves_the_environment_as_it_was(proxy, monkeypatch, exempt):
    use(proxy, monkeypatch, ["HTTP_PROXY"] if exempt is not None else [])
    if exempt is not None:
        monkeypatch.setenv("no_proxy", exempt)
    before = dict(os.environ)
    with Sandbox() as box:
        if exempt != "":
            assert dict(os.environ) == before
        requests.get(box.storage_url, timeout=10)
        assert proxy.requests == []
    assert dict(os.environ) == before


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_videos_of_this_machine_go_around_a_proxy_and_others_do_not(proxy, monkeypatch, host):
    use(proxy, monkeypatch, ["HTTP_PROXY"])
    with FaultyServer() as files, Transport() as transport:
        url = files.serve("/clip.mp4", Answer(b"direct")).replace("127.0.0.1", host)
        proxy.serve("http://elsewhere.test/clip.mp4", Answer(b"of the proxy"))
        proxy.serve("http://elsewhere.test/moved", Answer(status=302, headers={"Location": url}))
        assert transport.get_bytes(url) == b"direct"
        assert proxy.requests == []
        assert transport.get_bytes("http://elsewhere.test/clip.mp4") == b"of the proxy"
        assert transport.get_bytes("http://elsewhere.test/moved") == b"direct"
        assert len(proxy.requests) == 2
