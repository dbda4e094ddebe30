"""CVAT for video: labels land on the frames on which CVAT shows them, or it is told why not."""

import re

import numpy as np
import pytest

from deeplake_labelbox._formats.cvat.reader import CvatSource
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._model.interpolation import moving_coordinates
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames
from deeplake_labelbox.errors import AnnotationSourceError

NO_TOOL = lambda _: None  # noqa: E731 - one of many equal arguments
SIZE = "<original_size><width>64</width><height>48</height></original_size>"

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


def box(frame, left=10, outside=0, more=""):
    if 'keyframe="' not in more:
        more += ' keyframe="1"'
    return (
        f'<box frame="{frame}" outside="{outside}" xtl="{left}" ytl="20" xbr="{left + 5}" '
        f'ybr="30" {more}/>'
    )


def mask(frame, outside=0, rle="0, 6", left=10, more=""):
    return (
        f'<mask frame="{frame}" keyframe="1" outside="{outside}" rle="{rle}" left="{left}" '
        f'top="10" width="2" height="3" {more}/>'
    )


def track(*shapes, label="car", number=0, more=""):
    return f'<track id="{number}" label="{label}" {more}>{"".join(shapes)}</track>'


def task(number=1, size=40, start=0, stop=None, step="", source="one.mp4", subset="default"):
    stop = start + size - 1 if stop is None else stop
    return (
        f"<task><id>{number}</id><name>task {number}</name><size>{size}</size>"
        f"<subset>{subset}</subset><start_frame>{start}</start_frame>"
        f"<stop_frame>{stop}</stop_frame><frame_filter>{step}</frame_filter>{SIZE}"
        f"<source>{source}</source></task>"
    )


def document(meta, *tracks):
    return f"<annotations><meta>{meta}</meta>{''.join(tracks)}</annotations>"


def project_of(*tasks, more=""):
    return f"<project><id>1</id><tasks>{''.join(tasks)}</tasks>{more}</project>"


@pytest.fixture
def cvat_file(tmp_path):
    def write(text):
        file = tmp_path / "annotations.xml"
        file.write_text(text)
        return file

    return write


@pytest.fixture
def read(cvat_file):
    """``read(text)``: the annotations of each video."""
    return lambda text, **options: list(CvatSource(cvat_file(text), **options).videos(NO_TOOL))


@pytest.fixture
def frames_of(read):
    """``frames_of(text)``: the frames of each track by video and track; findings by video."""

    def frames(text):
        return {
            video.name: {track.track: track.frames.tolist() for track in video.tracks}
            for video in read(text)
        }

    return frames


@pytest.fixture
def imported(client, project, cvat_file):
    def run(text, **options):
        return import_annotations(
            cvat_file(text), project.id, None, lb_client=client, progress=False, **options
        )

    return run


@pytest.fixture
def shown(labels_of, project):
    """``shown()``: the frames on which Labelbox shows each object, by video and class."""

    def frames():
        return {
            (name, track.feature.name): visible_frames(track, 40).frames.tolist()
            for name, labels in labels_of(project).items()
            for label in labels
            for track in parse_label(label).tracks
        }

    return frames


def reasons(video):
    return [(item.track, item.reason) for item in video.refused]


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
        ("annotations>", "labels>", "no file of CVAT for video"),
        ("<track", "<image/><track", "'CVAT for images', .* Export the task as 'CVAT for video"),
        ("<stop_frame>9", "<stop_frame>nine", "a <stop_frame> 'nine', which is no whole number"),
        ("<stop_frame>", "<frame_filter>odd</frame_filter><stop_frame>", "not like 'step=5'"),
    ],
)
def test_what_is_no_cvat_file_is_refused_whole(read, old, new, fault):
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
        CvatSource(cvat_file(bomb))


def test_tasks_of_a_project_run_on_within_a_subset(frames_of):
    tasks = [
        task(7, 5, source="c.mp4", subset="Test"),
        task(1, 10, start=2, source="a.mp4"),
        task(4, 6, stop=27, step="step=5", start=2, source="without tracks.mp4"),
        task(5, 40, start=3, source="b.mp4"),
    ]
    # a is ahead of the others by 2 + 10, the next one by 2 + 5 * 6.
    assert frames_of(
        document(
            project_of(*tasks),
            track(box(3), box(5, outside=1), more='task_id="1" subset="default"', number=1),
            track(box(44 + 3), box(44 + 5, outside=1), more='task_id="5" subset="default"'),
            track(box(4), more='task_id="7" subset="Test"', number=2),
        )
    ) == {"a.mp4": {"1": [4, 5]}, "b.mp4": {"0": [4, 5]}, "c.mp4": {"2": [5]}}


