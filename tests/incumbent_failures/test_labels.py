"""What `deeplake.integrations.labelbox` gets wrong with labels: R4, R7, R8 and R11."""

import pytest
from label_json import box, checklist, frame, label, line, point, radio, text
from small_exports import FRAMES, boxes_telling, cells, chosen, classes, data_row, run

from deeplake_labelbox._store.track_ids import read_tracks

GROUPED = {"rectangle": "boxes", "radio": "answer"}


def test_r4_a_label_without_segments_and_a_fractional_rate_are_kept(clips):
    """Its frames stand as they are, with boxes, answers and metadata; 29.97 stays 29.97."""
    answers = (radio("weather", "rain"), text("note", "wet"))
    bare = label({2: frame(box("b", (1, 2, 3, 4), radio("color", "blue")), answers=answers)})
    dataset, report = run(data_row("one", clips[0], bare, rate=30000 / 1001))
    assert report.gaps == []
    assert cells(dataset, "car/car") == [[], [[1, 2, 3, 4]], *[[]] * 4]
    assert cells(dataset, "car/color") == [[], [1], *[[]] * 4]
    assert classes(dataset, "weather") == [[], ["rain"], *[[]] * 4]
    assert cells(dataset, "note") == [None, "wet", *[None] * 4]
    assert cells(dataset, "lb_meta/frame_rate") == pytest.approx([29.97002997] * FRAMES)
    assert cells(dataset, "lb_meta/label_id") == ["label-1"] * FRAMES


def test_r7_between_key_frames_answers_hold_the_earlier_value(clips):
    """They never look ahead, whatever their kind, of frames and of objects."""
    frames = {
        n: frame(
            box("b", (n, 1, 5, 4), radio("color", color)),
            answers=(
                radio("weather", value, ids=("w", f"w-{value}")),
                checklist("seen", {"name": seen, "value": seen}, feature_id="s"),
                text("note", note, "n"),
            ),
        )
        for n, value, seen, note, color in (
            (1, "sun", "bus", "dry", "red"),
            (5, "rain", "dog", "wet", "blue"),
        )
    }
    held = {key: [[1, FRAMES]] for key in ("w", "s", "n", "b")}
    dataset, _ = run(data_row("one", clips[0], label(frames, held, {key: [1, 5] for key in held})))
    assert classes(dataset, "weather") == [["sun"]] * 4 + [["rain"]] * 2
    assert classes(dataset, "seen") == [["bus"]] * 4 + [["dog"]] * 2
    assert cells(dataset, "note") == ["dry"] * 4 + ["wet"] * 2
    assert cells(dataset, "car/color") == [[0]] * 4 + [[1]] * 2


def test_r8_answers_belong_to_their_objects(clips):
    """Several objects in a frame, two grouped radios, answers below answers and global ones."""
    objects = (
        box("a", (1, 2, 3, 4), radio("color", "red", text("shade", "dark"))),
        box("b", (9, 9, 3, 4), radio("paint", "blue"), name="bus"),
        box("c", (5, 5, 3, 4), radio("color", "blue")),
    )
    whole = label(
        {1: frame(*objects, answers=(radio("weather", "sun"),))},
        classifications=[radio("place", "town")],
    )
    row = data_row("one", clips[0], whole)
    grouped, report = run(row, group_mapping=GROUPED)
    assert report.gaps == []
    assert chosen(grouped, "boxes/answer")[0] == [["color/red"], ["paint/blue"], ["color/blue"]]
    assert cells(grouped, "boxes/answer/red/shade")[0] == ["dark", "", ""]
    assert classes(grouped, "answer") == [
        ["weather/sun", "place/town"],
        *[["place/town"]] * (FRAMES - 1),
    ]
    apart, report = run(row)
    assert report.gaps == []
    assert cells(apart, "car/color")[0] == [0, 1]
    assert cells(apart, "bus/paint")[0] == [1]
    assert cells(apart, "car/color/red/shade")[0] == ["dark", ""]
    assert classes(apart, "place") == [["town"]] * FRAMES


