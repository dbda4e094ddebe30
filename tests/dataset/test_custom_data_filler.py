"""Columns and values of the user's own."""

from uuid import uuid4

import deeplake
import numpy as np
import pytest
from sample_oracle import BASE, VIDEOS, check_frames, contents, decoded

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox import (
    create_dataset_from_video_annotation_project_with_custom_data_filler as create_with_filler,
)
from deeplake_labelbox.errors import ConfigurationError, DatasetError, DatasetMismatchError

TOTAL = sum(video.frame_count for video in VIDEOS)


def create_like_integrations(ds):
    ds.add_column("frames", dtype=deeplake.types.Image(sample_compression="png"))
    ds.create_tensor("frame_idx", dtype="int32")
    ds.add_column("video_idx", dtype="int32")


def fill_like_integrations(ds, group_ids, indexes, frames):
    ds.extend(["frames", "video_idx", "frame_idx"], [frames, group_ids, indexes])


LIKE_INTEGRATIONS = {
    "create_tensors": create_like_integrations,
    "fill_data": fill_like_integrations,
}


def append_means(ds, _video_indices, _frame_indices, frames):
    ds.append({"mean": [float(frame.mean()) for frame in frames]})


MEANS = {
    "create_tensors": lambda ds: ds.add_column("mean", deeplake.types.Float64()),
    "fill_data": append_means,
}


def create(box, path, filler, **options):
    dataset, export = create_with_filler(
        path, box.sample.id, None, filler, lb_client=box.client(), progress=False, **options
    )
    return dataset, export


def annotate(box, dataset, export):
    converter = converter_for_video_project_with_id(
        box.sample.id,
        lambda _: dataset,
        None,
        lb_client=box.client(),
        project_json=export,
        progress=False,
    )
    return converter.dataset_with_applied_annotations()


@pytest.fixture(scope="module")
def labels(sample_box):
    """All label columns of the dataset that is made without a filler."""
    dataset, export = create_dataset_from_video_annotation_project(
        f"mem://no-filler-{uuid4()}",
        sample_box.sample.id,
        None,
        lb_client=sample_box.client(),
        progress=False,
    )
    cells = contents(annotate(sample_box, dataset, export))
    return {name: cells[name] for name in cells.keys() - set(BASE)}


def test_a_filler_of_deeplake_integrations(sample_box, labels):
    dataset, export = create(sample_box, "mem://like-integrations", LIKE_INTEGRATIONS)
    columns = {column.name for column in dataset.schema.columns}
    assert columns == {"frames", "frame_idx", "video_idx"}

    annotated = annotate(sample_box, dataset, export)
    found = contents(annotated)
    assert {name: found[name] for name in labels} == labels
    rows = [(v, n) for v, video in enumerate(VIDEOS) for n in range(video.frame_count)]
    assert list(zip(dataset["video_idx"][:], dataset["frame_idx"][:], strict=True)) == rows


def test_a_filler_without_identity_columns(sample_box, labels):
    dataset, export = create(sample_box, "mem://means", MEANS)
    means = [float(frame.mean()) for video in VIDEOS for frame in decoded(video)]
    assert dataset["mean"][:].tolist() == means

    found = contents(annotate(sample_box, dataset, export))
    assert {name: found[name] for name in labels} == labels


def test_without_identity_columns_deleted_rows_cannot_be_told(sample_box):
    dataset, export = create(sample_box, "mem://means-deleted", MEANS)
    dataset.delete(3)
    dataset.commit()
    columns = {column.name for column in dataset.schema.columns}

    with pytest.raises(DatasetMismatchError, match="video_idx"):
        annotate(sample_box, dataset, export)
    assert {column.name for column in dataset.schema.columns} == columns


