"""Define plain annotations, and the annotations of one video, which every source yields.

Frame numbers are Labelbox's: 1-based, frame ``n`` is the n-th frame that the decoder emits.
Coordinates are pixels of the displayed picture, origin at the top left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Union

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import repeated
from deeplake_labelbox._model.annotations import ToolKind

AnswerValue = Union[str, Sequence[str], Mapping[str, "Answers | None"]]  # noqa: UP007 - `|` does not take the name of a type that follows
"""The answer to one classification: the text of a text; the option of a radio; the options of a
checklist; or, for nested classifications, a dict of option to the answers below it."""

Answers = Mapping[str, AnswerValue]
"""Answers by name of the classification, like ``{"weather": {"rain": {"intensity": "heavy"}}}``."""

Vertex = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left and top edge, width and height in pixels. It may exceed the picture."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Point:
    """A point, in pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline: vertices as pairs of x and y, in pixels."""

    vertices: Sequence[Vertex]


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A segmentation mask.

    Attributes:
        pixels: (H, W) array of the size of the picture, true inside the object.
    """

    pixels: NDArray[Any]


Geometry = Box | Point | Line | Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObjectAnnotation:
    """One object in one frame.

    As a dict: ``{"data_row", "track", "frame", "class", "answers", "score"}`` and one of
    ``"box": [left, top, width, height]``, ``"point": [x, y]``, ``"line": [[x, y], ...]``,
    ``"mask": array``.

    Attributes:
        data_row: The video: data row id, global key or external id.
        track: Identifies the object; the same in all its frames.
        frame: 1-based frame number.
        class_name: Name of the tool in the project's ontology.
        geometry: Position and shape of the object.
        answers: Answers to the classifications of the tool.
        score: Confidence of a model; `evaluate` uses it, an import does not send it.

    Example:
        ```python
        import numpy as np

        from deeplake_labelbox import Line, Mask, ObjectAnnotation, Point

        place = {"data_row": "crossing.mp4", "frame": 3}
        pixels = np.zeros((240, 320), dtype=bool)
        pixels[180:] = True
        found = [
            ObjectAnnotation(track=1, class_name="lamp", geometry=Point(120.5, 44), **place),
            ObjectAnnotation(track=2, class_name="lane", geometry=Line([(0, 9), (6, 8)]), **place),
            ObjectAnnotation(track=3, class_name="road", geometry=Mask(pixels), **place),
        ]
        ```
    """

    data_row: str
    track: str | int
    frame: int
    class_name: str
    geometry: Geometry
    answers: Answers = field(default_factory=dict)
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameAnnotation:
    """Answers to frame classifications.

    As a dict: ``{"data_row", "frames", "answers"}``.

    Attributes:
        data_row: The video: data row id, global key or external id.
        frames: A frame number, or the first and last frame with these answers.
        answers: The answers.
    """

    data_row: str
    frames: int | tuple[int, int]
    answers: Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalAnnotation:
    """Answers to the global classifications of a video.

    As a dict: ``{"data_row", "answers"}``.

    Attributes:
        data_row: The video: data row id, global key or external id.
        answers: The answers.
    """

    data_row: str
    answers: Answers


PlainAnnotation = ObjectAnnotation | FrameAnnotation | GlobalAnnotation | Mapping[str, Any]
"""An entry of an iterable of plain annotations."""

