"""What a dataset of the sample project must hold, told from the sample's plain data alone."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import av
import deeplake
import numpy as np

from deeplake_labelbox.sandbox.sample import SampleVideo, sample_videos
from deeplake_labelbox.sandbox.sample.answers import Answer, Checklist, Radio, Text
from deeplake_labelbox.sandbox.sample.tracks import SampleTrack

VIDEOS = sample_videos()
BASE = ("frames", "frame_idx", "video_idx", "timestamp")
CAR_QUESTIONS = {
    "color": ("red", "blue", "yellow", "white"),
    "state": ("moving", "braking", "lights_on"),
}
QUESTIONS = {
    "weather": ("sun", "rain", "fog"),
    "weather/rain/intensity": ("light", "heavy"),
    "weather/fog/visibility": None,
    "events": ("crossing", "honking", "boat_in_sight"),
    "note": None,
    "scene": ("city", "harbor", "country_road"),
    "scene/city/district": ("center", "suburb"),
    "scene/harbor/port": None,
    "camera": ("steady", "moving", "wide"),
}


@dataclass(frozen=True)
class Geometry:
    """Which tools share a column, and which columns hold color, state and plate."""

    tools: tuple[str, ...]
    grouped: bool = False
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """The columns of the sample project under one group mapping."""

    group_mapping: dict[str, str] | None
    geometries: dict[str, Geometry]
    answers: dict[str, tuple[str, ...]]


_BOXES = {
    "car/car": Geometry(
        ("car",), answers={"color": "car/color", "state": "car/state", "plate": "car/plate"}
    ),
    "person": Geometry(("person",)),
}
_REST = {"lamp": Geometry(("lamp",)), "lane": Geometry(("lane",))}
_MASKS = {"mask": Geometry(("road", "boat"), grouped=True)}
_ANSWERS = {question: (question,) for question in QUESTIONS}

UNGROUPED = Expected(
    None, {**_BOXES, "road": Geometry(("road",)), "boat": Geometry(("boat",)), **_REST}, _ANSWERS
)
MASKS_GROUPED = Expected({"raster-segmentation": "mask"}, {**_BOXES, **_MASKS, **_REST}, _ANSWERS)
ALL_GROUPED = Expected(
    {
        "rectangle": "box",
        "raster-segmentation": "mask",
        "point": "spot",
        "line": "stroke",
        "radio": "choice",
        "checklist": "flags",
        "text": "words",
    },
    {
        "box/box": Geometry(
            ("car", "person"),
            grouped=True,
            answers={"color": "box/choice", "state": "box/flags", "plate": "box/words"},
        ),
        **_MASKS,
        "spot": Geometry(("lamp",), grouped=True),
        "stroke": Geometry(("lane",), grouped=True),
    },
    {
        "choice": ("weather", "scene"),
        "choice/rain/choice": ("weather/rain/intensity",),
        "choice/fog/words": ("weather/fog/visibility",),
        "choice/city/choice": ("scene/city/district",),
        "choice/harbor/words": ("scene/harbor/port",),
        "flags": ("events", "camera"),
        "words": ("note",),
    },
)


def slug(option: str) -> str:
    return option.replace(" ", "_")


@cache
def decoded(video: SampleVideo) -> tuple[np.ndarray, ...]:
    with av.open(io.BytesIO(video.encode())) as container:
        return tuple(frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))


def expected_columns(expected: Expected) -> set[str]:
    """All label columns."""
    columns = set(expected.answers)
    for name, geometry in expected.geometries.items():
        columns |= {name, f"{name}_track_ids", f"{name}_key_frames", *geometry.answers.values()}
        columns |= {f"{name}_labels"} if geometry.grouped else set()
    return columns


# --- objects -----------------------------------------------------------------------------------


def expected_tracks(video: SampleVideo, geometry: Geometry) -> Counter[Any]:
    """Each track as the tuple of what it is on each of its frames."""
    return Counter(
        _expected_track(video, track, grouped=geometry.grouped, has_answers=bool(geometry.answers))
        for track in video.tracks
        if track.tool in geometry.tools and video.labeled
    )


@cache
def _expected_track(
    video: SampleVideo, track: SampleTrack, *, grouped: bool, has_answers: bool
) -> tuple[Any, ...]:
    return tuple(
        _object(video, track, frame, grouped=grouped, has_answers=has_answers)
        for frame in range(1, video.frame_count + 1)
        if track.shape_at(frame) is not None
    )


def _object(
    video: SampleVideo, track: SampleTrack, frame: int, *, grouped: bool, has_answers: bool
) -> tuple[Any, ...]:
    shape = track.shape_at(frame)
    if track.mask_color:
        value: Any = video.mask_at(track, frame).tobytes()
    else:
        value = tuple(float(np.float32(number)) for number in shape.coordinates())
    name = track.tool if grouped else None
    answers = _object_answers(track.answers_at(frame)) if has_answers else ()
    return frame, value, name, frame in track.key_frames(), answers


def _object_answers(answers: tuple[Answer, ...]) -> tuple[Any, ...]:
    color, state, plate = None, frozenset(), ""
    for answer in answers:
        match answer:
            case Radio("color"):
                color = slug(answer.option)
            case Checklist("state"):
                state = frozenset(map(slug, answer.options))
            case Text("plate"):
                plate = answer.content
            case _:
                raise AssertionError(answer)
    return color, state, plate


def stored_tracks(
    dataset: deeplake.Dataset, name: str, geometry: Geometry, rows: range
) -> dict[int, tuple[Any, ...]]:
    """By track id, what the dataset says that the object is on each of its frames."""
    cells = read(dataset, name, rows)
    ids = read(dataset, f"{name}_track_ids", rows)
    drawn = read(dataset, f"{name}_key_frames", rows)
    labels = read(dataset, f"{name}_labels", rows) if geometry.grouped else None
    names = list(dataset[f"{name}_labels"].metadata["class_names"]) if geometry.grouped else []
    answers = {key: read(dataset, c, rows) for key, c in geometry.answers.items()}
    tracks: dict[int, list[Any]] = {}
    for index in range(len(rows)):
        shapes = [_plain(name, shape) for shape in _objects(cells[index])]
        count = len(shapes)
        assert ids[index].dtype == np.int32
        assert drawn[index].dtype == np.bool_
        assert len(ids[index]) == len(drawn[index]) == count
        assert len(set(ids[index].tolist())) == count
        assert labels is None or len(labels[index]) == count
        for place, shape in enumerate(shapes):
            given = ()
            if geometry.answers:
                given = _stored_answers({k: v[index] for k, v in answers.items()}, place, count)
            tool = None if labels is None else names[int(labels[index][place])]
            tracks.setdefault(int(ids[index][place]), []).append(
                (index + 1, shape, tool, bool(drawn[index][place]), given)
            )
        if geometry.answers and count == 0:
            assert answers["color"][index].shape == (0,)
            assert answers["state"][index].shape == (0, len(CAR_QUESTIONS["state"]))
            assert list(answers["plate"][index]) == [""]
    return {number: tuple(track) for number, track in tracks.items()}


def _objects(cell: Any) -> list[Any]:
    assert cell is not None
    if isinstance(cell, np.ndarray) and cell.dtype == np.bool_:
        return [cell[..., channel] for channel in range(cell.shape[2])]
    return list(cell)


def _plain(name: str, shape: np.ndarray) -> Any:
    if shape.dtype == np.bool_:
        return np.ascontiguousarray(shape).tobytes()
    assert shape.dtype == np.float32, name
    return tuple(float(number) for number in shape.reshape(-1))


def _stored_answers(cells: dict[str, Any], place: int, count: int) -> tuple[Any, ...]:
    assert [len(cell) for cell in cells.values()] == [count] * 3
    color = int(cells["color"][place])
    state = cells["state"][place]
    assert cells["state"].dtype == np.uint8
    assert set(state.tolist()) <= {0, 1}
    return (
        None if color == -1 else CAR_QUESTIONS["color"][color],
        frozenset(np.array(CAR_QUESTIONS["state"])[state.astype(bool)].tolist()),
        str(cells["plate"][place]),
    )


# --- answers of frames and of the whole video ----------------------------------------------------


def expected_answer(video: SampleVideo, questions: tuple[str, ...], frame: int) -> Any:
    """A set of option names, or a text; ``None`` for no text, as Deep Lake reads an empty one."""
    found: dict[str, Any] = {}
    for answer in (*video.answers_at(frame), *video.global_answers):
        _collect("", answer, found)
    if all(QUESTIONS[question] is None for question in questions):
        (question,) = questions
        return found.get(question)
    many = len(questions) > 1
    return {
        f"{question}/{option}" if many else option
        for question in questions
        for option in found.get(question, ())
    }


def _collect(prefix: str, answer: Answer, found: dict[str, Any]) -> None:
    path = prefix + answer.name
    match answer:
        case Radio():
            found.setdefault(path, set()).add(slug(answer.option))
            for nested in answer.nested:
                _collect(f"{path}/{slug(answer.option)}/", nested, found)
        case Checklist():
            found.setdefault(path, set()).update(map(slug, answer.options))
        case Text():
            found[path] = answer.content


def stored_answers(dataset: deeplake.Dataset, name: str, rows: range, *, text: bool) -> list[Any]:
    cells = read(dataset, name, rows)
    if text:
        return list(cells)
    names = list(dataset[name].metadata["class_names"])
    for cell in cells:
        assert cell.dtype == np.int32
        assert len(set(cell.tolist())) == len(cell)
    return [{names[int(number)] for number in cell} for cell in cells]


# --- the whole dataset ---------------------------------------------------------------------------


def read(dataset: deeplake.Dataset, column: str, rows: range) -> Any:
    return dataset[column][rows.start : rows.stop]


def rows_of_videos(dataset: deeplake.Dataset) -> dict[SampleVideo, range]:
    """The rows of each sample video; one after the other, told from ``video_idx``."""
    numbers = np.asarray(dataset["video_idx"][:]).reshape(-1)
    found = {}
    for index, video in enumerate(VIDEOS):
        rows = np.flatnonzero(numbers == index)
        assert len(rows) == video.frame_count, video.name
        assert (np.diff(rows) == 1).all()
        found[video] = range(int(rows[0]), int(rows[-1]) + 1)
    assert len(dataset) == sum(video.frame_count for video in VIDEOS)
    return found


def check_frames(dataset: deeplake.Dataset, *, exact: bool = True) -> None:
    """Compare every value of the base columns."""
    for video, rows in rows_of_videos(dataset).items():
        assert read(dataset, "frame_idx", rows).tolist() == list(range(video.frame_count))
        times = np.arange(video.frame_count) / float(video.frame_rate)
        # Containers keep times in ticks of at most a millisecond (WebM).
        np.testing.assert_allclose(read(dataset, "timestamp", rows), times, atol=0.001)
        for stored, frame in zip(read(dataset, "frames", rows), decoded(video), strict=True):
            assert stored.dtype == np.uint8
            if exact:
                assert np.array_equal(stored, frame)
            else:
                assert stored.shape == frame.shape
                assert np.abs(stored.astype(int) - frame).mean() < 2


def check_labels(dataset: deeplake.Dataset, expected: Expected) -> None:
    """Compare every value of the label columns."""
    names = {column.name for column in dataset.schema.columns}
    assert {n for n in names if not n.startswith("lb_meta/")} == {
        *BASE,
        *expected_columns(expected),
    }
    seen: set[int] = set()
    for video, rows in rows_of_videos(dataset).items():
        if not video.labeled:
            for column in expected_columns(expected):
                cells = read(dataset, column, rows)
                assert all(cell is None for cell in cells), (video.name, column)
            continue
        for name, geometry in expected.geometries.items():
            stored = stored_tracks(dataset, name, geometry, rows)
            wanted = expected_tracks(video, geometry)
            assert Counter(stored.values()) == wanted, (video.name, name)
            assert not seen & set(stored)
            seen |= set(stored)
        for name, questions in expected.answers.items():
            wanted = [expected_answer(video, questions, n) for n in range(1, video.frame_count + 1)]
            text = QUESTIONS[questions[0]] is None
            assert stored_answers(dataset, name, rows, text=text) == wanted, (video.name, name)


def contents(dataset: deeplake.Dataset) -> dict[str, list[Any]]:
    """Every value of every column in a form that compares with ``==``."""
    return {
        column.name: [_comparable(cell) for cell in dataset[column.name][:]]
        for column in dataset.schema.columns
    }


def _comparable(cell: Any) -> Any:
    if isinstance(cell, np.ndarray) and cell.dtype != object:
        return cell.shape, cell.dtype.str, cell.tobytes()
    if isinstance(cell, (list, tuple, np.ndarray)):
        return [_comparable(part) for part in cell]
    return cell
