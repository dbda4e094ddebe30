"""The content of a label as typed values: tracks, answers and their key frames.

Frame numbers are Labelbox's: 1-based, frame ``n`` is the n-th frame that the decoder emits.
Coordinates are pixels of the displayed picture, origin at the top left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ToolKind = Literal["rectangle", "point", "line", "polygon", "raster-segmentation"]
AnswerKind = Literal["radio", "checklist", "text"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A reference of an annotation to a tool, classification or option of the ontology.

    Attributes:
        feature_schema_id: Id of the tool, classification or option in the ontology; old exports
            have none.
        name: Display name, as in the ontology's ``name``, ``instructions`` or ``label``.
        value: Slug of the name; absent in old exports.
    """

    feature_schema_id: str | None
    name: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """One option that was chosen in a radio or checklist.

    Attributes:
        feature: The option.
        feature_id: Id of this choice; ``segments`` may be keyed by it.
        answers: Answers of the classifications nested below the option.
    """

    feature: Feature
    feature_id: str | None
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one classification.

    Attributes:
        feature: The classification.
        feature_id: Id of this annotation; ``segments`` may be keyed by it.
        kind: Kind of the classification.
        options: The chosen options: at most one for a radio, none for a text.
        text: The content of a text answer, else ``None``.
    """

    feature: Feature
    feature_id: str | None
    kind: AnswerKind
    options: tuple[AnswerOption, ...] = ()
    text: str | None = None

    @property
    def feature_ids(self) -> tuple[str, ...]:
        """The ids by which ``segments`` may be keyed: its own, and those of its options."""
        ids = (self.feature_id, *(option.feature_id for option in self.options))
        return tuple(each for each in ids if each is not None)


@dataclass(frozen=True, slots=True)
class MaskReference:
    """Location of the mask of one object in one frame.

    Attributes:
        url: URL of a PNG.
        color_rgb: In a composite mask, the color of this object's pixels; ``None`` for a mask of
            one object, where every pixel that is not black belongs to it.
    """

    url: str
    color_rgb: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One object over time: all values with the same ``feature_id``.

    Attributes:
        feature: The tool.
        feature_id: Id of the object, the same in every frame.
        kind: Kind of its geometry.
        frames: (N,) int64, ascending, without repetition: the frames that carry a value.
        is_key_frame: (N,) bool: drawn by a person, not interpolated by Labelbox.
        coordinates: The geometry in each of ``frames``: for ``rectangle`` an (N, 4) float64 array
            of left, top, width, height; for ``point`` an (N, 2) float64 array of x, y; for
            ``line`` and ``polygon`` a tuple of N (V, 2) float64 arrays; for
            ``raster-segmentation`` a tuple of N `MaskReference`.
        segments: (S, 2) int64, ascending, not overlapping: first and last frame of each interval
            in which the object is visible. Empty if the export has no segments for it.
        answers: N tuples: the answers nested below the object in each of ``frames``.
    """

    feature: Feature
    feature_id: str
    kind: ToolKind
    frames: NDArray[np.int64]
    is_key_frame: NDArray[np.bool_]
    coordinates: NDArray[np.float64] | tuple[NDArray[np.float64], ...] | tuple[MaskReference, ...]
    segments: NDArray[np.int64]
    answers: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True, slots=True)
class AnswerTrack:
    """One frame classification over time.

    Attributes:
        feature: The classification.
        kind: Kind of the classification.
        answers: Answer by frame, for the frames that carry one.
    """

    feature: Feature
    kind: AnswerKind
    answers: dict[int, Answer]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a label that cannot be applied.

    Attributes:
        what: One sentence.
        frame: First 1-based frame that it concerns, or ``None`` for the whole label.
        last_frame: Last frame; ``None`` if it concerns ``frame`` only.
    """

    what: str
    frame: int | None = None
    last_frame: int | None = None


@dataclass(frozen=True, slots=True)
class VideoLabel:
    """One label of a data row: everything one labeler submitted for a video.

    Attributes:
        id: Label id.
        created_by: E-mail of the labeler, if the export has label details.
        tracks: The objects, in the order in which they first appear.
        frame_answers: The frame classifications (scope ``index``).
        global_answers: The global classifications.
        segments: By feature id of an answer: (S, 2) int64 intervals of the frames that have it.
        problems: Parts of the label that could not be read.
    """

    id: str | None
    created_by: str | None
    tracks: tuple[Track, ...]
    frame_answers: tuple[AnswerTrack, ...]
    global_answers: tuple[Answer, ...]
    segments: dict[str, NDArray[np.int64]]
    problems: tuple[Problem, ...]
