"""Labels in an export: frames, segments, key frames, answers over time."""

import numpy as np
import pytest
from sandbox_projects import (
    box_at,
    car,
    composite_png,
    exported_annotations,
    mask_frame,
    new_project,
)

RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.fixture
def annotations(box):
    """Labels a new project with annotations and exports them."""

    def export(*given, interpolated_frames=False, **options):
        project = new_project(box)
        row = project.add_video(row_data="https://videos.test/a.mp4", media_attributes={})
        row.add_label(given, **options)
        return exported_annotations(box, project, interpolated_frames=interpolated_frames)

    return export


def only_object(annotations, frame):
    (found,) = annotations["frames"][str(frame)]["objects"].values()
    return found


def answers(annotations, frame):
    """Name of each frame classification to its answers on a frame."""
    found = {}
    for each in annotations["frames"][str(frame)]["classifications"]:
        if "radio_answer" in each:
            found[each["name"]] = each["radio_answer"]["value"]
        elif "checklist_answers" in each:
            found[each["name"]] = [answer["value"] for answer in each["checklist_answers"]]
        else:
            found[each["name"]] = each["text_answer"]["content"]
    return found


def test_an_object_has_every_field(annotations):
    exported = annotations(car(box_at(13), box_at(15, left=11)))
    assert set(exported) == {"frames", "segments", "key_frame_feature_map", "classifications"}
    assert list(exported["frames"]) == ["13", "15"]
    shown = only_object(exported, 13)
    assert set(shown) == {
        "feature_id",
        "feature_schema_id",
        "name",
        "value",
        "annotation_kind",
        "classifications",
        "bounding_box",
    }
    assert shown["bounding_box"] == {"top": 20.0, "left": 10.0, "height": 40.0, "width": 30.0}
    assert shown["annotation_kind"] == "VideoBoundingBox"
    feature_id = shown["feature_id"]
    assert only_object(exported, 15)["feature_id"] == feature_id
    assert exported["segments"] == {feature_id: [[13, 15]]}
    assert exported["key_frame_feature_map"] == {feature_id: [13, 15]}


def test_features_are_joined_to_the_ontology(box):
    project = new_project(box)
    row = project.add_video(row_data="https://videos.test/a.mp4")
    row.add_label(
        [
            {
                "name": "lane marking",
                "segments": [{"keyframes": [{"frame": 1, "line": [{"x": 1, "y": 2}]}]}],
            },
            {
                "name": "nose",
                "segments": [{"keyframes": [{"frame": 2, "point": {"x": 1, "y": 2}}]}],
            },
        ]
    )
    exported = exported_annotations(box, project)
    schema_ids = {
        tool["name"]: tool["featureSchemaId"] for tool in project.ontology_normalized["tools"]
    }
    line = only_object(exported, 1)
    assert (line["name"], line["value"]) == ("lane marking", "lane_marking")
    assert line["feature_schema_id"] == schema_ids["lane marking"]
    assert (line["annotation_kind"], line["line"]) == ("VideoPolyline", [{"x": 1.0, "y": 2.0}])
    point = only_object(exported, 2)
    assert (point["annotation_kind"], point["point"]) == ("VideoPoint", {"x": 1.0, "y": 2.0})
    assert point["feature_schema_id"] == schema_ids["nose"]


def test_boxes_move_linearly_within_a_segment_and_hold_to_its_end(annotations):
    given = {
        "name": "car",
        "segments": [
            {"keyframes": [box_at(1, left=0), box_at(4, left=1)], "end": 6},
            {"keyframes": [box_at(9, left=50)]},
        ],
    }
    exported = annotations(given, interpolated_frames=True)
    lefts = {
        int(frame): only_object(exported, frame)["bounding_box"]["left"]
        for frame in exported["frames"]
    }
    assert lefts == {1: 0.0, 2: 0.333, 3: 0.667, 4: 1.0, 5: 1.0, 6: 1.0, 9: 50.0}
    (segments,) = exported["segments"].values()
    assert segments == [[1, 6], [9, 9]]
    assert list(exported["key_frame_feature_map"].values()) == [[1, 4, 9]]


