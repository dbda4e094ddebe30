"""Many short videos: what one costs early and late in a build, and opening the result."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.bench import Bench, Row
from benchmarks.clips import tiny_clip

# With fewer, the commits, which many videos share, fall on some tenths only.
_COUNT = 10_000


def many_videos(bench: Bench) -> Iterator[Row]:
    """Videos of a second, as packets, appended by a driver without Ray."""
    clip = str(tiny_clip(bench.folder / "second.mp4", 25))
    dataset, ends = bench.folder / "many", bench.folder / "many.json"
    settings = {"storage": "video", "clip": clip, "videos": _COUNT, "workers": 0}
    made = bench.run("driver", "Ray", "", path=str(dataset), video_ends=str(ends), **settings)
    opened = bench.run("opening", "ours", "", path=str(dataset))
    # The first tenth has the start of the job.
    early, late = (_tenth(json.loads(ends.read_text()), tenth) for tenth in (2, 10))
    what = f"{_COUNT:,} videos of a second, the driver alone"
    yield _time(f"{what}, each", "ms", 1000 * made.seconds / _COUNT)
    yield _time(f"{what}, each of the second tenth", "ms", 1000 * early)
    yield _time(f"{what}, each of the last tenth", "ms", 1000 * late)
    yield _time(f"{what}, late against early", "times", late / early)
    yield _time(f"{_COUNT:,} videos of a second, opening the dataset", "s", opened.seconds)


def _time(what: str, unit: str, value: float) -> Row:
    return Row(what, unit, value, more_is_better=False)


def _tenth(ends: list[float], tenth: int) -> float:
    """Seconds that a video of a tenth took; the first tenth has number 1."""
    count = len(ends) // 10
    last = tenth * count - 1
    return (ends[last] - ends[last - count]) / count
