"""Videos that could not be had, or only in part, are tried again."""

import pytest
from sync_projects import ONTOLOGY, car, clip, contents, make, nose, road, weather
from video_files import write_video

from deeplake_labelbox._store.labelbox_meta import LabelboxMeta

FRAMES = 12


@pytest.fixture
def cut(box, tmp_path):
    """A project whose second video ends early until the faults are cleared."""
    project = box.add_project("Cut", ONTOLOGY)
    for number in range(3):
        path = write_video(
            tmp_path / f"cut-{number}.mp4",
            frames=FRAMES,
            size=(96, 64),
            gop=1,
            b_frames=0,
            container_options={"movflags": "faststart"},
        )
        project.add_video(path, external_id=path.name).add_label([car(number), weather("sun")])
    box.faults.add("cut-1", "truncate", after_bytes=2600, times=None)
    yield project
    box.faults.clear()


@pytest.fixture
def partial(box, cut, path):
    dataset = make(box, cut, path)
    assert LabelboxMeta.read(dataset).videos[1].status == "partial"
    assert len(dataset) < 3 * FRAMES
    return dataset


def test_a_video_that_could_not_be_had(sync, dataset, project, tmp_path, is_in_step):
    path = tmp_path / "later.mp4"
    row = project.add_video(row_data=str(path), external_id="later.mp4")
    row.add_label([car(3)])
    report = sync(dataset)
    assert report.summary == "1 video failed"
    assert [gap.data_row_id for gap in report.gaps][:1] == [row.id]
    again = sync(dataset)
    assert not again.committed
    assert again.gaps
    path.write_bytes(clip(first=40))
    assert sync(dataset).summary == "1 video added"
    is_in_step(dataset)


def test_a_video_of_which_there_is_more_replaces_its_part(box, sync, cut, partial):
    before, meta = contents(partial), LabelboxMeta.read(partial)
    again = sync(partial)
    assert not again.committed
    assert again.gaps
    assert contents(partial) == before
    assert LabelboxMeta.read(partial) == meta

    box.faults.clear()
    assert not sync(partial, retry=False).committed
    report = sync(partial)
    assert report.summary == "1 video has more frames"
    assert report.gaps == ()
    fresh = make(box, cut, "mem://cut-fresh")
    assert contents(partial) == contents(fresh)
    assert {video.status for video in LabelboxMeta.read(partial).videos} == {"done"}
    assert not sync(partial).committed


def test_a_part_that_stays_one_is_in_step_beside_what_changed(box, sync, cut, partial):
    _, second, third = cut.data_rows
    second.update_label(second.labels[0], [car(7)])
    third.update_label(third.labels[0], [car(8)])
    report = sync(partial)
    assert report.summary == "2 labels corrected"
    assert contents(partial) == contents(make(box, cut, "mem://cut-fresh-part"))
    assert LabelboxMeta.read(partial).videos[1].status == "partial"


def test_more_of_a_part_reaches_main_with_a_merge(box, sync, cut, partial):
    box.faults.clear()
    assert sync(partial, branch="labelbox").summary == "1 video has more frames"
    assert not sync(partial, retry=False).committed
    assert sync(partial, branch="labelbox", merge=True).merged
    partial.refresh()
    assert contents(partial) == contents(make(box, cut, "mem://cut-fresh-merged"))
    assert not sync(partial).committed


def test_only_labeled_frames_of_a_part(box, sync, cut, path):
    """Labels move meanwhile; frames that have rows keep them."""
    only = {"only_labeled": True}
    second = cut.data_rows[1]
    dataset = make(box, cut, path, **only)
    assert LabelboxMeta.read(dataset).videos[1].chosen == ((1, 5, 1),)
    second.update_label(second.labels[0], [seen(6, 7), seen(10, 12)])
    report = sync(dataset)
    assert report.summary == "1 video has more frames, 1 label corrected"
    assert "without rows" not in str(report.gaps)
    again = sync(dataset)
    assert not again.committed
    assert again.gaps

    box.faults.clear()
    second.update_label(second.labels[0], [seen(2, 2), seen(9, 10)])
    report = sync(dataset)
    assert report.summary == "1 video has more frames, 1 label corrected"
    assert report.gaps == ()
    found, fresh = contents(dataset), contents(make(box, cut, "mem://cut-fresh-only", **only))
    assert {key: found[key] for key in fresh} == fresh
    assert sorted(frame for row, frame in found if row == second.id) == [*range(7), 8, 9]
    assert not sync(dataset).committed


def test_a_part_that_has_all_rows_that_were_asked_for(box, sync, cut, path):
    ranges = {"frame_ranges": {cut.data_rows[1].id: [(2, 3)]}}
    dataset = make(box, cut, path, **ranges)
    box.faults.clear()
    assert sync(dataset).summary == "1 video has more frames"
    assert {video.status for video in LabelboxMeta.read(dataset).videos} == {"done"}
    assert contents(dataset) == contents(make(box, cut, "mem://cut-fresh-ranges", **ranges))
    assert not sync(dataset).committed


def test_some_masks_come_later_than_others(box, sync, dataset, project, is_in_step):
    first = project.data_rows[0]
    masks = road(7)
    masks["masks"]["frames"] += [road(3)["masks"]["frames"][0] | {"index": 4}]
    box.faults.add("mask", times=None, status=404)
    first.update_label(first.labels[0], [masks])
    assert sync(dataset).summary == "1 label corrected"
    assert not sync(dataset).committed
    box.faults.clear()
    box.faults.add("mask", times=None, status=404, skip=1)
    report = sync(dataset)
    box.faults.clear()
    assert report.summary == "1 label corrected"
    assert len(report.gaps) == 1
    assert dataset["road"][1].any() or dataset["road"][3].any()
    assert sync(dataset).summary == "1 label corrected"
    is_in_step(dataset)
    assert not sync(dataset).committed


def seen(first, last):
    places = [{"frame": frame, "point": {"x": frame, "y": 4}} for frame in {first, last}]
    return nose(1) | {"uuid": f"nose {first}", "segments": [{"keyframes": places}]}
