"""What docstrings, pages and --help show works as it stands, and nothing public is without it.

A reader has what the examples name: videos, a dataset of the sample project with its labels, an
export, a project id, a key, and ``from deeplake_labelbox import *``; the rest they import.
"""

import contextlib
import functools
import importlib
import importlib.util
import json
import logging
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torchvision_parts
from documented_examples import blocks, docstrings, texts
from google_keys import write_key_file
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner
from video_files import write_video

import deeplake_labelbox
from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox._cli.application import app
from deeplake_labelbox.sandbox import Sandbox
from deeplake_labelbox.sandbox.sample import sample_ontology

EXAMPLES = [
    pytest.param(code, id=f"{docstring.place}-{number}" if number else docstring.place)
    for docstring in docstrings()
    for number, code in enumerate(docstring.examples)
]
# test_readme.py runs the Python of README.md, and test_ray.py that of the page on clusters. The
# page on a detector needs Ultralytics, which is not installed for tests.
PAGES = [
    pytest.param("\n".join(found), id=name)
    for name, text in texts().items()
    if name not in {"README.md", "cluster.md", "five_minutes.md"}
    and (found := blocks(text, "python"))
]
_IN_TEXTS = [
    line
    for name, text in texts().items()
    if name != "cluster.md"
    for block in blocks(text, "bash")
    for line in re.findall("^deeplake-labelbox .*$", block, re.MULTILINE)
]
COMMANDS = [
    *dict.fromkeys([*(line for doc in docstrings() for line in doc.commands), *_IN_TEXTS]),
]

SERVES = re.compile("^deeplake-labelbox (sandbox|show) ")

# What the verbs return, and what all errors are: nobody makes one.
RETURNED = {
    "AnnotationOutcome",
    "AnnotationProject",
    "AnswerChange",
    "ConversionReport",
    "DatasetReport",
    "DatasetStatistics",
    "DeepLakeLabelboxError",
    "Evaluation",
    "EvaluationScore",
    "Fault",
    "Faults",
    "FindingKind",
    "FrameBatch",
    "FrameBox",
    "FrameChanges",
    "FrameErrors",
    "Gap",
    "ImportResult",
    "ImportedFile",
    "LabelComparison",
    "LabelDiff",
    "MotSequence",
    "Preview",
    "PreviewPage",
    "ProjectInspection",
    "RefusedVideo",
    "SandboxDataRow",
    "SandboxError",
    "SandboxLabel",
    "SandboxProject",
    "SentBack",
    "SyncReport",
    "UploadedDataRow",
    "VideoChanges",
    "VideoFinding",
    "VideoInspection",
    "VideoOutcome",
    "VideoProjectConverter",
}


@pytest.fixture(scope="module")
def served():
    """A sandbox of their own, which examples write to."""
    with Sandbox(sample=True) as box:
        box.add_iam_integration("my-bucket")
        yield box


@pytest.fixture(scope="module")
def unlabeled(tmp_path_factory):
    """A sandbox with the same videos, and one more, for the examples that label them."""
    yield from _unlabeled(tmp_path_factory)


@pytest.fixture(scope="module")
def unlabeled_for_pages(tmp_path_factory):
    """The same again, for the pages."""
    yield from _unlabeled(tmp_path_factory)


def _unlabeled(tmp_path_factory):
    video = write_video(tmp_path_factory.mktemp("video") / "a.mp4", frames=6)
    with Sandbox(sample=True) as box:
        for row in box.sample.data_rows:
            for label in row.labels:
                row.delete_label(label)
        box.sample.add_video(video, external_id="a")
        yield box


