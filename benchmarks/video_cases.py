"""Frames stored as packets: size, ingest, and reading against PyAV and torchcodec."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av

from benchmarks.bench import Bench, Row, median
from benchmarks.clips import looped_clip, rescaled_clip
from benchmarks.measure import Measurement
from benchmarks.projects import frames_project

SIZES = ("720p", "1080p")


def video_storage(bench: Bench) -> Iterator[Row]:
    """A dataset with packets against one with pictures, and its reading against the file's.

    The clips have key frames as x264 makes them, up to 250 frames apart. The second column
    is that of `deeplake.integrations` where it can do the same; ratios to others are lines.
    """
    for size in SIZES:
        clip = rescaled_clip(bench.folder / f"packets-{size}.mp4", size, 300)
        yield from _ingest(bench, clip, size)
    yield from _reading(bench, clip, SIZES[-1])
    yield from _long_video(bench, clip)


def _ingest(bench: Bench, clip: Path, size: str) -> Iterator[Row]:
    project = frames_project(bench.box, [clip])
    ours = partial(bench.run, "frames", "ours", project, storage="video")
    verified, copied, theirs = bench.alternate(
        ours, partial(ours, verify_frames=False), partial(bench.run, "frames", "theirs", project)
    )
    rate = partial(median, value=_rate)
    written = partial(median, value=lambda m: m.written_mb)
    yield Row(f"packets, verified, {size}", "frames/s", rate(verified), rate(theirs))
    yield Row(f"packets, copied, {size}", "frames/s", rate(copied), rate(theirs))
    yield Row(f"written as packets, {size}", "MiB", written(verified), written(theirs), False)
    share = written(verified) / (_stream_bytes(clip) / 2**20)
    yield Row(f"times the video's stream, {size}", "", share)


def _reading(bench: Bench, clip: Path, size: str) -> Iterator[Row]:
    dataset = bench.folder / f"reading-{size}"
    bench.run(
        "frames", "ours", frames_project(bench.box, [clip]), storage="video", path=str(dataset)
    )
    settings = {"dataset": str(dataset), "source": str(clip)}
    for read in ("in order", "random frames", "random clips"):
        sides = ["ours", "PyAV"]
        if read != "in order" and importlib.util.find_spec("torchcodec") is not None:
            sides.append("torchcodec")
        results = bench.alternate(
            *(partial(bench.run, read, side, "", **settings) for side in sides)
        )
        rates = dict(zip(sides, (median(result, _rate) for result in results), strict=True))
        yield Row(f"read {read}, {size}", "frames/s", rates.pop("ours"))
        for side, rate in rates.items():
            yield Row(f"the same by {side}", "frames/s", rate)
        ours = median(results[0], _rate)
        yield from (Row(f"times {side}, {read}", "", ours / rate) for side, rate in rates.items())


def _long_video(bench: Bench, clip: Path) -> Iterator[Row]:
    if bench.quick:
        return
    for frames in (300, 3000, 10_000):
        longer = looped_clip(bench.folder / f"packets-{frames}.mp4", clip, -(-frames // 300))
        dataset = bench.folder / f"long-{frames}"
        project = frames_project(bench.box, [longer])
        made = bench.run("frames", "ours", project, storage="video", path=str(dataset))
        read = bench.run("in order", "ours", "", dataset=str(dataset), source=str(longer))
        yield Row(f"{frames:,} frames of 1080p, packets, verified", "frames/s", _rate(made))
        copied = bench.run("frames", "ours", project, storage="video", verify_frames=False)
        yield Row(f"{frames:,} frames of 1080p, packets, copied", "frames/s", _rate(copied))
        yield Row(f"peak memory, {frames:,} frames of 1080p, packets", "MiB", made.peak_mb)
        yield Row(f"peak memory, reading {frames:,} frames of 1080p", "MiB", read.peak_mb)


def _stream_bytes(clip: Path) -> int:
    with av.open(str(clip)) as container:
        return sum(packet.size for packet in container.demux(video=0))


def _rate(result: Measurement) -> float:
    return result.rows / result.seconds
