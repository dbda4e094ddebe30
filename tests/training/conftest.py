"""Datasets that many tests read."""

import deeplake
import pytest
from training_datasets import make_dataset

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)


@pytest.fixture(scope="session")
def small_path(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("training") / "small")
    make_dataset(path)
    return path


@pytest.fixture
def small(small_path):
    return deeplake.open(small_path)


@pytest.fixture(scope="session")
def sample_path(tmp_path_factory, sample_box, sample_client):
    """The sample project, its labels applied."""
    path = str(tmp_path_factory.mktemp("training") / "sample")
    project_id = sample_box.sample.project_id
    dataset, export = create_dataset_from_video_annotation_project(
        path, project_id, None, lb_client=sample_client, progress=False
    )
    converter_for_video_project_with_id(
        project_id,
        lambda _: dataset,
        None,
        group_mapping={"raster-segmentation": "mask"},
        project_json=export,
        lb_client=sample_client,
        progress=False,
    ).dataset_with_applied_annotations()
    return path


@pytest.fixture
def sample(sample_path):
    return deeplake.open(sample_path)