MaskSource = Callable[[], NDArray[np.bool_]]
"""Returns the (H, W) bool pixels of a mask when they are needed.

Raises `ValueError` if they cannot be read; then this frame of the object is not imported, and the
reason is reported."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTrack:
    """One object in all frames in which it is visible.

    Attributes:
        track: Identifies the object; unique in its video and class.
        class_name: The class, as the source names it; with a mapping applied, the tool.
        kind: Kind of geometry.
        frames: (N,) int64, ascending, without repetition: the frames in which it is visible.
        coordinates: For ``rectangle`` an (N, 4) float64 array of left, top, width, height; for
            ``point`` an (N, 2) float64 array of x, y; for ``line`` and ``polygon`` N (V, 2)
            float64 arrays; for ``raster-segmentation`` N `MaskSource`.
        answers: N answers to the classifications of the tool.
        is_key_frame: (N,) bool: the frames in which a person drew it; they stay key frames.
            ``None`` if unknown.
        scores: (N,) float64: confidence of a model; NaN in frames without a score. ``None`` if the
            source has no scores.
    """

    track: str
    class_name: str
    kind: ToolKind
    frames: NDArray[np.int64]
    coordinates: NDArray[np.float64] | Sequence[NDArray[np.float64]] | Sequence[MaskSource]
    answers: Sequence[Answers]
    is_key_frame: NDArray[np.bool_] | None = None
    scores: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """An answer with its first and last frame."""

    start: int
    end: int
    answer: AnswerValue


@dataclass(frozen=True, slots=True)
class SourceFinding:
    """Something in a source that cannot be imported, or that the user should know.

    Attributes:
        what: A sentence.
        frame: First 1-based frame that it concerns, or ``None``.
        count: Number of occurrences.
        is_note: Whether it is only a note: no label is missing.
    """

    what: str
    frame: int | None = None
    count: int = 1
    is_note: bool = False

    def __str__(self) -> str:
        """Return the sentence, with the number of occurrences."""
        return repeated(self.what, self.count)


@dataclass(frozen=True, slots=True)
class RefusedObject:
    """An object of a source that cannot be imported at all.

    Attributes:
        class_name: The class, as the source names it.
        track: Identifies the object.
        reason: The reason, with the frame or line.
    """

    class_name: str
    track: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class VideoAnnotations:
    """All annotations of one video in a source.

    Attributes:
        data_row: Names of the video in the source, best first: data row id, global key, external
            id or file name.
        tracks: The objects.
        frame_answers: Answers over time by name of the classification, ascending.
        global_answers: Answers for the whole video.
        known_frames: (F,) int64, ascending: the frames that the source covers, if it does not cover
            all; nothing is known between two of them, so no object ends there.
        pictures: (F,) int64, ascending: the frames with a picture in the source, if not all have
            one; other frames may have objects that are not labeled.
        size: Width and height in pixels of the annotated pictures, if the source has them.
        findings: What could not be read, and notes.
        refused: Objects that could not be read at all.
        is_labeled: Whether it was labeled; if not, frames without objects may still have some.
    """

    data_row: tuple[str, ...]
    tracks: Sequence[ObjectTrack] = ()
    frame_answers: Mapping[str, Sequence[AnswerSpan]] = field(default_factory=dict)
    global_answers: Answers = field(default_factory=dict)
    known_frames: NDArray[np.int64] | None = None
    pictures: NDArray[np.int64] | None = None
    size: tuple[int, int] | None = None
    findings: Sequence[SourceFinding] = ()
    refused: Sequence[RefusedObject] = ()
    is_labeled: bool = True

    @property
    def name(self) -> str:
        """Name of the video in messages."""
        return self.data_row[0] if self.data_row else "(a video without a name)"

    @property
    def names(self) -> frozenset[str]:
        """The classes and classifications that are annotated, as the source names them."""
        tracks = (track.class_name for track in self.tracks)
        refused = (item.class_name for item in self.refused)
        return frozenset((*tracks, *refused, *self.frame_answers, *self.global_answers))

    def why_other_size(self, size: tuple[int, int] | None, where: str) -> str | None:
        """Return why they do not fit a video of a size; ``None`` if they do.

        Args:
            size: Width and height of the video in pixels, if known.
            where: Where the video is, for the message.
        """
        # Sources may give the size of a rotated video before its rotation.
        if not (size and self.size) or sorted(size) == sorted(self.size):
            return None
        return (
            f"it was drawn on {self.size[0]} x {self.size[1]} pixels, but the video in {where} has "
            f"{size[0]} x {size[1]}; scale it to that size or, if it was converted from a dataset, "
            f"pass that dataset instead"
        )


KindOf = Callable[[str], "str | None"]
"""Returns the kind of the project's tool for a class; ``None`` if there is no such tool."""


class AnnotationSource(Protocol):
    """A source of annotations; reads one video at a time."""

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video, always in the same order.

        Args:
            kind_of: Returns the wanted geometry of a class, for sources that have several.
        """

    def __len__(self) -> int:
        """Number of videos, for the progress bar; 0 if unknown."""

    @property
    def names(self) -> frozenset[str]:
        """Classes and classifications that the source declares; they need not be annotated.

        Complete once all videos have been read.
        """
