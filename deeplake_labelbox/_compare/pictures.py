"""Draw a frame with the first and with the second labels, colored by what changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from deeplake_labelbox._compare.changes import FrameChanges
from deeplake_labelbox._compare.differences import Pair, Place, VideoDifferences, shape_at
from deeplake_labelbox._pictures.colors import Color
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader, ShownAnswer, ShownObject
from deeplake_labelbox._pictures.overlay import draw_objects
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.videos import Video

STATE_COLORS: Final[Mapping[str, Color]] = {
    "same": (168, 176, 190),
    "removed": (255, 99, 88),
    "added": (126, 217, 87),
    "moved": (255, 190, 61),
    "answers": (77, 163, 255),
}
"""Color of an object by its state."""


@dataclass(frozen=True, slots=True, eq=False)
class FramePictures:
    """Draws the frames of a comparison.

    Attributes:
        dataset: The dataset that has the frames.
        videos: Differences of the videos by data row id.
    """

    dataset: LabeledDataset
    videos: Mapping[str, VideoDifferences]

    def draw(self, change: FrameChanges, width: int) -> tuple[Image.Image, Image.Image]:
        """Draw the worst frame of a run with the first and with the second labels.

        Args:
            change: The run.
            width: Maximum width of a picture in pixels.
        """
        video = self.dataset.video(change.data_row_id or change.video)
        row = int(video.rows[np.searchsorted(video.frames, change.worst_frame)])
        frame = AnnotationReader(self.dataset).picture(row)
        factor = width / frame.width
        if factor > 1:
            factor = max(1, math.floor(factor))
        size = (max(1, round(frame.width * factor)), max(1, round(frame.height * factor)))
        picture = frame.resize(size, Image.Resampling.LANCZOS)
        first, second = (self._with_labels(picture, video, change, side) for side in (0, 1))
        return first, second

    def _with_labels(
        self, picture: Image.Image, video: Video, change: FrameChanges, side: int
    ) -> Image.Image:
        height, width = video.source_size or video.size or (picture.height, picture.width)
        scale = (picture.width / width, picture.height / height)
        text_size = max(11, round(min(picture.size) / 30))
        found = self.videos[change.data_row_id]
        same: list[ShownObject] = []
        changed: list[ShownObject] = []
        colors: dict[str, Color] = {}
        for pair in found.pairs[change.worst_frame]:
            place = (pair.first, pair.second)[side]
            if place is None:
                continue
            state = "answers" if pair.state == "same" and pair.answers else pair.state
            shown = _shown(found, pair, side, place, state)
            (same if state == "same" else changed).append(shown)
            colors[shown.class_name] = STATE_COLORS[state]
        picture = draw_objects(picture, same, scale, colors, text_size=text_size, tagged=False)
        return draw_objects(picture, changed, scale, colors, text_size=text_size)


def _shown(found: VideoDifferences, pair: Pair, side: int, place: Place, state: str) -> ShownObject:
    """Return an object to draw; its state is written before its class."""
    track = found.sides[side].tracks[place[0]]
    answers = ((each.question, (each.first, each.second)[side] or "none") for each in pair.answers)
    return ShownObject(
        kind=track.kind,
        class_name=track.class_name if state == "answers" else f"{state} {track.class_name}",
        track_id=None,
        is_key_frame=False,
        shape=np.asarray(shape_at(track, place[1])),
        answers=tuple(ShownAnswer(name, f"{name}: {answer}") for name, answer in answers),
    )
