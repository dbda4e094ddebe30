"""What Ray costs and brings: two workers against one, and what one driver can write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from benchmarks.bench import Bench, Row, median
from benchmarks.clips import looped_clip, rescaled_clip
from benchmarks.driver_memory import driver_memory
from benchmarks.many_videos import many_videos
from benchmarks.measure import Measurement

_STORAGES: Final = {"png": "PNG", "video": "packets"}
_DRIVER_VIDEOS: Final = {"png": 20, "video": 500}


def ray(bench: Bench) -> Iterator[Row]:
    """Builds on Ray of this machine; nothing is compared with `deeplake.integrations`."""
    clip = str(rescaled_clip(bench.folder / "ray.mp4", "720p", 60))
    for storage, what in _STORAGES.items():
        yield from _workers(bench, clip, storage, what)
        yield from _driver(bench, clip, storage, what)
    yield from _sections(bench)
    yield from many_videos(bench)
    yield from driver_memory(bench, clip)


def _workers(bench: Bench, clip: str, storage: str, what: str) -> Iterator[Row]:
    """Real workers, and threads. The driver and Ray itself run on the same cores."""
    settings = {"clip": clip, "storage": storage, "videos": 4 if bench.quick else 40}
    work = partial(bench.run, "frames", "Ray", "", **settings)
    runs = bench.alternate(*(partial(work, workers=workers) for workers in (1, 2, 0)))
    rates = [median(results, _rate) for results in runs]
    yield Row(f"Ray, one worker of one core, {what}, 720p", "frames/s", rates[0])
    yield Row(f"Ray, two workers of one core, {what}, 720p", "frames/s", rates[1])
    yield Row(f"threads of all cores, {what}, 720p", "frames/s", rates[2])
    yield Row(f"two workers against one, {what}, 720p", "times", rates[1] / rates[0])


def _driver(bench: Bench, clip: str, storage: str, what: str) -> Iterator[Row]:
    """The driver, to which frames are given, or sent through Ray by two workers."""
    videos = _DRIVER_VIDEOS[storage] // (10 if bench.quick else 1)
    work = partial(bench.run, "driver", "Ray", "", clip=clip, storage=storage, videos=videos)
    alone, fed = bench.alternate(partial(work, workers=0), partial(work, workers=2))
    yield Row(f"the driver alone, {what}, 720p", "frames/s", median(alone, _rate))
    written = median(alone, lambda m: m.written_mb / m.seconds)
    yield Row(f"the driver alone, {what}, 720p, written", "MiB/s", written)
    # Of all of its threads, which tells the same while others use the cores.
    by_cpu = median(alone, lambda m: m.written_mb / m.cpu_seconds)
    yield Row(f"the driver alone, {what}, 720p, written a second of CPU", "MiB/s", by_cpu)
    yield Row(f"the driver, fed through Ray, {what}, 720p", "frames/s", median(fed, _rate))


def _sections(bench: Bench) -> Iterator[Row]:
    """A long video on two workers, in sections and in one piece."""
    count = 4_000 if bench.quick else 12_000
    short = rescaled_clip(bench.folder / "240p.mp4", "240p", 100)
    clip = str(looped_clip(bench.folder / "long.mp4", short, count // 100))
    for storage, what in _STORAGES.items():
        settings = {"clip": clip, "storage": storage, "videos": 1, "workers": 2}
        work = partial(bench.run, "frames", "Ray", "", **settings)
        runs = bench.alternate(partial(work, length=count), work)
        rates = [median(results, _rate) for results in runs]
        video = f"a video of {count:,} frames of 240p on two workers, {what}"
        yield Row(f"{video}, in sections", "frames/s", rates[0])
        yield Row(f"{video}, in one piece", "frames/s", rates[1])


def _rate(measured: Measurement) -> float:
    return measured.rows / measured.seconds
