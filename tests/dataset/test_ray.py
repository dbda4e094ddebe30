"""A build on a Ray cluster is the build of the threads, whatever dies on the way."""

import importlib
import json
import logging
import math
import re
import signal
import subprocess
import sys
import threading
from copy import copy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import deeplake
import numpy as np
import pytest
import ray_runs
import yaml
from documented_examples import blocks, texts
from small_exports import ONTOLOGY, data_row
from typer.testing import CliRunner
from video_files import overwrite, read_number, write_video

from deeplake_labelbox import LabeledDataset, Report, create_dataset
from deeplake_labelbox._cli.application import app
from deeplake_labelbox._jobs import ray_cluster, ray_engine, ray_tasks
from deeplake_labelbox._jobs.engine import ThreadEngine
from deeplake_labelbox._jobs.ray_engine import RayEngine
from deeplake_labelbox._jobs.video_task import VideoTask
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._store.videos import entries_of
from deeplake_labelbox._video.opened import WantedFrames
from deeplake_labelbox.errors import ClusterError, ConfigurationError, VideoError

ray = pytest.importorskip("ray")

pytestmark = pytest.mark.usefixtures("cluster")

FRAMES = 40
LONG = 56
PACKETS = StorageOptions(frame_storage="video")


@pytest.fixture(scope="module")
def cluster():
    """A Ray with two workers on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_IGNORE_UNHANDLED_ERRORS", "1")
        patch.setenv("RAY_worker_niceness", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")  # its thread logs during later tests
        patch.setenv("PYTHONPATH", str(Path(ray_runs.__file__).parent))
        with ray_runs.local_ray(num_cpus=2, object_store_memory=200 << 20) as address:
            ray.init(address=address, log_to_driver=False, logging_level="error")
            yield address
            ray.shutdown()


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Four videos: whole, cut, missing, whole."""
    folder = tmp_path_factory.mktemp("videos")
    paths = [folder / f"{number}.mp4" for number in range(4)]
    for number in (0, 1, 3):
        write_video(
            paths[number],
            frames=FRAMES,
            gop=1,
            b_frames=0,
            first=number * FRAMES,
            container_options={"movflags": "faststart"},
        )
    paths[1].write_bytes(paths[1].read_bytes()[:-4000])
    return [
        data_row(
            f"row-{path.stem}", path, external_id=f"{folder.name} {path.name}", declared=FRAMES
        )
        for path in paths
    ]


def documented(*, training):
    """The examples of the page about clusters: that of training, or all others."""
    examples = blocks(texts()["cluster.md"], "python")
    return "\n".join(code for code in examples if ("TorchTrainer" in code) is training)


def content(dataset):
    """All that a dataset of frames has."""
    columns = {name: dataset[name][:].tolist() for name in ("frame_idx", "video_idx", "timestamp")}
    return columns, [frame.tobytes() for frame in LabeledDataset(dataset).frames[:]]


@pytest.fixture(scope="module")
def by_threads(rows):
    report = Report()
    dataset = ray_runs.build(
        f"mem://by-threads-{uuid4()}", rows, engine=ThreadEngine(), report=report
    )
    assert len(report.gaps) == 2
    return content(dataset), [str(gap) for gap in report.gaps]


