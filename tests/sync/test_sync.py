"""A dataset is brought in step, edit by edit."""

import copy
import itertools
import threading
from contextlib import nullcontext

import deeplake
import pytest
from sync_projects import (
    ONTOLOGY,
    car,
    clip,
    contents,
    lane,
    make,
    nose,
    note,
    person,
    place,
    road,
    weather,
)

from deeplake_labelbox.dataset.converter import VideoProjectConverter
from deeplake_labelbox.errors import ConfigurationError, DatasetError
from deeplake_labelbox.sync.sync import left_data_rows, sync_dataset

_numbers = itertools.count()


@pytest.fixture(scope="module")
def videos():
    return [clip(first=10 * number) for number in range(4)]


@pytest.fixture
def project(box, videos):
    project = box.add_project("Traffic", ONTOLOGY)
    first = project.add_video(videos[0], external_id="a.mp4")
    second = project.add_video(videos[1], external_id="b.mp4")
    project.add_video(videos[2], external_id="c.mp4")
    first.add_label(
        [car(2), person(5), nose(3), lane(2), road(3), weather("sun"), note("hm"), place("town")]
    )
    second.add_label([car(4, "blue"), weather("rain")])
    return project


@pytest.fixture
def path(request):
    return f"mem://sync-{request.node.name}-{next(_numbers)}"


@pytest.fixture
def dataset(box, project, path):
    return make(box, project, path)


@pytest.fixture
def sync(box):
    def sync(dataset, **options):
        return sync_dataset(dataset, lb_client=box.client(), progress=False, **options)

    return sync


@pytest.fixture
def is_in_step(box, project):
    def is_in_step(dataset, **options):
        fresh = contents(make(box, project, f"mem://fresh-{next(_numbers)}", **options))
        found = contents(dataset)
        assert found.keys() == fresh.keys()
        for key, values in fresh.items():
            assert found[key] == values, key

    return is_in_step


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
    assert left_data_rows(dataset) == (first.id,)
    assert not sync(dataset).committed
    pruned = sync(dataset, prune=True)
    assert pruned.summary == "1 video removed"
    assert pruned.rows_removed == 6
    assert left_data_rows(dataset) == ()
    is_in_step(dataset)
    assert not sync(dataset, prune=True).committed


def changed(project, change):
    """Change the ontology: ``change`` gets a copy with its ids."""
    ontology = copy.deepcopy(project.ontology_normalized)
    change(ontology)
    project.update_ontology(ontology)


def test_what_is_renamed_keeps_column_number_and_values(sync, dataset, project, is_in_step):
    ids = dict(dataset["car/car_track_ids"].metadata["feature_ids"])

    def rename(ontology):
        ontology["tools"][0]["name"] = "vehicle"
        color = ontology["tools"][0]["classifications"][0]
        color["options"][0] |= {"value": "crimson", "label": "crimson"}
        ontology["classifications"][0] |= {"name": "sky", "instructions": "sky"}

    changed(project, rename)
    report = sync(dataset)
    assert report.summary == (
        "tool 'car' renamed to 'vehicle', option 'red' renamed to 'crimson', "
        "classification 'weather' renamed to 'sky'"
    )
    assert list(dataset["vehicle/color"].metadata["class_names"]) == ["crimson", "blue"]
    assert dict(dataset["vehicle/vehicle_track_ids"].metadata["feature_ids"]) == ids
    assert "car/car" not in [column.name for column in dataset.schema.columns]
    is_in_step(dataset)
    assert not sync(dataset).committed


def test_the_ontology_grows(sync, dataset, project, is_in_step):
    def grow(ontology):
        ontology["tools"].insert(0, {"tool": "rectangle", "name": "truck"})
        ontology["tools"][1]["classifications"][1]["options"].insert(0, {"value": "new"})
        ontology["tools"][2]["classifications"] = [{"type": "text", "name": "who"}]
        ontology["classifications"][0]["options"].insert(0, {"value": "fog"})

    changed(project, grow)
    report = sync(dataset)
    assert report.summary == (
        "tool 'truck' added, option 'new' added, classification 'who' added, option 'fog' added"
    )
    assert list(dataset["weather"].metadata["class_names"]) == ["sun", "rain", "fog"]
    assert list(dataset["car/flags"].metadata["class_names"]) == ["parked", "dirty", "new"]
    assert dataset["person/person"][1].shape == (1, 4)
    is_in_step(dataset)
    assert not sync(dataset).committed


