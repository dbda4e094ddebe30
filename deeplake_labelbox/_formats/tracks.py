"""Collect objects into tracks, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import (
    Answers,
    ObjectTrack,
    RefusedObject,
    SourceFinding,
)
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES

_NO_ANSWERS: Mapping[str, Any] = {}


@dataclass(slots=True)
class _Observations:
    values: dict[int, Any] = field(default_factory=dict)
    answers: dict[int, Answers] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    drawn: set[int] | None = None
    left_out: dict[str, list[int]] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)


class TrackBuilder:
    """Collects the objects of one video, in the order of their first appearance."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, ToolKind, str], _Observations] = {}
        self._refused: dict[tuple[str, str], str] = {}

    def add(
        self,
        class_name: str,
        kind: ToolKind,
        track: str,
        frame: int,
        value: Any,
        *,
        answers: Answers = _NO_ANSWERS,
        drawn: bool | None = None,
        score: float | None = None,
    ) -> None:
        """Add an object in a frame.

        Args:
            class_name: Class of the object.
            kind: Kind of geometry.
            track: Identifies the object.
            frame: 1-based frame number.
            value: For ``rectangle`` left, top, width and height; for ``point`` x and y; for
                ``line`` and ``polygon`` a (V, 2) array; for a mask its `MaskSource`.
            answers: Answers to the classifications of the class.
            drawn: Whether a person drew it in this frame; ``None`` if unknown.
            score: Confidence of a model; ``None`` if unknown.
        """
        seen = self._objects.setdefault((class_name, kind, track), _Observations())
        if frame in seen.values:
            seen.twice.append(frame)
            return
        seen.values[frame] = value
        if answers:
            seen.answers[frame] = answers
        if score is not None:
            seen.scores[frame] = score
        if drawn is not None:
            seen.drawn = seen.drawn or set()
            if drawn:
                seen.drawn.add(frame)

    def leave_out(
        self, class_name: str, kind: ToolKind, track: str, frame: int, reason: str
    ) -> None:
        """Leave out an object in one frame, with the reason; its other frames are imported.

        It ends before that frame and begins again after it.
        """
        seen = self._objects.setdefault((class_name, kind, track), _Observations())
        seen.left_out.setdefault(reason, []).append(frame)

    def refuse(self, class_name: str, track: str, reason: str) -> None:
        """Refuse an object in all frames; only the first reason is kept."""
        self._refused.setdefault((class_name, track), reason)

    def tracks(self) -> list[ObjectTrack]:
        """Return the objects that can be imported, at least in part."""
        return [
            self._track(*key, seen)
            for key, seen in self._objects.items()
            if seen.values and not self._is_refused(key)
        ]

    def refused(self) -> list[RefusedObject]:
        """Return the objects that cannot be imported at all."""
        refused = [RefusedObject(*key, reason) for key, reason in self._refused.items()]
        for key, seen in self._objects.items():
            if not seen.values and not self._is_refused(key):
                reasons = (f"{what} ({places(frames)})" for what, frames in seen.left_out.items())
                refused.append(RefusedObject(key[0], key[2], "; ".join(reasons)))
        return refused

    def findings(self) -> list[SourceFinding]:
        """Return frames of objects that are not imported: left out, or repeated."""
        found = []
        for key, seen in self._objects.items():
            if not seen.values or self._is_refused(key):
                continue
            name = f"{key[0]!r} {key[2]}"
            found += [
                SourceFinding(f"{name}: {reason}", min(frames), len(frames))
                for reason, frames in seen.left_out.items()
            ]
            if seen.twice:
                what = f"{name} is in the frame twice; the first one is used"
                found.append(SourceFinding(what, min(seen.twice), len(seen.twice)))
        return found

    def _is_refused(self, key: tuple[str, ToolKind, str]) -> bool:
        return (key[0], key[2]) in self._refused

    @staticmethod
    def _track(class_name: str, kind: ToolKind, track: str, seen: _Observations) -> ObjectTrack:
        numbers = sorted(seen.values)
        frames = np.array(numbers, dtype=np.int64)
        values = [seen.values[number] for number in numbers]
        return ObjectTrack(
            track=track,
            class_name=class_name,
            kind=kind,
            frames=frames,
            coordinates=GEOMETRIES[kind].joined(values),
            answers=[seen.answers.get(number, _NO_ANSWERS) for number in numbers],
            is_key_frame=None
            if seen.drawn is None
            else np.array([number in seen.drawn for number in numbers], dtype=np.bool_),
            scores=np.array([seen.scores.get(number, np.nan) for number in numbers])
            if seen.scores
            else None,
        )


def places(frames: Sequence[int]) -> str:
    """Describe frame numbers, such as "frame 3" or "5 frames from 3 on"."""
    if len(frames) == 1:
        return f"frame {frames[0]}"
    return f"{counted(len(frames), 'frame')} from {min(frames)} on"


def vertices(pairs: Iterable[Any]) -> NDArray[np.float64]:
    """Convert vertices to a (V, 2) array.

    Raises:
        ValueError: If they are not pairs of finite numbers, or there are none.
    """
    array = np.array(list(pairs), dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not len(array) or not np.isfinite(array).all():
        raise ValueError("vertices must be pairs of finite numbers")
    return array