def test_what_cannot_work_is_said_before_anything_is_written(rows, tmp_path, monkeypatch):
    def create(**options):
        return create_dataset(tmp_path / "ds", rows, progress=False, labels=False, **options)

    filler = {"create_tensors": lambda _: None, "fill_data": lambda *_: None}
    for options, error, words in (
        ({"ray_address": " "}, ConfigurationError, "`ray_address` is empty"),
        ({"ray_address": "auto", "ray_cpus": 0}, ConfigurationError, "give 1 or more cores"),
        ({"ray_address": "local"}, ConfigurationError, "Ray is connected already"),
        ({"ray_address": "auto", "data_filler": filler}, ConfigurationError, "`data_filler` takes"),
    ):
        with pytest.raises(error, match=words):
            create(**options)
    lock = threading.Lock()
    with pytest.raises(ConfigurationError, match="cannot be sent to Ray"):
        create(ray_address="auto", url_presigner=lambda url: (url, {"lock": lock}))
    with monkeypatch.context() as patch:
        patch.setattr(ray_cluster, "versions", lambda: {"deeplake-labelbox": "9.9", "none": "1"})
        with pytest.raises(ClusterError, match=r"needs deeplake-labelbox 9\.9, .* has version"):
            create(ray_address="auto", ray_cpus=1)
        patch.setattr(ray_cluster, "_SAME", ("unknown-package",))
        patch.setattr(ray_cluster, "versions", lambda: {"unknown-package": "1"})
        with pytest.raises(ClusterError, match="and has none of it"):
            create(ray_address="auto", ray_cpus=1)
        patch.setattr(ray_cluster, "_WAIT_FOR_CORES", 0)
        patch.setattr(ray_cluster, "_LOOK", 0.1)
        with pytest.raises(ClusterError, match="had 64 cores free"):
            create(ray_address="auto", ray_cpus=64)
    with monkeypatch.context() as patch:
        patch.setattr(ray, "is_initialized", lambda: False)
        with pytest.raises(ClusterError, match=r"'127\.0\.0\.1:1' cannot be reached: .* refused"):
            create(ray_address="127.0.0.1:1")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r'pip install "deeplake-labelbox\[ray\]"'):
        create(ray_address="auto")
    assert not (tmp_path / "ds").exists()


def test_the_result_is_that_of_threads(rows, by_threads, caplog):
    report = Report()
    with caplog.at_level(logging.INFO, "deeplake_labelbox"):
        dataset = ray_runs.build("mem://ray", rows, engine=RayEngine("auto", 1), report=report)
    assert (content(dataset), [str(gap) for gap in report.gaps]) == by_threads
    told = [record.getMessage() for record in caplog.records]
    assert sum(" is prepared on " in text for text in told) == len(rows)


def test_the_steps_of_a_short_video_travel_together(rows):
    wanted = WantedFrames(batch_size=4)
    task = VideoTask(rows[0]["data_row"]["row_data"], wanted, StorageOptions().store(batch_size=4))
    ((_, steps),) = ray_tasks._prepare(ray.cloudpickle.dumps(task), 1, ray_cluster.versions())
    assert len(steps) == 1 + FRAMES // 4 + 1
    with pytest.raises(ClusterError, match=r"needs av 0\.1, .* has version"):
        next(ray_tasks._prepare(ray.cloudpickle.dumps(task), 1, {"av": "0.1"}))


@pytest.mark.parametrize("frame_storage", ["png", "video"])
def test_a_worker_that_dies_costs_its_video_one_try(
    rows, by_threads, tmp_path, caplog, frame_storage
):
    store = StorageOptions(frame_storage=frame_storage).store(batch_size=4)
    dying, report = ray_runs.DyingStore(store, tmp_path), Report()
    path = str(tmp_path / "ds")
    dataset = ray_runs.build(path, rows, engine=RayEngine("auto", 1), store=dying, report=report)
    assert (content(dataset), [str(gap) for gap in report.gaps]) == by_threads
    assert caplog.text.count("starts again (try 2 of 4): WorkerCrashedError") == 1


@pytest.fixture(scope="module")
def long_rows(tmp_path_factory):
    """Long videos of 7 groups: whole, damaged in its second half, of MPEG-TS; and a short one."""
    folder = tmp_path_factory.mktemp("long")
    paths = [folder / name for name in ("whole.mp4", "noisy.mp4", "stream.ts", "short.mp4")]
    for path in paths:
        frames = 9 if path.stem == "short" else LONG
        write_video(path, frames=frames, gop=8, b_frames=2, rate=Fraction(30000, 1001))
    overwrite(paths[1], 0.6, 60)
    return [
        data_row(f"row-{path.stem}", path, external_id=path.name, declared=LONG - 2, rate=30)
        for path in paths
    ]


def built(rows, engine, *, store, **options):
    """Rows, entries without the random numbers of recordings, and gaps of a build."""
    path, store, report = f"mem://long-{uuid4()}", copy(store), Report()
    dataset = ray_runs.build(path, rows, engine=engine, store=store, report=report, **options)
    entries = [replace(entry, recordings=()) for entry in entries_of(dataset)]
    return content(dataset), entries, [str(gap) for gap in report.gaps]


