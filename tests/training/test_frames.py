"""FrameDataset: pictures and targets of frames."""

import logging
import pathlib

import deeplake
import numpy as np
import pytest
from training_datasets import EVENTS, FRAMES, WEATHER, make_dataset, picture

from deeplake_labelbox import LabeledDataset
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

torch = pytest.importorskip("torch")

from deeplake_labelbox.training import (  # noqa: E402 - needs torch
    ClipDataset,
    FrameDataset,
    class_counts,
    split_by_video,
    to_coco,
    to_mot,
)


def identities(frames):
    return list(
        zip(frames.frames.video_idx.tolist(), frames.frames.frame_idx.tolist(), strict=True)
    )


def test_every_frame_in_order_of_video_and_frame(small):
    frames = FrameDataset(small)
    assert len(frames) == len(FRAMES)
    assert identities(frames) == FRAMES


def test_pictures_are_those_of_the_rows_from_0_to_1_or_as_bytes(small):
    scaled, plain = FrameDataset(small), FrameDataset(small, dtype=torch.uint8)
    for index, place in enumerate(FRAMES):
        image, _ = plain[index]
        assert image.dtype == torch.uint8
        assert (image.permute(1, 2, 0).numpy() == picture(*place)).all()
    image, _ = scaled[3]
    assert image.dtype == torch.float32
    np.testing.assert_allclose(image.permute(1, 2, 0) * 255, picture(0, 3), atol=1e-4)


def test_boxes_of_several_columns_share_one_numbering(small):
    frames = FrameDataset(small)
    # Ungrouped "car/car" and the class "car" of the grouped column are one class.
    assert frames.class_names == ("__background__", "car", "person")
    _, target = frames[4]
    # The car is cut at the left edge, the other one lies outside and is left out.
    assert target["boxes"].tolist() == [[0, 5, 8, 11], [2, 3, 6, 8.5], [6, 6, 8, 8]]
    assert target["labels"].tolist() == [1, 2, 1]
    assert target["track_ids"].tolist() == [0, 2, 3]
    assert (target["boxes"].dtype, target["labels"].dtype) == (torch.float32, torch.int64)
    assert "masks" not in target


def test_frames_are_identified_in_the_target(small):
    _, target = FrameDataset(small)[7]
    assert (int(target["video_idx"]), int(target["frame_idx"])) == (1, 1)
    assert int(target["image_id"]) == 2**32 + 1


def test_unlabeled_frames_read_as_empty_and_never_as_none(small):
    frames = FrameDataset(small, objects=["road", "zone"], classes="weather", multi_hot=["events"])
    image, target = frames[len(frames) - 1]
    assert target["boxes"].shape == (0, 4)
    assert target["labels"].shape == target["track_ids"].shape == (0,)
    assert target["masks"].shape == (0, *image.shape[1:])
    assert int(target["weather"]) == -100
    assert target["events"].tolist() == [0, 0, 0]
    assert all(isinstance(value, torch.Tensor) for value in target.values())


def test_masks_of_mask_and_polygon_columns(small):
    frames = FrameDataset(small, objects=["road", "zone"])
    assert frames.class_names == ("__background__", "road", "zone")
    image, target = frames[1]
    assert target["masks"].dtype == torch.uint8
    # The mask without a pixel is left out.
    assert target["masks"].shape == (2, *image.shape[1:])
    assert target["labels"].tolist() == [1, 2]
    assert target["boxes"].tolist() == [[1, 2, 10, 5], [1, 1, 9, 9]]
    road, zone = target["masks"].bool()
    assert int(road.sum()) == 27
    assert bool(road[2:5, 1:10].all())
    assert bool(zone[2, 2])
    assert not bool(zone[8, 8])


def test_masks_and_rectangles_together_are_boxes(small):
    _, target = FrameDataset(small, objects=["car", "road"])[0]
    assert target["boxes"].tolist() == [[0, 5, 4, 11], [1, 2, 10, 5]]
    assert "masks" not in target


def test_semantic_masks_by_class(small):
    frames = FrameDataset(small, semantic=["road", "zone"])
    assert frames.semantic_class_names == ("__background__", "road", "zone")
    _, target = frames[1]
    semantic = target["semantic"]
    assert semantic.shape == (20, 30)
    assert semantic.dtype == torch.int64
    assert (int(semantic[2, 9]), int(semantic[2, 2]), int(semantic[15, 15])) == (1, 2, 0)
    assert "boxes" not in target


