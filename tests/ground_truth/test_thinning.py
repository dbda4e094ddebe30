"""Thinning: the fewest key frames from which the package's own timeline restores the track."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplake_labelbox._imports.key_frame_steps import SLACK
from deeplake_labelbox._imports.thinning import thin
from deeplake_labelbox._model.annotations import Feature, Track
from deeplake_labelbox._model.interpolation import moving_coordinates, moving_vertices
from deeplake_labelbox._model.visibility import visible_frames

TOLERANCES = st.sampled_from([0.0, 0.0005, 0.001, 0.25, 0.5, 3.0])
STEPS = st.sampled_from([-2.5, -1.0, -0.25, -0.001, 0.0, 0.001, 0.0005, 0.25, 1.0, 1 / 3])


@st.composite
def tracks(draw, longest, width=2):
    count = draw(st.integers(1, longest))
    gaps = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    steps = draw(st.lists(st.tuples(*[STEPS] * width), min_size=count, max_size=count))
    values = np.cumsum(np.array(steps), axis=0)
    if draw(st.booleans()):
        values = np.round(values, 3)
    return np.cumsum(gaps).astype(np.int64), values


def reproduced(frames, values, key_frames):
    """The shapes that Labelbox shows on ``frames`` if only ``key_frames`` are drawn."""
    drawn = frames[key_frames]
    track = Track(
        feature=Feature(None, None, None),
        feature_id="",
        kind="rectangle" if values.shape[1] == 4 else "point",
        frames=drawn,
        is_key_frame=np.ones(len(drawn), dtype=np.bool_),
        coordinates=values[key_frames],
        segments=np.array([[drawn[0], drawn[-1]]], dtype=np.int64),
        answers=((),) * len(drawn),
    )
    shown = visible_frames(track, int(drawn[-1]))
    return moving_coordinates(track, shown)[np.searchsorted(shown.frames, frames)]


def is_within(frames, values, key_frames, tolerance):
    return bool(
        (np.abs(reproduced(frames, values, key_frames) - values) <= tolerance + SLACK).all()
    )


def fewest_by_trying_all(frames, values, tolerance):
    last = len(frames) - 1
    for count in range(last):
        for inner in itertools.combinations(range(1, last), count):
            if is_within(frames, values, np.array([0, *inner, last]), tolerance):
                return count + 2
    return last + 1


def fewest_by_all_steps(frames, values, tolerance):
    """A shortest path over every step that the interpolation itself permits."""
    fewest = [1] + [len(frames)] * (len(frames) - 1)
    for start, end in itertools.combinations(range(len(frames)), 2):
        elapsed = (frames[start + 1 : end] - frames[start])[:, None]
        moved = values[end] - values[start]
        shown = np.round(values[start] + moved * elapsed / (frames[end] - frames[start]), 3)
        if (np.abs(shown - values[start + 1 : end]) <= tolerance + SLACK).all():
            fewest[end] = min(fewest[end], fewest[start] + 1)
    return fewest[-1]


@settings(max_examples=150, deadline=None)
@given(track=tracks(8), tolerance=TOLERANCES)
def test_no_choice_of_key_frames_is_smaller(track, tolerance):
    frames, values = track
    chosen = thin(frames, values, tolerance=tolerance)
    assert is_within(frames, values, chosen, tolerance)
    assert len(chosen) == fewest_by_trying_all(frames, values, tolerance)


@settings(max_examples=40, deadline=None)
@given(track=tracks(60), tolerance=TOLERANCES)
def test_longer_tracks_take_the_shortest_path(track, tolerance):
    frames, values = track
    chosen = thin(frames, values, tolerance=tolerance)
    assert is_within(frames, values, chosen, tolerance)
    assert len(chosen) == fewest_by_all_steps(frames, values, tolerance)


@pytest.mark.parametrize("tolerance", [0.0, 0.5])
def test_steps_longer_than_a_block_are_seen(tolerance):
    """Long straight pieces with a bend within a block and one at its edge."""
    frames = np.arange(1, 401)
    bends = np.interp(frames, [1, 100, 257, 400], [0, 99, 20.5, 92])
    values = np.round(np.stack([bends, np.full(400, 7.125)], axis=1), 3)
    chosen = thin(frames, values, tolerance=tolerance)
    assert is_within(frames, values, chosen, tolerance)
    assert len(chosen) == fewest_by_all_steps(frames, values, tolerance)
    assert len(chosen) <= 8


@settings(max_examples=60, deadline=None)
@given(track=tracks(20), tolerance=TOLERANCES, data=st.data())
def test_kept_frames_and_both_ends_are_key_frames(track, tolerance, data):
    frames, values = track
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(frames), max_size=len(frames))))
    chosen = thin(frames, values, tolerance=tolerance, keep=keep)
    assert {0, len(frames) - 1, *np.flatnonzero(keep)} <= set(chosen.tolist())
    assert is_within(frames, values, chosen, tolerance)


def test_what_labelbox_interpolated_needs_its_key_frames_only():
    frames = np.arange(1, 61)
    drawn = np.array([0, 17, 18, 40, 59])
    values = np.random.default_rng(1).integers(0, 4000, (60, 4)) / 8
    dense = reproduced(frames, values, drawn)
    assert thin(frames, dense, tolerance=0.0).tolist() == drawn.tolist()


def test_values_finer_than_a_thousandth_need_key_frames_at_zero_tolerance():
    frames = np.arange(1, 6)
    values = np.full((5, 2), 1 / 3)
    assert len(thin(frames, values, tolerance=0.0)) == 5
    assert len(thin(frames, values, tolerance=0.001)) == 2


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 3), min_size=1, max_size=14),
    tolerance=st.sampled_from([0.0, 0.5]),
    data=st.data(),
)
def test_lines_hold_where_their_vertex_counts_differ(counts, tolerance, data):
    corner = st.sampled_from([0.0, 0.25, 1.0, 5.5])
    shapes = [
        np.array(data.draw(st.lists(st.tuples(corner, corner), min_size=n, max_size=n)))
        for n in counts
    ]
    frames = np.arange(1, len(shapes) + 1)
    chosen = thin(frames, shapes, tolerance=tolerance)
    track = Track(
        feature=Feature(None, None, None),
        feature_id="",
        kind="line",
        frames=frames[chosen],
        is_key_frame=np.ones(len(chosen), dtype=bool),
        coordinates=tuple(shapes[i] for i in chosen),
        segments=np.array([[1, len(shapes)]]),
        answers=((),) * len(chosen),
    )
    shown = moving_vertices(track, visible_frames(track, len(shapes)))
    for shape, wanted in zip(shown, shapes, strict=True):
        assert shape.shape == wanted.shape
        assert (np.abs(shape - wanted) <= tolerance + SLACK).all()


def test_a_still_line_has_one_key_frame_until_its_vertices_change():
    still, moved = np.array([[0.0, 0.0], [4.0, 4.0]]), np.array([[1.0, 1.0]])
    chosen = thin(np.arange(1, 9), [still] * 5 + [moved] * 3, tolerance=0.0)
    assert chosen.tolist() == [0, 5, 7]
