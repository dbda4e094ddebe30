"""A dataset is brought in step, edit by edit."""

import itertools

import deeplake
import pytest
from sync_projects import ONTOLOGY, car, clip, contents, lane, make, nose, note, person, place, road, weather

from deeplake_labelbox.sync.sync import sync_dataset

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
    first.add_label([car(2), person(5), nose(3), lane(2), road(3), weather("sun"), note("hm"), place("town")])
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
    assert [change.what for change in report.changes] == ["label corrected", "label removed", "label added"]
    assert messages(dataset)[-1] == (
        "Sync Labelbox project Traffic: 1 label added, 1 label corrected, 1 label removed"
    )
    is_in_step(dataset)
    again = sync(dataset)
    assert again.changes == () and not again.committed


def test_videos_come_and_go(sync, dataset, project, videos, is_in_step):
    first = project.data_rows[0]
    fourth = project.add_video(videos[3], external_id="d.mp4")
    fourth.add_label([car(1)])
    project.remove_video(first)
    report = sync(dataset)
    assert report.summary == "1 video added, 1 video left the project"
    assert len(dataset) == 24
    assert not sync(dataset).committed
    pruned = sync(dataset, prune=True)
    assert pruned.summary == "1 video removed"
    assert pruned.rows_removed == 6
    is_in_step(dataset)
    assert not sync(dataset, prune=True).committed