def test_tracks_tell_subsets_of_one_name_apart(frames_of):
    tasks = [task(1, 10, source="a.mp4"), task(2, 10, source="b.mp4")]
    listed = "<subsets>default\ndefault</subsets>"
    text = document(
        project_of(*tasks, more=listed),
        track(box(1), box(2, outside=1), more='task_id="1" subset="default_1"'),
        track(box(1), box(2, outside=1), more='task_id="2" subset="default"', number=1),
    )
    assert frames_of(text) == {"a.mp4": {"0": [2]}, "b.mp4": {"1": [2]}}
    with pytest.raises(AnnotationSourceError, match=r"two subsets .* 'default'.* task 1 is"):
        frames_of(text.replace(' subset="default_1"', ""))


def test_a_project_needs_the_sizes_of_its_tasks(frames_of):
    sizeless = task(1).replace("<size>40</size>", "").replace("<stop_frame>39</stop_frame>", "")
    text = document(
        project_of(sizeless, task(2)), track(box(3), box(4, outside=1), more='task_id="2"')
    )
    with pytest.raises(AnnotationSourceError, match="size of task 1"):
        frames_of(text)


def test_frames_of_no_task_are_findings(read):
    tasks = [task(1, 10, source="a.mp4"), task(2, 10, source="b.mp4", step="step=2", stop=18)]
    first, second = read(
        document(
            project_of(*tasks),
            track(box(3), box(12), more='task_id="1"'),
            track(box(12), box(13), box(15, outside=1), more='task_id="2"', number=1),
            track(box(3), more='task_id="2"', number=2),
        )
    )
    first_ends = "but its task begins at 0 and ends at 9"
    second_ends = "but its task begins at 10 and ends at 28, in steps of 2"
    assert [track.frames.tolist() for track in (*first.tracks, *second.tracks)] == [[4], [3]]
    assert [finding.what for finding in (*first.findings, *second.findings)] == [
        f"'car' 0: left out on frame 12 in the file, {first_ends}",
        f"'car' 1: left out on frame 13 in the file, {second_ends}",
    ]
    assert reasons(second) == [("2", f"left out on frame 3 in the file, {second_ends}")]


def test_tracks_of_no_task_are_refused(imported, shown):
    text = document(
        project_of(task(1, 10), task(2, 10, source="two.mp4")),
        track(box(1), box(3, outside=1), more='task_id="1"'),
        track(box(1), number=1, more='task_id="8"'),
        track(box(1), number=2),
    )
    result = imported(text)
    assert shown() == {("one.mp4", "car"): [2, 3]}
    assert [(outcome.track, outcome.reason) for outcome in result.refused] == [
        ("1", "the <meta> of the file does not have its task 8"),
        ("2", "it does not tell which of the 2 tasks of the file it is of"),
    ]


@pytest.mark.parametrize(
    "meta",
    [
        f"<task><id>5</id><name>left eye</name></task><source>one.mp4</source>{SIZE}",
        f"<task><id>5</id><name>two.mp4</name><source>clips/one.mp4</source></task>{SIZE}",
        f"<job><id>5</id>{SIZE}</job><source>one.mp4</source>",
        f"<project><tasks><task><id>5</id></task></tasks><source>one.mp4</source></project>{SIZE}",
    ],
)
def test_source_and_size_stand_where_they_may(imported, shown, meta):
    shape = [mask(2), mask(3, outside=1)]
    result = imported(document(meta, track(*shape, label="road")))
    assert not result.refused
    assert shown() == {("one.mp4", "road"): [3]}


def test_a_job_needs_no_name_where_its_data_row_is_given(imported, shown):
    job = "<job><id>9</id><size>10</size><start_frame>20</start_frame><stop_frame>29</stop_frame>"
    text = document(f"{job}</job>{SIZE}", track(box(22), label="car"))
    with pytest.raises(AnnotationSourceError, match="no data row 'annotations'"):
        imported(text)
    assert not imported(text, data_rows="one.mp4").refused
    assert shown() == {("one.mp4", "car"): list(range(23, 31))}


def test_one_data_row_for_tracks_of_one_task(read):
    tasks = project_of(task(1, 10), task(2, 10, source="two.mp4"))
    second = track(box(11), box(12, outside=1), more='task_id="2"')
    (video,) = read(document(tasks, second), data_row="eye")
    assert (video.data_row, video.tracks[0].frames.tolist()) == (("eye",), [2])
    first = track(box(1), more='task_id="1"', number=1)
    with pytest.raises(AnnotationSourceError, match="tracks of 2 videos, but one data row"):
        read(document(tasks, first, second), data_row="eye")


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (box(3, more='rotation="12.5"'), r'<box frame="3"> (frame 4) is rotated by 12.5 degrees'),
        (box(3).replace('xtl="10"', 'xtl="nan"'), "(frame 4) has the xtl 'nan', which is not"),
        (box(3).replace('xtl="10"', 'xtl="left"'), "has the xtl 'left', which is no number"),
        (box(3).replace('xtl="10"', ""), "(frame 4) has no xtl"),
        (box(3).replace('xtl="10"', 'xtl="90"'), "(frame 4) ends before it begins"),
        (box("x"), '<box frame="x"> has no number of a frame'),
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
def test_a_track_that_cannot_be_imported_is_refused_alone(read, bad, fault, place):
    """As a whole: what is between its other shapes is not guessed."""
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
def test_a_rotation_that_is_none(frames_of, rotation):
    shape = box(3, more=f'rotation="{rotation}"')
    assert frames_of(document(task(), track(shape, box(4, outside=1)))) == {"one.mp4": {"0": [4]}}


