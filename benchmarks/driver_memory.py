"""Memory of a driver while many workers push encoded frames: whether it is bounded and flat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from benchmarks.bench import Bench, Row

# Some minutes on two cores, most of which the workers take to start.
_WORKERS, _VIDEOS = 64, 160
_QUICK_WORKERS, _QUICK_VIDEOS = 4, 8


def driver_memory(bench: Bench, clip: str) -> Iterator[Row]:
    """Videos as PNG from many workers, which only send.

    The object store of Ray is shared memory of the machine, and not counted as the driver's own.
    """
    workers = _QUICK_WORKERS if bench.quick else _WORKERS
    videos = _QUICK_VIDEOS if bench.quick else _VIDEOS
    path = bench.folder / "memory.json"
    send = partial(bench.run, "driver", "Ray", "", storage="png", clip=clip, memory=str(path))
    send(workers=workers, videos=videos)
    samples = json.loads(path.read_text())
    middle = len(samples) // 2
    what = f"peak memory of a driver that {workers} workers send PNG of 720p"
    for half, part in (("first", samples[:middle]), ("second", samples[middle:])):
        own = max(sample["RssAnon"] + sample["RssFile"] for sample in part)
        yield Row(f"{what}, {half} half of the job", "MiB", own, more_is_better=False)
    shared = max(sample["RssShmem"] for sample in samples)
    yield Row(f"object store that this driver had in use, {workers} workers", "MiB", shared)