def test_moved_coordinates_are_those_of_the_formula(annotations):
    generator = np.random.default_rng(5)
    a, b = (float(value) for value in generator.uniform(-50, 900, 2))
    exported = annotations(car(box_at(2, top=a), box_at(19, top=b)), interpolated_frames=True)
    for frame in range(3, 19):
        expected = np.round(a + (b - a) * (frame - 2) / (19 - 2), 3)
        assert only_object(exported, frame)["bounding_box"]["top"] == expected
    assert only_object(exported, 2)["bounding_box"]["top"] == a
    assert only_object(exported, 19)["bounding_box"]["top"] == b


def test_points_and_lines_move_and_lines_of_other_vertex_counts_hold(annotations):
    def line(frame, *vertices):
        return {"frame": frame, "line": [{"x": x, "y": y} for x, y in vertices]}

    exported = annotations(
        {
            "name": "lane marking",
            "segments": [
                {"keyframes": [line(1, (0, 0), (4, 4)), line(3, (2, 0), (8, 4))]},
                {"keyframes": [line(5, (0, 0), (4, 4)), line(7, (2, 0))]},
            ],
        },
        {
            "name": "nose",
            "segments": [
                {
                    "keyframes": [
                        {"frame": 11, "point": {"x": 0, "y": 8}},
                        {"frame": 13, "point": {"x": 1, "y": 9}},
                    ]
                }
            ],
        },
        interpolated_frames=True,
    )
    assert only_object(exported, 2)["line"] == [{"x": 1.0, "y": 0.0}, {"x": 6.0, "y": 4.0}]
    assert only_object(exported, 6)["line"] == [{"x": 0.0, "y": 0.0}, {"x": 4.0, "y": 4.0}]
    assert only_object(exported, 12)["point"] == {"x": 0.5, "y": 8.5}


def test_answers_of_an_object_hold_until_its_next_key_frame(annotations):
    red = {"name": "color", "answer": {"name": "red"}}
    blue = {"name": "color", "answer": {"name": "Blue"}}
    exported = annotations(
        car(box_at(1, classifications=[red]), box_at(3, classifications=[blue]), box_at(4)),
        interpolated_frames=True,
    )
    shown = [only_object(exported, frame)["classifications"] for frame in range(1, 5)]
    values = [[each["radio_answer"]["value"] for each in one] for one in shown]
    assert values == [["red"], ["red"], ["blue"], []]
    assert shown[0][0]["feature_id"] == shown[2][0]["feature_id"]
    assert shown[0][0]["radio_answer"]["feature_id"] != shown[2][0]["radio_answer"]["feature_id"]


def test_nested_answers_of_every_kind(annotations):
    given = [
        {
            "name": "color",
            "answer": {"name": "red", "classifications": [{"name": "shade", "answer": "dark"}]},
        },
        {"name": "flags", "answer": [{"name": "parked"}, {"name": "dirty"}]},
        {"name": "plate", "answer": "ÄB 12"},
    ]
    color, flags, plate = only_object(annotations(car(box_at(1, classifications=given))), 1)[
        "classifications"
    ]
    assert (color["radio_answer"]["name"], color["radio_answer"]["value"]) == ("Red", "red")
    (shade,) = color["radio_answer"]["classifications"]
    assert (shade["name"], shade["text_answer"]) == ("shade", {"content": "dark"})
    assert [answer["value"] for answer in flags["checklist_answers"]] == ["parked", "dirty"]
    assert all(answer["classifications"] == [] for answer in flags["checklist_answers"])
    assert plate["text_answer"] == {"content": "ÄB 12"}
    ids = [each["feature_id"] for each in (color, flags, plate, shade, *flags["checklist_answers"])]
    assert len(set(ids)) == len(ids)
    assert all(each["feature_schema_id"] for each in (color, flags, plate, shade))


