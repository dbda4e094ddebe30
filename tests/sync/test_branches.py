"""Branches are brought in step, and merged."""

import deeplake
from sync_projects import car, clip, contents, make, nose, person, road


def messages(dataset):
    return [version.message for version in dataset.history]


def test_labels_go_to_a_branch_and_into_main(sync, dataset, project, videos, is_in_step):
    first, second, third = project.data_rows
    before = contents(dataset)
    second.update_label(second.labels[0], [car(9)])
    third.add_label([car(1), person(2)])
    report = sync(dataset, branch="labelbox")
    assert report.branch == "labelbox"
    assert contents(dataset) == before
    branch = dataset.branches["labelbox"].open()
    is_in_step(branch)
    project.add_video(videos[3]).add_label([nose(4)])
    first.update_label(first.labels[0], [car(1, uuid="new"), road(8)])
    report = sync(dataset, branch="labelbox", merge=True, tag="run-7")
    assert report.merged
    dataset.refresh()
    is_in_step(dataset)
    assert messages(dataset)[-1] == "Merge labelbox: sync of Labelbox project Traffic"
    tagged = dataset.tags["run-7"]
    assert tagged.version == dataset.version == report.version
    assert contents(tagged.open()) == contents(dataset)
    again = sync(dataset, branch="labelbox", merge=True)
    assert not again.committed
    assert not again.merged
    assert not sync(dataset).committed


def test_branches_that_both_went_on_keep_all_track_ids(sync, dataset, project, is_in_step):
    first, second, third = project.data_rows
    dataset.branch("labelbox")
    third.add_label([car(1)])
    sync(dataset)
    second.update_label(second.labels[0], [car(2, uuid="other")])
    sync(dataset, branch="labelbox")
    sync(dataset, branch="labelbox", merge=True)
    dataset.refresh()
    first.update_label(first.labels[0], [car(5)])
    sync(dataset)
    is_in_step(dataset)


def test_a_video_that_both_branches_added_is_there_once(box, sync, project, videos, tmp_path):
    path = str(tmp_path / "clips")
    make(box, project, path)
    fourth = project.add_video(videos[3])
    fourth.add_label([car(7), road(2)])
    sync(path, branch="labelbox")
    sync(path)
    fourth.update_label(fourth.labels[0], [car(1), road(5)])
    assert sync(path, branch="labelbox", merge=True).merged
    dataset = deeplake.open(path)
    assert len(dataset) == 24
    assert contents(dataset) == contents(make(box, project, str(tmp_path / "fresh")))
    assert messages(dataset)[-1] == "Merge labelbox: sync of Labelbox project Traffic"
    assert dataset.branches.names() == ["labelbox", "main"]
    assert not sync(path).committed


def test_a_video_that_failed_on_main_is_had_on_a_branch(
    sync, dataset, project, tmp_path, is_in_step
):
    path = tmp_path / "later.mp4"
    row = project.add_video(row_data=str(path), external_id="later.mp4")
    row.add_label([car(3), road(2)])
    assert sync(dataset).summary == "1 video failed"
    path.write_bytes(clip(first=40))
    assert sync(dataset, branch="labelbox").summary == "1 video added"
    dataset.refresh()
    assert len(dataset) == 18
    assert sync(dataset, branch="labelbox", merge=True).merged
    dataset.refresh()
    is_in_step(dataset)
    assert not sync(dataset).committed
