"""CVAT for video: labels land on the frames on which CVAT shows them, or the reason is given."""

import numpy as np
import pytest
from cvat_files import SIZE, box, document, mask, project_of, reasons, task, track

from deeplake_labelbox._formats.cvat.reader import CvatSource
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._model.interpolation import moving_coordinates
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames
from deeplake_labelbox.errors import AnnotationSourceError

CVAT = f"""<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>5</id><name>street</name><stop_frame>9</stop_frame>{SIZE}
    <source>one.mp4</source></task></meta>
  <track id="0" label="car" source="manual">
    <box frame="0" outside="0" keyframe="1" xtl="1.50" ytl="2.00" xbr="11.50" ybr="9.00">
      <attribute name="color">red</attribute><attribute name="plate"></attribute>
    </box>
    <box frame="2" outside="0" keyframe="1" xtl="3.50" ytl="2.00" xbr="13.50" ybr="9.00">
      <attribute name="color">blue</attribute>
    </box>
    <box frame="4" outside="1" keyframe="1" xtl="3.50" ytl="2.00" xbr="13.50" ybr="9.00"/>
    <box frame="7" outside="0" keyframe="1" xtl="5.00" ytl="5.00" xbr="6.00" ybr="6.00"/>
  </track>
  <track id="1" label="nose"><points frame="1" outside="0" keyframe="1" points="3.00,4.00"/>
    <points frame="2" outside="1" keyframe="1" points="3.00,4.00"/></track>
  <track id="2" label="lane marking">
    <polyline frame="1" outside="0" keyframe="1" points="0.00,1.00;5.00,6.00"/>
    <polyline frame="2" outside="1" keyframe="1" points="0.00,1.00;5.00,6.00"/></track>
  <track id="3" label="road">
    <mask frame="3" outside="0" keyframe="1" rle="1, 2, 3" left="4" top="5" width="3" height="2"/>
    <mask frame="4" outside="1" keyframe="1" rle="6" left="4" top="5" width="3" height="2"/></track>
  <track id="4" label="car"><ellipse frame="1" cx="1" cy="1" rx="1" ry="1"/></track>
</annotations>
"""


def test_cvat_is_imported_frame_by_frame(imported, labels_of, project, read):
    (video,) = read(CVAT)
    assert (video.data_row, video.size) == (("one.mp4", "street"), (64, 48))
    (road,) = [track for track in video.tracks if track.class_name == "road"]
    assert np.argwhere(road.coordinates[0]()).tolist() == [[5, 5], [5, 6]]
    result = imported(CVAT, tolerance=0)
    assert len(result.accepted) == 4
    assert [(outcome.track, outcome.reason) for outcome in result.refused] == [
        ("4", "it is drawn as ellipse, which Labelbox does not have")
    ]
    label = parse_label(labels_of(project)["one.mp4"][0])
    (car,) = [track for track in label.tracks if track.kind == "rectangle"]
    shown = visible_frames(car, 40)
    lefts = dict(zip(shown.frames.tolist(), moving_coordinates(car, shown)[:, 0], strict=True))
    assert lefts == {1: 1.5, 2: 2.5, 3: 3.5, 4: 3.5, 8: 5.0, 9: 5.0, 10: 5.0}
    colors = [
        {a.feature.name: a for a in car.answers[last]}.get("color") for last in shown.answered
    ]
    assert [c and c.options[0].feature.value for c in colors] == [
        "red", "red", "blue", "blue", None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("</annotations>", "", "cannot be read as XML"),
        ("annotations>", "labels>", "not a file of CVAT for video"),
        ("<track", "<image/><track", "'CVAT for images', .* Export the task as 'CVAT for video"),
        ("<stop_frame>9", "<stop_frame>nine", "a <stop_frame> 'nine', which is not a whole number"),
        ("<stop_frame>", "<frame_filter>odd</frame_filter><stop_frame>", "not like 'step=5'"),
    ],
)
def test_a_file_that_is_not_of_cvat_is_refused(read, old, new, fault):
    with pytest.raises(AnnotationSourceError, match=fault):
        read(CVAT.replace(old, new))


def test_a_file_without_tracks(read):
    with pytest.raises(AnnotationSourceError, match="has no <track>"):
        read(document(task()))
    with pytest.raises(AnnotationSourceError, match="tasks that its <meta> does not have"):
        read(document(project_of(task(1), task(2)), track(box(1))))


