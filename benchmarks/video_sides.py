"""Readers of the frames of a video: from a dataset with packets, and from the file."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

Settings = dict[str, Any]
Work = Callable[[], Any]

_FRAMES = 60  # frames, or 16 times fewer clips, that are read at random
_CLIP = 16


def _chosen(read: str, count: int) -> list[list[int]]:
    """What is read at a time: the same for each side."""
    dice = random.Random(0)  # noqa: S311 - not for secrets
    match read:
        case "in order":
            return [list(range(start, min(start + 100, count))) for start in range(0, count, 100)]
        case "random frames":
            return [[dice.randrange(count)] for _ in range(_FRAMES)]
    starts = [dice.randrange(count - _CLIP) for _ in range(_FRAMES // 4)]
    return [list(range(start, start + _CLIP)) for start in starts]


def ours(read: str, settings: Settings) -> Work:
    """From the dataset."""
    frames = importlib.import_module("deeplake_labelbox").LabeledDataset(settings["dataset"]).frames
    chosen = _chosen(read, len(frames))

    def work() -> Any:
        # One frame at a time, as the others do.
        return range(sum(1 for rows in chosen for _ in frames.read(rows)))

    return work


def pyav(read: str, settings: Settings) -> Work:
    """With PyAV alone: seek to the key frame before, and decode on."""
    av = importlib.import_module("av")
    reformatter = importlib.import_module("av.video.reformatter").VideoReformatter()
    container = av.open(settings["source"])
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    step = int(1 / stream.average_rate / stream.time_base)
    chosen = _chosen(read, stream.frames)

    def pictures(frames: Iterable[Any]) -> int:
        return sum(
            1 for each in frames if len(reformatter.reformat(each, format="rgb24").to_ndarray())
        )

    def work() -> Any:
        if read == "in order":
            return range(pictures(container.decode(stream)))
        count = 0
        for rows in chosen:
            container.seek(rows[0] * step, stream=stream)
            wanted = {row * step for row in rows}
            found = []
            for frame in container.decode(stream):
                if frame.pts in wanted:
                    found.append(frame)
                if frame.pts >= rows[-1] * step:
                    break
            count += pictures(found)
        return range(count)

    return work


def torchcodec(read: str, settings: Settings) -> Work:
    """With torchcodec, which knows each frame's place when it was opened."""
    decoders = importlib.import_module("torchcodec.decoders")
    decoder = decoders.VideoDecoder(settings["source"], num_ffmpeg_threads=0)
    chosen = _chosen(read, len(decoder))

    def work() -> Any:
        return range(sum(len(decoder.get_frames_at(rows).data) for rows in chosen))

    return work


READERS: dict[tuple[str, str], Callable[[Settings], Work]] = {
    (read, side): partial(reader, read)
    for read in ("in order", "random frames", "random clips")
    for side, reader in (("ours", ours), ("PyAV", pyav), ("torchcodec", torchcodec))
}
