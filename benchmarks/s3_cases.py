"""Frames read from S3: requests and bytes, of packets and of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import deeplake

from benchmarks.bench import Bench, Row
from benchmarks.clips import rescaled_clip
from benchmarks.counted_s3 import CountedS3, counted_s3
from benchmarks.projects import frames_project
from deeplake_labelbox import LabeledDataset, create_dataset_from_video_annotation_project

_READS = {"the first frame": range(100, 101), "a clip of 16": range(150, 166)}


def reading_s3(bench: Bench) -> Iterator[Row]:
    """What a fresh reader asks of a bucket that takes 20 ms a request.

    The clip is 720p, with key frames up to 250 frames apart, as x264 makes them.
    """
    clip = rescaled_clip(bench.folder / "s3.mp4", "720p", 300)
    project = frames_project(bench.box, [clip])
    with counted_s3(seconds=0.02) as s3:
        for storage in ("video", "png"):
            path = f"s3://clips/{storage}"
            create_dataset_from_video_annotation_project(
                path,
                project,
                None,
                lb_client=bench.box.client(),
                deeplake_creds=s3.creds,
                frame_storage=storage,
                progress=False,
            )
            for what, rows in _READS.items():
                yield from _reading(s3, path, rows, f"{what}, {storage}", _group_bytes(clip, rows))


def _reading(s3: CountedS3, path: str, rows: Sequence[int], what: str, group: int) -> Iterator[Row]:
    s3.counted()
    labeled = LabeledDataset(deeplake.open_read_only(path, creds=s3.creds))
    opening, _ = s3.counted()
    list(labeled.frames.read(rows))
    requests, read = s3.counted()
    yield Row(f"requests to open, {what}", "", opening)
    yield Row(f"requests for {what}", "", requests)
    yield Row(f"bytes for {what}", "MiB", read / 2**20)
    yield Row(f"times the groups of pictures, {what}", "", read / group)


def _group_bytes(clip: Path, frames: Sequence[int]) -> int:
    """Bytes of the groups of pictures that hold the frames, where groups are closed."""
    groups: list[int] = []
    wanted: set[int] = set()
    with av.open(str(clip)) as container:
        for number, packet in enumerate(
            packet for packet in container.demux(video=0) if packet.size
        ):
            if packet.is_keyframe:
                groups.append(0)
            groups[-1] += packet.size
            if number in frames:
                wanted.add(len(groups) - 1)
    return sum(groups[group] for group in wanted)
