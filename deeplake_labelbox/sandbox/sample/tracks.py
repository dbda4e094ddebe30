"""Define tracks: the shape of each object of the sample project on every frame.

Pictures and annotations are both generated from these, so a picture shows exactly its label.
Frames are 1-based, as Labelbox counts them. Coordinates are pixels, with fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.sample.answers import Answer, FrameRange

RGB: TypeAlias = tuple[int, int, int]
XY: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class BoxShape:
    """A rectangle: left, top, width and height in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.top + self.height

    @property
    def center(self) -> XY:
        """The middle of the box."""
        return self.left + self.width / 2, self.top + self.height / 2

    def coordinates(self) -> tuple[float, ...]:
        """All numbers, in the order of the constructor."""
        return self.left, self.top, self.width, self.height

    def moved_to(self, coordinates: tuple[float, ...]) -> BoxShape:
        """Return the same kind of shape with other numbers."""
        return BoxShape(*coordinates)

    def to_ndjson(self) -> dict[str, Any]:
        """Return the geometry of a key frame in the import NDJSON."""
        return {
            "bbox": {
                "top": self.top,
                "left": self.left,
                "height": self.height,
                "width": self.width,
            }
        }


@dataclass(frozen=True, slots=True)
class PointShape:
    """A point in pixels."""

    x: float
    y: float

    def coordinates(self) -> tuple[float, ...]:
        """All numbers, in the order of the constructor."""
        return self.x, self.y

    def moved_to(self, coordinates: tuple[float, ...]) -> PointShape:
        """Return the same kind of shape with other numbers."""
        return PointShape(*coordinates)

    def to_ndjson(self) -> dict[str, Any]:
        """Return the geometry of a key frame in the import NDJSON."""
        return {"point": {"x": self.x, "y": self.y}}


@dataclass(frozen=True, slots=True)
class LineShape:
    """A polyline of (x, y) vertices in pixels."""

    vertices: tuple[XY, ...]

    def coordinates(self) -> tuple[float, ...]:
        """All numbers: x and y of each vertex in turn."""
        return tuple(number for vertex in self.vertices for number in vertex)

    def moved_to(self, coordinates: tuple[float, ...]) -> LineShape:
        """Return the same kind of shape with other numbers."""
        return LineShape(tuple(zip(coordinates[::2], coordinates[1::2], strict=True)))

    def to_ndjson(self) -> dict[str, Any]:
        """Return the geometry of a key frame in the import NDJSON."""
        return {"line": [{"x": x, "y": y} for x, y in self.vertices]}


@dataclass(frozen=True, slots=True)
class Outline:
    """A mask: filled polygons minus polygons that hide them.

    Attributes:
        parts: Polygons of (x, y) vertices; the mask is their union.
        hidden_by: Polygons in front of the object, cut out of the mask.
    """

    parts: tuple[tuple[XY, ...], ...]
    hidden_by: tuple[tuple[XY, ...], ...] = ()


Shape: TypeAlias = BoxShape | PointShape | LineShape | Outline


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """The shape drawn on one frame, with all answers from there on."""

    frame: int
    shape: Shape
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """An interval of frames in which an object is visible.

    Attributes:
        key_frames: At least one, in the order of their frames; the first starts the segment.
        end: The last visible frame; the last key frame is held until then.
    """

    key_frames: tuple[KeyFrame, ...]
    end: int

    @property
    def start(self) -> int:
        """The first visible frame."""
        return self.key_frames[0].frame

    def shape_at(self, frame: int) -> Shape:
        """Return the shape on ``frame``: linear between key frames, with 3 decimals, or held."""
        before = self.key_frame_at(frame)
        after = next((key for key in self.key_frames if key.frame > frame), None)
        if after is None or frame == before.frame:
            return before.shape
        if isinstance(before.shape, Outline) or isinstance(after.shape, Outline):
            return before.shape
        old, new = before.shape.coordinates(), after.shape.coordinates()
        if len(old) != len(new):
            return before.shape
        passed, whole = frame - before.frame, after.frame - before.frame
        moved = (
            float(np.round(a + (b - a) * passed / whole, 3)) for a, b in zip(old, new, strict=True)
        )
        return before.shape.moved_to(tuple(moved))

    def key_frame_at(self, frame: int) -> KeyFrame:
        """Return the last key frame at or before ``frame``."""
        return [key for key in self.key_frames if key.frame <= frame][-1]


@dataclass(frozen=True, slots=True)
class SampleTrack:
    """One object of the sample project.

    Attributes:
        tool: The name of its tool in the ontology.
        paint: The RGB color of the object in the picture.
        segments: The intervals in which it is visible, ordered and disjoint.
        mask_color: Its RGB color in composite masks; only for raster-segmentation tools.
    """

    tool: str
    paint: RGB
    segments: tuple[Segment, ...]
    mask_color: RGB | None = None

    def segment_at(self, frame: int) -> Segment | None:
        """Return the segment that covers ``frame``, or None if the object is not visible."""
        return next((s for s in self.segments if s.start <= frame <= s.end), None)

    def shape_at(self, frame: int) -> Shape | None:
        """Return the shape on ``frame``, or None if the object is not visible."""
        segment = self.segment_at(frame)
        return segment.shape_at(frame) if segment else None

    def answers_at(self, frame: int) -> tuple[Answer, ...]:
        """Return the answers of the last key frame at or before ``frame``."""
        segment = self.segment_at(frame)
        return segment.key_frame_at(frame).answers if segment else ()

    def key_frames(self) -> tuple[int, ...]:
        """The frames on which the object was drawn."""
        return tuple(key.frame for segment in self.segments for key in segment.key_frames)

    def ranges(self) -> tuple[FrameRange, ...]:
        """First and last frame of each segment."""
        return tuple((segment.start, segment.end) for segment in self.segments)
