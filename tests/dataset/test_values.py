import numpy as np
import pytest
from label_json import (
    ONTOLOGY,
    box,
    checklist,
    frame,
    label,
    layout,
    line,
    mask,
    new_dataset,
    option,
    point,
    radio,
    text,
    values_of,
)

from deeplake_labelbox._model.annotations import Problem
from deeplake_labelbox._store.columns import ensure_column
from deeplake_labelbox._store.track_ids import TrackIds

GROUPED = layout(group_mapping={"rectangle": "box"})


def car(feature_id, left, *answers):
    return box(feature_id, (left, 0, 1, 1), *answers)


def person(feature_id, left):
    return box(feature_id, (left, 0, 1, 1), name="person")


MANY = label(
    {
        1: frame(
            car("c1", 1, radio("color", "red", text("shade", "dark")), text("plate", "one")),
            person("p1", 2),
            car("c2", 3, radio("color", "blue"), checklist("flags", option("dirty"))),
        ),
        2: frame(car("c3", 4, text("plate", "three")), person("p1", 5)),
        3: frame(person("p1", 6)),
    },
    {"c1": [[1, 2]], "c2": [[1, 1]], "c3": [[2, 3]], "p1": [[1, 1], [2, 2], [3, 3]]},
    {"c1": [1], "c2": [], "c3": [2], "p1": [1, 3]},
)


def test_everything_beside_a_geometry_is_in_the_same_order_of_objects():
    columns = values_of(MANY, 4, GROUPED).columns

    def by_row(name):
        return [np.asarray(cell).tolist() for cell in columns[name]]

    assert [[ltwh[0] for ltwh in cell] for cell in by_row("box/box")] == [
        [1, 2, 3],
        [1, 5, 4],
        [6, 4],
        [],
    ]
    assert by_row("box/box_labels") == [[0, 1, 0], [0, 1, 0], [1, 0], []]
    assert by_row("box/box_track_ids") == [[0, 1, 2], [0, 1, 3], [1, 3], []]
    assert by_row("box/box_key_frames") == [
        [True, True, False],
        [False, False, True],
        [True, False],
        [],
    ]
    assert by_row("box/color") == [[0, -1, 1], [0, -1, -1], [-1, -1], []]
    assert by_row("box/flags") == [
        [[0, 0], [0, 0], [0, 1]],
        [[0, 0], [0, 0], [0, 0]],
        [[0, 0], [0, 0]],
        [],
    ]
    assert by_row("box/plate") == [["one", "", ""], ["one", "", "three"], ["", "three"], [""]]
    assert by_row("box/color/red/shade") == [["dark", "", ""], ["dark", "", ""], ["", ""], [""]]


def test_many_objects_keep_the_order_in_which_they_first_appear():
    cars = [car(f"c{index}", index) for index in range(40)]
    drawn = label({1: frame(*cars)}, {f"c{index}": [[1, 3]] for index in range(0, 40, 2)})
    columns = values_of(drawn, 3).columns

    assert [cell.tolist() for cell in columns["car/car_track_ids"]] == [
        list(range(40)),
        list(range(0, 40, 2)),
        list(range(0, 40, 2)),
    ]


EMPTY = {
    "car/car": ((0, 4), np.float32),
    "car/car_track_ids": ((0,), np.int32),
    "car/car_key_frames": ((0,), np.bool_),
    "car/color": ((0,), np.int32),
    "car/flags": ((0, 2), np.uint8),
    "person": ((0, 4), np.float32),
    "nose": ((0, 2), np.float32),
    "lane": ((0, 0, 2), np.float32),
    "weather": ((0,), np.int32),
    "seen": ((0,), np.int32),
    "place": ((0,), np.int32),
}


def test_a_label_that_says_nothing_has_empty_values_of_the_documented_shapes():
    values = values_of(label({}), 3)

    for name, (shape, dtype) in EMPTY.items():
        assert [(cell.shape, cell.dtype) for cell in values.columns[name]] == [(shape, dtype)] * 3
    assert values.columns["car/plate"] == [[""]] * 3
    assert values.columns["note"] == [""] * 3
    assert values.masks == {"road": [[], [], []]}
    assert values.problems == ()
    assert set(values.objects.values()) == {0}


