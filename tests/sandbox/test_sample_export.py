"""The sample project as the real SDK exports it."""

import pytest

from deeplake_labelbox.sandbox import Sandbox
from deeplake_labelbox.sandbox.sample import sample_videos


@pytest.fixture(scope="module")
def rows():
    with Sandbox(sample=True) as box:
        project = box.client().get_project(box.sample.project_id)
        task = project.export(
            params={"data_row_details": True, "label_details": True, "interpolated_frames": True}
        )
        task.wait_till_done(timeout_seconds=60)
        return [output.json for output in task.get_buffered_stream()]


def labels_of(row):
    (project,) = row["projects"].values()
    return project["labels"]


def test_every_video_is_a_data_row(rows):
    videos = sample_videos()
    exported = {
        (
            row["media_attributes"]["width"],
            row["media_attributes"]["height"],
            row["data_row"].get("external_id"),
            row["data_row"].get("global_key"),
            len(labels_of(row)),
        )
        for row in rows
    }
    declared = {
        (video.width, video.height, video.external_id, video.global_key, int(video.labeled))
        for video in videos
    }

    assert len(rows) == len(videos)
    assert exported == declared


def test_every_label_lies_within_its_video(rows):
    counts = {(video.width, video.height): video.frame_count for video in sample_videos()}
    for row in rows:
        attributes = row["media_attributes"]
        count = counts[attributes["width"], attributes["height"]]
        for label in labels_of(row):
            assert {int(frame) for frame in label["annotations"]["frames"]} <= {
                *range(1, count + 1)
            }


def test_segments_are_those_of_the_tracks(rows):
    by_size = {(video.width, video.height): video for video in sample_videos()}
    for row in rows:
        attributes = row["media_attributes"]
        video = by_size[attributes["width"], attributes["height"]]
        for label in labels_of(row):
            annotations = label["annotations"]
            objects = {key for f in annotations["frames"].values() for key in f["objects"]}
            exported = [
                tuple(map(tuple, ranges))
                for key, ranges in annotations["segments"].items()
                if key in objects
            ]
            assert sorted(exported) == sorted(track.ranges() for track in video.tracks)
