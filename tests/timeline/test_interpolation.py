import numpy as np
import pytest
from label_json import box, frame, label, line, mask, point, values_of

from deeplake_labelbox._model.interpolation import moving_coordinates
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import frames_beyond, visible_frames


def boxes(frames, segments, last_frame=12, key_frames=None):
    """Left edge of the one car by frame; frames without the car are left out."""
    numbered = {number: frame(box("car-1", (left, 0, 1, 1))) for number, left in frames.items()}
    written = values_of(label(numbered, segments, key_frames), last_frame).columns["car/car"]
    return {row + 1: float(cell[0, 0]) for row, cell in enumerate(written) if len(cell)}


def test_boxes_move_linearly_between_key_frames_and_hold_to_the_end_of_the_segment():
    assert boxes({2: 0.0, 5: 1.0}, {"car-1": [[2, 7]]}) == {
        2: 0.0,
        3: pytest.approx(0.333, abs=1e-7),
        4: pytest.approx(0.667, abs=1e-7),
        5: 1.0,
        6: 1.0,
        7: 1.0,
    }


def test_interpolated_coordinates_are_rounded_to_a_thousandth_and_drawn_ones_are_not():
    frames = {1: frame(box("c", (0.12345, 0, 1, 1))), 3: frame(box("c", (0.98765, 0, 1, 1)))}
    (track,) = parse_label(label(frames, {"c": [[1, 3]]})).tracks

    left = moving_coordinates(track, visible_frames(track, 3))[:, 0]

    assert left.tolist() == [0.12345, 0.556, 0.98765]


def test_nothing_moves_across_a_gap_nor_into_a_segment_that_touches():
    assert boxes({1: 10, 7: 50}, {"car-1": [[1, 3], [7, 8]]}) == {1: 10, 2: 10, 3: 10, 7: 50, 8: 50}
    assert boxes({1: 10, 4: 50}, {"car-1": [[1, 3], [4, 5]]}) == {1: 10, 2: 10, 3: 10, 4: 50, 5: 50}


def test_key_frames_after_the_end_of_the_video_still_draw_the_object_towards_them():
    assert boxes({1: 0, 9: 8}, {"car-1": [[1, 9]]}, last_frame=3) == {1: 0, 2: 1, 3: 2}


def test_before_its_first_key_frame_an_object_stands_where_that_one_is():
    assert boxes({3: 5, 5: 9}, {"car-1": [[1, 5]]}) == {1: 5, 2: 5, 3: 5, 4: 7, 5: 9}


def test_a_segment_without_key_frames_holds_what_was_drawn_before_it():
    assert boxes({1: 5, 9: 7}, {"car-1": [[1, 1], [4, 5], [9, 9]]}) == {1: 5, 4: 5, 5: 5, 9: 7}


def test_an_object_without_segments_is_there_where_it_is_listed():
    assert boxes({1: 5, 4: 7}, None) == {1: 5, 4: 7}
    assert boxes({1: 5, 4: 7}, {"another": [[1, 9]]}) == {1: 5, 4: 7}


def test_an_object_listed_outside_of_its_segments_is_there_and_does_not_move():
    assert boxes({1: 5, 4: 7, 6: 9}, {"car-1": [[6, 7]]}) == {1: 5, 4: 7, 6: 9, 7: 9}


def test_an_export_that_lists_only_the_ends_of_its_segments_moves_between_them():
    found = boxes({2: 0, 4: 4, 8: 10}, {"car-1": [[2, 4], [6, 8]]})

    assert found == {2: 0, 3: 2, 4: 4, 6: 10, 7: 10, 8: 10}


def test_a_segment_that_starts_after_the_end_of_the_video_shows_nothing():
    assert boxes({10: 0}, {"car-1": [[10, 12]]}, last_frame=5) == {}


def test_points_move():
    frames = {1: frame(point("n", (0, 10))), 3: frame(point("n", (1, 20)))}
    cells = values_of(label(frames, {"n": [[1, 3]]}), 3).columns["nose"]

    assert [cell.tolist() for cell in cells] == [[[0, 10]], [[0.5, 15]], [[1, 20]]]


def test_lines_move_vertex_by_vertex_and_hold_where_the_number_of_vertices_changes():
    frames = {
        1: frame(line("l", (0, 0), (10, 0))),
        3: frame(line("l", (2, 2), (10, 4))),
        5: frame(line("l", (9, 9))),
    }
    cells = values_of(label(frames, {"l": [[1, 6]]}), 6).columns["lane"]

    assert [cell[0].tolist() for cell in cells] == [
        [[0, 0], [10, 0]],
        [[1, 1], [10, 2]],
        [[2, 2], [10, 4]],
        [[2, 2], [10, 4]],
        [[9, 9]],
        [[9, 9]],
    ]


def test_masks_hold_the_last_one_drawn():
    frames = {2: frame(mask("m", "u/2")), 4: frame(mask("m", "u/4"))}
    cells = values_of(label(frames, {"m": [[2, 5]]}), 6).masks["road"]

    assert [[found.url for found in cell] for cell in cells] == [
        [],
        ["u/2"],
        ["u/2"],
        ["u/4"],
        ["u/4"],
        [],
    ]


@pytest.mark.parametrize(
    ("key_frames", "drawn"),
    [
        ({"car-1": [1, 4]}, [True, False, False, True, False]),
        ({"car-1": {"1": True, "3": False, "4": True}}, [True, False, False, True, False]),
        (None, [True, False, True, True, False]),
        ({"car-1": []}, [False] * 5),
    ],
)
def test_key_frames_tell_drawn_from_interpolated(key_frames, drawn):
    frames = {number: frame(box("car-1")) for number in (1, 3, 4)}
    cells = values_of(label(frames, {"car-1": [[1, 5]]}, key_frames), 5).columns

    assert [cell.tolist() for cell in cells["car/car_key_frames"]] == [[key] for key in drawn]


@pytest.mark.parametrize(
    ("frames", "segments", "last_frame", "expected"),
    [
        ([1], [[1, 5]], 5, None),
        ([1], [[1, 5]], 4, (5, 5)),
        ([1], [[1, 9]], 4, (5, 9)),
        ([1, 8], [], 4, (8, 8)),
        ([1], [[1, 2], [7, 9]], 4, (7, 9)),
        ([1, 12], [[1, 2], [7, 9]], 4, (7, 12)),
    ],
)
def test_frames_beyond_the_video_are_told_from_listed_frames_and_segments(
    frames, segments, last_frame, expected
):
    (track,) = parse_label(label({n: frame(box("c")) for n in frames}, {"c": segments})).tracks

    assert frames_beyond(track, last_frame) == expected


def test_visible_frames_are_ascending_whatever_the_order_of_the_export():
    frames = {number: frame(box("c")) for number in (9, 2, 5)}
    (track,) = parse_label(label(frames, {"c": [[8, 9], [1, 2]]})).tracks

    visible = visible_frames(track, 10)

    assert visible.frames.tolist() == [1, 2, 5, 8, 9]
    assert visible.answered.tolist() == [-1, 0, 1, 1, 2]
    assert visible.frames.dtype == np.int64