def test_what_is_outside_is_not_read(frames_of):
    damaged = box(0, outside=1).replace('xtl="10"', 'xtl="nan" rotation="30"')
    text = document(task(), track(damaged, box(3), box(5, outside=1)))
    assert frames_of(text) == {"one.mp4": {"0": [4, 5]}}


def test_a_track_that_is_nowhere(read):
    (video,) = read(document(task(), track(box(0, outside=1)), track(label="", number=1)))
    assert reasons(video) == [
        ("0", "it is outside of the picture in all frames"),
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


def test_single_shapes_of_a_projects_later_task(frames_of):
    """CVAT compares the number that runs on with the task's own last frame."""
    tasks = project_of(task(1, 30, source="a.mp4"), task(2, 40, source="b.mp4"))
    text = document(
        tasks,
        track(box(30 + 8), more='task_id="2"'),
        track(box(30 + 3), more='task_id="2"', number=1),
    )
    assert frames_of(text) == {"b.mp4": {"0": [9], "1": list(range(4, 41))}}


def test_deleted_frames_are_not_labeled(read):
    """CVAT writes every frame of a track, but those that are deleted."""
    between = 'keyframe="0"'
    shapes = [box(0), box(1, more=between), box(4), box(5, more=between), box(8, outside=1)]
    (video,) = read(document(task(size=12), track(*shapes)))
    assert video.tracks[0].frames.tolist() == [1, 2, 5, 6]
    (finding,) = video.findings
    assert "CVAT leaves out deleted frames" in finding.what
    assert (finding.frame, finding.count) == (3, 4)


def test_a_file_that_does_not_tell_where_it_ends(read):
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
    assert video.findings[0].what == "'car' 0: it is in the frame twice; the first one counts"


def test_marks_that_labelbox_does_not_have_are_told_once(read):
    occluded = 'occluded="1"'
    (video,) = read(
        document(
            task(),
            track(box(1), box(2, more=occluded), box(3, outside=1, more=occluded)),
            track(box(1, more=occluded), box(2, outside=1), number=1, more='group_id="3"'),
        )
    )
    assert [(f.what.split(",")[0], f.frame, f.count, f.is_note) for f in video.findings] == [
        ("'occluded' is set", 2, 2, True),
        ("a 'group_id' is set", None, 1, True),
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
        "'sky' 1: crosses the edge of the picture; imported as it is"
    ]


def test_masks_lie_as_in_cvat(read):
    high, low = mask(1, more='z_order="5"'), mask(1, more='z_order="-1"')
    (video,) = read(document(task(), track(high, label="road"), track(low, label="sky", number=1)))
    assert [track.class_name for track in video.tracks] == ["sky", "road"], "painted last"


def test_tasks_of_one_video_are_put_together(imported, frames_of):
    tasks = [task(1, 20, stop=19), task(2, 10, start=20, stop=29)]
    first = track(box(3), box(4, outside=1), more='task_id="1"')
    second = track(box(43), box(45, outside=1), more='task_id="2"', number=1)
    text = document(project_of(*tasks), first, second)
    assert frames_of(text) == {"one.mp4": {"0": [4], "1": [24, 25]}}
    assert len(imported(text).accepted) == 2


def test_tasks_of_one_video_go_to_one_data_row(imported, project):
    tasks = [task(1, 20, stop=19), task(2, 10, start=20, stop=29)]
    first = track(box(3), box(4, outside=1), more='task_id="1"')
    second = track(box(43), box(45, outside=1), more='task_id="2"', number=1)
    text = document(project_of(*tasks), first, second)
    names = re.findall("<name>([^<]+)</name>", project_of(*tasks))
    assert len(names) == 2
    rows = {name: row.id for name, row in zip(names, project.data_rows, strict=False)}
    with pytest.raises(AnnotationSourceError, match="`data_rows` names several data rows for it"):
        imported(text, data_rows=rows)


def test_two_tasks_of_the_same_frames(imported):
    tasks = [task(1, 20, source="one.mp4"), task(2, 20, source="one.mp4")]
    boxes = [track(box(3), box(4, outside=1), more=f'task_id="{number}"') for number in (1, 2)]
    boxes[1] = boxes[1].replace('frame="3"', 'frame="23"').replace('frame="4"', 'frame="24"')
    (refused,) = imported(document(project_of(*tasks), *boxes)).refused
    assert "another video of the source, 'one.mp4', goes to the same data row" in refused.reason
