"""Labels that are broken: each problem is told, and the rest is read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_json import (
    PATIENT,
    box,
    checklist,
    frame,
    label,
    layout,
    line,
    mask,
    option,
    point,
    radio,
    rendered,
    text,
    values_of,
)

from deeplake_labelbox._model.annotations import Problem
from deeplake_labelbox._model.labels import parse_label


def whats(parsed):
    return [(problem.what, problem.frame) for problem in parsed.problems]


BROKEN = {
    "a kind of tomorrow": (
        label({7: {"objects": {"s": {"name": "cube", "annotation_kind": "VideoCuboid"}}}}),
        "'cube' (s) is of a kind that is not supported (VideoCuboid)",
        7,
    ),
    "no payload at all": (
        label({7: {"objects": {"s": {"name": "car"}}}}),
        "'car' (s) is of a kind that is not supported",
        7,
    ),
    "a box without width": (
        label({7: {"objects": {"s": {"bounding_box": {"left": 1, "top": 1}}}}}),
        "'an object' (s) has a geometry that cannot be read: it has no 'width'",
        7,
    ),
    "a box that is nowhere": (
        label({7: frame(box("s", (float("nan"), 1, 1, 1)))}),
        "'car' (s) has a geometry that cannot be read: nan is not a coordinate",
        7,
    ),
    "a number that no float holds": (
        label({7: frame(box("s", (10**400, 1, 1, 1)))}),
        "'car' (s) has a geometry that cannot be read: int too large to convert to float",
        7,
    ),
    "a line without vertices": (
        label({7: frame(line("s"))}),
        "'lane' (s) has a geometry that cannot be read: it has no vertices",
        7,
    ),
    "a mask without a URL": (
        label({7: frame(mask("s", ""))}),
        "'road' (s) has a geometry that cannot be read: its mask has no URL",
        7,
    ),
    "a mask of no color": (
        label({7: {"objects": {"s": {"composite_mask": {"url": "u", "color_rgb": [0, 256, 0]}}}}}),
        "'an object' (s) has a geometry that cannot be read: [0, 256, 0] is not a color_rgb",
        7,
    ),
    "an object without an id": (
        label({7: {"objects": [{"name": "car"}]}}),
        "'car' has no feature_id",
        7,
    ),
    "an object that is text": (
        label({7: {"objects": {"s": "x"}}}),
        "an object is a str, not an object",
        7,
    ),
    "an object that is there twice": (
        label({7: {"objects": [box("s"), box("s")]}}),
        "'car' (s) occurs twice",
        7,
    ),
    "an object that changes its kind": (
        label({6: frame(box("s")), 7: frame(point("s"))}),
        "'car' (s) changes to point",
        7,
    ),
    "a frame that is text": (label({7: "x"}), "the frame is a str, not an object", 7),
    "a frame that is there twice": (
        {"annotations": {"frames": {"7": frame(box()), "07": frame(box())}}},
        "the frame occurs twice",
        7,
    ),
    "a frame 0": (label({0: frame(box())}), "frame '0' is not a frame number from 1 on", None),
    "a frame between frames": (
        {"annotations": {"frames": {"1.5": {}}}},
        "frame '1.5' is not a frame number from 1 on",
        None,
    ),
    "frames in a list": (
        {"annotations": {"frames": [{}]}},
        "'frames' is a list, not an object",
        None,
    ),
    "segments in a list": (
        {"annotations": {"segments": [[1, 2]]}},
        "'segments' is a list, not an object",
        None,
    ),
    "annotations in a list": (
        {"annotations": [{}]},
        "'annotations' is a list, not an object",
        None,
    ),
    "a segment that ends before it starts": (
        label({7: frame(box("s"))}, {"s": [[9, 7]]}),
        "segment [9, 7] of s is not [first, last]",
        None,
    ),
    "a segment of three": (
        label({7: frame(box("s"))}, {"s": [[7, 8, 9]]}),
        "segment [7, 8, 9] of s is not [first, last]",
        None,
    ),
    "segments of an unknown feature": (
        label({7: frame(box("s"))}, {"t": [[7, 9]]}),
        "feature t has segments, but no value",
        7,
    ),
    "an answer of an unknown kind": (
        label({7: frame(answers=({"name": "a", "slider_answer": 3},))}),
        "'a' has an answer of unknown kind",
        7,
    ),
    "an option that is text": (
        label({7: frame(answers=({"name": "a", "radio_answer": "red"},))}),
        "'a' has an option without a name: 'red'",
        7,
    ),
    "a radio with two answers": (
        label({7: frame(answers=({"name": "a", "radio_answer": [option("x"), option("y")]},))}),
        "'a' is a radio with several answers",
        7,
    ),
    "a text that is an object": (
        label({7: frame(answers=({"name": "a", "text_answer": {"content": {}}},))}),
        "'a' has a text answer that is not a text",
        7,
    ),
    "a classification that is text": (
        label({7: frame(answers=("a",))}),
        "a classification is a str",
        7,
    ),
    "a classification that is answered twice": (
        label({7: frame(answers=(radio("a", "x"), radio("a", "y")))}),
        "'a' is answered twice",
        7,
    ),
}


@pytest.mark.parametrize(("broken", "what", "number"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_one_problem_with_its_frame(broken, what, number):
    assert parse_label(broken).problems == (Problem(what, number),)


def test_what_is_wrong_on_one_frame_takes_nothing_from_the_others():
    frames = {1: frame(box("s")), 2: frame(box("s", (10**400, 1, 1, 1))), 3: frame(box("s"))}

    (track,) = parse_label(label(frames)).tracks

    assert track.frames.tolist() == [1, 3]


def test_messages_stay_short_whatever_is_in_the_label():
    deep: list = []
    for _ in range(500):
        deep = [deep]
    parsed = parse_label(
        label(
            {
                1: frame(box("s", ("9" * 10_000, 1, 1, 1))),
                2: {"objects": {"t": {"name": "n" * 10_000, "annotation_kind": "k" * 10_000}}},
                3: frame(answers=({"name": "a", "radio_answer": [deep]},)),
                4: frame(answers=({"name": "a", "text_answer": {"content": deep}},)),
            },
            {"s": [[1, "1" * 10_000], deep]},
        )
    )

    assert len(parsed.problems) == 6
    assert all(len(problem.what) < 300 for problem in parsed.problems)


def test_answers_nested_too_deep_are_reported_and_cut():
    nested: list = []
    for _ in range(200):
        nested = [radio("a", "x", *nested)]

    parsed = parse_label(label(classifications=nested))

    assert whats(parsed) == [("answers are nested deeper than 32", None)]


def test_segments_without_end_take_no_memory():
    far = 10**12
    values = values_of(
        label(
            {1: frame(box("car-1"), answers=(radio("weather", "sun", ids=("w", "sun")),))},
            {"car-1": [[1, far]], "sun": [[1, far]]},
        ),
        last_frame=3,
    )

    assert [len(boxes) for boxes in values.columns["car/car"]] == [1, 1, 1]
    assert [answers.tolist() for answers in values.columns["weather"]] == [[0], [0], [0]]
    assert {problem.frame for problem in values.problems} == {4}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["1", "2", "car", "car-1", "1e999", "-1"]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=8,
)

WHOLE = label(
    {
        1: frame(
            box("car-1", (1, 2, 3, 4), radio("color", "red", text("shade", "dark"))),
            point("nose-1"),
            line("lane-1", (0, 0), (1, 1)),
            mask("road-1", "https://x.test/1"),
            answers=(
                radio("weather", "sun", ids=("w", "sun")),
                checklist("seen", option("bus", feature_id="bus")),
                text("note", "x", "note-1"),
            ),
        ),
        5: frame(
            box("car-1", (5, 5, 5, 5), checklist("flags", option("parked"))),
            line("lane-1", (0, 0)),
            answers=(radio("weather", "rain", radio("strength", "light"), ids=("w", "rain")),),
        ),
    },
    {"car-1": [[1, 3], [5, 8]], "sun": [[1, 4]], "rain": [[5, 6]], "bus": [[1, 9]], "note-1": []},
    {"car-1": [1, 5], "nose-1": {"1": True}},
    [radio("place", "town")],
)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


PLACES = [path for path in places(WHOLE) if path]


@st.composite
def mutated(draw):
    """The whole label with some of its values replaced by others, or removed."""
    found = json.loads(json.dumps(WHOLE))
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4)):
        parent = found
        for key in path[:-1]:
            try:
                parent = parent[key]
            except (KeyError, IndexError, TypeError):
                parent = None
        if isinstance(parent, dict) and draw(st.booleans()):
            parent.pop(path[-1], None)
        elif isinstance(parent, dict) or (
            isinstance(parent, list) and path[-1] in range(len(parent))
        ):
            parent[path[-1]] = draw(JSON)
    return found


LAYOUT = layout()


def test_the_label_that_is_mutated_is_whole():
    assert values_of(WHOLE, 10, LAYOUT).problems == ()


@settings(PATIENT, max_examples=300)
@given(mutated())
def test_a_mutated_label_gives_values_for_every_row_and_never_an_exception(broken):
    values = values_of(broken, 10, LAYOUT)

    assert {len(cells) for cells in values.columns.values()} == {10}
    assert all(isinstance(problem.what, str) for problem in values.problems)


@settings(PATIENT, max_examples=150)
@given(st.dictionaries(st.sampled_from(["annotations", "id", "label_details"]), JSON))
def test_random_json_is_no_label_but_no_exception_either(anything):
    assert parse_label(anything).tracks == ()


def test_a_label_of_the_sandbox_has_no_problems():
    made = [
        {
            "name": "car",
            "segments": [
                {
                    "keyframes": [
                        {"frame": 2, "bbox": {"top": 1, "left": 1, "height": 1, "width": 1}}
                    ],
                    "end": 6,
                }
            ],
        }
    ]

    assert parse_label(rendered(made, interpolated_frames=True)).problems == ()