def test_class_indices_and_multi_hot(small):
    frames = FrameDataset(small, classes=["weather"], multi_hot=["events"])
    assert frames.answer_class_names == {"weather": WEATHER, "events": EVENTS}
    assert [int(frames[index][1]["weather"]) for index in range(6)] == [0, 0, 1, 1, -100, -100]
    assert frames[1][1]["events"].tolist() == [1, 0, 1]
    assert frames[1][1]["events"].dtype == torch.float32


def test_several_answers_are_no_class_index(small):
    with pytest.raises(ConfigurationError, match=r"2 answers in 'events'; name .* in multi_hot="):
        FrameDataset(small, classes=["events"])[1]


def test_rows_in_any_order_are_found_by_video_and_frame(small):
    shuffled = [FRAMES[index] for index in np.random.default_rng(3).permutation(len(FRAMES))]
    other = FrameDataset(make_dataset("mem://shuffled", shuffled))
    frames = FrameDataset(small)
    assert identities(other) == FRAMES
    for (image, target), (expected, wanted) in zip(frames, other, strict=True):
        assert torch.equal(image, expected)
        assert all(torch.equal(target[key], wanted[key]) for key in wanted)


def test_many_at_once_are_the_same_as_one_by_one(small):
    frames = FrameDataset(small, objects=["road"])
    indices = [3, 0, 12, 3, -1]
    for index, (image, target) in zip(indices, frames.__getitems__(indices), strict=True):
        expected, wanted = frames[index]
        assert torch.equal(image, expected)
        assert all(torch.equal(target[key], wanted[key]) for key in wanted)


def test_an_index_beyond_the_end_ends_iteration(small):
    frames = FrameDataset(small)
    with pytest.raises(IndexError):
        frames[len(frames)]
    assert len(list(frames)) == len(FRAMES)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"labeled": True}, [p for p in FRAMES if p[0] < 2]),
        ({"videos": [2, 0]}, [p for p in FRAMES if p[0] != 1]),
        ({"videos": []}, []),
        ({"where": "video_idx = 1 AND frame_idx > 2"}, [(1, 3), (1, 4)]),
        ({"where": 'shape("car/car")[0] > 1'}, [p for p in FRAMES if p[0] < 2 and p[1] >= 3]),
        ({"where": lambda row: row["frame_idx"] == 3}, [(0, 3), (1, 3), (2, 3)]),
        ({"key_frames": True}, [(0, 0), (0, 4), (1, 0), (1, 4)]),
        ({"key_frames": True, "objects": ["car"]}, [(0, 0), (1, 0)]),
        ({"key_frames": True, "classes": ["weather"]}, [(v, f) for v in (0, 1) for f in (0, 1, 4)]),
        ({"with_class": "person"}, [p for p in FRAMES if p[0] < 2 and p[1] % 2 == 0]),
        ({"with_class": ["car"], "objects": ["thing"]}, [(0, 4), (1, 4)]),
        ({"with_class": ["zone"], "semantic": ["road", "zone"]}, [(0, 1), (1, 1)]),
        ({"with_class": "rain", "classes": ["weather"]}, [(v, f) for v in (0, 1) for f in (2, 3)]),
        ({"labeled": True, "classes": "weather"}, [p for p in FRAMES if p[0] < 2 and p[1] < 4]),
        (
            {"labeled": True, "classes": "weather", "objects": None, "multi_hot": "events"},
            [p for p in FRAMES if p[0] < 2],
        ),
        ({"with_class": "person", "where": "frame_idx > 0", "videos": [0]}, [(0, 2), (0, 4)]),
    ],
)
def test_choosing_frames(small, options, expected):
    assert identities(FrameDataset(small, **options)) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objects": ["cra"]}, r"'cra' holds no rectangles.*car/car, thing, road, zone"),
        ({"objects": ["weather"]}, r"'weather' holds no rectangles"),
        ({"semantic": ["thing"]}, r"rectangles have no masks"),
        ({"classes": ["car/car"]}, r"holds no answers.*weather, events"),
        ({"classes": ["weather"], "multi_hot": ["weather"]}, r"requested twice"),
        ({"with_class": "bus"}, r"No class is named 'bus'.*car, person"),
        ({"videos": [7]}, r"no frame of video_idx 7"),
        ({"where": "nothing = 1"}, r"`where` is 'nothing = 1', which is not a TQL condition"),
        ({"where": "video_idx ="}, r"is not a TQL condition"),
        ({"image_column": "pictures"}, r"no column 'pictures'.*frames"),
        ({"dtype": torch.int64}, r"torch.uint8 or a floating point type"),
    ],
)
def test_options_that_do_not_fit_are_refused(small, options, message):
    with pytest.raises(ConfigurationError, match=message):
        FrameDataset(small, **options)