def test_what_is_deleted_leaves_empty_columns(sync, dataset, project, is_in_step):
    def shrink(ontology):
        del ontology["tools"][1]
        del ontology["classifications"][1]
        ontology["tools"].append({"tool": "point", "name": "person"})

    changed(project, shrink)
    sync(dataset)
    assert dataset["person_rectangle"][1].shape == (0, 4)
    is_in_step(dataset)
    assert not sync(dataset).committed


@pytest.mark.parametrize("kind", ["rectangle", "radio"])
def test_groups_keep_their_numbers(box, sync, project, path, is_in_step, kind):
    mapping = {"rectangle": "box", "radio": "choice"}
    dataset = make(box, project, path, group_mapping=mapping)

    def change(ontology):
        ontology["tools"][1]["name"] = "human"
        ontology["tools"].insert(0, {"tool": "rectangle", "name": "truck"})
        del ontology["classifications"][2]
        if kind == "radio":
            ontology["classifications"][0]["name"] = "sky"

    changed(project, change)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(3), person(1, name="human"), car(1, uuid="2")])
    sync(dataset)
    assert list(dataset["box/box_labels"].metadata["class_names"]) == ["car", "human", "truck"]
    is_in_step(dataset, group_mapping=mapping)
    assert not sync(dataset).committed


def test_a_dry_run_writes_nothing(sync, dataset, project, videos):
    first = project.data_rows[0]
    label = first.labels[0]
    first.update_label(label, [car(8)])
    project.add_video(videos[3], external_id="d.mp4")
    changed(project, lambda ontology: ontology["tools"][0].update(name="vehicle"))
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


def test_labelled_frames_without_rows_are_told(box, sync, project, path):
    dataset = make(box, project, path, only_labelled=True)
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


def test_an_interrupted_sync_leaves_everything(box, sync, tmp_path, project, videos, monkeypatch):
    path = str(tmp_path / "clips")
    before = contents(make(box, project, path))
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    project.add_video(videos[3]).add_label([car(7)])
    changed(project, lambda ontology: ontology["tools"][0].update(name="vehicle"))

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(VideoProjectConverter, "_check_ontology", stop)
        with pytest.raises(KeyboardInterrupt):
            sync(path, branch="labelbox")
        with pytest.raises(KeyboardInterrupt):
            sync(path)
    assert contents(deeplake.open(path)) == before
    assert deeplake.open(path).branches.names() == ["main"]
    assert sync(path).committed
    assert not sync(path).committed


def test_a_video_that_cannot_be_had_is_tried_again(sync, dataset, project, tmp_path, is_in_step):
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


def test_uncommitted_changes_are_refused(sync, dataset):
    dataset["frame_idx"][0:1] = [0]
    with pytest.raises(DatasetError, match="not committed"):
        sync(dataset)
    dataset.rollback()


def test_two_at_once_do_the_work_once(box, sync, project, tmp_path, videos, is_in_step):
    path = str(tmp_path / "clips")
    make(box, project, path)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    project.add_video(videos[3]).add_label([car(7)])
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(sync(path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.committed for report in reports) == [False, False, True]
    is_in_step(deeplake.open(path))


def test_a_sync_of_another_machine_in_between_is_noticed(
    box, sync, project, tmp_path, videos, monkeypatch, is_in_step
):
    path = str(tmp_path / "clips")
    make(box, project, path)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    project.add_video(videos[3]).add_label([car(7)])
    check, others = VideoProjectConverter._check_ontology, []

    def other_first(converter):
        if not others:
            others.append(None)
            others.append(sync(path))
        check(converter)

    monkeypatch.setattr(VideoProjectConverter, "_check_ontology", other_first)
    monkeypatch.setattr("deeplake_labelbox.sync.sync.alone", lambda *_, **__: nullcontext())
    report = sync(path)
    assert others[1].committed
    assert not report.committed
    is_in_step(deeplake.open(path))
    assert len(messages(deeplake.open(path))) == len({*messages(deeplake.open(path))})
