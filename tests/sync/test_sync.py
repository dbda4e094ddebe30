"""A dataset is brought in step, edit by edit."""

from datetime import UTC, datetime, timedelta

import deeplake
import pytest
from sync_projects import (
    car,
    change_ontology,
    clip,
    contents,
    lane,
    make,
    nose,
    person,
    road,
    weather,
)

from deeplake_labelbox._sync.sync import removed_data_rows
from deeplake_labelbox.errors import ConfigurationError


def messages(dataset):
    return [version.message for version in dataset.history]


def test_nothing_changed(sync, dataset, is_in_step):
    before = messages(dataset)
    report = sync(dataset)
    assert report.changes == ()
    assert not report.committed
    assert messages(dataset) == before
    is_in_step(dataset)


def test_labels_are_added_corrected_and_removed(sync, dataset, project, is_in_step):
    first, second, third = project.data_rows
    first.update_label(first.labels[0], [car(8), person(5), nose(3), weather("rain")])
    second.delete_label(second.labels[0])
    third.add_label([person(7), road(5)])
    report = sync(dataset)
    assert [change.what for change in report.changes] == [
        "label corrected",
        "label removed",
        "label added",
    ]
    assert messages(dataset)[-1] == (
        "Sync Labelbox project Traffic: 1 label added, 1 label corrected, 1 label removed"
    )
    is_in_step(dataset)
    again = sync(dataset)
    assert again.changes == ()
    assert not again.committed


def test_videos_come_and_go(sync, dataset, project, videos, is_in_step):
    first = project.data_rows[0]
    fourth = project.add_video(videos[3], external_id="d.mp4")
    fourth.add_label([car(1)])
    project.remove_video(first)
    report = sync(dataset)
    assert report.summary == "1 video added, 1 video left the project"
    assert len(dataset) == 24
    assert removed_data_rows(dataset) == (first.id,)
    assert not sync(dataset).committed
    pruned = sync(dataset, prune=True)
    assert pruned.summary == "1 video removed"
    assert pruned.rows_removed == 6
    assert removed_data_rows(dataset) == ()
    is_in_step(dataset)
    assert not sync(dataset, prune=True).committed


def test_a_dry_run_writes_nothing(sync, dataset, project, videos):
    first = project.data_rows[0]
    label = first.labels[0]
    first.update_label(label, [car(8)])
    project.add_video(videos[3], external_id="d.mp4")
    change_ontology(project, lambda ontology: ontology["tools"][0].update(name="vehicle"))
    before = contents(dataset), messages(dataset), dataset.metadata.to_dict()
    report = sync(dataset, dry_run=True, branch="labelbox", tag="t")
    assert report.dry_run
    assert [(change.what, change.name) for change in report.changes] == [
        ("ontology changed", "tool 'car' renamed to 'vehicle'"),
        ("label corrected", "a.mp4"),
        ("video added", "d.mp4"),
    ]
    corrected = report.changes[1]
    assert corrected.data_row_id == first.id
    assert corrected.before.startswith(label.id)
    assert corrected.after.startswith(label.id)
    assert corrected.before != corrected.after
    assert (contents(dataset), messages(dataset), dataset.metadata.to_dict()) == before
    assert dataset.branches.names() == ["main"]


