"""Convert tracks to segments of key frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import ObjectTrack
from deeplake_labelbox._imports.answer_lines import answer_entries
from deeplake_labelbox._imports.thinning import thin
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.ontology import Tool

# No picture is that large, and beyond it 64-bit floats may not hold thousandths.
MAX_COORDINATE: Final = 1e6

CROSSES_EDGE: Final = "crosses the edge of the picture; imported unchanged"
"""Reported if part of an object is outside the picture."""

ReportFrames = Callable[[str, NDArray[np.int64]], None]
"""Receives a sentence and the frames that it concerns."""


def segments_of(
    track: ObjectTrack,
    tool: Tool,
    *,
    picture: tuple[int, int] | None,
    known_frames: NDArray[np.int64] | None,
    tolerance: float,
    keep_key_frames: bool,
    report: ReportFrames,
    report_of_class: ReportFrames,
) -> list[dict[str, Any]]:
    """Convert an object to segments: its visible intervals with their key frames.

    Args:
        track: A track of kind ``rectangle``, ``point`` or ``line``.
        tool: The tool it is drawn with.
        picture: Width and height of the picture in pixels; ``None`` if unknown.
        known_frames: See `VideoAnnotations`.
        tolerance: See `thin`.
        keep_key_frames: Whether key frames that a person drew stay key frames.
        report: Called for problems of the object.
        report_of_class: The same, for problems that other objects of the class are likely to have.

    Returns:
        The ``segments`` of a line; empty if no frame is left.
    """
    track = drawable(track, picture, report, report_of_class)
    answers: list[list[dict[str, Any]]] = []
    for index, answered in enumerate(track.answers):
        if index and answered == track.answers[index - 1]:
            answers.append(answers[-1])
            continue
        frame = track.frames[index : index + 1]
        answers.append(
            answer_entries(
                answered,
                tool.classifications,
                report=lambda what, frame=frame: report_of_class(what, frame),  # type: ignore[misc]
                where=repr(tool.name),
                deep=False,
            )
        )
    keep = np.zeros(len(track.frames), dtype=np.bool_)
    if keep_key_frames and track.is_key_frame is not None:
        keep |= track.is_key_frame
    changes = [index for index, (a, b) in enumerate(pairwise(answers), 1) if a != b]
    keep[changes] = True
    has_answers = any(answers)
    segments = []
    for start, end in runs(track.frames, known_frames):
        part = slice(start, end)
        chosen = start + thin(
            track.frames[part],
            track.coordinates[part],  # type: ignore[arg-type]  # no masks, see `mask_lines`
            tolerance=tolerance,
            keep=keep[part],
        )
        key_frames = [_key_frame(track, i, answers[i], has_answers=has_answers) for i in chosen]
        segments.append({"keyframes": key_frames})
    return segments


def drawable(
    track: ObjectTrack,
    picture: tuple[int, int] | None,
    report: ReportFrames,
    report_of_class: ReportFrames,
) -> ObjectTrack:
    """Keep the frames of a track that can be drawn; report the others.

    Args:
        track: A track of any kind but masks.
        picture: Width and height of the picture in pixels; ``None`` if unknown.
        report: Called for problems of the object.
        report_of_class: See `segments_of`.
    """
    track = at_frames(track, _usable(track, report))
    if picture is None:
        return track
    outside, crosses = GEOMETRIES[track.kind].outside(track.coordinates, picture)
    if outside.any():
        what = f"it lies outside the picture of {picture[0]} x {picture[1]} pixels"
        report(what, track.frames[outside])
    if crosses.any():
        report_of_class(CROSSES_EDGE, track.frames[crosses])
    return at_frames(track, ~outside)


def runs(
    frames: NDArray[np.int64], known_frames: NDArray[np.int64] | None
) -> list[tuple[int, int]]:
    """Find the visible intervals, as half-open ranges of indices.

    Frames that are not among the known ones do not end an interval.
    """
    if not len(frames):
        return []
    places = frames if known_frames is None else np.searchsorted(known_frames, frames)
    bounds = [0, *(np.flatnonzero(np.diff(places) != 1) + 1).tolist(), len(frames)]
    return list(pairwise(bounds))


def at_frames(track: ObjectTrack, which: NDArray[np.bool_]) -> ObjectTrack:
    """Return the track with only some of its frames."""
    if which.all():
        return track
    kept = np.flatnonzero(which)
    indices: list[int] = kept.tolist()
    coordinates: Any = track.coordinates
    return replace(
        track,
        frames=track.frames[kept],
        coordinates=coordinates[kept]
        if isinstance(coordinates, np.ndarray)
        else [coordinates[i] for i in indices],
        answers=[track.answers[i] for i in indices],
        is_key_frame=None if track.is_key_frame is None else track.is_key_frame[kept],
        scores=None,  # not sent
    )


def _usable(track: ObjectTrack, report: ReportFrames) -> NDArray[np.bool_]:
    """Find the frames whose geometry can be drawn; report the others."""
    kind = GEOMETRIES[track.kind]
    sane = kind.is_within(track.coordinates, MAX_COORDINATE)
    drawn = kind.is_drawable(track.coordinates)
    if not sane.all():
        what = f"its coordinates are not finite, or beyond {MAX_COORDINATE:.0f} pixels"
        report(what, track.frames[~sane])
    if (undrawn := sane & ~drawn).any():
        report(kind.undrawable, track.frames[undrawn])
    usable: NDArray[np.bool_] = sane & drawn
    return usable


def _key_frame(
    track: ObjectTrack, index: int, answers: Sequence[dict[str, Any]], *, has_answers: bool
) -> dict[str, Any]:
    value = GEOMETRIES[track.kind].key_frame(track.coordinates[index])
    frame: dict[str, Any] = {"frame": int(track.frames[index]), **value}
    if has_answers:
        # Written even if empty, as the SDK does: it ends an earlier answer.
        frame["classifications"] = list(answers)
    return frame
