"""Ways to store frames: each is written, read, recorded and offered by what the registry says."""

import json
import sys
import types as python_types
from dataclasses import dataclass
from typing import get_args

import deeplake
import numpy as np
import pytest
from sync_projects import FRAMES, ONTOLOGY, clip, make
from typer.testing import CliRunner
from video_files import draw_number, read_number, write_video

from deeplake_labelbox import LabeledDataset
from deeplake_labelbox._cli.application import app
from deeplake_labelbox._jobs.inspection import ProjectInspection
from deeplake_labelbox._store.appending import append_rows
from deeplake_labelbox._store.frames.registry import (
    DEFAULT,
    STORAGES,
    FrameStorage,
    Storage,
    StorageOptions,
)
from deeplake_labelbox._store.frames.store import RowsAlone
from deeplake_labelbox._sync.sync import sync_dataset
from deeplake_labelbox.errors import ConfigurationError, DatasetError


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Stores", ONTOLOGY)
    project.add_video(write_video(tmp_path / "a.mp4", frames=FRAMES), external_id="a.mp4")
    return project


def synced(box, dataset):
    return sync_dataset(dataset, lb_client=box.client(), progress=False)


def numbers(dataset):
    return [read_number(frame) for frame in LabeledDataset(dataset).frames[:]]


def test_the_choices_are_those_of_the_registry():
    assert get_args(FrameStorage) == tuple(STORAGES)
    told = CliRunner().invoke(app, ["create", "--help"]).output
    with pytest.raises(ConfigurationError) as refused:
        StorageOptions(frame_storage="gif")
    estimates = ProjectInspection("id", "name", ()).to_dict()["estimated_bytes"]
    for name in STORAGES:
        assert name in told
        assert repr(name) in str(refused.value)
        assert name in estimates


@pytest.mark.parametrize("name", STORAGES)
def test_what_is_recorded_makes_the_same_store(name):
    options = StorageOptions(frame_storage=name, jpeg_quality=80 if name == "jpg" else 95)
    recorded = json.loads(json.dumps({**options.recorded(), "frame_stride": 2}))
    assert StorageOptions.of(recorded) == options
    store = options.store(batch_size=7)
    assert store.options == options.recorded()
    assert StorageOptions(frame_storage=DEFAULT).recorded() == {}


@pytest.mark.parametrize("name", STORAGES)
def test_each_writes_and_reads_and_takes_new_videos(box, project, name):
    dataset = make(box, project, f"mem://stores-{name}", frame_storage=name)
    assert numbers(dataset) == list(range(FRAMES))
    project.add_video(clip(first=30), external_id="b.mp4")
    assert synced(box, dataset).summary == "1 video added"
    assert len(LabeledDataset(dataset).frames[len(dataset) - 1]) == 16
    assert len(dataset) == 2 * FRAMES


def test_a_storage_of_another_version_is_refused(box, project):
    dataset = make(box, project, "mem://stores-other")
    kept = dict(dataset.metadata["labelbox_meta"])
    kept["options"] = json.dumps({"frame_storage": "hologram"})
    dataset.metadata["labelbox_meta"] = kept
    dataset.commit()
    with pytest.raises(DatasetError, match="'hologram'"):
        _ = LabeledDataset(dataset).frames
    project.add_video(clip(), external_id="b.mp4")
    with pytest.raises(DatasetError, match="'hologram'"):
        synced(box, dataset)


@dataclass(frozen=True)
class Numbers:
    indices: np.ndarray

    def __len__(self):
        return len(self.indices)


@dataclass(frozen=True)
class NumberStore(RowsAlone):
    """Stores the numbers of frames by their packets, and draws them when they are read."""

    storage: StorageOptions
    batch_size: int

    columns = ("frame_idx", "video_idx")
    options = {"frame_storage": "numbers"}  # noqa: RUF012 - never changed

    def create_columns(self, dataset):
        for column in self.columns:
            dataset.add_column(column, "int32")

    def prepare(self, video, wanted):  # noqa: ARG002 - the protocol of `FrameStore`
        video.frame_count = len(video.packets)
        yield Numbers(np.arange(len(video.packets), dtype=np.int32))

    def size_of(self, batch):  # noqa: ARG002 - the same
        return 0

    def append(self, dataset, entry, batch):
        videos = [entry.video_idx] * len(batch)
        append_rows(dataset, {"frame_idx": batch.indices, "video_idx": videos})
        return entry

    @staticmethod
    def reader(dataset, column):  # noqa: ARG004 - the same
        return python_types.SimpleNamespace(
            read=lambda dataset, rows: map(draw_number, dataset["frame_idx"][list(rows)].tolist())
        )


def test_another_store_is_a_file_and_a_line(box, project, monkeypatch):
    """It is neither asked to decode, nor has it a column of pictures."""
    module = python_types.SimpleNamespace(NumberStore=NumberStore)
    monkeypatch.setitem(sys.modules, "deeplake_labelbox._store.frames.numbers", module)
    monkeypatch.setitem(STORAGES, "numbers", Storage("numbers.NumberStore", "is for tests", 0))
    monkeypatch.setattr("deeplake_labelbox._video.opened.VideoDecoder", None)

    dataset = make(box, project, "mem://stores-numbers", frame_storage="numbers")
    assert numbers(dataset) == list(range(FRAMES))
    project.add_video(clip(), external_id="b.mp4")
    assert synced(box, dataset).summary == "1 video added"
    assert numbers(dataset) == [*range(FRAMES), *range(FRAMES)]
    assert isinstance(dataset, deeplake.Dataset)