def test_rows_are_matched_whatever_the_user_did(box, sync, dataset, project, videos, tmp_path):
    dataset.add_column("mine", deeplake.types.Int32())
    dataset.add_column("words", deeplake.types.Text())
    dataset["mine"][0 : len(dataset)] = [7, 8, *range(1, len(dataset) - 1)]
    for row in (14, 3, 0):
        dataset.delete(row)
    dataset.commit()
    first, second, third = project.data_rows
    first.update_label(first.labels[0], [car(6)])
    third.add_label([lane(4)])
    project.add_video(videos[3]).add_label([car(7)])
    report = sync(dataset)
    assert [(gap.data_row_id, gap.frame, gap.last_frame) for gap in report.gaps] == [
        (first.id, 1, None),
        (first.id, 4, None),
    ]
    found = contents(dataset)
    fresh = contents(make(box, project, str(tmp_path / "fresh")))
    assert found[first.id, 1]["mine"] == 8
    for values in found.values():
        values.pop("mine", None)
    assert len(found) == len(fresh) - 3
    assert found == {key: fresh[key] for key in found}

    # A copy of a query, in another order and with what is left of the videos.
    chosen = dataset.query("select * where video_idx != 1 order by frame_idx desc")
    copied = deeplake.like(chosen, str(tmp_path / "copy"))
    copied.append(chosen)
    copied.commit()
    first.update_label(first.labels[0], [person(3)])
    second.update_label(second.labels[0], [person(4)])
    report = sync(copied)
    assert report.summary == "1 label corrected"
    assert "rows were deleted" in next(g.what for g in report.gaps if g.data_row_id == second.id)
    found = contents(copied)
    fresh = contents(make(box, project, str(tmp_path / "fresh2")))
    for values in found.values():
        values.pop("mine", None)
    assert {key for key, _ in found}.isdisjoint({second.id})
    assert found == {key: fresh[key] for key in found}


def test_a_dataset_of_chosen_frames_stays_one(box, sync, project, path, videos, is_in_step):
    options = {"frame_stride": 2, "resize": (16, 8), "frame_storage": "jpg", "jpeg_quality": 80}
    dataset = make(box, project, path, **options)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(6), road(4)])
    project.add_video(videos[3]).add_label([car(7)])
    report = sync(dataset)
    assert report.gaps == ()
    assert report.rows_added == 3
    is_in_step(dataset, **options)


def test_labeled_frames_without_rows_are_told(box, sync, project, path):
    dataset = make(box, project, path, only_labeled=True)
    first, _, third = project.data_rows
    first.update_label(
        first.labels[0],
        [nose(1) | {"segments": [{"keyframes": [{"frame": 6, "point": {"x": 1, "y": 1}}]}]}],
    )
    third.add_label([nose(2)])
    report = sync(dataset)
    assert [(gap.data_row_id, gap.frame) for gap in report.gaps] == [(first.id, 6)]
    assert report.rows_added == 1
    assert not sync(dataset).committed


def test_frames_without_labels_get_theirs(box, sync, project, path, is_in_step):
    dataset = make(box, project, path, labels=False)
    mapping = {"raster-segmentation": "mask"}
    assert sync(dataset, group_mapping=mapping).summary == "2 labels added"
    is_in_step(dataset, group_mapping=mapping)
    assert not sync(dataset).committed
    with pytest.raises(ConfigurationError, match="raster-segmentation"):
        sync(dataset, group_mapping={"rectangle": "box"})


def test_labels_are_selected_otherwise_from_now_on(box, sync, project, path, is_in_step):
    """Also where nothing happened since the last time."""
    first = project.data_rows[0]
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    row = project.add_video(clip(), external_id="d.mp4", created_at=long_ago)
    for number in range(2):
        row.add_label([car(number)], created_at=long_ago + timedelta(hours=number))
    row.selected_label_id = row.labels[0].id
    dataset = make(box, project, path)
    assert sync(dataset, label_selection="newest").summary == "1 label corrected"
    is_in_step(dataset, label_selection="newest")
    assert not sync(dataset).committed
    first.update_label(first.labels[0], [car(3)])
    assert sync(dataset, label_selection="all").committed
    is_in_step(dataset, label_selection="all")
    with pytest.raises(ConfigurationError, match="annotator"):
        sync(dataset, label_selection="selected")


def test_a_label_column_that_was_removed_is_made_again(sync, dataset, is_in_step):
    dataset.remove_column("road")
    dataset.commit()
    assert sync(dataset).summary == "column 'road' created again"
    is_in_step(dataset)
    assert not sync(dataset).committed
