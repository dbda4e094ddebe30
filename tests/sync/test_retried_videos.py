"""Videos that could not be had, or only in part, are tried again."""

import pytest
from sync_projects import ONTOLOGY, car, clip, contents, make, weather
from video_files import write_video

from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta

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
