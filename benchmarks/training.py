"""Samples a second through PyTorch's DataLoader: ours, a plain loop over rows, ``ds.pytorch()``.

``python -m benchmarks.training`` writes 720p frames of a real clip with one box each, as PNG, as
JPEG and as packets, and reads shuffled batches of them; "in blocks" is `BlockBatchSampler`. Every
side turns pictures into tensors (3, H, W), float32 but where uint8 is said, and boxes into float32
corners; the median of the repeats is printed. The plain loop is ``ds[i]``, row by row.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deeplake
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, Dataset

from benchmarks.clips import real_clip
from benchmarks.projects import BOXES
from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox.sandbox import Sandbox
from deeplake_labelbox.training import BlockBatchSampler, FrameDataset, collate

BATCH = 8


class PlainRows(Dataset[Any]):
    """What one writes without this package: ``ds[i]``, the dataset opened in each worker."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._length = len(deeplake.open(path))
        self._dataset: deeplake.Dataset | None = None

    def __len__(self) -> int:
        """How many rows."""
        return self._length

    def __getitem__(self, index: int) -> Any:
        """One row as tensors."""
        if self._dataset is None:
            self._dataset = deeplake.open(self._path)
        return to_tensors(self._dataset[index])


def to_tensors(row: Any) -> Any:
    """Picture and target of a row, or of the dict that ``ds.pytorch()`` gives."""
    image = torch.from_numpy(np.array(row["frames"])).permute(2, 0, 1).contiguous()
    boxes = torch.from_numpy(np.array(row["car"], dtype=np.float32).reshape(-1, 4))
    boxes = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
    return image.float().div_(255), {"boxes": boxes, "labels": torch.ones(len(boxes)).long()}


BLOCKS = "FrameDataset, uint8, in blocks"
# Packets are decoded by this package alone.
PICTURES_ONLY = ("plain loop", "ds.pytorch()")
SIDES: dict[str, Callable[[str], Dataset[Any]]] = {
    "FrameDataset": FrameDataset,
    "FrameDataset, uint8": lambda path: FrameDataset(path, dtype=torch.uint8),
    BLOCKS: lambda path: FrameDataset(path, dtype=torch.uint8),
    "plain loop": PlainRows,
    "ds.pytorch()": lambda path: deeplake.open(path).pytorch(transform=to_tensors),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--repeats", type=int, default=4, help="how often each side runs")
    parser.add_argument("--videos", type=int, default=2, help="how many clips of 132 frames")
    arguments = parser.parse_args()
    table = Table(title=f"Samples a second, 720p, batches of {BATCH}, shuffled; medians")
    for column in ("frames as", "side", "0 workers", "1 worker", "2 workers"):
        table.add_column(column, justify="right" if "worker" in column else "left")
    with tempfile.TemporaryDirectory() as folder:
        for storage in ("png", "jpg", "video"):
            path = str(Path(folder) / storage)
            _write(path, storage, arguments.videos)
            # Sides take turns, another one first each time, so that what else the machine does
            # falls on all of them.
            speeds: dict[tuple[str, int], list[float]] = {}
            sides = [side for side in SIDES if storage != "video" or side not in PICTURES_ONLY]
            for turn in range(arguments.repeats):
                first = turn % len(sides)
                order = [*sides[first:], *sides[:first]]
                for workers in (0, 1, 2):
                    for side in order:
                        speed = _speed(SIDES[side](path), workers, in_blocks=side == BLOCKS)
                        speeds.setdefault((side, workers), []).append(speed)
            for side in sides:
                medians = [statistics.median(speeds[side, workers]) for workers in (0, 1, 2)]
                table.add_row(storage, side, *(f"{median:.0f}" for median in medians))
    Console().print(table)


def _speed(dataset: Dataset[Any], workers: int, *, in_blocks: bool) -> float:
    order: dict[str, Any] = {"batch_size": BATCH, "shuffle": True}
    if in_blocks and isinstance(dataset, FrameDataset):
        order = {"batch_sampler": BlockBatchSampler(dataset, BATCH, num_workers=workers)}
    loader = DataLoader(
        dataset,
        num_workers=workers,
        collate_fn=collate,
        generator=torch.Generator().manual_seed(0),
        **order,
    )
    begun = time.perf_counter()
    count = sum(len(images) for images, _ in loader)
    return count / (time.perf_counter() - begun)


def _write(path: str, storage: Any, videos: int) -> None:
    clip = real_clip("bigbuckbunny.mp4").read_bytes()
    key_frames = [
        {"frame": number, "bbox": {"left": number, "top": 50, "width": 200, "height": 100}}
        for number in (1, 132)
    ]
    with Sandbox() as box:
        project = box.add_project("Training", BOXES)
        for number in range(videos):
            row = project.add_video(clip, external_id=f"{number}.mp4")
            row.add_label([{"name": "car", "segments": [{"keyframes": key_frames}]}])
        client = box.client()
        dataset, export = create_dataset_from_video_annotation_project(
            path, project.project_id, None, lb_client=client, frame_storage=storage, progress=False
        )
        converter_for_video_project_with_id(
            project.project_id,
            lambda _: dataset,
            None,
            project_json=export,
            lb_client=client,
            progress=False,
        ).dataset_with_applied_annotations()


if __name__ == "__main__":
    main()