def test_views_and_datasets_without_identity_are_refused(small):
    with pytest.raises(ConfigurationError, match=r"not a DatasetView; .* where="):
        FrameDataset(small.query("SELECT * WHERE video_idx = 1"))
    plain = deeplake.create("mem://plain")
    plain.add_column("frames", deeplake.types.Image())
    with pytest.raises(DatasetMismatchError, match="no columns video_idx and frame_idx"):
        FrameDataset(plain)


def test_rows_deleted_meanwhile_are_noticed():
    dataset = make_dataset("mem://deleted")
    frames = FrameDataset(dataset)
    dataset.delete(0)
    with pytest.raises(DatasetMismatchError, match="deleted or moved"):
        frames[3]
    with pytest.raises(DatasetMismatchError, match="deleted or moved"):
        frames[len(frames) - 1]


def test_a_repeated_frame_counts_once():
    frames = FrameDataset(make_dataset("mem://repeated", [*FRAMES, FRAMES[2]]))
    assert identities(frames) == FRAMES


def test_frames_of_a_dataset_without_labels():
    dataset = deeplake.create("mem://unlabeled")
    dataset.add_column("frames", deeplake.types.Image(sample_compression="jpg"))
    dataset.add_column("video_idx", "int32")
    dataset.add_column("frame_idx", "int32")
    dataset.append({"frames": [picture(0, 0)], "video_idx": [0], "frame_idx": [0]})
    dataset.commit()
    frames = FrameDataset(dataset)
    assert frames.class_names == ("__background__",)
    image, target = frames[0]
    assert image.shape == (3, 20, 30)
    assert set(target) == {"image_id", "video_idx", "frame_idx"}
    assert len(FrameDataset(dataset, labeled=True)) == 0


def test_transforms_get_image_and_target(small):
    frames = FrameDataset(small, transforms=lambda image, target: (1 - image, {**target, "x": 1}))
    image, target = frames[0]
    plain, _ = FrameDataset(small)[0]
    assert torch.equal(image, 1 - plain)
    assert target["x"] == 1


def test_the_sample_project(sample):
    frames = FrameDataset(sample, labeled=True)
    assert frames.class_names == ("__background__", "car", "person")
    for index in (0, 20, 60, 80):
        row = int(frames.frames.rows[index])
        _, target = frames[index]
        boxes = np.concatenate([sample["car/car"][row], sample["person"][row]])
        height, width = sample["frames"][row].shape[:2]
        boxes[:, 2:] += boxes[:, :2]
        boxes = boxes.clip(0, [width, height, width, height])
        np.testing.assert_array_equal(target["boxes"], boxes)


def test_an_earlier_version_of_a_dataset(sample, caplog):
    frames_only = list(sample.history)[-2].id
    with caplog.at_level(logging.ERROR):
        frames = FrameDataset(sample.history[frames_only].open())
    assert len(frames) == len(sample)
    assert frames.class_names == ("__background__",)


def test_an_empty_choice_says_which_condition_left_nothing(small, caplog):
    assert len(FrameDataset(small, videos=[0], labeled=True, where="frame_idx > 99")) == 0
    assert "No frame is selected: 6 in videos=, then " in caplog.text
    assert "0 that meet where=." in caplog.text


def test_paths_and_labeled_datasets_are_taken_as_open_datasets_are(small_path, small):
    whole = FrameDataset(small, classes="weather", labeled=True, tv_tensors=False)
    for given in (small_path, LabeledDataset(small), pathlib.Path(small_path)):
        frames = FrameDataset(given, classes="weather", labeled=True, tv_tensors=False)
        assert len(frames) == len(whole)
        assert all(torch.equal(frames[n][0], whole[n][0]) for n in (0, len(whole) - 1))
        assert frames[3][1].keys() == whole[3][1].keys()
        assert len(ClipDataset(given, frames=2)) == len(ClipDataset(small, frames=2))
        assert class_counts(given) == class_counts(small)
        assert to_coco(given) == to_coco(small)
        assert to_mot(given) == to_mot(small)
        parts = {"train": 0.5, "val": 0.5}
        assert split_by_video(given, parts) == split_by_video(small, parts)


def test_where_takes_the_view_of_a_query(small):
    view = small.query("SELECT * WHERE frame_idx = 1 ORDER BY video_idx DESC")
    frames = FrameDataset(small, where=view).frames
    assert list(zip(frames.video_idx, frames.frame_idx, strict=True)) == [(0, 1), (1, 1), (2, 1)]
    assert len(to_coco(small, where=view)["images"]) == 2
