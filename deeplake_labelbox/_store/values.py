"""Convert one label to the values of every column, for the rows of its data row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._model.annotations import Answer, MaskReference, Problem, Track, VideoLabel
from deeplake_labelbox._model.answer_spans import answered_beyond
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.ontology import Classification, Tool
from deeplake_labelbox._model.visibility import (
    Frames,
    VisibleFrames,
    frames_beyond,
    visible_frames,
)
from deeplake_labelbox._store.answer_values import (
    frame_answers,
    object_answers,
    unknown_answers,
)
from deeplake_labelbox._store.column_types import empty_cell
from deeplake_labelbox._store.columns import GeometryColumn
from deeplake_labelbox._store.layout import Layout
from deeplake_labelbox._store.track_ids import TrackIds


@dataclass(frozen=True, slots=True)
class LabelValues:
    """The values of a label for the rows of its data row (R).

    Attributes:
        columns: R values by column name, as Deep Lake accepts them for a slice.
        masks: For each mask column, R lists of references to the masks of the objects.
        problems: The parts of the label that could not be applied.
        objects: Number of objects over all frames, by kind of tool.
        features: Number of tracks and classifications in the label.
        known_features: Number of them that are in the ontology.
    """

    columns: dict[str, Sequence[Any]]
    masks: dict[str, list[list[MaskReference]]]
    problems: tuple[Problem, ...]
    objects: dict[str, int]
    features: int
    known_features: int


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    """A track for its column, limited to the existing rows (M)."""

    track: Track
    tool: Tool
    visible: VisibleFrames
    is_there: NDArray[np.bool_]
    rows: NDArray[np.intp]


def label_values(
    label: VideoLabel,
    layout: Layout,
    frames: Frames,
    last_frame: int,
    track_ids: TrackIds,
    *,
    scale: tuple[float, float] = (1.0, 1.0),
) -> LabelValues:
    """Compute the values of a label for the rows of its data row.

    Args:
        label: The label.
        layout: The project's columns.
        frames: (R,) 1-based frame number of each row, ascending.
        last_frame: Number of the last frame of the video.
        track_ids: Assigns track ids to feature ids.
        scale: Factors of x and y by which frames were scaled.

    Returns:
        The values; the same columns for every label, with empty values for frames without objects
        or answers.
    """
    problems = list(label.problems)
    members: dict[str, list[_Member]] = {column.name: [] for column in layout.geometries}
    for track in label.tracks:
        found = layout.geometry(track.feature, track.kind)
        if found is None:
            problems.append(_no_column(track, layout))
            continue
        beyond = frames_beyond(track, last_frame)
        if beyond is not None:
            problems.append(_beyond(f"{found[1].name!r} ({track.feature_id})", beyond, last_frame))
        members[found[0].name].append(_member(track, found[1], frames, last_frame))
    problems.extend(_answer_problems(label, layout, last_frame))
    columns: dict[str, Sequence[Any]] = {}
    masks: dict[str, list[list[MaskReference]]] = {}
    objects: dict[str, int] = {}
    for geometry in layout.geometries:
        writer = _ObjectValues(geometry, members[geometry.name], len(frames))
        objects[geometry.kind] = objects.get(geometry.kind, 0) + writer.count
        if GEOMETRIES[geometry.kind].is_mask:
            masks[geometry.name] = writer.masks()
        else:
            columns[geometry.name] = writer.geometries(scale)
        columns.update(writer.beside(track_ids))
        columns.update(writer.answers(label))
    for answer_column in layout.answers:
        columns[answer_column.name] = frame_answers(answer_column, label, frames)
    answered = [by_frame.feature for by_frame in label.frame_answers]
    answered += [answer.feature for answer in label.global_answers]
    return LabelValues(
        columns,
        masks,
        tuple(problems),
        objects,
        features=len(label.tracks) + len(answered),
        known_features=sum(map(len, members.values()))
        + sum(layout.ontology.classification(feature) is not None for feature in answered),
    )


def _member(track: Track, tool: Tool, frames: Frames, last_frame: int) -> _Member:
    visible = visible_frames(track, last_frame)
    rows = np.searchsorted(frames, visible.frames)
    is_there = rows < len(frames)
    is_there[is_there] = frames[rows[is_there]] == visible.frames[is_there]
    return _Member(track, tool, visible, is_there, rows[is_there])


class _ObjectValues:
    """Gathers the objects of one geometry column by row, in the order of their tracks."""

    def __init__(self, column: GeometryColumn, members: list[_Member], row_count: int) -> None:
        self._column = column
        self._kind = GEOMETRIES[column.kind]
        self._members = members
        rows = np.concatenate([np.empty(0, dtype=np.intp), *(member.rows for member in members)])
        self._order = np.argsort(rows, kind="stable")
        counts = np.bincount(rows, minlength=row_count)
        self._bounds = list(pairwise([0, *np.cumsum(counts).tolist()]))
        self.count = len(rows)

    def geometries(self, scale: tuple[float, float]) -> Sequence[Any]:
        if self._kind.width is not None:
            parts = [self._kind.as_cell(values, scale) for values in self._visible_values()]
            return self._by_row(parts, self._kind.empty())
        return [self._kind.as_cell(values, scale) for values in self.masks()]

    def masks(self) -> list[list[Any]]:
        values = self._in_order(self._visible_values())
        return [values[start:end] for start, end in self._bounds]

    def _visible_values(self) -> list[Any]:
        """Return the values of each member in the rows."""
        return [
            _chosen(self._kind.interpolated(m.track, m.visible), m.is_there) for m in self._members
        ]

    def beside(self, track_ids: TrackIds) -> Iterator[tuple[str, Sequence[Any]]]:
        column, members = self._column, self._members
        if column.grouped:
            names = track_ids.class_names(column)
            classes = [np.full(len(m.rows), names.index(m.tool.name)) for m in members]
            yield column.labels, self._by_row(classes, empty_cell("labels"))
        ids = [np.full(len(m.rows), track_ids.of(column, m.track.feature_id)) for m in members]
        yield column.track_ids, self._by_row(ids, empty_cell("track_ids"))
        drawn = [_is_key_frame(m.track, m.visible)[m.is_there] for m in members]
        yield column.key_frames, self._by_row(drawn, empty_cell("key_frames"))

    def answers(self, label: VideoLabel) -> Iterator[tuple[str, Sequence[Any]]]:
        for column in self._column.answers:
            answered = [
                object_answers(column, m.tool, m.track, m.visible, label.segments)
                for m in self._members
            ]
            if not column.has_options:
                texts = self._in_order(
                    [
                        _chosen(answers.texts or (), m.is_there)
                        for answers, m in zip(answered, self._members, strict=True)
                    ]
                )
                yield (
                    column.name,
                    [texts[start:end] or empty_cell("object text") for start, end in self._bounds],
                )
                continue
            empty = empty_cell(column.object_kind, options=len(column.class_names))
            numbers = [
                answers.numbers[m.is_there]
                for answers, m in zip(answered, self._members, strict=True)
                if answers.numbers is not None
            ]
            yield column.name, self._by_row(numbers, empty)

    def _by_row(self, parts: list[NDArray[Any]], empty: NDArray[Any]) -> list[NDArray[Any]]:
        values = np.concatenate([empty, *parts])[self._order].astype(empty.dtype, copy=False)
        return [values[start:end] for start, end in self._bounds]

    def _in_order(self, parts: list[list[Any]]) -> list[Any]:
        values = [value for part in parts for value in part]
        return [values[index] for index in self._order]


def _chosen(values: Any, is_there: NDArray[np.bool_]) -> Any:
    if isinstance(values, np.ndarray):
        return values[is_there]
    return [value for value, there in zip(values, is_there, strict=True) if there]


def _is_key_frame(track: Track, visible: VisibleFrames) -> NDArray[np.bool_]:
    last = np.maximum(visible.answered, 0)
    drawn: NDArray[np.bool_] = (
        (visible.answered >= 0) & (track.frames[last] == visible.frames) & track.is_key_frame[last]
    )
    return drawn


def _answer_problems(label: VideoLabel, layout: Layout, last_frame: int) -> Iterator[Problem]:
    """Report answers that are not in the ontology, and answers after the end of the video."""
    seen: set[str] = set()
    asked = layout.ontology.classifications
    answers: list[tuple[int | None, tuple[Answer, ...], tuple[Classification, ...]]] = [
        (None, label.global_answers, asked)
    ]
    for by_frame in label.frame_answers:
        answers += [(frame, (answer,), asked) for frame, answer in by_frame.answers.items()]
        beyond = answered_beyond(by_frame.answers, label.segments, last_frame)
        if beyond is not None:
            name = by_frame.feature.name or by_frame.feature.value
            yield _beyond(repr(name), beyond, last_frame)
    for track in label.tracks:
        tool = layout.ontology.tool(track.feature, track.kind)
        if tool is not None:
            previous: tuple[Answer, ...] = ()
            for frame, nested in zip(track.frames, track.answers, strict=True):
                if nested and nested is not previous:
                    answers.append((int(frame), nested, tool.classifications))
                previous = nested
    for frame, nested, classifications in answers:
        for what in unknown_answers(nested, classifications):
            if what not in seen:
                seen.add(what)
                yield Problem(f"the ontology has no {what}", frame)


def _no_column(track: Track, layout: Layout) -> Problem:
    name = track.feature.name or track.feature.value or track.feature.feature_schema_id
    tool = layout.ontology.tool(track.feature, track.kind)
    frame = int(track.frames[0])
    if tool is None:
        return Problem(f"the ontology has no tool {name!r} ({track.feature_id})", frame)
    return Problem(
        f"{name!r} ({track.feature_id}) is drawn as {track.kind}, but the ontology has it as "
        f"{tool.kind}",
        frame,
    )


def _beyond(what: str, frames: tuple[int, int], last_frame: int) -> Problem:
    first, last = frames
    count = counted(last_frame, "frame")
    what = f"{what} is labeled, but the video has {count}"
    return Problem(what, first, last if last != first else None)