WEATHER = {
    "name": "weather",
    "answer": [
        {"name": "sun", "frames": [{"start": 1, "end": 3}, {"start": 6, "end": 9}]},
        {"name": "rain", "frames": [{"start": 4, "end": 5}, {"start": 12, "end": 12}]},
    ],
}


def test_a_frame_radio_changes_over_time(annotations):
    exported = annotations(WEATHER)
    states = {int(frame): answers(exported, frame)["weather"] for frame in exported["frames"]}
    # Both ends of each of its segments, as Labelbox's own tests know it.
    assert states == {1: "sun", 3: "sun", 4: "rain", 5: "rain", 6: "sun", 9: "sun", 12: "rain"}
    every = annotations(WEATHER, interpolated_frames=True)
    states = {int(frame): answers(every, frame)["weather"] for frame in every["frames"]}
    assert states == {
        **dict.fromkeys((1, 2, 3, 6, 7, 8, 9), "sun"),
        **dict.fromkeys((4, 5, 12), "rain"),
    }
    (shown,) = every["frames"]["4"]["classifications"]
    assert every["segments"][shown["radio_answer"]["feature_id"]] == [[4, 5], [12, 12]]
    assert every["key_frame_feature_map"][shown["radio_answer"]["feature_id"]] == [4, 5, 12]


def test_segments_can_be_listed_under_the_classification(annotations):
    exported = annotations(WEATHER, classification_segments="classification")
    (shown,) = exported["frames"]["1"]["classifications"]
    assert exported["segments"] == {shown["feature_id"]: [[1, 9], [12, 12]]}
    assert exported["key_frame_feature_map"] == {shown["feature_id"]: [1, 3, 4, 5, 6, 9, 12]}


def test_options_of_a_frame_checklist_come_and_go(annotations):
    given = {
        "name": "seen",
        "answer": [
            {"name": "bus", "frames": [{"start": 1, "end": 5}]},
            {"name": "bike", "frames": [{"start": 3, "end": 8}]},
        ],
    }
    exported = annotations(given)
    states = {int(frame): answers(exported, frame)["seen"] for frame in exported["frames"]}
    both = ["bus", "bike"]
    assert states == {1: ["bus"], 3: both, 5: both, 6: ["bike"], 8: ["bike"]}
    assert sorted(exported["segments"].values()) == [[[1, 5]], [[3, 8]]]


def test_frame_text_is_listed_under_its_classification(annotations):
    given = {
        "name": "note",
        "answer": [
            {"value": "one", "frames": [{"start": 2, "end": 3}]},
            {"value": "two", "frames": [{"start": 4, "end": 6}]},
        ],
    }
    exported = annotations(given)
    states = {int(frame): answers(exported, frame)["note"] for frame in exported["frames"]}
    assert states == {2: "one", 3: "one", 4: "two", 6: "two"}
    (shown,) = exported["frames"]["2"]["classifications"]
    assert exported["segments"] == {shown["feature_id"]: [[2, 6]]}


@pytest.mark.parametrize(
    "given",
    [
        {"name": "weather", "answer": {"name": "rain"}, "frames": [{"start": 1, "end": 2}]},
        {"name": "weather", "answer": {"name": "rain", "frames": [{"start": 1, "end": 2}]}},
        {"name": "weather", "answers": [{"name": "rain", "frames": [{"start": 1, "end": 2}]}]},
    ],
)
def test_frame_ranges_are_read_in_three_places(annotations, given):
    exported = annotations(given, interpolated_frames=True)
    assert [answers(exported, frame) for frame in exported["frames"]] == [{"weather": "rain"}] * 2