@pytest.fixture
def sections_of_12(monkeypatch):
    monkeypatch.setattr(ray_engine, "_SECTION_FRAMES", 12)


@pytest.mark.usefixtures("sections_of_12")
@pytest.mark.parametrize(
    ("sections", "options"),
    [
        (4, {"store": StorageOptions().store(batch_size=4)}),
        (4, {"store": StorageOptions().store(batch_size=4), "stride": 3, "resize": 48}),
        (4, {"store": StorageOptions(frame_storage="jpg").store(batch_size=7), "fps": 11.5}),
        (2, {"store": StorageOptions().store(batch_size=4), "ranges": [(3, 20), (33, 40)]}),
        (4, {"store": PACKETS.store(batch_size=4)}),
        (2, {"store": PACKETS.store(batch_size=4), "ranges": [(3, 20), (33, 40)], "stride": 2}),
    ],
    ids=["all", "stride", "fps", "ranges", "packets", "packets of some"],
)
def test_a_long_video_is_prepared_in_sections(long_rows, caplog, sections, options):
    by_threads = built(long_rows, ThreadEngine(), **options)
    with caplog.at_level(logging.INFO, "deeplake_labelbox"):
        assert built(long_rows, RayEngine("auto", 1), **options) == by_threads
    told = [record.getMessage() for record in caplog.records]
    assert f"whole.mp4 is prepared in {sections} sections" in told
    again = [text for text in told if text.endswith("starts again, in one piece")]
    pictures = options["store"].section_tasks == "prepare"
    assert again == ["noisy.mp4 starts again, in one piece"] * (pictures and len(by_threads[2]))


@pytest.mark.usefixtures("sections_of_12")
def test_a_worker_that_dies_costs_a_long_video_one_section(long_rows, tmp_path, caplog):
    store = StorageOptions().store(batch_size=3)
    dying = ray_runs.DyingStore(store, tmp_path, frames=range(16, 32))
    by_threads = built(long_rows[:1], ThreadEngine(), store=store)
    assert built(long_rows[:1], RayEngine("auto", 1), store=dying) == by_threads
    assert re.findall(r"(\S+ \S+) starts again(.*)", caplog.text) == [
        ("whole.mp4 [2/4]", " (try 2 of 4): WorkerCrashedError")
    ]


