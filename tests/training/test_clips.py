"""ClipDataset: clips of frames that follow each other."""

import numpy as np
import pytest
from training_datasets import FRAMES, make_dataset

from deeplake_labelbox.errors import ConfigurationError

torch = pytest.importorskip("torch")

from deeplake_labelbox.training import ClipDataset, FrameDataset  # noqa: E402 - needs torch


def places(clips):
    return list(zip(clips.video_idx.tolist(), clips.frame_idx.tolist(), strict=True))


def test_clips_never_cross_the_end_of_a_video(small):
    clips = ClipDataset(small, frames=3, stride=1, step=1)
    expected = [(v, [f, f + 1, f + 2]) for v, f in FRAMES if (v, f + 2) in FRAMES]
    assert places(clips) == expected
    assert len(clips) == len(expected) == 4 + 3 + 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"frames": 2, "stride": 2}, [(0, [0, 2]), (1, [0, 2]), (2, [0, 2])]),
        ({"frames": 2, "stride": 1}, [(v, [f, f + 1]) for v, n in ((0, 6), (1, 4), (2, 4))
                                      for f in range(0, n, 2)]),
        ({"frames": 2, "stride": 5, "step": 1}, [(0, [0, 5])]),
        ({"frames": 7, "stride": 1}, []),
        ({"frames": 2, "stride": 2, "labeled": True}, [(0, [0, 2]), (1, [0, 2])]),
        ({"frames": 2, "stride": 1, "where": "frame_idx > 2"},
         [(0, [3, 4]), (1, [3, 4])]),
        ({"frames": 2, "stride": 1, "with_class": "zone", "objects": ["zone"]},
         [(0, [0, 1]), (1, [0, 1])]),
        ({"frames": 2, "stride": 1, "step": 1, "key_frames": True, "objects": "car"},
         [(0, [0, 1]), (1, [0, 1])]),
        ({"frames": 3, "stride": 1, "labeled": True, "classes": "weather", "videos": [0]},
         [(0, [0, 1, 2])]),
    ],
)  # fmt: skip
def test_choosing_clips(small, options, expected):
    assert places(ClipDataset(small, **options)) == expected


def test_clips_do_not_reach_over_missing_frames():
    without = [place for place in FRAMES if place not in {(0, 2), (1, 0)}]
    clips = ClipDataset(make_dataset("mem://gaps", without), frames=2, stride=1)
    expected = {0: [[0, 1], [3, 4]], 1: [[1, 2], [3, 4]], 2: [[0, 1], [2, 3]]}
    assert places(clips) == [(video, clip) for video in expected for clip in expected[video]]


def test_a_clip_is_its_frames(small):
    options = {"objects": ["road", "zone"], "semantic": ["road"], "classes": "weather"}
    clips = ClipDataset(small, frames=3, stride=2, **options)
    frames = FrameDataset(small, **options)
    clip, target = clips[1]
    assert clip.shape == (3, 3, 24, 16)
    for number, frame in enumerate((0, 2, 4)):
        image, wanted = frames[FRAMES.index((1, frame))]
        assert torch.equal(clip[number], image)
        for key, value in wanted.items():
            assert torch.equal(target[key][number], value), key
    assert target["weather"].tolist() == [0, 1, -100]
    assert target["semantic"].shape == (3, 24, 16)
    assert [len(boxes) for boxes in target["boxes"]] == [1, 1, 1]


def test_overlapping_clips_at_once_are_the_same_as_one_by_one(small):
    clips = ClipDataset(small, frames=3, stride=1, step=1)
    for index, (clip, target) in zip([4, 0, 1], clips.__getitems__([4, 0, 1]), strict=True):
        expected, wanted = clips[index]
        assert torch.equal(clip, expected)
        assert torch.equal(target["frame_idx"], wanted["frame_idx"])
        np.testing.assert_array_equal(target["frame_idx"], clips.frame_idx[index])


def test_transforms_get_the_whole_clip(small):
    seen = []

    def note(clip, target):
        seen.append(clip.shape)
        return clip, target

    ClipDataset(small, frames=2, stride=1, transforms=note)[0]
    assert seen == [(2, 3, 20, 30)]


@pytest.mark.parametrize("option", ["frames", "stride", "step"])
def test_numbers_below_one_are_refused(small, option):
    with pytest.raises(ConfigurationError, match=f"{option} is 0"):
        ClipDataset(small, **{option: 0})


def test_clips_longer_than_the_videos_are_told(small, caplog):
    assert len(ClipDataset(small, frames=7, stride=1)) == 0
    assert "the longest video has 6 selected frames" in caplog.text