def test_batches_are_no_larger_than_asked_for(sample_box):
    sizes = []

    def fill(ds, video_indices, frame_indices, frames):
        assert len(video_indices) == len(frame_indices) == len(frames)
        assert {type(number) for number in (*video_indices, *frame_indices)} == {int}
        assert all(frame.dtype == np.uint8 and frame.ndim == 3 for frame in frames)
        sizes.append(len(frames))
        fill_like_integrations(ds, video_indices, frame_indices, frames)

    dataset, _ = create(
        sample_box,
        "mem://batches",
        {**LIKE_INTEGRATIONS, "fill_data": fill},
        video_generator_batch_size=7,
    )
    assert max(sizes) == 7
    assert sum(sizes) == TOTAL
    numbers = dataset["frame_idx"][:].tolist()
    assert numbers == [n for video in VIDEOS for n in range(video.frame_count)]


@pytest.mark.parametrize("change", [-1, 1])
def test_a_filler_that_appends_another_number_of_rows(sample_box, tmp_path, change):
    def fill(ds, video_indices, frame_indices, frames):
        if video_indices[0] == 1:
            frames = frames[:-1] if change < 0 else [*frames, frames[0]]
        append_means(ds, video_indices, frame_indices, frames)

    path = str(tmp_path / "dataset")
    with pytest.raises(DatasetError, match=r"appended \d+ rows for \d+ frames"):
        create(sample_box, path, {**MEANS, "fill_data": fill})
    assert len(deeplake.open(path)) == VIDEOS[0].frame_count

    resumed, _ = create(sample_box, path, MEANS)
    assert len(resumed) == TOTAL


def test_a_filler_that_fails_leaves_what_was_committed(sample_box, tmp_path):
    def fill(ds, video_indices, frame_indices, frames):
        append_means(ds, video_indices, frame_indices, frames)
        if video_indices[0] == 1:
            raise ZeroDivisionError

    path = str(tmp_path / "dataset")
    with pytest.raises(ZeroDivisionError):
        create(sample_box, path, {**MEANS, "fill_data": fill}, video_generator_batch_size=10)
    assert len(deeplake.open(path)) == VIDEOS[0].frame_count


@pytest.mark.parametrize("missing", ["create_tensors", "fill_data"])
def test_a_missing_function(sample_box, tmp_path, missing):
    filler = {**MEANS, missing: None}
    with pytest.raises(ConfigurationError, match=missing):
        create(sample_box, str(tmp_path / "dataset"), filler)
    assert list(tmp_path.iterdir()) == []


def test_columns_that_cannot_be_made_leave_nothing(sample_box, tmp_path):
    def twice(ds):
        ds.add_column("mean", deeplake.types.Float64())
        ds.add_column("mean", deeplake.types.Float64())

    path = str(tmp_path / "dataset")
    with pytest.raises(DatasetError, match="mean"):
        create(sample_box, path, {**MEANS, "create_tensors": twice})
    assert not deeplake.exists(path)
    dataset, _ = create(sample_box, path, MEANS)
    assert len(dataset) == TOTAL


def test_values_for_a_column_that_is_not_there(sample_box, tmp_path):
    def fill(ds, _video_indices, _frame_indices, frames):
        ds.append({"average": [0.0] * len(frames)})

    path = str(tmp_path / "dataset")
    with pytest.raises(DatasetError, match="average"):
        create(sample_box, path, {**MEANS, "fill_data": fill})
    assert len(deeplake.open(path)) == 0


def test_the_filler_may_use_the_dataset_itself(sample_box):
    """`frames` of the filler are as those of the base columns."""

    def create_columns(ds):
        create_like_integrations(ds)
        ds.add_column("timestamp", deeplake.types.Float64())

    def fill(ds, video_indices, frame_indices, frames):
        assert len(ds) == len(ds["video_idx"])
        rates = [float(VIDEOS[index].frame_rate) for index in video_indices]
        ds.append(
            {
                "frames": frames,
                "video_idx": video_indices,
                "frame_idx": frame_indices,
                "timestamp": [n / rate for n, rate in zip(frame_indices, rates, strict=True)],
            }
        )

    filler = {"create_tensors": create_columns, "fill_data": fill}
    dataset, _ = create(sample_box, "mem://itself", filler)
    check_frames(dataset)