def test_values_have_the_documented_dtypes():
    frames = {
        1: frame(
            car("c", 0.1, radio("color", "red"), checklist("flags", option("dirty"))),
            point("n"),
            line("l", (0, 0), (1, 1)),
            answers=(radio("weather", "rain"),),
        )
    }
    columns = values_of(label(frames), 1, GROUPED).columns

    assert {name: cell[0].dtype for name, cell in columns.items() if hasattr(cell[0], "dtype")} == {
        "box/box": np.float32,
        "box/box_labels": np.int32,
        "box/box_track_ids": np.int32,
        "box/box_key_frames": np.bool_,
        "box/color": np.int32,
        "box/flags": np.uint8,
        "nose": np.float32,
        "nose_track_ids": np.int32,
        "nose_key_frames": np.bool_,
        "lane_track_ids": np.int32,
        "lane_key_frames": np.bool_,
        "road_track_ids": np.int32,
        "road_key_frames": np.bool_,
        "weather": np.int32,
        "weather/rain/strength": np.int32,
        "seen": np.int32,
        "place": np.int32,
    }
    assert [vertices.dtype for vertices in columns["lane"][0]] == [np.float32]


def test_rows_of_some_frames_carry_the_labels_of_these_frames():
    whole = values_of(MANY, 4, GROUPED)
    strided = values_of(MANY, 4, GROUPED, frames=[1, 3, 4])

    for name, cells in strided.columns.items():
        for cell, row in zip(cells, (0, 2, 3), strict=True):
            np.testing.assert_array_equal(cell, whole.columns[name][row])
    # A key frame that has no row still moves and answers what follows it.
    moving = label({2: frame(car("c", 2)), 6: frame(car("c", 6))}, {"c": [[2, 6]]})
    cells = values_of(moving, 6, frames=[3, 5]).columns["car/car"]
    assert [cell[:, 0].tolist() for cell in cells] == [[3], [5]]


def test_no_rows_are_no_values():
    values = values_of(MANY, 4, GROUPED, frames=[])

    assert all(len(cells) == 0 for cells in values.columns.values())


def test_the_numbers_of_objects_are_told_by_kind():
    frames = {1: frame(car("c", 0), person("p", 0), point("n"), mask("m", "u"))}
    objects = values_of(label(frames, {"p": [[1, 3]]}), 2).objects

    assert objects == {"rectangle": 3, "point": 1, "line": 0, "raster-segmentation": 1}


def test_what_the_ontology_does_not_know_is_reported_with_its_frame():
    frames = {
        3: frame(
            {**point("s1"), "name": "bird"},
            {**point("s2"), "name": "car"},
            car("c1", 1, radio("mood", "good"), radio("color", "pink")),
            answers=(radio("moon", "full"), checklist("weather", option("sun"))),
        ),
        5: frame(car("c1", 1, radio("color", "pink"), radio("color", "red", text("tone", "x")))),
    }
    values = values_of(label(frames, classifications=[radio("season", "winter")]), 9)

    assert set(values.problems) == {
        Problem("the ontology has no tool 'bird' (s1)", 3),
        Problem("'car' (s2) is drawn as point, but the ontology has it as rectangle", 3),
        Problem("the ontology has no classification 'mood'", 3),
        Problem("the ontology has no option 'pink' of 'color'", 3),
        Problem("the ontology has no classification 'moon'", 3),
        Problem("the ontology has no checklist 'weather' (a radio in the ontology)", 3),
        Problem("the ontology has no classification 'tone'", 5),
        Problem("the ontology has no classification 'season'", None),
    }
    assert (values.features, values.known_features) == (6, 2)


def test_labels_beyond_the_video_are_reported_once_with_their_frames():
    frames = {4: frame(car("c", 1)), 12: frame(car("c", 2)), 20: frame(person("p", 1))}
    values = values_of(label(frames, {"c": [[4, 15]]}), 10)

    assert values.problems == (
        Problem("'car' (c) is labeled, but the video has 10 frames", 11, 15),
        Problem("'person' (p) is labeled, but the video has 10 frames", 20),
    )