@pytest.fixture(scope="module")
def home(served, tmp_path_factory):
    """A folder as a reader has it."""
    folder = tmp_path_factory.mktemp("reader")
    project_id, client = served.sample.project_id, served.client()
    dataset, export = create_dataset_from_video_annotation_project(
        str(folder / "clips"), project_id, None, lb_client=client, progress=False
    )
    export.save(folder / "project.ndjson")
    dataset.tag("run-6")
    converter = converter_for_video_project_with_id(
        project_id,
        lambda _: dataset,
        None,
        group_mapping={"raster-segmentation": "mask"},
        project_json=export,
        lb_client=client,
        progress=False,
    )
    converter.dataset_with_applied_annotations().tag("run-7")
    write_video(folder / "clip.mp4", frames=6)
    for name in ("day", "street"):
        (folder / name).mkdir()
        for number in (1, 2):
            write_video(folder / name / f"{name}-{number}.mp4", frames=3 + number)
    (folder / "ontology.json").write_text(json.dumps(sample_ontology()))
    (folder / "gt.txt").write_text("1,1,11,21,30,20,1,1,1\n2,1,12,21,30,20,1,1,1\n")
    (folder / "tracks.xml").write_text(_CVAT)
    return folder


_CVAT = """<annotations>
  <meta><task><size>48</size><original_size><width>320</width><height>240</height></original_size>
    <source>crossing.mp4</source></task></meta>
  <track id="0" label="person">
    <box frame="0" outside="0" keyframe="1" xtl="10" ytl="20" xbr="30" ybr="60"/>
    <box frame="9" outside="0" keyframe="1" xtl="20" ytl="20" xbr="40" ybr="60"/>
  </track>
</annotations>
"""


@pytest.fixture(scope="module")
def bucket(home):
    """S3 as the environment tells it, with a bucket of videos."""
    import boto3  # noqa: PLC0415 - slow to import

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        for name in ("bucket", "datasets"):
            client.create_bucket(Bucket=name, ACL="public-read-write")
        videos = [f"street/{path.name}" for path in sorted((home / "street").iterdir())]
        for video in videos:
            open_to_all = {"ACL": "public-read"}
            client.upload_file(str(home / video), "bucket", video, ExtraArgs=open_to_all)
    yield environment
    # Servers of other tests in this process have the same buckets.
    for video in videos:
        client.delete_object(Bucket="bucket", Key=video)
    client.close()
    server.stop()


@pytest.fixture
def reader(served, home, tmp_path, monkeypatch, request):
    """Puts a test in the place of a reader, and gives the names that they have."""
    import labelbox  # noqa: PLC0415 - slow to import

    ((kind, shown),) = request.node.callspec.params.items()
    if re.search(r"import_annotations|deeplake-labelbox import ", shown):
        served = request.getfixturevalue("unlabeled_for_pages" if kind == "page" else "unlabeled")
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    there = {"endpoint": served.endpoint, "rest_endpoint": served.rest_endpoint}
    monkeypatch.setattr(labelbox, "Client", functools.partial(labelbox.Client, **there))
    monkeypatch.setenv("LABELBOX_API_KEY", served.api_key)
    monkeypatch.setenv("LABELBOX_ENDPOINT", served.endpoint)
    monkeypatch.setenv("COLUMNS", "100")
    if re.search(r"s3://|presigners\.s3", shown):
        pytest.importorskip("s3fs", reason="the extra s3 is not installed")
        for name, value in request.getfixturevalue("bucket").items():
            monkeypatch.setenv(name, value)
    if "presigners.gcs" in shown:
        pytest.importorskip("google.cloud.storage", reason="the extra gcs is not installed")
        write_key_file(tmp_path / "reader.json")
    if "presigners.azure" in shown:
        pytest.importorskip("azure.storage.blob", reason="the extra azure is not installed")
    if "_from_azure" in shown:
        offer_azure(monkeypatch)
    public = {name: getattr(deeplake_labelbox, name) for name in deeplake_labelbox.__all__}
    return {
        **public,
        "project_id": served.sample.project_id,
        "PROJECT_ID": served.sample.project_id,
        "ONTOLOGY": sample_ontology(),
        "api_key": served.api_key,
        "sas_token": "sig=s",
    }


