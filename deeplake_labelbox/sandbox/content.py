"""Hold the content of a label, between the import form (read) and the export form (written)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

MaskFormat = Literal["composite", "single"]
ClassificationSegments = Literal["answer", "classification"]


@dataclass(frozen=True, slots=True)
class LabelKeyFrame:
    """An object as drawn on one frame.

    Attributes:
        frame: Frame number, from 1.
        geometry: The payload of the export format (``{"bounding_box": {…}}``, ``{"point": {…}}``,
            ``{"line": […]}``); empty for masks, whose payload is a URL.
        classifications: The answers given on this frame, in the export format.
    """

    frame: int
    geometry: dict[str, Any]
    classifications: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LabelSegment:
    """A visible interval of an object, both ends included, with at least one key frame."""

    start: int
    end: int
    key_frames: tuple[LabelKeyFrame, ...]


@dataclass(frozen=True, slots=True)
class LabelTrack:
    """One object through the video.

    ``tool`` is the tool's entry in the ontology; ``color`` is an instance's color in the
    composite masks and None for every other kind.
    """

    feature_id: str
    tool: dict[str, Any]
    annotation_kind: str
    segments: tuple[LabelSegment, ...]
    color: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class LabelAnswer:
    """An answer and its frame ranges, both ends included.

    ``answer`` is in the export format: an option with its feature id, or ``{"content": text}``.
    """

    ranges: tuple[tuple[int, int], ...]
    answer: dict[str, Any]

    def holds_at(self, frame: int) -> bool:
        """Return whether a frame has the answer."""
        return any(start <= frame <= end for start, end in self.ranges)


@dataclass(frozen=True, slots=True)
class FrameClassification:
    """A classification of scope ``index`` and all its answers over time."""

    feature_id: str
    schema: dict[str, Any]
    spans: tuple[LabelAnswer, ...]


@dataclass(frozen=True, slots=True)
class LabelContent:
    """All annotations of one label.

    Attributes:
        tracks: The objects, masks included.
        frame_classifications: Answers on ranges of frames.
        classifications: Global answers, in the export format.
        composite_masks: Frame number to the PNG drawn there, one color per instance.
        composite_mask_id: Id of the label's composite masks in URLs.
        mask_format: Kind of mask URL in the export.
        classification_segments: Whether the segments of frame classifications are listed under
            the answer's feature id or under the classification's; Labelbox exports have both.
    """

    tracks: tuple[LabelTrack, ...] = ()
    frame_classifications: tuple[FrameClassification, ...] = ()
    classifications: tuple[dict[str, Any], ...] = ()
    composite_masks: dict[int, bytes] = field(default_factory=dict)
    composite_mask_id: str = ""
    mask_format: MaskFormat = "composite"
    classification_segments: ClassificationSegments = "answer"
