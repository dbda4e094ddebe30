"""BlockBatchSampler: batches that mix frames of several blocks, and read each block in order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.frames import FrameDataset


class BlockBatchSampler(Sampler[list[int]]):
    """Batches for a `torch.utils.data.DataLoader` whose frames come from a few blocks at a time.

    A block is a group of pictures of a video: to decode a frame of it, a decoder starts at its
    first frame. So with ``frame_storage="video"``, a random frame is slow to decode, and the next
    frame is fast. This sampler shuffles the blocks, and takes the frames of each block in order;
    a batch mixes frames of several blocks. Each epoch has every frame once. With other storages,
    the sampler reads files that are stored side by side, which is faster from a bucket.

    `DataLoader` gives batch ``i`` to worker ``i % num_workers``, so one worker reads each block,
    except for the last few of an epoch.

    Args:
        dataset: The frames.
        batch_size: Frames per batch.
        shuffle_blocks: Number of blocks that a batch takes its frames from. Each keeps a decoder
            open in its worker, and up to 4 stay open.
        num_workers: ``num_workers`` of the `DataLoader`.
        drop_last: Leave out batches that are not full.
        seed: With the same seed and epoch, the batches are the same.

    Attributes:
        epoch: The number of the next epoch, from 0; each iteration adds 1, `set_epoch` sets it.

    Raises:
        ConfigurationError: If a value is out of range.

    Example:
        ```python
        from torch.utils.data import DataLoader

        from deeplake_labelbox.training import BlockBatchSampler, FrameDataset, collate

        train = FrameDataset("clips", objects=["person"])
        batches = BlockBatchSampler(train, batch_size=8, num_workers=2)
        for images, targets in DataLoader(
            train, batch_sampler=batches, num_workers=2, collate_fn=collate
        ):
            print(len(images), targets[0]["frame_idx"])
        ```
    """

    def __init__(
        self,
        dataset: FrameDataset,
        batch_size: int,
        *,
        shuffle_blocks: int = 4,
        num_workers: int = 0,
        drop_last: bool = False,
        seed: int = 0,
    ) -> None:
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("shuffle_blocks", shuffle_blocks, 1),
            ("num_workers", num_workers, 0),
        ):
            if value < least:
                raise ConfigurationError(f"{name} is {value}; give {least} or more.")
        self._blocks = dataset.blocks()
        self._batch_size = batch_size
        self._shuffle_blocks = shuffle_blocks
        self._readers = max(num_workers, 1)
        self._drop_last = drop_last
        self._seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, as for other samplers of PyTorch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        frames = sum(map(len, self._blocks))
        return frames // self._batch_size if self._drop_last else -(-frames // self._batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of an epoch: indices of the dataset."""
        orders = self._orders(self.epoch)
        self.epoch += 1
        size = self._batch_size
        full = [len(order) // size * size for order in orders]
        for start in range(0, max(full), size):
            for order, end in zip(orders, full, strict=True):
                if start < end:
                    yield order[start : start + size]
        # The remaining frames of all workers form batches that any worker reads.
        rest = [frame for order, end in zip(orders, full, strict=True) for frame in order[end:]]
        for start in range(0, len(rest), size):
            if start + size <= len(rest) or not self._drop_last:
                yield rest[start : start + size]

    def _orders(self, epoch: int) -> list[list[int]]:
        """Return the frames that each worker reads, in order."""
        generator = np.random.default_rng([self._seed, epoch])
        queues: list[list[NDArray[np.int64]]] = [[] for _ in range(self._readers)]
        lengths = [0] * self._readers
        for place in generator.permutation(len(self._blocks)).tolist():
            reader = lengths.index(min(lengths))
            queues[reader].append(self._blocks[place])
            lengths[reader] += len(self._blocks[place])
        return [_interleaved(queue, self._shuffle_blocks, generator) for queue in queues]


def _interleaved(
    blocks: list[NDArray[np.int64]], count: int, generator: np.random.Generator
) -> list[int]:
    """Draw frames at random from ``count`` blocks at a time, in order within each block."""
    waiting = iter(blocks)
    streams: list[Iterator[int]] = []
    left: list[int] = []
    order: list[int] = []

    def refill() -> None:
        while len(streams) < count and (block := next(waiting, None)) is not None:
            streams.append(iter(block.tolist()))
            left.append(len(block))

    refill()
    while streams:
        # Longer blocks are drawn more often, so that blocks end at about the same time.
        place = int(np.searchsorted(np.cumsum(left), generator.integers(sum(left)), side="right"))
        order.append(next(streams[place]))
        left[place] -= 1
        if not left[place]:
            del streams[place], left[place]
            refill()
    return order
