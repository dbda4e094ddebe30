"""A sandbox for each test, small clips, and an upload of them."""

from collections import Counter

import pytest
from video_files import write_video

from deeplake_labelbox import create_labelbox_annotation_project
from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture
def box():
    """A separate sandbox: keys and names are unique in an organization."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    for frames in (4, 5, 6):
        write_video(folder / f"clip {frames}.mp4", frames=frames)
    return sorted(folder.iterdir())


@pytest.fixture
def upload(box):
    def run(paths, **options):
        names = {"lb_dataset_name": "Clips", "lb_project_name": "Label them", "lb_api_key": None}
        return create_labelbox_annotation_project(
            paths, **names | options, lb_client=box.client(), progress=False
        )

    return run


@pytest.fixture
def operations(box):
    """Count the GraphQL operations since a request, by name."""

    def count(since=0):
        return Counter(request.operation for request in box.requests[since:])

    return count