@pytest.mark.usefixtures("sections_of_12")
@pytest.mark.parametrize("resumed", [ThreadEngine(), RayEngine("auto", 1)])
def test_a_driver_that_is_killed_between_sections_is_resumed(cluster, long_rows, tmp_path, resumed):
    path = str(tmp_path / "ds")
    settings = {"path": path, "rows": long_rows[:1], "address": cluster, "at": 3, "section": 12}
    done = subprocess.run(  # noqa: S603 - a script of the tests
        [sys.executable, ray_runs.__file__, json.dumps(settings)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "whole.mp4 is prepared in 4 sections" in done.stderr
    by_threads = ray_runs.build(f"mem://{uuid4()}", long_rows[:1], engine=ThreadEngine())
    assert content(ray_runs.build(path, long_rows[:1], engine=resumed)) == content(by_threads)


@pytest.mark.usefixtures("sections_of_12")
def test_a_worker_that_dies_while_it_decodes_costs_one_section(box, tmp_path, caplog):
    storage = box.add_project("Long", {"tools": [], "classifications": []})
    video = storage.add_video(write_video(tmp_path / "long.mp4", frames=LONG, b_frames=2))
    url = video.row_data.replace("http://", "vault://")
    rows = [data_row("row", url, external_id="long.mp4", declared=LONG)]
    store = PACKETS.store(batch_size=4)
    by_threads = built(rows, ThreadEngine(), store=store, url_presigner=ray_runs.VaultPresigner())
    folder = tmp_path / "calls"
    folder.mkdir()
    dying = ray_runs.DyingPresigner(folder)
    assert built(rows, RayEngine("auto", 1), store=store, url_presigner=dying) == by_threads
    assert re.findall(r"long.mp4(?: \[./4\])? (.*) again(.*): ", caplog.text) == [
        ("starts", " (try 2 of 4)"),
        ("is decoded", ""),
    ]
    assert len(list(folder.iterdir())) == 4 + 1 + 1  # sections, one of them again, and the whole


def test_a_video_whose_workers_die_is_a_gap_until_the_next_call(box, tmp_path):
    storage = box.add_project("Vault", {"tools": [], "classifications": []})
    videos = [
        storage.add_video(write_video(tmp_path / f"{name}.mp4", frames=6, first=10 * number))
        for number, name in enumerate(("good", "deadly", "late"))
    ]
    vault = [
        data_row(f"row-{number}", video.row_data.replace("http://", "vault://"), declared=6)
        for number, video in enumerate(videos)
    ]
    deadly = vault[1]["data_row"]["row_data"].rpartition("/")[2]
    report = Report()
    dataset = ray_runs.build(
        "mem://gap",
        vault,
        engine=RayEngine("auto", 1),
        url_presigner=ray_runs.VaultPresigner(deadly),
        report=report,
    )
    (gap,) = report.gaps
    assert "The Ray workers that prepared row-1 were lost 4 times, at last with Worker" in str(gap)
    assert dataset["video_idx"][:].tolist() == [0] * 6 + [2] * 6
    presigner = ray_runs.VaultPresigner()
    again = ray_runs.build("mem://gap", vault, engine=ThreadEngine(), url_presigner=presigner)
    assert again["video_idx"][:].tolist() == [0] * 6 + [2] * 6 + [1] * 6
    # No log of Ray has what workers got to fetch videos.
    logs = Path(ray._private.worker._global_node.get_logs_dir_path())
    texts = [path.read_text("utf-8", "replace") for path in logs.rglob("*") if path.is_file()]
    assert texts
    assert not any(ray_runs.SECRET in text for text in texts)


@pytest.mark.parametrize(
    ("killed", "resumed"), [("ray", ThreadEngine()), ("threads", RayEngine("auto", 1))]
)
def test_a_killed_driver_is_resumed(cluster, rows, by_threads, tmp_path, killed, resumed):
    path = str(tmp_path / "ds")
    address = cluster if killed == "ray" else None
    settings = json.dumps({"path": path, "rows": rows, "address": address, "at": 14})
    done = subprocess.run(  # noqa: S603 - a script of the tests
        [sys.executable, ray_runs.__file__, settings], check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert content(ray_runs.build(path, rows, engine=resumed)) == by_threads[0]


def test_a_build_that_lost_the_cluster_is_resumed(cluster, rows, by_threads, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "1")
    path = str(tmp_path / "ds")
    with ray_runs.server_of_clients(cluster) as (address, killed):
        settings = {"path": path, "rows": rows, "address": address, "at": 14, "killed": killed}
        done = subprocess.run(  # noqa: S603 - a script of the tests
            [sys.executable, ray_runs.__file__, json.dumps(settings)],
            check=False,
            capture_output=True,
            text=True,
        )
    assert f"ClusterError: The Ray cluster '{address}' lost the process" in done.stderr
    assert 0 < len(deeplake.open(path)) < len(by_threads[0][1])
    assert content(ray_runs.build(path, rows, engine=ThreadEngine())) == by_threads[0]


def test_a_dataset_in_s3_is_that_of_threads(rows, by_threads, creds):
    path = "s3://clips/by-ray"
    options = {"deeplake_creds": creds, "ray_address": "auto", "ray_cpus": 1}
    report = create_dataset(path, rows, labels=False, progress=False, **options)
    dataset = deeplake.open(path, creds=creds)
    assert (content(dataset), [str(gap) for gap in report.gaps]) == by_threads


def test_the_cluster_of_the_documentation_is_one_of_ray():
    util = importlib.import_module("ray.autoscaler._private.util")
    (text,) = blocks(texts()["cluster.md"], "yaml")
    cluster = util.prepare_config(yaml.safe_load(text))
    worker = cluster["available_node_types"]["worker"]
    worker["resources"] = {"CPU": 16}  # Ray asks AWS what the machine has
    util.validate_config(cluster)
    assert worker["max_workers"] == cluster["max_workers"] == 8
    del worker["node_config"]
    with pytest.raises(importlib.import_module("jsonschema").ValidationError):
        util.validate_config(cluster)


def test_a_build_that_ends_stops_its_tasks(rows):
    with pytest.raises(VideoError, match="Data row row-1"):
        create_dataset(
            "mem://strict",
            rows,
            ontology=ONTOLOGY,
            progress=False,
            fail_on_error=True,
            ray_address="auto",
            ray_cpus=1,
        )
    names = [row["data_row"]["external_id"] for row in rows]
    assert not any(ray_runs.workers_of(name) for name in names)


@pytest.mark.filterwarnings("ignore")  # Ray Data warns of parts that it itself uses
def test_the_examples_of_the_documentation_run(sample_box, tmp_path, monkeypatch, capsys):
    code = documented(training=False).replace("s3://datasets/clips", str(tmp_path / "clips"))
    monkeypatch.setenv("PROJECT_ID", sample_box.sample.project_id)
    monkeypatch.setenv("LABELBOX_API_KEY", sample_box.api_key)
    monkeypatch.setenv("LABELBOX_ENDPOINT", sample_box.endpoint)
    exec(compile(code, "cluster.md", "exec"), {})  # noqa: S102 - our own
    printed = capsys.readouterr().out
    assert "3 videos, 112 rows, 0 gaps" in printed
    assert printed.count("(8, ") > 10  # batches


@pytest.mark.filterwarnings("ignore")  # Ray Train warns of parts that it itself uses
def test_the_training_of_the_documentation_runs_on_two_workers(sample_box, tmp_path, capsys):
    pytest.importorskip("torch")
    training = importlib.import_module("deeplake_labelbox.training")
    path = str(tmp_path / "clips")
    project, client = sample_box.sample.project_id, sample_box.client()
    create_dataset(path, project, lb_client=client, frame_storage="video", progress=False)
    code = documented(training=True).replace("s3://datasets", str(tmp_path))
    exec(compile(code, "cluster.md", "exec"), {})  # noqa: S102 - our own
    rows = len(training.FrameDataset(path, classes=["weather"], labeled=True))
    told = capsys.readouterr().out
    assert f"'batches': {math.ceil(math.ceil(rows / 2) / 16)}" in told
    assert (Path(re.search(r"local, path=(.*)\)", told)[1]) / "model.pt").is_file()


def test_a_sync_adds_videos_that_ray_prepared(box, tmp_path, monkeypatch):
    project = box.add_project("Growing", {"tools": [], "classifications": []})
    project.add_video(write_video(tmp_path / "first.mp4", frames=3))
    path = str(tmp_path / "clips")
    create_dataset(path, project.id, lb_client=box.client(), progress=False)
    project.add_video(write_video(tmp_path / "second.mp4", frames=4, first=8))
    # Only in the workers can it be decoded.
    monkeypatch.setattr(ThreadEngine, "run", None)
    command = ("sync", path, "--ray", "auto", "--ray-cpus", "1", "--verbose")
    result = CliRunner(
        env={"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
    ).invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "second.mp4 is prepared on " in " ".join(result.stderr.split())
    clips = deeplake.open(path)
    assert [read_number(frame) for frame in clips["frames"][:]] == [0, 1, 2, 8, 9, 10, 11]


@pytest.mark.filterwarnings("ignore")  # Ray Data warns of parts that it itself uses
def test_ray_data_reads_frames_and_labels_on_workers(sample_box, tmp_path):
    path = str(tmp_path / "clips")
    project, client = sample_box.sample.project_id, sample_box.client()
    create_dataset(path, project, lb_client=client, frame_storage="video", progress=False)
    clips = LabeledDataset(path)
    rows = clips.index.rows[20:60]  # of two videos
    found = sorted(clips.to_ray_data(rows).take_all(), key=lambda row: row["row"])
    assert [row["row"] for row in found] == sorted(rows.tolist())
    for row in found:
        objects = clips.objects(row["row"])
        np.testing.assert_array_equal(row["image"], clips.frames[row["row"]])
        np.testing.assert_array_equal(row["boxes"], objects.boxes)
        np.testing.assert_array_equal(row["track_ids"], objects.track_ids)
        names = [objects.class_names[number] for number in objects.class_ids]
        assert list(row["classes"]) == names
        assert row["weather"] == clips.answers(row["row"])["weather"].words[0]
        place = np.flatnonzero(clips.index.rows == row["row"])[0]
        assert row["frame_idx"] == clips.index.frame_idx[place]
        assert row["video_idx"] == clips.index.video_idx[place]
