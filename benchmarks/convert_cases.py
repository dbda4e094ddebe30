"""Conversion where pictures are copied, beside the copy that the system makes of the same files."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import Bench, Row
from benchmarks.clips import rescaled_clip
from benchmarks.projects import BOXES, box_track
from deeplake_labelbox import convert_dataset

_TRACKS = 5


def conversion(bench: Bench) -> Iterator[Row]:
    """Frames of 720p that are stored as JPEG, with 5 boxes each, to YOLO; then `cp -r` of it.

    Both read from the disk, not from the system's cache, and end when all is on the disk.
    """
    count = 200 if bench.quick else 2000
    project = bench.box.add_project("Convert", BOXES)
    clip = rescaled_clip(bench.folder / "convert.mp4", "720p", count)
    row = project.add_video(clip.read_bytes(), external_id=clip.name)
    row.add_label([box_track(20 * track, count, 10) for track in range(_TRACKS)])
    dataset, made, copied = (bench.folder / name for name in ("convert", "yolo", "copied"))
    bench.run("frames", "ours", project.project_id, storage="jpg", path=str(dataset))
    bench.run("labels", "ours", project.project_id, path=str(dataset))
    ours, theirs = [], []
    for _ in range(bench.repeats):
        for folder in (made, copied):
            shutil.rmtree(folder, ignore_errors=True)
        ours.append(
            _seconds(dataset, lambda: convert_dataset(dataset, made, "yolo", progress=False))
        )
        command = ["cp", "-r", str(made), str(copied)]
        theirs.append(_seconds(made, lambda: subprocess.run(command, check=True)))  # noqa: B023 - called at once
    size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file()) / 1e6
    what = f"{count:,} frames of 720p, JPEG"
    yield Row(f"{what}, to YOLO", "MB/s", size / statistics.median(ours))
    yield Row(f"{what}, copied by cp -r", "MB/s", size / statistics.median(theirs))


def _seconds(source: Path, work: Callable[[], object]) -> float:
    """How long something takes that reads a folder from the disk, until all is written."""
    os.sync()
    for path in source.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    started = time.perf_counter()
    work()
    os.sync()
    return time.perf_counter() - started