def offer_azure(monkeypatch):
    """Azure's client, which has no server to run against here."""

    class ContainerClient(contextlib.nullcontext):
        def __init__(self, *_place, **_options):
            super().__init__(self)

        def list_blobs(self, *, name_starts_with):
            return [SimpleNamespace(name=f"{name_starts_with}1.mp4")]

    errors = ("AzureError", "ClientAuthenticationError", "ResourceNotFoundError")
    core, blob = ModuleType("azure.core"), ModuleType("azure.storage.blob")
    core.exceptions = SimpleNamespace(**{name: type(name, (Exception,), {}) for name in errors})
    blob.ContainerClient = ContainerClient
    monkeypatch.setitem(sys.modules, "azure.core", core)
    monkeypatch.setitem(sys.modules, "azure.storage.blob", blob)


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_runs(code, reader, served, capsys):
    if re.search(r"torch|FrameDataset|ClipDataset|Resize", code):
        pytest.importorskip("torch")
    video = next(row for row in served.sample.data_rows if row.external_id == "crossing.mp4")
    code = code.replace("https://host/clip.mp4", video.row_data)
    exec(compile(code, "example", "exec"), reader)  # noqa: S102 - our own docstrings
    assert not re.search(r"\b[1-9]\d* refused", capsys.readouterr().out)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_the_page_runs(page, reader):
    if 'create_dataset("./clips"' in page:
        shutil.rmtree("clips")  # it is not there yet
    with contextlib.ExitStack() as stack:
        if "torch" in page:
            pytest.importorskip("torch").set_num_threads(1)
            stack.enter_context(torchvision_parts.torchvision())
        exec(compile(page, "page", "exec"), reader)  # noqa: S102 - our own pages


@pytest.mark.parametrize("line", [line for line in COMMANDS if not SERVES.search(line)])
def test_the_command_runs(line, reader):
    line, _, output = line.partition(" > ")
    words = shlex.split(re.sub("cl9y0xd2m00|PROJECT_ID", reader["project_id"], line))
    # What it makes is not there yet.
    if words[1] == "create":
        shutil.rmtree(words[3], ignore_errors=True)
    elif words[1] == "export":
        Path(words[words.index("-o") + 1]).unlink(missing_ok=True)
    result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, result.output
    if output:
        assert json.loads(result.stdout)


@pytest.mark.parametrize("line", [line for line in COMMANDS if SERVES.search(line)])
@pytest.mark.usefixtures("reader")
def test_the_command_serves_until_it_is_stopped(line):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        words = shlex.split(line.replace("8080", str(free.getsockname()[1])))
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "deeplake_labelbox", *words[1:]],
        cwd=Path.cwd(),
        env={**os.environ, "BROWSER": "true"},  # a browser that shows nothing
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert words[-1] in server.stdout.readline()
        while "Press Ctrl-C" not in (told := server.stdout.readline()):
            assert told
        server.terminate()
        assert server.wait(120) == 0


def test_there_are_examples():
    assert len(EXAMPLES) > 25
    assert len(COMMANDS) > 15


def test_examples_are_fenced_as_python():
    """No other way of showing code, which the tests above would not see."""
    for docstring in docstrings():
        assert not re.search(r"^ *>>> |::$|^ *```(?!python$|$)", docstring.text, re.MULTILINE), (
            docstring.place
        )
        opened = len(re.findall(r"^ *```python$", docstring.text, re.MULTILINE))
        assert len(docstring.examples) == opened, docstring.place


@pytest.mark.parametrize("room", ["", ".sandbox", ".training"])
def test_everything_public_is_in_an_example(room):
    names = importlib.import_module(f"deeplake_labelbox{room}").__all__
    shown = "\n".join(
        [code for docstring in docstrings() for code in docstring.examples]
        + [code for text in texts().values() for code in blocks(text, "python")]
    )
    missing = [
        name
        for name in names
        if not name.startswith("__")
        and name not in RETURNED
        and not re.search(rf"\b{name}\b", shown)
    ]
    assert not missing


def test_every_command_has_an_example():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    shown = {shlex.split(line)[1] for line in COMMANDS}
    assert commands - shown <= {"demo"}  # takes nothing
