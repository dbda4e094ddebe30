"""What each storage of frames costs: its size, creating it, and reading it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.bench import Bench, Row, median
from benchmarks.clips import rescaled_clip
from benchmarks.measure import Measurement
from benchmarks.projects import frames_project

STORAGES = ("png", "jpg", "video")
READINGS = ("in order", "random frames", "random clips")
FRAMES_PER_MINUTE = 1800


def storages(bench: Bench) -> Iterator[Row]:
    """The same clip of 720p in each storage, created and read in turn.

    It has key frames as x264 makes them, up to 250 frames apart. A frame at random is asked for by
    itself, so that of a video those since the key frame are decoded for it.
    """
    count = 150 if bench.quick else 300
    clip = rescaled_clip(bench.folder / "storages.mp4", "720p", count)
    project = frames_project(bench.box, [clip])
    kept = [str(bench.folder / f"kept-{storage}") for storage in STORAGES]
    for storage, path in zip(STORAGES, kept, strict=True):
        made = bench.run("frames", "ours", project, storage=storage, path=path)
        minute = made.written_mb * FRAMES_PER_MINUTE / count
        yield Row(f"{storage}: a minute of 720p", "MiB", minute)
    creating = [partial(bench.run, "frames", "ours", project, storage=each) for each in STORAGES]
    yield from _rates("created", bench.alternate(*creating))
    for read in READINGS:
        reading = [partial(bench.run, read, "ours", "", dataset=path) for path in kept]
        yield from _rates(f"read {read}", bench.alternate(*reading))


def _rates(what: str, results: list[list[Measurement]]) -> Iterator[Row]:
    for storage, measured in zip(STORAGES, results, strict=True):
        yield Row(f"{storage}: {what}", "frames/s", median(measured, lambda m: m.rows / m.seconds))