def test_r8_boxes_of_a_group_keep_class_and_track(clips):
    """Objects come and go, and two videos use the same feature ids."""
    drawn = {
        1: frame(box("a", (1, 2, 3, 4)), box("b", (9, 9, 3, 4), name="bus")),
        3: frame(box("b", (9, 9, 3, 4), name="bus"), box("c", (5, 5, 3, 4))),
    }
    one = label(drawn, {"a": [[1, 1]], "b": [[1, 3]], "c": [[3, 3]]})
    dataset, _ = run(
        data_row("one", clips[0], one), data_row("two", clips[1], one), group_mapping=GROUPED
    )
    expected = [["car", "bus"], ["bus"], ["bus", "car"], *[[]] * 3]
    assert classes(dataset, "boxes/boxes_labels") == 2 * expected
    known = read_tracks(dataset, "boxes/boxes_track_ids")
    features = dataset["boxes/boxes_track_ids"].metadata["feature_ids"]
    assert dict(features) == {str(number): feature for number, (_, feature) in known.items()}
    tracks = [[known.get(n) for n in cell] for cell in cells(dataset, "boxes/boxes_track_ids")]
    assert tracks == [
        [(row, feature_id) for feature_id in cell]
        for row in ("one", "two")
        for cell in ("ab", "b", "bc", "", "", "")
    ]


def test_r8_coordinates_keep_their_fractions(clips):
    """Those that were drawn, and those between key frames."""
    drawn = {
        1: frame(
            box("a", (1.25, 2.5, 3.75, 4.125)), point("p", (0.5, 7.25)), line("l", (0.5, 1), (2, 3))
        ),
        3: frame(
            box("a", (2.5, 2.5, 3.75, 4.125)), point("p", (0, 7.25)), line("l", (1, 1), (2, 3))
        ),
    }
    dataset, _ = run(data_row("one", clips[0], label(drawn, {key: [[1, 3]] for key in "apl"})))
    lefts = [1.25, 1.875, 2.5]
    assert cells(dataset, "car/car")[:3] == [[[left, 2.5, 3.75, 4.125]] for left in lefts]
    assert cells(dataset, "nose")[:3] == [[[x, 7.25]] for x in (0.5, 0.25, 0)]
    lines = [cell[0].tolist() for cell in dataset["lane"][:3]]
    assert lines == [[[x, 1], [2, 3]] for x in (0.5, 0.75, 1)]


def test_r8_lines_of_other_vertex_counts_are_held(clips):
    """With more vertices at the next key frame, and with fewer."""
    two, three = [(0, 0), (9, 9)], [(4, 0), (5, 5), (9, 1)]
    drawn = {n: frame(line("l", *way)) for n, way in ((1, two), (3, three), (5, two))}
    dataset, _ = run(data_row("one", clips[0], label(drawn, {"l": [[1, FRAMES]]})))
    found = [[tuple(vertex) for vertex in cell[0].tolist()] for cell in dataset["lane"][:]]
    assert found == [two, two, three, three, two, two]


@pytest.mark.parametrize("told_by", ["winner", "date"])
def test_r8_labels_of_several_annotators_do_not_overwrite_each_other(clips, told_by):
    """The winner in Labelbox counts alone, else the label that changed last."""
    whole = boxes_telling(0)
    theirs = {n: frame(box("c", (50, 50, 1, 1))) for n in (1, 2)}
    other = label(theirs, {"c": [[1, FRAMES]]}, {}, [radio("place", "land")]) | {"id": "label-2"}
    project = {}
    if told_by == "winner":
        project = {"project_details": {"selected_label_id": "label-1"}}
    else:
        whole["label_details"] = {"updated_at": "2024-05-02T00:00:00+00:00"}
        other["label_details"] = {"updated_at": "2024-05-01T00:00:00+00:00"}
    dataset, _ = run(data_row("one", clips[0], whole, other, **project))
    assert cells(dataset, "car/car") == [[[n, 1, 5, 4]] for n in range(FRAMES)]
    assert classes(dataset, "place") == [[]] * FRAMES
    assert cells(dataset, "lb_meta/label_id") == ["label-1"] * FRAMES


@pytest.mark.parametrize(
    ("key_frames", "drawn"),
    [
        (None, [1, 3, 5]),
        ({}, [1, 3, 5]),
        ({"a": [5, 1]}, [1, 5]),
        ({"a": ["1", "5"]}, [1, 5]),
        ({"a": {"5": True, "1": True, "3": False}}, [1, 5]),
    ],
)
def test_r11_key_frames_of_any_form_give_the_same_boxes(clips, key_frames, drawn):
    """Unsorted lists, maps of booleans, and maps without the feature, which was drawn then."""
    values = {n: frame(box("a", (2 * n - 2, n - 1, 4, 4))) for n in (5, 1, 3)}
    dataset, report = run(data_row("one", clips[0], label(values, {"a": [[1, 6]]}, key_frames)))
    lefts = [0, 2, 4, 6, 8, 8]
    assert cells(dataset, "car/car") == [[[left, left / 2, 4, 4]] for left in lefts]
    flags = cells(dataset, "car/car_key_frames")
    assert [n for n, flag in enumerate(flags, start=1) if flag == [True]] == drawn
    assert report.gaps == []
