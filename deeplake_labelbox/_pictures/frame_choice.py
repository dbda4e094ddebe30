"""Choose the frames of a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._store.videos import Video

# Number of rows of a stretch that are compared to find the one with the most labels.
_CANDIDATES: Final = 9


@dataclass(frozen=True, slots=True)
class ChosenFrame:
    """A frame that is shown.

    Attributes:
        row: Its row.
        video: Name of its video.
        frame: Its 1-based number.
    """

    row: int
    video: str
    frame: int


def choose_frames(
    reader: AnnotationReader, videos: Sequence[Video], count: int
) -> list[list[ChosenFrame]]:
    """Spread a number of frames over videos, and over the duration of each.

    Videos with labels come before those without. From each stretch of a video, the frame with the
    most objects and answers is chosen.

    Args:
        reader: Reads the dataset.
        videos: Its videos.
        count: Greatest number of frames.

    Returns:
        The frames of each shown video.
    """
    are_labeled = zip(videos, reader.labeled(videos), strict=True)
    shown = [video for video, is_labeled in are_labeled if is_labeled] or list(videos)
    if len(shown) > count:
        places = np.linspace(0, len(shown) - 1, count).round().astype(int)
        shown = [shown[place] for place in places]
    lengths = [len(video.rows) for video in shown]
    shares = [0] * len(shown)
    for _ in range(min(count, sum(lengths))):
        # The next frame goes to the video with the fewest frames so far.
        open_videos = [i for i, length in enumerate(lengths) if shares[i] < length]
        shares[min(open_videos, key=lambda i: shares[i])] += 1
    return [
        [_best(reader, video, stretch) for stretch in np.array_split(np.arange(len(video.rows)), n)]
        for video, n in zip(shown, shares, strict=True)
        if n
    ]


def _best(reader: AnnotationReader, video: Video, stretch: NDArray[np.intp]) -> ChosenFrame:
    middle = (len(stretch) - 1) / 2
    candidates = np.unique(np.linspace(0, len(stretch) - 1, _CANDIDATES).round().astype(int))
    best = max(
        candidates, key=lambda at: (reader.weight(int(video.rows[stretch[at]])), -abs(at - middle))
    )
    place = stretch[best]
    return ChosenFrame(int(video.rows[place]), video.short_name, int(video.frames[place]))
