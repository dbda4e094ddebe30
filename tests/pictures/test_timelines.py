import deeplake
import numpy as np
import pytest

from deeplake_labelbox import LabeledDataset, dataset_statistics
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.frame_times import frame_times
from deeplake_labelbox._pictures.statistics_plot import draw_statistics
from deeplake_labelbox._pictures.timelines import read_timeline
from deeplake_labelbox._pictures.video_selection import select_videos

GROUPS = [{}, {"raster_segmentation": "mask", "rectangle": "box", "point": "p", "line": "l"}]


@pytest.mark.parametrize("groups", GROUPS)
def test_a_timeline_agrees_with_the_rows(labeled, groups):
    ds = labeled(**groups)
    reader = AnnotationReader(ds)
    for video in select_videos(LabeledDataset(ds))[:2]:
        timeline = read_timeline(reader, video)
        assert timeline.is_labeled
        rows = [reader.read(int(row)) for row in video.rows]
        for frame, row, count in zip(video.frames, rows, timeline.objects, strict=True):
            there = {
                (track.class_name, track.track_id)
                for track in timeline.tracks
                if any(first <= frame <= last for first, last in track.spans)
            }
            assert there == {(item.class_name, item.track_id) for item in row.objects}
            assert count == len(row.objects)
            drawn = {track.track_id for track in timeline.tracks if frame in track.key_frames}
            assert drawn == {item.track_id for item in row.objects if item.is_key_frame}
            said = {
                answer.question: span[2]
                for answer in timeline.answers
                for span in answer.spans
                if span[0] <= frame <= span[1]
            }
            assert said == {answer.question: answer.answer for answer in row.answers}


def test_a_track_that_leaves_and_comes_back_has_two_spans(labeled):
    ds = labeled()
    (crossing,) = select_videos(LabeledDataset(ds), ["crossing.mp4"])
    tracks = read_timeline(AnnotationReader(ds), crossing).tracks
    assert [track.spans for track in tracks if track.class_name == "person"] == [
        ((1, 48),),
        ((1, 20), (33, 48)),
    ]


def test_videos_are_found_by_name_id_and_number_and_cut_to_frames(labeled):
    ds = labeled()
    every = select_videos(LabeledDataset(ds))
    for names in (["harbor.mp4"], [every[1].data_row_id], ["1"]):
        (found,) = select_videos(LabeledDataset(ds), names, (5, 7))
        assert found.name == "harbor.mp4"
        assert found.frames.tolist() == [5, 6, 7]
        assert [int(ds["frame_idx"][int(row)]) for row in found.rows] == [4, 5, 6]


def test_times_that_do_not_ascend_are_not_used():
    ds = deeplake.create("mem://times")
    ds.add_column("timestamp", deeplake.types.Float64())
    ds.append({"timestamp": [0.0, 0.5, 0.5, 1.0]})
    ds.commit()
    (video,) = select_videos(LabeledDataset(ds))
    np.testing.assert_allclose(frame_times(LabeledDataset(ds), video), [0, 0.04, 0.08, 0.12])


@pytest.mark.parametrize("groups", GROUPS)
def test_statistics_agree_with_the_rows(labeled, groups):
    ds = labeled(**groups)
    found = dataset_statistics(ds, progress=False)
    assert (found.frames, found.labeled_videos, len(found.videos)) == (112, 2, 3)
    reader = AnnotationReader(ds)
    rows = [reader.read(row) for row in range(len(ds))]
    for item in found.classes:
        objects = [[o for o in row.objects if o.class_name == item.name] for row in rows]
        assert item.objects == sum(map(len, objects))
        assert item.frames == sum(map(bool, objects))
        assert item.key_frames == sum(o.is_key_frame for row in objects for o in row)
        lengths = {}
        for o in (o for row in objects for o in row):
            lengths[o.track_id] = lengths.get(o.track_id, 0) + 1
        assert item.tracks == len(lengths)
        low, high = min(lengths.values()), max(lengths.values())
        assert item.track_length == (low, float(np.median(list(lengths.values()))), high)
    assert sum(found.answers["weather"].values()) == sum(
        any(answer.question == "weather" for answer in row.answers) for row in rows
    )
    assert found.videos[2].objects == found.videos[2].frames_with_answers == 0
    assert set(found.videos[2].coverage) == {0.0}
    assert draw_statistics(found).size[0] == 1500


def test_statistics_of_a_dataset_without_labels(sample_frames):
    found = dataset_statistics(sample_frames[0], videos=["harbor.mp4"], progress=False)
    assert (found.frames, found.labeled_videos, found.classes) == (40, 0, ())
    assert np.asarray(draw_statistics(found)).std() > 5