def test_xml_entities_are_not_expanded(cvat_file):
    entities = '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">'
    bomb = f"<!DOCTYPE annotations [{entities}]><annotations>&b;</annotations>"
    with pytest.raises(AnnotationSourceError, match="cannot be read as XML"):
        CvatSource(cvat_file(bomb), ReadOptions())


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (box(3, more='rotation="12.5"'), r'<box frame="3"> (frame 4) is rotated by 12.5 degrees'),
        (box(3).replace('xtl="10"', 'xtl="nan"'), "(frame 4) has the xtl 'nan', which is not"),
        (box(3).replace('xtl="10"', 'xtl="left"'), "has the xtl 'left', which is not a number"),
        (box(3).replace('xtl="10"', ""), "(frame 4) has no xtl"),
        (box(3).replace('xtl="10"', 'xtl="90"'), "(frame 4) ends before it begins"),
        (box("x"), '<box frame="x"> has no frame number'),
        (box(-3), '<box frame="-3"> has a negative frame number'),
        ('<points frame="3" points=""/>', "(frame 4) has the points ''"),
        ('<points frame="3" points="1,2;3"/>', "(frame 4) has the points '1,2;3'"),
        ('<points frame="3" points="1,2;3,4"/>', "(frame 4) has 2 points"),
        ('<polygon frame="3" points="1,2;3,4"/>', "(frame 4) has 2 vertices; it needs 3"),
        ('<polyline frame="3" points="1,2"/>', "(frame 4) has 1 vertices; it needs 2"),
        (mask(3, left=63), "(frame 4) leaves the picture of 64 x 48 pixels: it is at 63, 10"),
        (mask(3, rle="0, 5"), "(frame 4) is damaged: its runs cover 5 pixels of 2 x 3"),
        (mask(3, rle="0, x"), "(frame 4) has the rle '0, x', which is damaged"),
        ('<cuboid frame="3" xtl1="1"/>', "it is drawn as cuboid, which Labelbox does not have"),
        ("<skeleton frame='3'><points/></skeleton>", "it is drawn as skeleton"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_only_the_broken_track_is_refused(read, bad, fault, place):
    """The whole track is refused: nothing is guessed between its other shapes."""
    tag = bad[1:].split()[0]
    shapes = [bad, bad.replace('frame="3"', 'frame="5"')] if tag != "box" else [bad]
    if tag == "box":
        shapes.insert(place, box(1 if place else 8))
    (video,) = read(
        document(
            task(),
            track(box(0), box(2, outside=1)),
            track(*shapes, number=1),
            track(box(1), box(2, outside=1), number=2),
        )
    )
    assert {track.track: track.frames.tolist() for track in video.tracks} == {
        "0": [1, 2],
        "2": [2],
    }
    ((name, reason),) = reasons(video)
    assert name == "1"
    assert fault in reason


@pytest.mark.parametrize("rotation", ["0", "0.00", "-0.0", "360", "360.00", "-360"])
def test_a_rotation_of_zero(frames_of, rotation):
    shape = box(3, more=f'rotation="{rotation}"')
    assert frames_of(document(task(), track(shape, box(4, outside=1)))) == {"one.mp4": {"0": [4]}}


def test_what_is_outside_is_not_read(frames_of):
    damaged = box(0, outside=1).replace('xtl="10"', 'xtl="nan" rotation="30"')
    text = document(task(), track(damaged, box(3), box(5, outside=1)))
    assert frames_of(text) == {"one.mp4": {"0": [4, 5]}}


def test_a_track_without_visible_shapes(read):
    (video,) = read(document(task(), track(box(0, outside=1)), track(label="", number=1)))
    assert reasons(video) == [
        ("0", "it is outside the picture in all frames"),
        ("1", "it has no label"),
    ]


STEPS = task(size=3, stop=12, step="step=5")


@pytest.mark.parametrize(
    ("described", "shapes", "frames"),
    [
        # A track stands to the end; a shape of one frame has no end if that is the last frame.
        (task(size=10), [box(7)], [8, 9, 10]),
        (task(size=10), [box(8)], [9]),
        (task(size=10), [box(9)], [10]),
        (task(size=10), [mask(7)], [8]),
        (task(size=10), [mask(9)], [10]),
        (task(size=10), [box(3), box(8)], [4, 5, 6, 7, 8, 9, 10]),
        (task(size=10), [box(8), box(10, outside=1)], [9, 10]),
        # With a step, nothing is known between two frames of the task.
        (STEPS, [mask(5), mask(10, outside=1)], [6]),
        (STEPS, [mask(10)], [11]),
        (STEPS, [box(0), box(5), box(10, outside=1)], [*range(1, 7)]),
        (STEPS, [box(0), box(5)], [*range(1, 12)]),
        (STEPS, [box(5), box(13, outside=1)], [*range(6, 12)]),
    ],
)  # fmt: skip
def test_where_an_object_ends(frames_of, described, shapes, frames):
    assert frames_of(document(described, track(*shapes))) == {"one.mp4": {"0": frames}}


def test_deleted_frames_are_not_labeled(read):
    """CVAT writes every frame of a track except deleted ones."""
    between = 'keyframe="0"'
    shapes = [box(0), box(1, more=between), box(4), box(5, more=between), box(8, outside=1)]
    (video,) = read(document(task(size=12), track(*shapes)))
    assert video.tracks[0].frames.tolist() == [1, 2, 5, 6]
    (finding,) = video.findings
    assert "CVAT leaves out deleted frames" in finding.what
    assert (finding.frame, finding.count) == (3, 4)


def test_a_file_without_its_last_frame(read):
    (video,) = read(document("", track(box(3))))
    assert video.tracks[0].frames.tolist() == [4]
    assert "how many frames it has" in video.findings[0].what


def test_files_that_were_joined(read):
    other = track(box(5), box(6, outside=1))
    (video,) = read(document(task(), track(box(1), box(2, outside=1)), other))
    assert [(track.track, track.frames.tolist()) for track in video.tracks] == [
        ("0", [2]),
        ("0#1", [6]),
    ]


def test_a_shape_that_is_written_twice(read):
    (video,) = read(document(task(), track(box(1, left=2), box(1, left=9), box(3, outside=1))))
    assert video.tracks[0].coordinates[:, 0].tolist() == [2, 2]
    assert video.findings[0].what == "'car' 0: it is in the frame twice; the first one is used"


def test_unsupported_marks_are_reported_once(read):
    occluded = 'occluded="1"'
    (video,) = read(
        document(
            task(),
            track(box(1), box(2, more=occluded), box(3, outside=1, more=occluded)),
            track(box(1, more=occluded), box(2, outside=1), number=1, more='group_id="3"'),
        )
    )
    assert [(f.what.split(",")[0], f.frame, f.count, f.is_note) for f in video.findings] == [
        ("'occluded' is not imported", 2, 2, True),
        ("a 'group_id' is not imported", None, 1, True),
    ]


def polygon(frame, points, outside=0):
    return f'<polygon frame="{frame}" outside="{outside}" points="{points}"/>'


def test_polygons_are_filled_for_a_mask_tool(imported, shown):
    square = "4,4;8,4;8,8;4,8"
    outside = polygon(1, square, outside=1)
    result = imported(
        document(
            task(),
            track(polygon(0, square), polygon(2, square, outside=1), label="road"),
            track(polygon(0, "-5,20;9,20;9,29"), outside, label="sky", number=1),
            track(polygon(0, "70,4;79,4;79,9"), outside, label="sky", number=2),
            track(polygon(0, square), outside, number=3),
        )
    )
    assert shown() == {("one.mp4", "road"): [1, 2], ("one.mp4", "sky"): [1]}
    assert [(outcome.track, outcome.reason) for outcome in result.refused] == [
        ("2", "it lies outside the picture of 64 x 48 pixels (frame 1)"),
        ("3", "it is a polygon, but the tool in the project is a rectangle"),
    ]
    assert [note.what for note in result.notes] == [
        "'sky' 1: crosses the edge of the picture; imported unchanged"
    ]


def test_masks_lie_as_in_cvat(read):
    high, low = mask(1, more='z_order="5"'), mask(1, more='z_order="-1"')
    (video,) = read(document(task(), track(high, label="road"), track(low, label="sky", number=1)))
    assert [track.class_name for track in video.tracks] == ["sky", "road"], "painted last"
