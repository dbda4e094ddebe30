"""Datasets in S3, here a local one."""

import deeplake
import pytest
from local_s3 import SECRET
from sample_oracle import MASKS_GROUPED, check_frames, check_labels, contents

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox.errors import DatasetError, DatasetExistsError, VideoError


def create(box, path, creds, **options):
    return create_dataset_from_video_annotation_project(
        path,
        box.sample.id,
        None,
        deeplake_creds=creds,
        lb_client=box.client(),
        progress=False,
        **options,
    )


def test_create_annotate_reopen(sample_box, creds):
    dataset, export = create(sample_box, "s3://clips/sample", creds)
    assert deeplake.exists("s3://clips/sample", creds=creds)
    converter = converter_for_video_project_with_id(
        sample_box.sample.id,
        lambda _: deeplake.open("s3://clips/sample", creds=creds),
        None,
        group_mapping=MASKS_GROUPED.group_mapping,
        project_json=export,
        lb_client=sample_box.client(),
        progress=False,
    )
    converter.dataset_with_applied_annotations()

    reopened = deeplake.open("s3://clips/sample", creds=creds)
    check_frames(reopened)
    check_labels(reopened, MASKS_GROUPED)
    assert len(dataset) == len(reopened)
    with pytest.raises(DatasetExistsError, match="s3://clips/sample"):
        create(sample_box, "s3://clips/sample", creds)


def test_a_build_that_failed_is_resumed(sample_box, creds):
    fault = sample_box.faults.add("harbor", "status", status=404, times=None)
    try:
        with pytest.raises(VideoError, match="harbor"):
            create(sample_box, "s3://clips/resumed", creds, fail_on_error=True)
    finally:
        sample_box.faults.clear()
    assert fault.where == "harbor"
    assert len(deeplake.open("s3://clips/resumed", creds=creds)) == 48

    report = Report()
    resumed, _ = create(sample_box, "s3://clips/resumed", creds, report=report)

    assert [outcome.name for outcome in report][:1] == ["harbor.mp4"]
    check_frames(resumed)
    assert contents(resumed) == contents(deeplake.open("s3://clips/resumed", creds=creds))


def test_a_bucket_that_is_not_there(sample_box, creds):
    with pytest.raises(DatasetError) as caught:
        create(sample_box, "s3://no-such-bucket/sample", creds)
    assert "s3://no-such-bucket/sample" in str(caught.value)
    assert SECRET not in str(caught.value)
