"""Label JSON, as it is and as it may be, read as annotations."""

import numpy as np
import pytest
from label_json import (
    box,
    checklist,
    frame,
    label,
    line,
    mask,
    option,
    point,
    radio,
    text,
)

from deeplake_labelbox._model.annotations import Feature, MaskReference
from deeplake_labelbox._model.labels import parse_label

NOTHING = [
    {},
    {"annotations": None},
    {"annotations": {}},
    {"annotations": []},
    label(),
    label({}, {}, {}, []),
    {"annotations": {"frames": [], "segments": [], "key_frame_feature_map": [], "x": 1}},
    {"annotations": {"frames": None, "segments": None, "classifications": None}},
    label({1: {}}),
    label({1: {"objects": {}, "classifications": []}}),
    label({1: {"objects": [], "classifications": None}}),
    label({1: {"objects": None}}),
    label({1: None, 2: []}),
]


def whats(parsed):
    return [(problem.what, problem.frame) for problem in parsed.problems]


@pytest.mark.parametrize("empty", NOTHING, ids=range(len(NOTHING)))
def test_a_label_that_says_nothing_has_no_annotations_and_no_problems(empty):
    parsed = parse_label(empty)

    assert (parsed.tracks, parsed.frame_answers, parsed.global_answers) == ((), (), ())
    assert parsed.problems == ()


def test_every_geometry_is_told_by_its_payload():
    composite = {
        "feature_id": "road-2",
        "composite_mask": {"url": "https://x.test/2", "color_rgb": [224, 17, 103]},
    }
    polygon = {"feature_id": "area-1", "polygon": [[0, 1], [2, 3], [4, 5]]}
    parsed = parse_label(
        label(
            {
                3: frame(
                    box("car-1", (1.25, 2, 3, 4)),
                    point("nose-1", (5, 6.5)),
                    line("lane-1", (0, 1), (2, 3)),
                    polygon,
                    mask("road-1", "https://x.test/1"),
                    composite,
                )
            }
        )
    )

    assert parsed.problems == ()
    tracks = {track.feature_id: track for track in parsed.tracks}
    assert [track.kind for track in tracks.values()] == [
        "rectangle",
        "point",
        "line",
        "polygon",
        "raster-segmentation",
        "raster-segmentation",
    ]
    np.testing.assert_array_equal(tracks["car-1"].coordinates, [[1.25, 2, 3, 4]])
    np.testing.assert_array_equal(tracks["nose-1"].coordinates, [[5, 6.5]])
    np.testing.assert_array_equal(tracks["lane-1"].coordinates[0], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(tracks["area-1"].coordinates[0], [[0, 1], [2, 3], [4, 5]])
    assert tracks["road-1"].coordinates == (MaskReference("https://x.test/1"),)
    assert tracks["road-2"].coordinates == (MaskReference("https://x.test/2", (224, 17, 103)),)


@pytest.mark.parametrize(
    "key_frames",
    [
        {"car-1": [9, 3]},
        {"car-1": ["9", "3"]},
        {"car-1": {"3": True, "9": True}},
        {"car-1": {"9": True, "6": False, "3": True}},
    ],
)
def test_key_frames_are_read_from_both_shapes_in_any_order(key_frames):
    frames = {9: frame(box()), 6: frame(box()), 3: frame(box())}

    (track,) = parse_label(label(frames, {"car-1": [[3, 9]]}, key_frames)).tracks

    assert track.frames.tolist() == [3, 6, 9]
    assert track.is_key_frame.tolist() == [True, False, True]


@pytest.mark.parametrize("key_frames", [None, {}, {"another": [3]}, {"car-1": None}])
def test_a_feature_without_key_frames_was_drawn_wherever_it_is_listed(key_frames):
    (track,) = parse_label(label({3: frame(box()), 4: frame(box())}, key_frames=key_frames)).tracks

    assert track.is_key_frame.tolist() == [True, True]


def test_objects_may_be_a_list_and_lack_every_optional_key():
    bare = {"feature_id": "x", "bounding_box": {"left": 1, "top": 2, "width": 3, "height": 4}}
    parsed = parse_label(label({1: {"objects": [bare]}}))

    (track,) = parsed.tracks
    assert track.feature == Feature(None, None, None)
    assert track.segments.shape == (0, 2)
    assert track.answers == ((),)
    assert parsed.problems == ()


def test_the_key_of_an_object_is_its_feature_id_where_it_has_none_itself():
    item = box()
    del item["feature_id"]
    parsed = parse_label(label({1: {"objects": {"by-key": item}}}))

    assert [track.feature_id for track in parsed.tracks] == ["by-key"]


def test_segments_are_sorted_and_overlaps_merged_but_neighbors_kept_apart():
    segments = {"car-1": [[8, 9], [1, 3], ["2", "5"], [6, 7]]}
    (track,) = parse_label(label({1: frame(box())}, segments)).tracks

    assert track.segments.tolist() == [[1, 5], [6, 7], [8, 9]]


def test_answers_are_read_with_everything_below_them():
    shade = text("shade", "dark")
    given_answers = (
        radio("color", "red", shade),
        checklist("flags", option("parked"), option("dirty")),
        text("plate", "AB 1"),
    )
    parsed = parse_label(label({1: frame(box("car-1", (1, 2, 3, 4), *given_answers))}))

    color, flags, plate = parsed.tracks[0].answers[0]
    assert (color.kind, color.options[0].feature.name) == ("radio", "red")
    assert color.options[0].answers[0].text == "dark"
    assert (flags.kind, [o.feature.name for o in flags.options]) == (
        "checklist",
        ["parked", "dirty"],
    )
    assert (plate.kind, plate.text) == ("text", "AB 1")
    assert parsed.problems == ()


def test_of_several_answer_keys_the_one_that_is_not_null_counts():
    item = {"name": "a", "radio_answer": None, "checklist_answers": [option("x")]}

    (answer,) = parse_label(label(classifications=[item])).global_answers

    assert answer.kind == "checklist"


def test_an_answer_that_was_taken_back_is_an_answer_without_options():
    (answer,) = parse_label(
        label(classifications=[{"name": "a", "radio_answer": None}])
    ).global_answers

    assert (answer.kind, answer.options) == ("radio", ())


def test_frame_answers_are_gathered_by_schema_id_even_under_another_name():
    first = {**radio("weather", "sun"), "feature_schema_id": "schema-1"}
    renamed = {**radio("Weather?", "rain"), "feature_schema_id": "schema-1"}
    parsed = parse_label(label({1: frame(answers=(first,)), 5: frame(answers=(renamed,))}))

    (track,) = parsed.frame_answers
    assert {n: a.options[0].feature.name for n, a in track.answers.items()} == {1: "sun", 5: "rain"}


def test_the_label_says_who_made_it():
    parsed = parse_label({"id": "label-9", "label_details": {"created_by": "a@b.test"}})

    assert (parsed.id, parsed.created_by) == ("label-9", "a@b.test")


def test_kinds_that_no_column_holds_are_named():
    edge = {"feature_id": "e", "name": "pulls", "unidirectional_relationship": {"source": "a"}}
    frames = {str(number): {"objects": {}, "groups": {"g": {"name": "bunch"}}} for number in (3, 4)}
    label = {"annotations": {"frames": frames, "relationships": [edge], "version": 2, "empty": []}}
    told = {(problem.what, problem.frame) for problem in parse_label(label).problems}
    assert told == {
        ("its relationships are of a kind that is not supported ('pulls')", None),
        ("its groups, here and later, are of a kind that is not supported ('bunch')", 3),
    }
