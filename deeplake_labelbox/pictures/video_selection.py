"""Which videos of a dataset are shown, and which of their frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from deeplake_labelbox.dataset.columns import ReadableDataset
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.pictures.frame_choice import Video, videos_of

FrameRange = tuple[int, int]
"""First and last 1-based frame number, both included."""

_NAMES_TOLD = 8


def select_videos(
    dataset: ReadableDataset,
    names: Sequence[str] | None = None,
    frames: FrameRange | None = None,
) -> list[Video]:
    """Choose videos and frames.

    Args:
        dataset: The dataset.
        names: Names of videos (the whole one, or its last part), data row ids, or values of the
            column ``video_idx`` as text; ``None`` chooses all videos.
        frames: First and last frame number.

    Returns:
        The videos in the order of the dataset, each with its frames in ascending order.

    Raises:
        ConfigurationError: If there is no such video, or nothing is left to show.
    """
    if frames is not None and not 1 <= frames[0] <= frames[1]:
        raise ConfigurationError(
            f"Frames {frames[0]} to {frames[1]} are no range; count from 1, the smaller one first."
        )
    videos = videos_of(dataset)
    if not videos:
        raise ConfigurationError("The dataset has no rows to draw; make it of a project first.")
    if names is not None:
        wanted = [_find(videos, name) for name in names]
        videos = [video for video in videos if any(video is found for found in wanted)]
    videos = [_in_order(video, frames) for video in videos]
    shown = [video for video in videos if len(video.rows)]
    if not shown:
        at = "" if frames is None else f" in frames {frames[0]} to {frames[1]}"
        raise ConfigurationError(f"The videos have no rows{at}; choose others.")
    return shown


def _find(videos: Sequence[Video], name: str) -> Video:
    for how in ("full_name", "data_row_id", "name", "number"):
        for video in videos:
            if str(getattr(video, how)) == name:
                return video
    told = [video.name for video in videos[:_NAMES_TOLD]]
    told += ["..."] * (len(videos) > _NAMES_TOLD)
    raise ConfigurationError(
        f"The dataset has no rows of a video {name!r}; it has {', '.join(told)}. Give a name, a "
        f"data row id or a value of video_idx."
    )


def _in_order(video: Video, frames: FrameRange | None) -> Video:
    numbers, first = np.unique(video.frames, return_index=True)
    rows = video.rows[first]
    if frames is not None:
        inside = (frames[0] <= numbers) & (numbers <= frames[1])
        numbers, rows = numbers[inside], rows[inside]
    return replace(video, rows=rows, frames=numbers)
