"""What Ray costs and brings: two workers against one, and what one driver can write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.bench import Bench, Row, median
from benchmarks.clips import rescaled_clip
from benchmarks.driver_memory import driver_memory
from benchmarks.many_videos import many_videos
from benchmarks.measure import Measurement


def ray(bench: Bench) -> Iterator[Row]:
    """Builds on Ray of this machine; nothing is compared with `deeplake.integrations`."""
    clip = str(rescaled_clip(bench.folder / "ray.mp4", "720p", 60))
    videos = 4 if bench.quick else 12
    settings = {"clip": clip, "videos": videos}
    for storage, what in (("png", "PNG"), ("video", "packets")):
        work = partial(bench.run, "frames", "Ray", "", storage=storage, **settings)
        runs = bench.alternate(*(partial(work, workers=workers) for workers in (1, 2, 0)))
        rates = [median(results, _rate) for results in runs]
        yield Row(f"Ray, one worker of one core, {what}, 720p", "frames/s", rates[0])
        yield Row(f"Ray, two workers of one core, {what}, 720p", "frames/s", rates[1])
        yield Row(f"threads of all cores, {what}, 720p", "frames/s", rates[2])
        yield Row(f"two workers against one, {what}, 720p", "times", rates[1] / rates[0])
        work = partial(bench.run, "driver", "Ray", "", storage=storage, **settings)
        (alone,) = bench.alternate(partial(work, workers=0))
        yield Row(f"the driver alone, {what}, 720p", "frames/s", median(alone, _rate))
        written = median(alone, lambda m: m.written_mb / m.seconds)
        yield Row(f"the driver alone, {what}, 720p, written", "MiB/s", written)
        # Of all of its threads, which tells the same while others use the cores.
        by_cpu = median(alone, lambda m: m.written_mb / m.cpu_seconds)
        yield Row(f"the driver alone, {what}, 720p, written a second of CPU", "MiB/s", by_cpu)
    yield from many_videos(bench)
    yield from driver_memory(bench, clip)


def _rate(measured: Measurement) -> float:
    return measured.rows / measured.seconds
