"""Workers, samplers and processes: the same samples wherever they are read."""

import logging
import multiprocessing
import operator
import pickle
import subprocess
import sys

import deeplake
import pytest
from training_datasets import FRAMES, make_dataset

from deeplake_labelbox.errors import ConfigurationError, DatasetError

torch = pytest.importorskip("torch")

from torch.utils.data import (  # noqa: E402 - needs torch
    DataLoader,
    DistributedSampler,
    WeightedRandomSampler,
)

from deeplake_labelbox.training import (  # noqa: E402 - needs torch
    ClipDataset,
    Compose,
    FrameDataset,
    HorizontalFlip,
    Resize,
    collate,
    collate_stacked,
)

# From Python 3.12 on forking a process with threads, like those of Deep Lake, warns.
forking = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def loaded(dataset, **options):
    return [
        (image, target)
        for images, targets in DataLoader(dataset, collate_fn=collate, **options)
        for image, target in zip(images, targets, strict=True)
    ]


def first_in_child(frames, context):
    """Read the first frame in a child; a loader takes seconds to end after an error."""
    if context == "spawn":
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(operator.getitem, (frames, 0))
    forking_context = multiprocessing.get_context("fork")
    receiver, sender = forking_context.Pipe(duplex=False)

    def read():
        try:
            sender.send(frames[0])
        except ConfigurationError as error:
            sender.send(error)

    child = forking_context.Process(target=read)
    child.start()
    result = receiver.recv()
    child.join()
    if isinstance(result, Exception):
        raise result
    return result


def assert_same(samples, expected):
    assert len(samples) == len(expected)
    for (image, target), (wanted_image, wanted) in zip(samples, expected, strict=True):
        assert torch.equal(image, wanted_image)
        assert set(target) == set(wanted)
        for key, value in wanted.items():
            values = zip(target[key], value, strict=True) if isinstance(value, list) else None
            same = [torch.equal(a, b) for a, b in values] if values else None
            assert all(same) if same is not None else torch.equal(target[key], value)


@forking
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_read_the_same(small, context):
    frames = FrameDataset(small, objects=["road", "zone"], classes="weather", labeled=True)
    clips = ClipDataset(small, frames=2, stride=1)
    # A spawned process imports PyTorch anew, for seconds.
    count = {"fork": 2, "spawn": 1}[context]
    workers = {"num_workers": count, "multiprocessing_context": context, "batch_size": 3}
    assert_same(loaded(frames, **workers), [frames[index] for index in range(len(frames))])
    assert_same(loaded(clips, **workers), [clips[index] for index in range(len(clips))])


@forking
def test_workers_that_stay_and_epochs_that_shuffle(small):
    loader = DataLoader(
        FrameDataset(small, transforms=Compose(Resize((16, 16)), HorizontalFlip())),
        batch_size=4,
        shuffle=True,
        num_workers=1,
        persistent_workers=True,
        multiprocessing_context="fork",
        collate_fn=collate_stacked,
        generator=torch.Generator().manual_seed(0),
    )
    epochs = []
    for _ in range(2):
        ids = [int(number) for _, target in loader for number in target["image_id"]]
        assert sorted(ids) == [video * 2**32 + frame for video, frame in FRAMES]
        epochs.append(ids)
    assert epochs[0] != epochs[1]


@forking
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_datasets_in_memory_need_no_workers(context):
    frames = FrameDataset(make_dataset(f"mem://workers-{context}"))
    assert len(loaded(frames, batch_size=4)) == len(FRAMES)
    with pytest.raises(ConfigurationError, match=r"mem:// .* use num_workers=0"):
        first_in_child(frames, context)


@forking
def test_workers_cannot_see_what_is_not_committed(tmp_path):
    dataset = make_dataset(str(tmp_path / "open"))
    dataset["weather"][0] = [1]
    frames = FrameDataset(dataset, classes="weather")
    assert int(frames[0][1]["weather"]) == 1
    with pytest.raises(ConfigurationError, match=r"not committed.*ds\.commit\(\)"):
        first_in_child(frames, "fork")


@forking
def test_workers_see_what_was_committed_since(tmp_path):
    dataset = make_dataset(str(tmp_path / "committed"))
    dataset["weather"][0] = [1]
    dataset.commit()
    frames = FrameDataset(dataset, classes="weather")
    _, target = loaded(frames, num_workers=1, multiprocessing_context="fork")[0]
    assert int(target["weather"]) == 1


@forking
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_read_the_version_that_was_chosen(tmp_path, context):
    path = str(tmp_path / "grows")
    make_dataset(path)
    dataset = deeplake.open(path)
    frames = FrameDataset(dataset, classes="weather")
    expected = [frames[index] for index in range(len(frames))]
    other = deeplake.open(path)
    other.delete(0)
    other["weather"][0] = [1]
    other.commit()
    assert_same(loaded(frames, num_workers=1, multiprocessing_context=context), expected)


def test_another_process_reads_the_branch_that_was_chosen(tmp_path):
    dataset = make_dataset(str(tmp_path / "branched"))
    branch = dataset.branch("fixes").open()
    branch["weather"][0] = [1]
    branch.commit()
    frames = FrameDataset(branch, classes="weather")
    script = (
        "import pickle, sys; frames = pickle.load(sys.stdin.buffer); "
        "print(int(frames[0][1]['weather']))"
    )
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], input=pickle.dumps(frames), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"1"]


def test_a_dataset_that_is_gone_is_named_in_another_process(tmp_path):
    dataset = make_dataset(str(tmp_path / "gone"))
    pickled = pickle.dumps(FrameDataset(dataset))
    del dataset
    deeplake.delete(str(tmp_path / "gone"))
    with pytest.raises(DatasetError, match="opening the dataset in a worker"):
        pickle.loads(pickled)[0]  # noqa: S301 - made above


def test_credentials_are_not_shown(small, caplog):
    frames = FrameDataset(small, tv_tensors=False)
    with caplog.at_level(logging.DEBUG):
        pickle.dumps(frames)
    assert "url" not in repr(frames)
    assert not [record for record in caplog.records if record.name.startswith("deeplake_labelbox")]


def test_distributed_samplers_share_the_frames(small):
    frames = FrameDataset(small)
    seen = []
    for rank in range(2):
        sampler = DistributedSampler(frames, num_replicas=2, rank=rank, shuffle=True, seed=1)
        seen += [int(t["image_id"]) for _, t in loaded(frames, sampler=sampler, batch_size=4)]
    assert len(seen) == len(FRAMES) + 1
    assert set(seen) == {video * 2**32 + frame for video, frame in FRAMES}


def test_weighted_samplers_choose_frames(small):
    frames = FrameDataset(small)
    weights = (frames.frames.video_idx == 1).astype(float)
    generator = torch.Generator().manual_seed(0)
    sampler = WeightedRandomSampler(weights, 20, generator=generator)
    samples = loaded(frames, sampler=sampler, batch_size=5)
    assert [int(target["video_idx"]) for _, target in samples] == [1] * 20
