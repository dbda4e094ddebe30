"""An export of key frames only and one of every frame say the same of every frame.

What is compared with are the frames that the sandbox renders one by one, in scalar Python.
"""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from label_json import PATIENT, layout, new_dataset, rendered, values_of
from PIL import Image

from deeplake_labelbox._store.track_ids import TrackIds

LAST_FRAME = 24
# Labels may say more than the video shows.
MOST_FRAMES = 30

COORDINATE = st.floats(-50, 2000, allow_nan=False).map(float)
COLORS = [(255, 0, 0), (0, 255, 0)]


@st.composite
def intervals(draw: st.DrawFn, most: int = 3) -> list[tuple[int, int]]:
    """Disjoint intervals of frames, ascending; some touch, some have a gap between them."""
    ends = draw(
        st.lists(st.integers(1, MOST_FRAMES), min_size=2, max_size=2 * most, unique=True).map(
            sorted
        )
    )
    return list(zip(ends[::2], ends[1::2], strict=False))


@st.composite
def segments(draw: st.DrawFn, key_frame: st.SearchStrategy[dict[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for start, end in draw(intervals()):
        later = draw(st.sets(st.integers(start, end), max_size=4))
        keys = [{"frame": number, **draw(key_frame)} for number in sorted({start, *later})]
        made.append({"keyframes": keys, "end": end})
    return made


@st.composite
def car_answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    color = draw(st.sampled_from(["red", "blue", None]))
    if color is not None:
        nested = [{"name": "shade", "answer": draw(st.text(max_size=3))}] if color == "red" else []
        answers.append({"name": "color", "answer": {"name": color, "classifications": nested}})
    flags = draw(st.sets(st.sampled_from(["parked", "dirty"])))
    if flags:
        answers.append({"name": "flags", "answer": [{"name": flag} for flag in sorted(flags)]})
    if draw(st.booleans()):
        answers.append({"name": "plate", "answer": draw(st.text(max_size=3))})
    return answers


BOX = st.fixed_dictionaries(dict.fromkeys(("top", "left", "height", "width"), COORDINATE))
POINT = st.fixed_dictionaries({"x": COORDINATE, "y": COORDINATE})
OBJECT = st.one_of(
    st.fixed_dictionaries(
        {
            "name": st.just("car"),
            "segments": segments(
                st.fixed_dictionaries({"bbox": BOX, "classifications": car_answers()})
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("person"),
            "segments": segments(st.fixed_dictionaries({"bbox": BOX})),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("nose"),
            "segments": segments(st.fixed_dictionaries({"point": POINT})),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("lane"),
            "segments": segments(
                st.fixed_dictionaries({"line": st.lists(POINT, min_size=1, max_size=3)})
            ),
        }
    ),
)


@st.composite
def masks(draw: st.DrawFn) -> dict[str, Any]:
    numbers = sorted(draw(st.sets(st.integers(1, MOST_FRAMES), min_size=1, max_size=5)))
    drawn = [draw(st.sets(st.sampled_from(COLORS))) for _ in numbers]
    drawn[0] = set(COLORS)
    frames = []
    for number, colors in zip(numbers, drawn, strict=True):
        pixels = np.zeros((1, 2, 3), dtype=np.uint8)
        for position, color in enumerate(COLORS):
            if color in colors:
                pixels[0, position] = color
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format="PNG")
        frames.append({"index": number, "imBytes": base64.b64encode(buffer.getvalue()).decode()})
    end = draw(st.integers(numbers[-1], MOST_FRAMES))
    return {
        "masks": {
            "frames": frames,
            "instances": [{"name": "road", "colorRGB": list(color)} for color in COLORS],
        },
        "segments": [[numbers[0], end]],
    }


def ranges(spans: list[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"start": start, "end": end} for start, end in spans]


@st.composite
def weather(draw: st.DrawFn) -> dict[str, Any]:
    answers = []
    for span in draw(intervals(4)):
        name = draw(st.sampled_from(["sun", "rain"]))
        nested = (
            [{"name": "strength", "answer": {"name": "heavy"}}]
            if name == "rain" and draw(st.booleans())
            else []
        )
        answers.append({"name": name, "frames": ranges([span]), "classifications": nested})
    return {"name": "weather", "answer": answers}


@st.composite
def seen(draw: st.DrawFn) -> dict[str, Any]:
    chosen = sorted(draw(st.sets(st.sampled_from(["bus", "bike", "dog"]), min_size=1)))
    answers = [{"name": name, "frames": ranges(draw(intervals(2)))} for name in chosen]
    return {"name": "seen", "answer": answers}


@st.composite
def note(draw: st.DrawFn) -> dict[str, Any]:
    spans = draw(intervals())
    answers = [
        {"value": draw(st.text(min_size=1, max_size=3)), "frames": ranges([span])} for span in spans
    ]
    return {"name": "note", "answer": answers}


@st.composite
def annotations(draw: st.DrawFn) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = draw(st.lists(OBJECT, max_size=3))
    made += [draw(once) for once in (masks(), weather(), seen(), note()) if draw(st.booleans())]
    if draw(st.booleans()):
        made.append({"name": "place", "answer": {"name": "land"}})
    return made


@settings(PATIENT, max_examples=150)
@given(annotations(), st.sampled_from(["answer", "classification"]))
def test_both_exports_give_what_the_editor_shows(made, classification_segments):
    columns = layout()
    shown = rendered(
        made, interpolated_frames=True, classification_segments=classification_segments
    )
    expected = _shown(shown["annotations"])
    for interpolated_frames in (False, True):
        exported = rendered(
            made,
            interpolated_frames=interpolated_frames,
            classification_segments=classification_segments,
        )
        track_ids = TrackIds(new_dataset(), columns.geometries)
        track_ids.enter("data-row")
        values = values_of(exported, LAST_FRAME, columns, track_ids=track_ids)
        assert all("but the video has" in problem.what for problem in values.problems)
        feature_ids = {
            column.name: {
                track_ids.of(column, feature_id): feature_id
                for feature_id in shown["annotations"]["segments"]
            }
            for column in columns.geometries
        }
        assert _written(values, columns, feature_ids) == expected


@settings(PATIENT, max_examples=50)
@given(annotations())
def test_both_exports_report_the_same_labels_beyond_the_video(made):
    reports = [
        {
            (problem.what, problem.frame)
            for problem in values_of(
                rendered(made, interpolated_frames=interpolated_frames), LAST_FRAME
            ).problems
        }
        for interpolated_frames in (False, True)
    ]
    assert reports[0] == reports[1]


def _shown(exported: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """By frame and feature id what an export of every frame says, read as plainly as can be."""
    frames: dict[int, dict[str, Any]] = defaultdict(dict)
    place = [
        [["town", "land"].index(a["radio_answer"]["name"])] for a in exported["classifications"]
    ]
    for number in range(1, LAST_FRAME + 1):
        frame = exported["frames"].get(str(number), {"objects": {}, "classifications": []})
        for feature_id, item in frame["objects"].items():
            drawn = number in exported["key_frame_feature_map"][feature_id]
            frames[number][feature_id] = (_geometry(item), drawn, _object_answers(item))
        answers = {a["name"]: a for a in frame["classifications"]}
        chosen = answers.get("weather", {}).get("radio_answer")
        frames[number]["weather"] = (
            [] if chosen is None else [["sun", "rain"].index(chosen["name"])]
        )
        frames[number]["strength"] = [1] if chosen is not None and chosen["classifications"] else []
        frames[number]["seen"] = sorted(
            ["bus", "bike", "dog"].index(option["name"])
            for option in answers.get("seen", {}).get("checklist_answers", [])
        )
        frames[number]["note"] = answers.get("note", {}).get("text_answer", {}).get("content", "")
        frames[number]["place"] = place[0] if place else []
    return frames


def _geometry(item: dict[str, Any]) -> Any:
    if "bounding_box" in item:
        found = item["bounding_box"]
        return _float32([found[key] for key in ("left", "top", "width", "height")])
    if "point" in item:
        return _float32([item["point"]["x"], item["point"]["y"]])
    if "line" in item:
        return _float32([[vertex["x"], vertex["y"]] for vertex in item["line"]])
    return item["mask"]["url"]


def _object_answers(item: dict[str, Any]) -> Any:
    if item["name"] != "car":
        return None
    answers = {a["name"]: a for a in item["classifications"]}
    color = answers.get("color", {}).get("radio_answer")
    flags = {o["name"] for o in answers.get("flags", {}).get("checklist_answers", [])}
    nested = color["classifications"] if color else []
    return (
        ["red", "blue"].index(color["name"]) if color else -1,
        ["parked" in flags, "dirty" in flags],
        answers.get("plate", {}).get("text_answer", {}).get("content", ""),
        nested[0]["text_answer"]["content"] if nested else "",
    )


def _float32(numbers: Any) -> Any:
    return np.array(numbers, dtype=np.float32).tolist()


def _written(values: Any, columns: Any, feature_ids: dict[str, dict[int, str]]) -> Any:
    """By frame and feature id what would be written to the dataset."""
    written = values.columns
    frames: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in range(LAST_FRAME):
        number = row + 1
        for column in columns.geometries:
            ids = written[column.track_ids][row]
            drawn = written[column.key_frames][row]
            shapes = values.masks.get(column.name, written.get(column.name))[row]
            assert len(ids) == len(drawn) == len(shapes)
            for index, track_id in enumerate(ids):
                shape = shapes[index]
                frames[number][feature_ids[column.name][int(track_id)]] = (
                    shape.url if column.name == "road" else shape.tolist(),
                    bool(drawn[index]),
                    (
                        int(written["car/color"][row][index]),
                        [bool(flag) for flag in written["car/flags"][row][index]],
                        written["car/plate"][row][index],
                        written["car/color/red/shade"][row][index],
                    )
                    if column.name == "car/car"
                    else None,
                )
        frames[number]["weather"] = written["weather"][row].tolist()
        frames[number]["strength"] = written["weather/rain/strength"][row].tolist()
        frames[number]["seen"] = sorted(written["seen"][row].tolist())
        frames[number]["note"] = written["note"][row]
        frames[number]["place"] = written["place"][row].tolist()
    return frames
