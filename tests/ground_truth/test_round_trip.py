"""The sample project to a dataset, to a second project, and to an equal dataset."""

import numpy as np
import pytest
import random_projects
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_oracle import ALL_GROUPED, MASKS_GROUPED, UNGROUPED
from video_files import write_video

import deeplake_labelbox as dl
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.sandbox import Sandbox

SLACK = 1e-3  # coordinates are stored in 32 bits


@pytest.fixture(scope="module")
def own_box():
    with Sandbox(sample=True) as running:
        yield running


@pytest.fixture(scope="module")
def dataset_of(own_box, tmp_path_factory):
    """``dataset_of(project_id, group_mapping)``: its frames and labels."""

    def made(project_id, group_mapping=None):
        dataset, export = dl.create_dataset_from_video_annotation_project(
            f"mem://{tmp_path_factory.mktemp('round-trip').name}",
            project_id,
            None,
            lb_client=own_box.client(),
            progress=False,
        )
        converter = dl.converter_for_video_project_with_id(
            project_id,
            lambda _: dataset,
            None,
            group_mapping,
            project_json=export,
            lb_client=own_box.client(),
            progress=False,
        )
        converter.dataset_with_applied_annotations()
        assert not converter.report.gaps
        return dataset

    return made


@pytest.fixture
def second_project(own_box):
    """The videos of the sample project again, without labels."""
    project = own_box.add_project("Second", own_box.sample.ontology_normalized)
    for row in own_box.sample.data_rows:
        project.add_video(row._record.file, external_id=row.external_id)
    return project


def imported(own_box, source, project, **options):
    return import_annotations(
        source, project.id, None, lb_client=own_box.client(), progress=False, **options
    )


def objects_of(value):
    """The values of a cell as a list, one per object; ``None`` if the video has no label."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):  # lines
        return value
    array = np.asarray(value)
    if not array.ndim and array.dtype != object:
        return array.item()
    return (
        list(np.moveaxis(array, 2, 0)) if array.ndim == 3 and array.dtype == bool else list(value)
    )


def assert_same_labels(first, second, tolerance):
    """Returns how many values were compared."""
    names = [
        column.name
        for column in first.schema.columns
        if column.name != "frames" and not column.name.startswith("lb_meta/")
    ]
    compared = 0
    for name in names:
        if name.endswith(("_track_ids", "_key_frames")):
            continue
        cells = zip(first[name][:], second[name][:], strict=True)
        for row, (wanted, got) in enumerate(map(objects_of, pair) for pair in cells):
            if wanted is None or isinstance(wanted, str | int | float):
                assert got == wanted, (name, row)
                continue
            assert len(got) == len(wanted), (name, row)
            for one, other in zip(map(np.asarray, got), map(np.asarray, wanted), strict=True):
                assert one.shape == other.shape, (name, row)
                if one.dtype.kind == "f":
                    assert np.abs(one - other).max(initial=0) <= tolerance + SLACK, (name, row)
                else:
                    assert (one == other).all(), (name, row)
                compared += 1
    return compared


@pytest.mark.parametrize(
    ("grouping", "tolerance"), [(UNGROUPED, 0.5), (MASKS_GROUPED, 0.0), (ALL_GROUPED, 0.5)]
)
def test_ground_truth(own_box, dataset_of, second_project, grouping, tolerance):
    groups = grouping.group_mapping
    first = dataset_of(own_box.sample.project_id, groups)
    result = imported(own_box, first, second_project, tolerance=tolerance, group_mapping=groups)
    assert not result.gaps
    assert len(result.accepted) == len(result.annotations) == 31
    again = dataset_of(second_project.id, groups)
    assert assert_same_labels(first, again, tolerance) > 1000


def test_fewest_key_frames(own_box, dataset_of, second_project):
    """Even without the frames that a person drew, every frame is within the tolerance."""
    first = dataset_of(own_box.sample.project_id)
    result = imported(own_box, first, second_project, tolerance=0.5, keep_key_frames=False)
    assert len(result.accepted) == 31
    assert assert_same_labels(first, dataset_of(second_project.id), 0.5) > 1000


def test_pre_labels_make_no_label(own_box, dataset_of, second_project):
    first = dataset_of(own_box.sample.project_id)
    result = imported(own_box, first, second_project, import_as="pre-labels")
    assert len(result.accepted) == 31
    again = imported(own_box, first, second_project, import_as="pre-labels")
    assert again.sent == 0
    other = imported(
        own_box, first, second_project, import_as="pre-labels", tolerance=2.0, keep_key_frames=False
    )
    assert other.sent == 0
    assert {outcome.reason for outcome in other} == {"the data row has pre-labels already"}


def test_tools_may_have_other_names_in_the_dataset(own_box, dataset_of):
    first = dataset_of(own_box.sample.project_id)
    ontology = own_box.sample.ontology_normalized
    for tool in ontology["tools"]:
        tool["name"] = {"car": "vehicle"}.get(tool["name"], tool["name"])
    project = own_box.add_project("Renamed", ontology)
    for row in own_box.sample.data_rows:
        project.add_video(row._record.file, external_id=row.external_id)
    for wrong in ({"kar": "vehicle"}, {"kar": ""}):
        with pytest.raises(ConfigurationError, match=r"'kar', which the source .*'car'"):
            imported(own_box, first, project, mapping=wrong)
    result = imported(own_box, first, project, mapping={"car": "vehicle", "person": ""})
    names = {outcome.name for outcome in result.accepted}
    assert "vehicle" in names
    assert not names & {"car", "person"}
    assert not result.gaps


@pytest.fixture(scope="module")
def short_video(tmp_path_factory):
    path = tmp_path_factory.mktemp("videos") / "short.mp4"
    return write_video(path, frames=random_projects.FRAMES, size=random_projects.SIZE)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    random=st.randoms(use_true_random=False),
    tolerance=st.sampled_from([0.0, 0.5]),
    keep=st.booleans(),
)
def test_any_project(own_box, dataset_of, short_video, random, tolerance, keep):
    """All labels of kinds that can be imported come back on every frame."""
    projects = [own_box.add_project(name, random_projects.ONTOLOGY) for name in ("One", "Two")]
    for name in ("a.mp4", "b.mp4"):
        rows = [project.add_video(short_video, external_id=name) for project in projects]
        rows[0].add_label(random_projects.random_annotations(random))
    first = dataset_of(projects[0].id)
    result = imported(own_box, first, projects[1], tolerance=tolerance, keep_key_frames=keep)
    assert not result.gaps
    assert {outcome.status for outcome in result} <= {"accepted"}
    assert_same_labels(first, dataset_of(projects[1].id), tolerance)
