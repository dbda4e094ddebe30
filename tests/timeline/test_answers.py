import numpy as np
import pytest
from label_json import ONTOLOGY, box, checklist, frame, label, option, radio, text, values_of

from deeplake_labelbox._model.annotations import Problem
from deeplake_labelbox._model.answer_spans import held_answers
from deeplake_labelbox._model.labels import parse_label

SUN, RAIN = 0, 1
BUS, BIKE, DOG = 0, 1, 2


def answered(frames, segments=None, last_frame=10, column="weather"):
    """The answers to a frame classification by row."""
    numbered = {number: frame(answers=(answer,)) for number, answer in frames.items()}
    cells = values_of(label(numbered, segments), last_frame).columns[column]
    return [cell if isinstance(cell, str) else cell.tolist() for cell in cells]


def test_an_answer_without_segments_stands_for_its_frame():
    assert answered({3: radio("weather", "sun")}, last_frame=4) == [[], [], [SUN], []]


def test_an_answer_is_held_through_the_segments_of_its_classification():
    frames = {
        2: radio("weather", "sun", ids=("w", "")),
        4: radio("weather", "rain", ids=("w", "")),
    }

    assert answered(frames, {"w": [[2, 5], [8, 8]]}, 9) == [
        [],
        [SUN],
        [SUN],
        [RAIN],
        [RAIN],
        [],
        [],
        [RAIN],
        [],
    ]


def test_an_answer_is_never_there_before_it_was_given():
    frames = {3: radio("weather", "sun", ids=("w", ""))}

    assert answered(frames, {"w": [[1, 4]]}, 4) == [[], [], [SUN], [SUN]]


def test_segments_keyed_by_the_option_say_when_it_is_chosen():
    frames = {
        1: radio("weather", "sun", ids=("", "sun-1")),
        4: radio("weather", "rain", ids=("", "rain-1")),
    }
    segments = {"sun-1": [[1, 2], [6, 7]], "rain-1": [[4, 4]]}

    assert answered(frames, segments, 8) == [[SUN], [SUN], [], [RAIN], [], [SUN], [SUN], []]


def test_every_option_of_a_checklist_has_its_own_frames():
    bus, bike = option("bus", feature_id="bus-1"), option("bike", feature_id="bike-1")
    frames = {1: checklist("seen", bus), 3: checklist("seen", bus, bike)}
    segments = {"bus-1": [[1, 4]], "bike-1": [[3, 6]]}

    assert answered(frames, segments, 7, "seen") == [
        [BUS],
        [BUS],
        [BUS, BIKE],
        [BUS, BIKE],
        [BIKE],
        [BIKE],
        [],
    ]


def test_options_without_segments_follow_the_classification():
    bus, dog = option("bus", feature_id="bus-1"), option("dog")
    frames = {1: checklist("seen", bus, dog, feature_id="seen-1")}

    assert answered(frames, {"bus-1": [[1, 2]], "seen-1": [[1, 3]]}, 4, "seen") == [
        [BUS, DOG],
        [BUS, DOG],
        [DOG],
        [],
    ]


def test_of_two_options_of_a_radio_the_later_one_holds():
    frames = {
        1: radio("weather", "sun", ids=("", "sun-1")),
        3: radio("weather", "rain", ids=("", "rain-1")),
    }
    segments = {"sun-1": [[1, 5]], "rain-1": [[3, 4]]}

    assert answered(frames, segments, 6) == [[SUN], [SUN], [RAIN], [RAIN], [SUN], []]


def test_a_text_is_held_and_changes():
    frames = {1: text("note", "one", "n"), 4: text("note", "two", "n")}

    assert answered(frames, {"n": [[1, 2], [4, 5]]}, 6, "note") == [
        "one",
        "one",
        "",
        "two",
        "two",
        "",
    ]


def test_what_is_nested_below_an_answer_is_held_with_it():
    frames = {2: radio("weather", "rain", radio("strength", "heavy"), ids=("w", "rain-1"))}
    for segments in ({"w": [[2, 3]]}, {"rain-1": [[2, 3]]}):
        assert answered(frames, segments, 4, "weather/rain/strength") == [[], [1], [1], []]


