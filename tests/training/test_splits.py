"""Splits by video, class counts and class weights."""

import subprocess
import sys

import deeplake
import numpy as np
import pytest
from training_datasets import make_dataset

from deeplake_labelbox._store.columns import ensure_column, write_class_names
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training import class_counts, class_weights, split_by_video


def many_videos(classes_of, name):
    """A dataset of one frame a video; ``classes_of[video]`` are the answers of its frame."""
    dataset = deeplake.create(f"mem://{name}")
    dataset.add_column("video_idx", "int32")
    dataset.add_column("frame_idx", "int32")
    ensure_column(dataset, "kind", "choices")
    write_class_names(dataset, "kind", ("a", "b", "c"))
    dataset.append(
        {
            "video_idx": list(range(len(classes_of))),
            "frame_idx": [0] * len(classes_of),
            "kind": [np.array(c, dtype=np.int32) for c in classes_of],
        }
    )
    dataset.commit()
    return dataset


@pytest.mark.parametrize(
    ("count", "parts", "sizes"),
    [
        (10, {"train": 0.8, "val": 0.2}, [8, 2]),
        (11, {"train": 0.7, "val": 0.2, "test": 0.1}, [8, 2, 1]),
        (3, {"train": 0.8, "val": 0.1, "test": 0.1}, [1, 1, 1]),
        (2, {"train": 0.9, "val": 0.1}, [1, 1]),
        (1, {"train": 0.9, "val": 0.1}, [1, 0]),
        (0, {"train": 0.9, "val": 0.1}, [0, 0]),
    ],
)
@pytest.mark.parametrize("stratify", [None, "kind"])
def test_every_video_is_in_one_part(count, parts, sizes, stratify):
    name = f"split-{count}-{len(parts)}-{stratify}"
    dataset = many_videos([[number % 3] for number in range(count)], name)
    split = split_by_video(dataset, parts, stratify=stratify)
    assert [len(videos) for videos in split.values()] == sizes
    assert list(split) == list(parts)
    assert sorted(video for videos in split.values() for video in videos) == list(range(count))


def test_the_seed_decides():
    dataset = many_videos([[0]] * 20, "seeds")
    halves = {"train": 0.5, "val": 0.5}
    first = split_by_video(dataset, halves, seed=1)
    assert first == split_by_video(dataset, halves, seed=1)
    assert first != split_by_video(dataset, halves, seed=2)


@pytest.mark.parametrize("seed", range(5))
def test_stratified_parts_have_their_share_of_every_class(seed):
    # 20 videos of a, 10 of b, 5 of c.
    classes_of = [[0]] * 20 + [[1]] * 10 + [[2]] * 5
    dataset = many_videos(classes_of, f"stratified-{seed}")
    split = split_by_video(dataset, {"train": 0.8, "val": 0.2}, seed=seed, stratify="kind")
    assert class_counts(dataset, "kind", videos=split["val"]) == {"a": 4, "b": 2, "c": 1}
    assert class_counts(dataset, "kind", videos=split["train"]) == {"a": 16, "b": 8, "c": 4}


def test_only_labeled_videos(small):
    split = split_by_video(small, {"train": 0.5, "val": 0.5}, labeled=True)
    assert sorted(video for videos in split.values() for video in videos) == [0, 1]


@pytest.mark.parametrize(
    "parts", [{}, {"train": 0.8}, {"train": 1.2, "val": -0.2}, {"a": 1, "b": 1}]
)
def test_shares_must_add_up(small, parts):
    with pytest.raises(ConfigurationError, match="add up to 1"):
        split_by_video(small, parts)


def test_counting_objects(small):
    assert class_counts(small) == {"car": 6 + 3 + 5 + 2 + 2, "person": 6}
    assert class_counts(small, ["car"], videos=[0]) == {"car": 9}
    assert class_counts(small, "thing", videos=[0]) == {"person": 3, "car": 1}
    assert class_counts(small, ["road", "zone"]) == {"road": 22, "zone": 2}
    assert class_counts(small, videos=[2]) == {"car": 0, "person": 0}


def test_counting_answers(small):
    assert class_counts(small, "weather") == {"sun": 4, "rain": 4}
    assert class_counts(small, ["events"], videos=[0]) == {"crossing": 3, "honking": 0, "boat": 3}
    with pytest.raises(ConfigurationError, match="'weather' holds answers of frames"):
        class_counts(small, ["car", "weather"])


def test_counts_of_the_sample(sample):
    counts = class_counts(sample)
    labeled = [ids for ids in sample["car/car_track_ids"][:] if ids is not None]
    assert counts["car"] == sum(map(len, labeled))


def test_weights_even_classes_out():
    weights = class_weights({"a": 30, "b": 10, "never": 0})
    assert weights == {"a": 40 / 60, "b": 2.0, "never": 0.0}
    assert weights["a"] * 30 == weights["b"] * 10
    assert class_weights({}) == {}


def test_nothing_of_this_needs_torch():
    script = (
        "import sys; sys.modules['torch'] = None; "
        "from deeplake_labelbox.training import class_counts, split_by_video, to_coco, to_mot"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603


def test_without_torch_the_message_says_what_to_install():
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from deeplake_labelbox.errors import ConfigurationError\n"
        "try:\n"
        "    from deeplake_labelbox.training import FrameDataset\n"
        "except ConfigurationError as error:\n"
        "    print(error)"
    )
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "FrameDataset needs torch" in done.stdout
    assert 'pip install "deeplake-labelbox[torch]"' in done.stdout


def test_datasets_of_others_make_splits_too():
    dataset = make_dataset("mem://plain-split")
    assert len(split_by_video(dataset, {"all": 1.0})["all"]) == 3
