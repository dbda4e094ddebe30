"""Branches are brought in step, and merged."""

import deeplake
import pytest
from sync_projects import (
    car,
    change_ontology,
    clip,
    contents,
    make,
    nose,
    person,
    road,
    weather,
)

from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._sync.sync import removed_data_rows
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

EAR = {"tool": "point", "name": "ear"}


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


def test_a_label_that_came_to_main_alone_and_went_is_gone_after_the_merge(
    sync, dataset, project, is_in_step
):
    third = project.data_rows[2]
    dataset.branch("labelbox")
    third.add_label([car(1)])
    sync(dataset)
    third.delete_label(third.labels[0])
    project.data_rows[0].update_label(project.data_rows[0].labels[0], [car(7)])
    assert sync(dataset, branch="labelbox", merge=True).merged
    dataset.refresh()
    is_in_step(dataset)
    assert not sync(dataset).committed


def test_a_column_that_main_alone_has_stays_in_a_merge(sync, dataset, project):
    """The tool came and went, while the branch was not brought in step."""
    first = project.data_rows[0]
    dataset.branch("labelbox")
    before = project.ontology_normalized
    change_ontology(
        project, lambda ontology: ontology["tools"].append({"tool": "point", "name": "wheel"})
    )
    sync(dataset)
    project.update_ontology(before)
    first.update_label(first.labels[0], [car(7)])
    assert sync(dataset, branch="labelbox", merge=True).merged
    dataset.refresh()
    assert "wheel" in column_names(dataset)
    sync(dataset)
    dataset.refresh()
    assert not any(len(points) for points in dataset["wheel"][:] if points is not None)


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
    # What both have is made sure of.
    assert messages(dataset)[-2:] == [
        "Merge labelbox: sync of Labelbox project Traffic",
        "Sync Labelbox project Traffic: 1 label corrected",
    ]
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


def test_columns_that_both_branches_added_are_those_of_the_branch(
    box, sync, project, videos, tmp_path
):
    """Deep Lake leaves those of main, also of what the branch changes later."""
    path = str(tmp_path / "clips")
    make(box, project, path, labels=False)
    sync(path, branch="labelbox")
    change_ontology(project, lambda ontology: ontology["tools"].insert(0, EAR))
    first, _, third = project.data_rows
    third.add_label([nose(2) | {"name": "ear"}])
    sync(path)
    for number in range(2):
        third.update_label(third.labels[0], [nose(5 + number) | {"name": "ear", "uuid": number}])
        first.update_label(first.labels[0], [car(number), road(number), weather("rain")])
        project.add_video(videos[3]).add_label([nose(number) | {"name": "ear"}, car(7)])
        change_ontology(project, lambda o, n=number: o["tools"][2].update(name=f"person {n}"))
        assert sync(path, branch="labelbox", merge=True).merged
        fresh = contents(make(box, project, str(tmp_path / f"fresh {number}")))
        assert contents(deeplake.open(path)) == fresh
        assert not sync(path).committed


def test_a_video_that_left_and_was_pruned_on_main_alone(sync, dataset, project, is_in_step):
    first, second, _ = project.data_rows
    dataset.branch("labelbox")
    project.remove_video(first)
    sync(dataset, prune=True)
    second.update_label(second.labels[0], [car(9)])
    assert sync(dataset, branch="labelbox", merge=True).merged
    dataset.refresh()
    assert removed_data_rows(dataset) == ()
    assert not sync(dataset, prune=True).committed
    is_in_step(dataset)


def test_a_column_of_the_user_stays_on_main(sync, dataset, project):
    dataset.branch("labelbox")
    dataset.add_column("ear", deeplake.types.Int32())
    dataset.commit()
    change_ontology(project, lambda ontology: ontology["tools"].append(EAR))
    with pytest.raises(DatasetMismatchError, match="'ear' of main"):
        sync(dataset, branch="labelbox", merge=True)
    dataset.refresh()
    dataset.rename_column("ear", "mine")
    dataset.commit()
    assert sync(dataset, branch="labelbox", merge=True).merged
    dataset.refresh()
    assert {"mine", "ear"} <= {column.name for column in dataset.schema.columns}
    assert dataset.branches.names() == ["labelbox", "main"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tag": "run-7"}, "A tag 'run-7'"),
        ({"tag": "main"}, "A branch 'main'"),
        ({"tag": "labelbox", "branch": "labelbox"}, "A branch 'labelbox'"),
        ({"tag": ""}, "empty"),
    ],
)
def test_a_tag_that_cannot_be_set_is_refused_before_anything(sync, dataset, project, options, told):
    dataset.tag("run-7")
    before = messages(dataset)
    project.data_rows[2].add_label([car(1)])
    with pytest.raises(ConfigurationError, match=told):
        sync(dataset, **options)
    assert messages(dataset) == before
    assert dataset.branches.names() == ["main"]