def test_boxes_outside_of_the_picture_are_kept_exactly():
    outside = box("c", (-12.625, -3.5, 9000.125, 0.0))

    (cell,) = values_of(label({1: frame(outside)}), 1).columns["car/car"]

    assert cell.tolist() == [[-12.625, -3.5, 9000.125, 0.0]]


def test_tools_of_one_name_and_two_kinds_are_told_apart_without_schema_ids():
    columns = layout(
        {"tools": [{"name": "car", "tool": "rectangle"}, {"name": "car", "tool": "point"}]}
    )
    both = frame(car("c1", 7), {**point("c2", (8, 9)), "name": "car"})
    values = values_of(label({1: both}), 1, columns)

    assert values.problems == ()
    assert values.columns["car"][0].tolist() == [[7, 0, 1, 1]]
    assert values.columns["car_point"][0].tolist() == [[8, 9]]


def test_grouped_radios_give_every_answer_of_a_frame():
    columns = layout(ONTOLOGY, {"radio": "answers"})
    answers = (radio("weather", "rain", radio("strength", "heavy")), radio("place", "land"))
    values = values_of(
        label({1: frame(car("c", 1, radio("color", "red")), answers=answers)}), 1, columns
    )

    (frame_column, below) = [c for c in columns.answers if c.kind == "radio"]
    chosen = [frame_column.class_names[index] for index in values.columns["answers"][0]]
    assert chosen == ["weather/rain", "place/land"]
    assert below.name == "answers/rain/answers"
    assert values.columns[below.name][0].tolist() == [1]
    assert values.columns["car/answers"][0].tolist() == [0]


def test_grouped_texts_are_joined_by_line():
    ontology = {
        "classifications": [
            {"name": name, "type": "text", "scope": "index"} for name in ("first", "second")
        ]
    }
    answers = (text("first", "one"), text("second", "two"))
    values = values_of(label({1: frame(answers=answers)}), 2, layout(ontology, {"text": "notes"}))

    assert values.columns["notes"] == ["one\ntwo", ""]


def column_kinds(columns):
    for column in columns.geometries:
        if column.kind != "raster-segmentation":
            yield column.name, column.kind
        if column.grouped:
            yield column.labels, "labels"
        yield column.track_ids, "track_ids"
        yield column.key_frames, "key_frames"
        for answers in column.answers:
            yield answers.name, answers.object_kind
    for answers in columns.answers:
        yield answers.name, answers.frame_kind


def assert_reads_as(found, cell):
    if isinstance(cell, str):
        assert (found or "") == cell
    elif isinstance(cell, list):
        assert len(found) == len(cell)
        for part, written in zip(found, cell, strict=True):
            np.testing.assert_array_equal(part, written)
    else:
        np.testing.assert_array_equal(found, cell)
        assert found.dtype == cell.dtype


@pytest.mark.parametrize("group_mapping", [None, {"rectangle": "box"}])
def test_deep_lake_takes_every_value_and_gives_it_back(group_mapping):
    columns = layout(group_mapping=group_mapping)
    dataset = new_dataset()
    empty = label({})
    drawn = label(
        {
            1: frame(
                car("c1", 1.5, radio("color", "red", text("shade", "ä")), text("plate", "")),
                car("c2", 2, checklist("flags", option("parked"), option("dirty"))),
                line("l1", (0, 0)),
                line("l2", (1, 1), (2, 2), (3, 3.5)),
                point("n"),
                answers=(text("note", "猫"), checklist("seen", option("dog"), option("bus"))),
            )
        }
    )
    for name, kind in column_kinds(columns):
        ensure_column(dataset, name, kind)

    for each in (drawn, empty):
        values = values_of(each, 2, columns)
        dataset.append(dict(values.columns))
        dataset.commit()
        for name, cells in values.columns.items():
            for row, cell in enumerate(cells):
                assert_reads_as(dataset[name][len(dataset) - 2 + row], cell)


def test_what_a_dataset_has_no_column_for_takes_no_track_id():
    columns = layout()
    dataset = new_dataset()
    track_ids = TrackIds(dataset, columns.geometries)
    values_of(
        label({1: frame({**point("s"), "name": "bird"}, point("n"))}),
        1,
        columns,
        track_ids=track_ids,
    )

    nose = next(column for column in columns.geometries if column.name == "nose")
    assert track_ids.of(nose, "n") == 0
