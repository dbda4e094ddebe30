"""The page that plays every frame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.bench import Bench, Row, median
from benchmarks.clips import rescaled_clip
from benchmarks.projects import BOXES, box_track

_TRACKS = 30


def page(bench: Bench) -> Iterator[Row]:
    """A page of one video of 720p with 30 boxes in each frame, stored as JPEG and as a video."""
    count = 200 if bench.quick else 2000
    project = bench.box.add_project("Page", BOXES)
    clip = rescaled_clip(bench.folder / "page.mp4", "720p", count)
    row = project.add_video(clip.read_bytes(), external_id=clip.name)
    row.add_label([box_track(20 * track, count, 10) for track in range(_TRACKS)])
    for storage in ("jpg", "video"):
        path = str(bench.folder / f"page-{storage}")
        bench.run("frames", "ours", project.project_id, storage=storage, path=path)
        bench.run("labels", "ours", project.project_id, path=path)
        draw = partial(bench.run, "page", "ours", "", dataset=path, frames=count)
        (made,) = bench.alternate(draw)
        what = f"{storage}: page of {count:,} frames of 720p with {_TRACKS} boxes"
        yield Row(what, "s", median(made, lambda m: m.seconds))
        yield Row(f"{what}, size", "MiB", median(made, lambda m: m.written_mb))