def test_answers_below_an_answer_change_over_time_too(annotations):
    """As the SDK writes its temporal classifications."""

    def during(start, end, **answer):
        return answer | {"frames": [{"start": start, "end": end}]}

    shades = [during(3, 4, value="dark"), during(5, 5, value="pale")]
    colors = [
        during(3, 6, name="red", classifications=[{"name": "shade", "answer": shades}]),
        during(7, 8, name="blue"),
    ]
    rain = during(2, 9, name="rain", classifications=[{"name": "color", "answer": colors}])
    exported = annotations({"name": "weather", "answer": [rain]}, interpolated_frames=True)
    found = {}
    for number, frame in exported["frames"].items():
        (shown,) = frame["classifications"]
        below = shown["radio_answer"]["classifications"]
        color = below[0]["radio_answer"] if below else {}
        deeper = color.get("classifications") or []
        shade = deeper[0]["text_answer"]["content"] if deeper else None
        found[int(number)] = (shown["radio_answer"]["value"], color.get("value"), shade)
    assert found == {
        2: ("rain", None, None),
        **dict.fromkeys((3, 4), ("rain", "red", "dark")),
        5: ("rain", "red", "pale"),
        6: ("rain", "red", None),
        **dict.fromkeys((7, 8), ("rain", "blue", None)),
        9: ("rain", None, None),
    }
    assert sorted(exported["segments"].values()) == [[[2, 9]]]


def test_answers_of_frame_classifications_nest(annotations):
    nested = [{"name": "color", "answer": {"name": "blue"}}]
    exported = annotations(
        {
            "name": "weather",
            "answer": {
                "name": "rain",
                "frames": [{"start": 1, "end": 1}],
                "classifications": nested,
            },
        }
    )
    (shown,) = exported["frames"]["1"]["classifications"]
    (inner,) = shown["radio_answer"]["classifications"]
    assert inner["radio_answer"]["value"] == "blue"


def test_global_classifications_are_separate_from_frames(annotations):
    exported = annotations({"name": "place", "answer": {"name": "town"}})
    assert exported["frames"] == exported["segments"] == exported["key_frame_feature_map"] == {}
    (shown,) = exported["classifications"]
    assert (shown["name"], shown["radio_answer"]["value"]) == ("place", "town")


def test_each_instance_of_a_mask_is_an_object(annotations):
    exported = annotations(
        {
            "masks": {
                "frames": [
                    mask_frame(2, composite_png((RED, 0), (GREEN, 4))),
                    mask_frame(4, composite_png((GREEN, 4))),
                    mask_frame(6, composite_png((RED, 2), (GREEN, 4))),
                ],
                "instances": [
                    {"name": "road", "colorRGB": list(RED)},
                    {"name": "sky", "colorRGB": list(GREEN)},
                ],
            },
            "segments": [[1, 7], [9, 10]],
        }
    )
    by_name = {
        shown["name"]: shown
        for frame in exported["frames"].values()
        for shown in frame["objects"].values()
    }
    assert {shown["annotation_kind"] for shown in by_name.values()} == {"VideoSegmentationMask"}
    road, sky = (by_name[name]["feature_id"] for name in ("road", "sky"))
    assert exported["segments"] == {road: [[2, 3], [6, 7]], sky: [[2, 7]]}
    assert exported["key_frame_feature_map"] == {road: [2, 6], sky: [2, 4, 6]}
    assert by_name["road"]["composite_mask"]["color_rgb"] == list(RED)
    assert by_name["road"]["composite_mask"]["url"].endswith("/index/6")


def test_masks_hold_between_their_key_frames(annotations):
    given = {
        "masks": {
            "frames": [mask_frame(i, composite_png((RED, 0))) for i in (2, 5)],
            "instances": [{"name": "road", "colorRGB": list(RED)}],
        }
    }
    exported = annotations(given, interpolated_frames=True, mask_format="single")
    assert list(exported["frames"]) == ["2", "3", "4", "5"]
    urls = [only_object(exported, frame)["mask"]["url"] for frame in exported["frames"]]
    assert urls[0] == urls[1] == urls[2] != urls[3]
    assert urls[0].endswith("/index/2/mask")
