"""Builds on Ray: with real workers, and the driver alone, fed by workers that only send."""

from __future__ import annotations

import importlib
import json
import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from benchmarks.memory_samples import MemorySamples
from deeplake_labelbox._jobs.video_task import (
    Step,
    VideoEnd,
    VideoOpened,
    VideoRestarted,
    VideoTask,
)
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._video.opened import WantedFrames

Settings = dict[str, Any]
Work = Callable[[], Any]

_BATCH = 100


def ray_frames(settings: Settings) -> Work:
    """Frames of clips to a dataset, on ``workers`` workers of one core, or by threads.

    ``length`` is the number of frames of a clip that Labelbox has, if any.
    """
    threads = importlib.import_module("deeplake_labelbox._jobs.engine").ThreadEngine
    workers = settings["workers"]
    return _build(settings, _engine(workers) if workers else threads())


def driver(settings: Settings) -> Work:
    """The same, with steps that were prepared before, sent by ``workers`` workers or by none.

    Where ``video_ends`` names a file, the times at which videos were written go there; where
    ``memory`` does, the memory of this process during the work.
    """
    storage = settings["storage"]
    prepare = partial(prepared_steps, settings["clip"], storage)
    inner = _engine(settings["workers"], prepare) if settings["workers"] else None
    if inner is None:
        prepare()
    build = _build(settings, _Replay(inner, storage, settings.get("video_ends")))
    if "memory" not in settings:
        return build

    def work() -> Any:
        with MemorySamples(settings["memory"]):
            return build()

    return work


def task(settings: Settings) -> Work:
    """What a worker of one core does with ``videos`` videos, which are thrown away."""
    cores = importlib.import_module("deeplake_labelbox._video.cores")
    store = StorageOptions(frame_storage=settings["storage"]).store(batch_size=_BATCH)
    prepared = VideoTask(settings["clip"], WantedFrames(batch_size=_BATCH), store)
    with cores.limited_cores(1):
        list(prepared.run())  # what it imports does not count

    def work() -> Any:
        with cores.limited_cores(1):
            steps = (step for _ in range(settings["videos"]) for step in prepared.run())
            return range(sum(frames_of(step) for step in steps))

    return work


@cache
def prepared_steps(clip: str, storage: Any) -> list[Step]:
    """What the task of a clip yields."""
    return list(VideoTask(clip, WantedFrames(batch_size=_BATCH), _store(storage)).run())


@cache
def _store(storage: Any) -> Any:
    return StorageOptions(frame_storage=storage).store(batch_size=_BATCH)


def frames_of(step: Step) -> int:
    """How many frames a step has."""
    return 0 if isinstance(step, VideoOpened | VideoRestarted | VideoEnd) else len(step)


@dataclass(frozen=True)
class ReplayedTask:
    """Sends the steps of a clip as those of a video of its own, without decoding it again."""

    source: str
    name: str
    storage: str

    @property
    def store(self) -> Any:
        """The store that prepared the steps."""
        return _store(self.storage)

    def in_sections(self, **_: int) -> list[VideoTask]:
        """It is sent in one piece."""
        return []

    def run(self, _: object = ()) -> Iterator[Step]:
        """Yield the steps."""
        recording = secrets.randbits(62)
        for step in prepared_steps(self.source, self.storage):
            yield replace(step, recording=recording) if hasattr(step, "recording") else step


class _Replay:
    """An engine whose tasks do not decode."""

    def __init__(self, inner: Any, storage: str, video_ends: str | None) -> None:
        self._inner = inner
        self._storage = storage
        self._video_ends = video_ends

    def connect(self, url_presigner: Any) -> None:
        """It is there."""

    def close(self) -> None:
        """It ends with the process."""

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks."""
        replayed = [ReplayedTask(task.source, task.name, self._storage) for task in tasks]
        if self._inner is not None:
            yield from self._inner.run(replayed)
            return
        ends = []
        try:
            for task in replayed:
                yield from task.run()
                ends.append(time.perf_counter())
        finally:
            if self._video_ends is not None:
                # The last step was written when the writer stopped, and asked for no further one.
                Path(self._video_ends).write_text(json.dumps([*ends, time.perf_counter()]))


def _engine(workers: int, prepare: Callable[[], Any] = lambda: None) -> Any:
    """Ray with so many workers, which have started and prepared."""
    ray = importlib.import_module("ray")
    ray.init(address="local", num_cpus=workers, include_dashboard=False, log_to_driver=False)
    ray.get([ray.remote(num_cpus=1)(_load).remote(prepare) for _ in range(workers)])
    engine = importlib.import_module("deeplake_labelbox._jobs.ray_engine").RayEngine("auto", 1)
    engine.connect(None)
    return engine


def _load(prepare: Callable[[], Any]) -> None:
    """Import what tasks need, prepare, and stay until each worker has such a task."""
    for name in ("_jobs.ray_engine", "_store.frames.packets", "_store.frames.pictures"):
        importlib.import_module(f"deeplake_labelbox.{name}")
    prepare()
    time.sleep(2)


def _build(settings: Settings, engine: Any) -> Work:
    jobs = importlib.import_module("deeplake_labelbox._jobs.create")
    source = importlib.import_module("deeplake_labelbox._jobs.project_source").ProjectSource
    selection = importlib.import_module("deeplake_labelbox._store.frame_selection").FrameSelection
    location = importlib.import_module("deeplake_labelbox._store.location").DatasetLocation
    package = importlib.import_module("deeplake_labelbox")
    rows = [
        {
            "data_row": {"id": f"row-{n}", "row_data": settings["clip"], "external_id": f"{n}.mp4"},
            # Without its number of frames, a video is not split into sections.
            "media_attributes": {"frame_count": settings["length"]} if "length" in settings else {},
            "projects": {"p": {"name": "Ray", "labels": []}},
        }
        for n in range(settings["videos"])
    ]
    options = importlib.import_module("deeplake_labelbox._jobs.options")

    def work() -> Any:
        build, export = jobs.prepare_build(
            source("p", package.ProjectExport.load(rows), None),
            location.of(settings["path"]),
            _store(settings["storage"]),
            selection=selection(),
            errors=options.ErrorPolicy(fail_on_error=True),
            overwrite=False,
            url_presigner=None,
            batch_size=_BATCH,
            progress=False,
            report=package.Report(),
            engine=engine,
        )
        return build.run(export)

    return work
