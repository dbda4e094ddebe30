"""Labels onto frames that are there, and into a project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.bench import Bench, Row, median
from benchmarks.measure import Measurement
from benchmarks.projects import boxes_project, masks_project, tracks_project


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
        median(ours, lambda m: m.seconds),
        median(theirs, lambda m: m.seconds),
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
    yield Row(f"{boxes:,} boxes imported", "s", median(ours, lambda m: m.seconds))
    yield Row("peak memory, boxes imported", "MiB", median(ours, lambda m: m.peak_mb))
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
