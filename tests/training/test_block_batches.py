"""BlockBatchSampler: each frame once, blocks mixed, and each block read in order by one worker."""

import numpy as np
import pytest
from video_files import read_number, write_video

from deeplake_labelbox import create_dataset
from deeplake_labelbox.errors import ConfigurationError

torch = pytest.importorskip("torch")

from deeplake_labelbox.training import (  # noqa: E402 - needs torch
    BlockBatchSampler,
    FrameDataset,
    collate,
)

FRAMES, GROUP = 24, 6


@pytest.fixture(scope="module", params=["video", "png"])
def frames(request, box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("blocks")
    project = box.add_project("Blocks", {"tools": [], "classifications": []})
    for number in range(2):
        path = write_video(
            folder / f"{number}.mp4", frames=FRAMES, gop=GROUP, first=FRAMES * number, b_frames=1
        )
        project.add_video(path, external_id=path.name)
    path = str(folder / "dataset")
    create_dataset(
        path,
        project.id,
        lb_client=box.client(),
        frame_storage=request.param,
        progress=False,
    )
    return FrameDataset(path, objects=[], dtype=torch.uint8)


def test_a_block_is_a_group_of_pictures_of_one_video(frames):
    blocks = [block.tolist() for block in frames.blocks()]
    assert sorted(sum(blocks, [])) == list(range(2 * FRAMES))  # noqa: RUF017 - short
    if max(map(len, blocks)) == GROUP:
        assert blocks == [list(range(at, at + GROUP)) for at in range(0, 2 * FRAMES, GROUP)]
    else:
        assert [len(block) for block in blocks] == [FRAMES, FRAMES]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_hold_every_frame_once_and_go_through_blocks_in_order(frames, workers):
    batches = BlockBatchSampler(frames, 5, shuffle_blocks=2, num_workers=workers, seed=3)
    block_of = np.zeros(len(frames), int)
    for number, block in enumerate(frames.blocks()):
        block_of[block] = number
    epochs = [list(batches), list(batches)]
    assert epochs[0] != epochs[1]
    batches.set_epoch(0)
    assert list(batches) == epochs[0]
    for epoch in epochs:
        assert len(epoch) == len(batches) == -(-len(frames) // 5)
        order = sum(epoch, [])  # noqa: RUF017 - short
        assert sorted(order) == list(range(len(frames)))
        readers = [sum(epoch[number::2], []) for number in range(2)] if workers else [order]  # noqa: RUF017 - short
        for read in readers:
            for block in set(block_of[read].tolist()):
                own = [index for index in read if block_of[index] == block]
                assert own == sorted(own)
        if block_of.max() > 1:
            assert any(len(set(block_of[batch].tolist())) > 1 for batch in epoch)
    whole = BlockBatchSampler(frames, 5, num_workers=workers, drop_last=True)
    assert [len(batch) for batch in whole] == [5] * (len(frames) // 5) == [5] * len(whole)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_loader_reads_them(frames):
    batches = BlockBatchSampler(frames, 8, num_workers=2)
    loader = torch.utils.data.DataLoader(
        frames,
        batch_sampler=batches,
        num_workers=2,
        collate_fn=collate,
        multiprocessing_context="fork",
    )
    seen = []
    for images, targets in loader:
        for image, target in zip(images, targets, strict=True):
            place = FRAMES * int(target["video_idx"]) + int(target["frame_idx"])
            assert read_number(image.permute(1, 2, 0).numpy()) == place
            seen.append(place)
    assert sorted(seen) == list(range(2 * FRAMES))


def test_values_out_of_range_are_told(frames):
    with pytest.raises(ConfigurationError, match="shuffle_blocks is 0; give 1 or more"):
        BlockBatchSampler(frames, 8, shuffle_blocks=0)