def test_an_answer_taken_back_ends_what_was_held():
    taken_back = {"feature_id": "w", "name": "weather", "radio_answer": None}
    frames = {1: radio("weather", "sun", ids=("w", "")), 3: taken_back}

    assert answered(frames, {"w": [[1, 5]]}, 5) == [[SUN], [SUN], [], [], []]


def test_frames_with_and_without_schema_ids_are_one_classification():
    schema_id = ONTOLOGY["classifications"][0]["featureSchemaId"]
    with_id = {**radio("weather", "sun"), "feature_schema_id": schema_id}

    assert answered({1: with_id, 2: radio("weather", "rain")}, None, 2) == [[SUN], [RAIN]]


def test_global_answers_are_on_every_row_that_has_no_answer_of_its_own():
    place = label(classifications=[radio("place", "land")])
    assert [c.tolist() for c in values_of(place, 3).columns["place"]] == [[1], [1], [1]]

    both = label(
        {2: frame(answers=(radio("place", "town"),))}, None, None, [radio("place", "land")]
    )
    assert [c.tolist() for c in values_of(both, 3).columns["place"]] == [[1], [0], [1]]


def test_answers_of_an_object_are_held_over_gaps_and_wait_for_the_first_key_frame():
    frames = {
        2: frame(box("c", (0, 0, 1, 1), radio("color", "blue"), text("plate", "A"))),
        4: frame(box("c", (0, 0, 1, 1), radio("color", "red", text("shade", "dark")))),
    }
    columns = values_of(label(frames, {"c": [[1, 5], [8, 8]]}), 8).columns

    assert [c.tolist() for c in columns["car/color"]] == [
        [-1],
        [1],
        [1],
        [0],
        [0],
        [],
        [],
        [0],
    ]
    assert [list(c) for c in columns["car/plate"]][:5] == [[""], ["A"], ["A"], [""], [""]]
    assert [list(c) for c in columns["car/color/red/shade"]][2:5] == [[""], ["dark"], ["dark"]]


def test_segments_of_an_objects_answer_say_when_it_holds():
    answer = checklist(
        "flags", option("parked", feature_id="parked-1"), option("dirty", feature_id="dirty-1")
    )
    frames = {1: frame(box("c", (0, 0, 1, 1), answer))}
    segments = {"c": [[1, 4]], "parked-1": [[1, 2]], "dirty-1": [[1, 3]]}
    cells = values_of(label(frames, segments), 4).columns["car/flags"]

    assert [cell.tolist() for cell in cells] == [[[1, 1]], [[1, 1]], [[0, 1]], [[0, 0]]]


@pytest.mark.parametrize(
    ("key", "segments", "first", "last"),
    [
        ("w", [[1, 14]], 11, 14),
        ("sun-1", [[1, 3], [12, 14]], 12, 14),
        ("w", [[1, 11]], 11, None),
    ],
)
def test_answers_whose_segments_run_beyond_the_video_are_reported(key, segments, first, last):
    answers = (radio("weather", "sun", ids=("w", "sun-1")),)

    (problem,) = values_of(label({1: frame(answers=answers)}, {key: segments}), 10).problems

    assert problem == Problem("'weather' is labeled, but the video has 10 frames", first, last)


def test_answers_given_beyond_the_video_are_reported():
    numbered = {n: frame(answers=(radio("weather", "sun"),)) for n in (2, 11, 13)}

    (problem,) = values_of(label(numbered), 10).problems

    assert problem == Problem("'weather' is labeled, but the video has 10 frames", 11, 13)


def test_ten_thousand_changes_of_an_answer_are_spread_without_comparing_all_with_all():
    count = 10_000
    frames = {
        2 * n: frame(answers=(checklist("seen", option("bus", feature_id="bus-1")),))
        for n in range(1, count)
    }
    segments = {"bus-1": [[2 * n, 2 * n] for n in range(1, count)]}
    (track,) = parse_label(label(frames, segments)).frame_answers

    held = held_answers(
        track.answers, parse_label(label(frames, segments)).segments, np.arange(1, 2 * count)
    )

    assert (held.index >= 0).sum() == count - 1
