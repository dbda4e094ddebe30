"""Parse the label JSON of an export into typed annotations.

The format is that of Labelbox's video export (one label of ``projects.<id>.labels``). Every part
is optional: exports of other years or settings lack ids, segments or key frames. A part that cannot
be read becomes a `Problem` of the label, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import (
    Answer,
    AnswerKind,
    AnswerOption,
    AnswerTrack,
    Feature,
    Problem,
    Track,
    VideoLabel,
)
from deeplake_labelbox._model.json_values import (
    as_frame_number,
    as_list,
    as_mapping,
    as_text,
    short,
)
from deeplake_labelbox._model.kinds import CLASSIFICATIONS, read_geometry
from deeplake_labelbox._model.kinds.geometry import GeometryKind

_NAMED = 5
# Deeper nesting than any editor offers; it bounds recursion on hostile input.
_MAX_DEPTH = 32

_READ_OF_LABEL = frozenset(
    {"frames", "segments", "key_frame_feature_map", "classifications", "objects"}
)
_READ_OF_FRAME = frozenset({"objects", "classifications"})

_EMPTY_SEGMENTS: NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)


def parse_label(label: Mapping[str, Any]) -> VideoLabel:
    """Read one label.

    Args:
        label: A label's JSON, as in the ``labels`` list of an export.

    Returns:
        Its annotations, and the problems found.
    """
    return _LabelParser(label).parse()


class _LabelParser:
    def __init__(self, label: Mapping[str, Any]) -> None:
        self._label = label
        self._problems: list[Problem] = []
        self._answer_ids: set[str | None] = set()
        annotations = self._object(label, "annotations")
        self._frames = list(self._sorted_frames(self._object(annotations, "frames")))
        if as_mapping(annotations.get("objects")) or as_list(annotations.get("objects")):
            self._report("the label has objects outside of frames, like labels of images")
        self._report_unread(annotations)
        self._global = annotations.get("classifications")
        self._key_frames = self._object(annotations, "key_frame_feature_map")
        self._segments = self._parse_segments(self._object(annotations, "segments"))

    def parse(self) -> VideoLabel:
        objects: dict[str, dict[int, Mapping[str, Any]]] = {}
        answers: dict[Feature, dict[int, Answer]] = {}
        for number, frame in self._frames:
            for feature_id, item in self._objects(frame.get("objects"), number):
                items = objects.setdefault(feature_id, {})
                if number in items:
                    self._report(f"{_named(_feature(item))} ({feature_id}) occurs twice", number)
                items[number] = item
            for answer in self._answers(frame.get("classifications"), number):
                per_frame = answers.setdefault(_identity(answer.feature), {})
                if number in per_frame:
                    self._report(f"{_named(answer.feature)} is answered twice", number)
                per_frame[number] = answer
        tracks = tuple(
            track
            for feature_id, items in objects.items()
            if (track := self._track(feature_id, items)) is not None
        )
        global_answers = tuple(self._answers(self._global, None))
        self._report_empty_segments(objects)
        return VideoLabel(
            id=as_text(self._label.get("id")),
            created_by=as_text(as_mapping(self._label.get("label_details")).get("created_by")),
            tracks=tracks,
            frame_answers=tuple(
                AnswerTrack(
                    feature=next(iter(per_frame.values())).feature,
                    kind=next(iter(per_frame.values())).kind,
                    answers=per_frame,
                )
                for per_frame in answers.values()
            ),
            global_answers=global_answers,
            segments=self._segments,
            problems=tuple(self._problems),
        )

    def _report(self, what: str, frame: int | None = None) -> None:
        self._problems.append(Problem(what, frame))

    def _report_unread(self, annotations: Mapping[str, Any]) -> None:
        """Report annotations of kinds that have no columns, such as relationships."""
        for key, held in annotations.items():
            if held and isinstance(held, Mapping | list) and key not in _READ_OF_LABEL:
                self._report(f"its {key} are of a kind that is not supported{_names_in(held)}")
        unread: dict[str, tuple[int, Any]] = {}
        for number, frame in self._frames:
            for key, held in frame.items():
                if held and isinstance(held, Mapping | list) and key not in _READ_OF_FRAME:
                    unread.setdefault(key, (number, held))
        for key, (number, held) in unread.items():
            what = f"its {key}, here and later, are of a kind that is not supported"
            self._report(f"{what}{_names_in(held)}", number)

    def _object(self, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Return the object under a key; empty if it is absent."""
        found = parent.get(key)
        # An empty list is how some exporters write an empty object.
        if found and not isinstance(found, Mapping):
            self._report(f"{key!r} is a {type(found).__name__}, not an object")
        return as_mapping(found)

    def _sorted_frames(self, frames: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        numbered: dict[int, Mapping[str, Any]] = {}
        for key, frame in frames.items():
            number = as_frame_number(key)
            if number is None:
                self._report(f"frame {short(key)} is not a frame number from 1 on")
            elif number in numbered:
                self._report("the frame occurs twice", number)
            elif isinstance(frame, Mapping):
                numbered[number] = frame
            elif frame:
                self._report(f"the frame is a {type(frame).__name__}, not an object", number)
        yield from sorted(numbered.items())

    def _objects(self, objects: Any, frame: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield feature id and JSON of each object; exports hold them by id or as a list."""
        pairs: Iterable[tuple[Any, Any]]
        if isinstance(objects, Mapping):
            pairs = objects.items()
        else:
            pairs = ((None, item) for item in as_list(objects))
        for key, item in pairs:
            if not isinstance(item, Mapping):
                self._report(f"an object is a {type(item).__name__}, not an object", frame)
                continue
            feature_id = as_text(item.get("feature_id")) or as_text(key)
            if feature_id is None:
                self._report(f"{_named(_feature(item))} has no feature_id", frame)
                continue
            yield feature_id, item

    def _track(self, feature_id: str, items: dict[int, Mapping[str, Any]]) -> Track | None:
        kind: GeometryKind | None = None
        frames: list[int] = []
        coordinates: list[Any] = []
        answers: list[tuple[Answer, ...]] = []
        feature = _feature(next(iter(items.values())))
        read: Any = None
        nested: tuple[Answer, ...] = ()
        for number, item in items.items():
            found = read_geometry(item)
            if isinstance(found, str):
                self._report(f"{_named(_feature(item))} ({feature_id}) {found}", number)
                continue
            if kind is None:
                kind = found[0]
            if found[0] is not kind:
                what = f"{_named(feature)} ({feature_id}) changes to {found[0].name}"
                self._report(what, number)
                continue
            frames.append(number)
            coordinates.append(found[1])
            # Exports repeat the answers on every frame; parsing all would take most of the time.
            classifications = item.get("classifications") or None
            if not _same(classifications, read):
                nested = tuple(self._answers(classifications, number))
                read = classifications
            answers.append(nested)
        if kind is None:
            return None
        numbers = np.array(frames, dtype=np.int64)
        return Track(
            feature=feature,
            feature_id=feature_id,
            kind=kind.name,
            frames=numbers,
            is_key_frame=self._is_key_frame(feature_id, numbers),
            coordinates=kind.joined(coordinates),
            segments=self._segments.get(feature_id, _EMPTY_SEGMENTS),
            answers=tuple(answers),
        )

    def _answers(self, answers: Any, frame: int | None, depth: int = 0) -> Iterator[Answer]:
        if depth >= _MAX_DEPTH:
            self._report(f"answers are nested deeper than {_MAX_DEPTH}", frame)
            return
        for item in as_list(answers):
            if not isinstance(item, Mapping):
                self._report(f"a classification is a {type(item).__name__}", frame)
                continue
            feature = _feature(item)
            kind = _answer_kind(item)
            if kind is None:
                self._report(f"{_named(feature)} has an answer of unknown kind", frame)
                continue
            given = item[CLASSIFICATIONS[kind].json_key]
            text: str | None = None
            options: tuple[AnswerOption, ...] = ()
            if CLASSIFICATIONS[kind].has_options:
                options = tuple(self._options(given, feature, frame, depth))
                if len(options) > 1 and CLASSIFICATIONS[kind].has_one:
                    self._report(f"{_named(feature)} is a {kind} with several answers", frame)
                    options = options[:1]
            else:
                content = given.get("content") if isinstance(given, Mapping) else given
                text = as_text(content)
                if content is not None and text is None:
                    self._report(f"{_named(feature)} has a text answer that is not a text", frame)
            feature_id = as_text(item.get("feature_id"))
            self._answer_ids.add(feature_id)
            yield Answer(feature, feature_id, kind, options, text)

    def _options(
        self, options: Any, asked: Feature, frame: int | None, depth: int
    ) -> Iterator[AnswerOption]:
        for option in as_list(options):
            if not isinstance(option, Mapping):
                what = f"{_named(asked)} has an option without a name: {short(option)}"
                self._report(what, frame)
                continue
            feature_id = as_text(option.get("feature_id"))
            self._answer_ids.add(feature_id)
            yield AnswerOption(
                feature=_feature(option),
                feature_id=feature_id,
                answers=tuple(self._answers(option.get("classifications"), frame, depth + 1)),
            )

    def _is_key_frame(self, feature_id: str, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which frames are key frames; exports list them, or hold ``{frame: bool}``."""
        listed = self._key_frames.get(feature_id)
        if listed is None:
            return np.ones(len(frames), dtype=np.bool_)
        if isinstance(listed, Mapping):
            listed = [frame for frame, is_key in listed.items() if is_key]
        numbers = [as_frame_number(frame) for frame in as_list(listed)]
        return np.isin(frames, [number for number in numbers if number is not None])

    def _parse_segments(self, segments: Mapping[str, Any]) -> dict[str, NDArray[np.int64]]:
        parsed: dict[str, NDArray[np.int64]] = {}
        for feature_id, intervals in segments.items():
            pairs: list[list[int]] = []
            for interval in as_list(intervals):
                ends = [as_frame_number(end) for end in as_list(interval)]
                if len(ends) != 2 or None in ends or ends[0] > ends[1]:  # type: ignore[operator]  # None is excluded
                    self._report(f"segment {short(interval)} of {feature_id} is not [first, last]")
                    continue
                pairs.append([int(end) for end in ends if end is not None])
            pairs.sort()
            merged: list[list[int]] = []
            for start, end in pairs:
                if merged and start <= merged[-1][1]:
                    merged[-1][1] = max(merged[-1][1], end)
                else:
                    merged.append([start, end])
            parsed[feature_id] = np.array(merged, dtype=np.int64).reshape(-1, 2)
        return parsed

    def _report_empty_segments(
        self, objects: Mapping[str, Mapping[int, Mapping[str, Any]]]
    ) -> None:
        """Report segments whose feature has no value in any frame."""
        for feature_id in sorted(self._segments.keys() - objects.keys() - self._answer_ids):
            for start, _ in self._segments[feature_id][:1]:
                self._report(f"feature {feature_id} has segments, but no value", int(start))


def _names_in(held: Any) -> str:
    """Return the names of the annotations in a list or object, in parentheses."""
    items = held.values() if isinstance(held, Mapping) else as_list(held)
    names = {_named(_feature(item)) for item in items if isinstance(item, Mapping)}
    return f" ({', '.join(sorted(names)[:_NAMED])})" if names else ""


def _feature(item: Mapping[str, Any]) -> Feature:
    return Feature(
        as_text(item.get("feature_schema_id")),
        as_text(item.get("name")),
        as_text(item.get("value")),
    )


def _identity(feature: Feature) -> Feature:
    """Identify the classification of an answer by its schema id, or else by its name."""
    if feature.feature_schema_id is not None:
        return Feature(feature.feature_schema_id, None, None)
    return feature


def _named(feature: Feature) -> str:
    return short(feature.name or feature.value or feature.feature_schema_id or "an object")


def _answer_kind(item: Mapping[str, Any]) -> AnswerKind | None:
    """Return the kind of an answer, by the first of its keys that is not ``null``."""
    held = [kind for kind in CLASSIFICATIONS.values() if kind.json_key in item]
    given = [kind for kind in held if item[kind.json_key] is not None] or held
    return given[0].name if given else None


def _same(value: Any, other: Any) -> bool:
    try:
        return bool(value == other)
    except RecursionError:
        return False
