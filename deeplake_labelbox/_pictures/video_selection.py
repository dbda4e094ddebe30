"""Select the videos of a dataset to show, and their frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.videos import Video
from deeplake_labelbox.errors import ConfigurationError

FrameRange = tuple[int, int]
"""First and last 1-based frame number, both included."""


def select_videos(
    dataset: LabeledDataset,
    names: Sequence[str] | None = None,
    frames: FrameRange | None = None,
) -> list[Video]:
    """Choose videos and frames.

    Args:
        dataset: The dataset.
        names: Names of videos (whole, or only the last parts), data row ids, or values of the
            column ``video_idx`` as text; ``None`` chooses all videos.
        frames: First and last frame number.

    Returns:
        The videos in the order of the dataset, each with its frames in ascending order.

    Raises:
        ConfigurationError: If there is no such video, a name is ambiguous, or no frame is left.
    """
    if frames is not None and not 1 <= frames[0] <= frames[1]:
        raise ConfigurationError(
            f"Frames {frames[0]} to {frames[1]} are not a range; count from 1, and give the "
            f"smaller number first."
        )
    videos = list(dataset.videos)
    if not videos:
        raise ConfigurationError("The dataset has no rows to draw; create it from a project first.")
    if names is not None:
        wanted = [dataset.video(name) for name in names]
        videos = [video for video in videos if any(video is found for found in wanted)]
    if frames is not None:
        videos = [_within(video, frames) for video in videos]
    shown = [video for video in videos if len(video.rows)]
    if not shown:
        at = "" if frames is None else f" in frames {frames[0]} to {frames[1]}"
        raise ConfigurationError(f"The videos have no rows{at}; choose others.")
    return shown


def _within(video: Video, frames: FrameRange) -> Video:
    inside = (frames[0] <= video.frames) & (video.frames <= frames[1])
    return replace(video, rows=video.rows[inside], frames=video.frames[inside])
