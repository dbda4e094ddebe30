"""Read plain annotations: dataclasses or dicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from deeplake_labelbox._formats.annotations import (
    Answers,
    AnswerSpan,
    Box,
    FrameAnnotation,
    Geometry,
    GlobalAnnotation,
    KindOf,
    Line,
    Mask,
    ObjectAnnotation,
    PlainAnnotation,
    Point,
    VideoAnnotations,
)
from deeplake_labelbox._formats.tracks import TrackBuilder, vertices
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox.errors import AnnotationSourceError

_GEOMETRIES = ("box", "point", "line", "mask")
_FORM = (
    "write an ObjectAnnotation, FrameAnnotation or GlobalAnnotation, or a dict with 'data_row' and "
    "either 'track', 'frame', 'class' and one of 'box', 'point', 'line', 'mask', or 'answers'"
)


class PlainSource:
    """An iterable of plain annotations.

    Args:
        annotations: Dataclasses or dicts, see `ObjectAnnotation`. A list may be in any order; any
            other iterable must be grouped by data row, so that only one video is in memory at a
            time.
        data_row: Video of all annotations that do not name one.
    """

    def __init__(
        self, annotations: Iterable[PlainAnnotation], *, data_row: str | None = None
    ) -> None:
        self._annotations = annotations
        self._data_row = data_row

    def __len__(self) -> int:
        return 0

    @property
    def names(self) -> frozenset[str]:
        """Empty: nothing is declared beyond the annotations."""
        return frozenset()

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - each has its own geometry
        """Yield the annotations of each video, in the order of first appearance.

        Raises:
            AnnotationSourceError: If an annotation cannot be read, or those of an iterable are
                not grouped by data row.
        """
        read = (
            _read(index, annotation, self._data_row)
            for index, annotation in enumerate(self._annotations)
        )
        if isinstance(self._annotations, list | tuple):
            by_row: dict[str, list[tuple[int, _Read]]] = {}
            for entry in read:
                by_row.setdefault(entry[1].data_row, []).append(entry)
            for data_row, entries in by_row.items():
                yield _video(data_row, entries)
            return
        done: set[str] = set()
        for data_row, grouped in groupby(read, key=lambda entry: entry[1].data_row):
            if data_row in done:
                raise AnnotationSourceError(
                    f"The annotations of data row {data_row!r} are not consecutive; sort them by "
                    f"data row, or pass them as a list."
                )
            done.add(data_row)
            yield _video(data_row, grouped)


_Read = ObjectAnnotation | FrameAnnotation | GlobalAnnotation


def _video(data_row: str, entries: Iterable[tuple[int, _Read]]) -> VideoAnnotations:
    builder = TrackBuilder()
    spans: dict[str, list[AnswerSpan]] = {}
    everywhere: dict[str, Any] = {}
    for index, annotation in entries:
        if isinstance(annotation, ObjectAnnotation):
            kind, value = _value(index, annotation.geometry)
            builder.add(
                annotation.class_name,
                kind,
                str(annotation.track),
                annotation.frame,
                value,
                answers=annotation.answers,
                score=annotation.score,
            )
        elif isinstance(annotation, FrameAnnotation):
            start, end = _interval(index, annotation.frames)
            for name, answer in annotation.answers.items():
                spans.setdefault(name, []).append(AnswerSpan(start, end, answer))
        else:
            everywhere.update(annotation.answers)
    return VideoAnnotations(
        data_row=(data_row,),
        tracks=builder.tracks(),
        frame_answers={name: _joined(name, data_row, parts) for name, parts in spans.items()},
        global_answers=everywhere,
        findings=builder.findings(),
    )


def _joined(name: str, data_row: str, spans: list[AnswerSpan]) -> list[AnswerSpan]:
    """Sort spans, and join adjacent ones with the same answer."""
    joined: list[AnswerSpan] = []
    for span in sorted(spans, key=lambda span: span.start):
        last = joined[-1] if joined else None
        if last is not None and span.start <= last.end + 1 and span.answer == last.answer:
            joined[-1] = AnswerSpan(last.start, max(last.end, span.end), last.answer)
        elif last is not None and span.start <= last.end:
            raise AnnotationSourceError(
                f"{name!r} has two answers in frame {span.start} of data row {data_row!r}; give "
                f"one (for a checklist: all options in one annotation)."
            )
        else:
            joined.append(span)
    return joined


def _read(index: int, annotation: PlainAnnotation, default: str | None) -> tuple[int, _Read]:
    if isinstance(annotation, Mapping):
        annotation = _from_dict(index, annotation, default)
    if not isinstance(annotation, ObjectAnnotation | FrameAnnotation | GlobalAnnotation):
        raise _refusal(index, f"is a {type(annotation).__name__}")
    _check_name(index, "data row", annotation.data_row)
    _check_answers(index, annotation.answers)
    if isinstance(annotation, ObjectAnnotation):
        _check_frame(index, annotation.frame)
        _check_name(index, "class", annotation.class_name)
        _check_name(index, "track", str(annotation.track))
        _check_score(index, annotation.score)
    return index, annotation


def _from_dict(index: int, annotation: Mapping[str, Any], default: str | None) -> _Read:
    known = {"data_row", "track", "frame", "frames", "class", "answers", "score", *_GEOMETRIES}
    if unknown := sorted(map(str, annotation.keys() - known)):
        raise _refusal(index, f"has the unknown keys {', '.join(unknown)}")
    data_row = annotation.get("data_row", default)
    answers = annotation.get("answers") or {}
    drawn = [key for key in _GEOMETRIES if annotation.get(key) is not None]
    if drawn or "class" in annotation:
        if len(drawn) != 1 or not {"track", "frame", "class"} <= annotation.keys():
            raise _refusal(index, "needs a track, a frame, a class and one geometry")
        return ObjectAnnotation(
            data_row=data_row,
            track=annotation["track"],
            frame=annotation["frame"],
            class_name=annotation["class"],
            geometry=_geometry(index, drawn[0], annotation[drawn[0]]),
            answers=answers,
            score=annotation.get("score"),
        )
    if not answers:
        raise _refusal(index, "has neither a geometry nor answers")
    frames = annotation.get("frames", annotation.get("frame"))
    if frames is None:
        return GlobalAnnotation(data_row=data_row, answers=answers)
    return FrameAnnotation(data_row=data_row, frames=frames, answers=answers)


def _geometry(index: int, key: str, value: Any) -> Geometry:
    try:
        if key == "box":
            left, top, width, height = value
            return Box(left, top, width, height)
        if key == "point":
            x, y = value
            return Point(x, y)
    except (TypeError, ValueError) as error:
        raise _refusal(index, f"has the {key} {value!r}") from error
    return Line(value) if key == "line" else Mask(value)


def _value(index: int, geometry: Geometry) -> tuple[ToolKind, Any]:
    """Return the kind of tool, and the value for the `TrackBuilder`."""
    if isinstance(geometry, Box):
        box = geometry
        return "rectangle", _numbers(index, "box", (box.left, box.top, box.width, box.height))
    if isinstance(geometry, Point):
        return "point", _numbers(index, "point", (geometry.x, geometry.y))
    if isinstance(geometry, Line):
        try:
            return "line", vertices(geometry.vertices)
        except (TypeError, ValueError) as error:
            raise _refusal(index, "has a line whose vertices are not pairs of numbers") from error
    if not isinstance(geometry, Mask):
        raise _refusal(index, f"has the geometry {geometry!r}")
    pixels = np.asarray(geometry.pixels)
    if pixels.ndim != 2 or pixels.dtype.kind not in "biu":
        raise _refusal(
            index, f"has a mask of shape {pixels.shape} and type {pixels.dtype}, not (H, W) bool"
        )
    return "raster-segmentation", lambda: pixels.astype(np.bool_)


def _numbers(index: int, what: str, values: Sequence[Any]) -> tuple[float, ...]:
    """Convert to numbers, finite or not: those that are not only cost the object this frame."""
    try:
        return tuple(map(float, values))
    except (TypeError, ValueError) as error:
        raise _refusal(index, f"has the {what} {values!r}") from error


def _interval(index: int, frames: Any) -> tuple[int, int]:
    ends = (frames, frames) if isinstance(frames, int | np.integer) else frames
    try:
        start, end = ends
    except (TypeError, ValueError) as error:
        raise _refusal(index, f"has the frames {frames!r}") from error
    _check_frame(index, start)
    _check_frame(index, end)
    if end < start:
        raise _refusal(index, f"has the frames {frames!r}, which end before they start")
    return int(start), int(end)


def _check_name(index: int, what: str, name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise _refusal(index, f"has the {what} {name!r}")


def _check_frame(index: int, frame: Any) -> None:
    if isinstance(frame, bool) or not isinstance(frame, int | np.integer) or frame < 1:
        raise _refusal(index, f"has the frame {frame!r} (frames are whole numbers from 1)")


def _check_score(index: int, score: Any) -> None:
    if score is None:
        return
    is_number = isinstance(score, int | float | np.number) and not isinstance(score, bool)
    if not is_number or not np.isfinite(score):
        raise _refusal(index, f"has the score {score!r}, which is not a finite number")


def _check_answers(index: int, answers: Answers) -> None:
    if not isinstance(answers, Mapping):
        raise _refusal(index, f"has answers that are a {type(answers).__name__}, not a dict")
    for name, answer in answers.items():
        if isinstance(answer, Mapping):
            for below in answer.values():
                _check_answers(index, below or {})
            continue
        options: Any = [answer] if isinstance(answer, str) else answer
        if not isinstance(options, Sequence) or not all(isinstance(o, str) for o in options):
            raise _refusal(index, f"answers {name!r} with {answer!r}")


def _refusal(index: int, fault: str) -> AnnotationSourceError:
    return AnnotationSourceError(f"Annotation {index} {fault}; {_FORM}.")
