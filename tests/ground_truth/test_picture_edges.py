"""Objects outside the picture are refused; objects that cross its edge are noted."""

import numpy as np
import pytest

from deeplake_labelbox._formats.annotations import (
    RefusedObject,
    SourceFinding,
    VideoAnnotations,
)
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._imports.payload import PayloadWriter
from deeplake_labelbox._imports.targets import Target
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.ontology import Ontology

SIZE = (64, 48)
TOOLS = {"car": "rectangle", "nose": "point", "lane": "line", "road": "raster-segmentation"}
ONTOLOGY = Ontology.of({"tools": [{"tool": kind, "name": name} for name, kind in TOOLS.items()]})


def target(size=SIZE):
    return Target("row", "one.mp4", (None, "one.mp4", None, None), size, 40, 0)


def written(builder, size=SIZE):
    writer = PayloadWriter(
        project_id="p", ontology=ONTOLOGY, mapping={}, tolerance=0, keep_key_frames=True
    )
    video = VideoAnnotations(
        data_row=("one.mp4",),
        tracks=builder.tracks(),
        findings=builder.findings(),
        refused=builder.refused(),
    )
    return writer.write(video, target(size))


def frames_of(line):
    return [[key["frame"] for key in part["keyframes"]] for part in line.content["segments"]]


@pytest.mark.parametrize(
    ("kind", "values", "outside", "crosses"),
    [
        ("rectangle", [[0, 0, 64, 48], [-1, 0, 3, 3], [64, 0, 5, 5], [3, -9, 5, 9]], [2, 3], [1]),
        ("rectangle", [[63.9996, 2, 0.0008, 4], [-9, -9, 900, 900]], [], [1]),
        ("point", [[0, 0], [64, 48], [64.5, 3], [3, -1]], [2, 3], []),
        (
            "line",
            [
                [[1, 1], [60, 40]],
                [[-5, 5], [5, -5]],
                [[-5, 4], [4, -5.5]],
                [[-9, 20], [99, 20], [99, 9]],
                [[-3, 1], [-3, 9]],
            ],
            [2, 4],
            [1, 3],
        ),
    ],
)
def test_what_is_beyond_the_picture(kind, values, outside, crosses):
    coordinates = [np.array(value, dtype=float) for value in values]
    if kind != "line":
        coordinates = np.array(coordinates)
    found = GEOMETRIES[kind].outside(coordinates, SIZE)
    assert [np.flatnonzero(where).tolist() for where in found] == [outside, crosses]


def test_frames_outside_split_the_track_and_are_reported():
    builder = TrackBuilder()
    for frame, left in enumerate([50, 60, 70, 80, 30], 1):
        builder.add("car", "rectangle", "a", frame, (left, 5, 10, 10))
    payload = written(builder)
    (line,) = payload.lines
    assert frames_of(line) == [[1, 2], [5]]
    crosses = "'car' a: crosses the edge of the picture; imported unchanged"
    assert payload.findings == [
        SourceFinding("'car' a: it lies outside the picture of 64 x 48 pixels", 3, 2),
        SourceFinding(crosses, 2, is_note=True),
    ]
    assert not payload.refused


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("car", "rectangle", (64, 5, 10, 10)),
        ("nose", "point", (-1, 5)),
        ("lane", "line", np.array([[70, 1], [80, 9.0]])),
    ],
)
def test_an_object_wholly_outside_is_refused_with_its_frame(name, kind, value):
    builder = TrackBuilder()
    builder.add(name, kind, "a", 7, value)
    payload = written(builder)
    (refusal,) = payload.refused
    assert refusal.reason == "it lies outside the picture of 64 x 48 pixels (frame 7)"
    assert not payload.lines
    assert not payload.findings


def test_crossing_the_edge_is_reported_once_per_class():
    builder = TrackBuilder()
    for track in range(8):
        builder.add("car", "rectangle", str(track), track + 3, (-2, 5, 10, 10))
    payload = written(builder)
    assert len(payload.lines) == 8
    what = "'car' 0, 1, 2, 3, 4 and 3 more: crosses the edge of the picture; imported unchanged"
    assert payload.findings == [SourceFinding(what, 3, 8, is_note=True)]


def test_nothing_is_outside_a_picture_of_unknown_size():
    builder = TrackBuilder()
    builder.add("car", "rectangle", "a", 1, (900, 900, 1, 1))
    assert len(written(builder, size=None).lines) == 1


def test_an_object_outside_in_one_frame_keeps_the_other_frames():
    builder = TrackBuilder()
    for frame in (1, 2, 4, 5):
        builder.add("car", "rectangle", "a", frame, (5, 5, 10, 10))
    builder.leave_out("car", "rectangle", "a", 3, "line 3 has no width")
    builder.leave_out("car", "rectangle", "b", 3, "line 4 has no width")
    builder.add("car", "rectangle", "c", 3, (5, 5, 10, 10))
    builder.refuse("car", "c", "it is rotated in frame 3")
    assert builder.findings() == [SourceFinding("'car' a: line 3 has no width", 3)]
    assert builder.refused() == [
        RefusedObject("car", "c", "it is rotated in frame 3"),
        RefusedObject("car", "b", "line 4 has no width (frame 3)"),
    ]
    payload = written(builder)
    assert [frames_of(line) for line in payload.lines] == [[[1, 2], [4, 5]]]
    assert [(refusal.member.track, refusal.reason) for refusal in payload.refused] == [
        ("c", "it is rotated in frame 3"),
        ("b", "line 4 has no width (frame 3)"),
    ]


def test_a_line_of_one_vertex_is_refused():
    builder = TrackBuilder()
    builder.add("lane", "line", "a", 2, np.array([[5.0, 5.0]]))
    (refusal,) = written(builder).refused
    assert refusal.reason == "the line has fewer than 2 vertices (frame 2)"


def test_a_broken_mask_does_not_affect_other_objects():
    def pixels():
        mask = np.zeros((48, 64), dtype=bool)
        mask[2:5, 2:5] = True
        return mask

    def damaged():
        raise ValueError("the runs cover 3 pixels of 6")

    builder = TrackBuilder()
    builder.add("road", "raster-segmentation", "a", 1, pixels)
    builder.add("road", "raster-segmentation", "a", 2, damaged)
    builder.add("road", "raster-segmentation", "b", 2, damaged)
    builder.add("road", "raster-segmentation", "a", 3, pixels)
    payload = written(builder)
    (line,) = payload.lines
    assert [frame["index"] for frame in line.content["masks"]["frames"]] == [1, 2, 3]
    what = "'road' a: the mask cannot be read: the runs cover 3 pixels of 6"
    assert payload.findings == [SourceFinding(what, 2)]
    (refusal,) = payload.refused
    assert refusal.reason == "the mask cannot be read: the runs cover 3 pixels of 6 (frame 2)"


def test_infinite_coordinates_do_not_affect_other_objects():
    builder = TrackBuilder()
    for frame, width in enumerate([10, float("nan"), 10, 0], 1):
        builder.add("car", "rectangle", "a", frame, (5, 5, width, 10))
    builder.add("nose", "point", "b", 4, (float("inf"), 5))
    payload = written(builder)
    assert [frames_of(line) for line in payload.lines] == [[[1], [3]]]
    what = "its coordinates are not finite, or beyond 1000000 pixels"
    assert payload.findings == [
        SourceFinding(f"'car' a: {what}", 2),
        SourceFinding("'car' a: the box has no width or height", 4),
    ]
    assert [refusal.reason for refusal in payload.refused] == [f"{what} (frame 4)"]
