"""A project of three videos, a dataset of it, and what brings it in step."""

import itertools

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

from deeplake_labelbox._sync.sync import sync_dataset

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
