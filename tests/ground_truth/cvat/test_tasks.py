"""CVAT's projects, tasks and jobs: each track has the video and the frames of its task."""

import re

import pytest
from cvat_files import SIZE, box, document, mask, project_of, reasons, task, track

from deeplake_labelbox._formats.sources import ReadOptions, open_source
from deeplake_labelbox.errors import AnnotationSourceError


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


def test_subsets_of_one_name_are_distinguished_by_their_tracks(frames_of):
    tasks = [task(1, 10, source="a.mp4"), task(2, 10, source="b.mp4")]
    listed = "<subsets>default\ndefault</subsets>"
    text = document(
        project_of(*tasks, more=listed),
        track(box(1), box(2, outside=1), more='task_id="1" subset="default_1"'),
        track(box(1), box(2, outside=1), more='task_id="2" subset="default"', number=1),
    )
    assert frames_of(text) == {"a.mp4": {"0": [2]}, "b.mp4": {"1": [2]}}
    with pytest.raises(AnnotationSourceError, match=r"two subsets .* 'default'.* task 1 belongs"):
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
        ("1", "its task 8 is not in the <meta> of the file"),
        ("2", "it does not name its task, and the file has 2"),
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
def test_source_and_size_are_found_in_every_place(imported, shown, meta):
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
    with pytest.raises(AnnotationSourceError, match=r"names one data row, but .* has 2 videos"):
        read(document(tasks, first, second), data_row="eye")


def test_single_shapes_of_a_projects_later_task(frames_of):
    """CVAT compares the continued number with the task's own last frame."""
    tasks = project_of(task(1, 30, source="a.mp4"), task(2, 40, source="b.mp4"))
    text = document(
        tasks,
        track(box(30 + 8), more='task_id="2"'),
        track(box(30 + 3), more='task_id="2"', number=1),
    )
    assert frames_of(text) == {"b.mp4": {"0": [9], "1": list(range(4, 41))}}


def test_tasks_of_one_video_are_put_together(imported, project, frames_of):
    tasks = project_of(task(1, 20, stop=19), task(2, 10, start=20, stop=29))
    first = track(box(3), box(4, outside=1), more='task_id="1"')
    second = track(box(43), box(45, outside=1), more='task_id="2"', number=1)
    text = document(tasks, first, second)
    assert frames_of(text) == {"one.mp4": {"0": [4], "1": [24, 25]}}
    assert len(imported(text).accepted) == 2
    names = re.findall("<name>([^<]+)</name>", tasks)
    assert len(names) == 2
    rows = {name: row.id for name, row in zip(names, project.data_rows, strict=False)}
    with pytest.raises(AnnotationSourceError, match="`data_rows` gives it several data rows"):
        imported(text, data_rows=rows)


def test_two_tasks_of_the_same_frames(imported):
    tasks = [task(1, 20, source="one.mp4"), task(2, 20, source="one.mp4")]
    boxes = [track(box(3), box(4, outside=1), more=f'task_id="{number}"') for number in (1, 2)]
    boxes[1] = boxes[1].replace('frame="3"', 'frame="23"').replace('frame="4"', 'frame="24"')
    (refused,) = imported(document(project_of(*tasks), *boxes)).refused
    assert "another video of the source, 'one.mp4', goes to the same data row" in refused.reason


def test_a_folder_of_files_is_read_as_one_source(tmp_path):
    for name, frame in {"one.mp4": 0, "two.mp4": 1, "none.mp4": None}.items():
        (tmp_path / name).mkdir()
        text = document(task(source=name), *([] if frame is None else [track(box(frame))]))
        (tmp_path / name / "annotations.xml").write_text(text)
    videos = open_source(tmp_path, ReadOptions()).videos(lambda _: None)
    assert [video.name for video in videos] == ["one.mp4", "two.mp4"]
    with pytest.raises(AnnotationSourceError, match=r"names one data row, but .* has 2 videos"):
        open_source(tmp_path, ReadOptions(data_row="a"))
    with pytest.raises(
        AnnotationSourceError, match=r"has no annotations\.xml of CVAT with a <track>"
    ):
        open_source(tmp_path / "none.mp4", ReadOptions())
