"""Frames and labels as a dataset of Ray Data, read on its workers."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.cells import Rows
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from deeplake_labelbox._store.labeled_dataset import LabeledDataset

# Rows that are read at once; a group of pictures has about as many.
_BLOCK_ROWS: Final = 64
_COLUMNS: Final = ("image", "row", "video_idx", "frame_idx", "boxes", "classes", "track_ids")


def ray_rows(clips: LabeledDataset, rows: Rows) -> Any:
    """Create the dataset of `LabeledDataset.to_ray_data`.

    Raises:
        ConfigurationError: If Ray Data is not installed, or answers have the name of a column.
    """
    if importlib.util.find_spec("ray") is None or importlib.util.find_spec("pyarrow") is None:
        raise ConfigurationError(
            'Ray Data is not installed; install it with pip install "deeplake-labelbox[ray]".'
        )
    taken = [family.name for family in clips.families.answers if family.name in _COLUMNS]
    if taken:
        raise ConfigurationError(
            f"The answers of {taken[0]!r} have the name of a column of to_ray_data; rename "
            f"the classification in Labelbox, and sync the dataset."
        )
    data = importlib.import_module("ray.data")
    cores = int(importlib.import_module("ray").cluster_resources().get("CPU", 1))
    places = np.argsort(clips.index.rows)
    order = places[np.searchsorted(clips.index.rows, rows, sorter=places)]
    blocks = _blocks(clips, rows, clips.index.video_idx[order])
    items = [
        {"rows": block, "videos": clips.index.video_idx[at], "frames": clips.index.frame_idx[at]}
        for block, at in ((rows[part], order[part]) for part in blocks)
    ]
    readers = data.ActorPoolStrategy(min_size=1, max_size=max(1, min(cores, len(items))))
    return data.from_items(items, override_num_blocks=max(1, len(items))).map_batches(
        _Reader, fn_constructor_args=(clips,), batch_size=1, compute=readers
    )


def _blocks(
    clips: LabeledDataset, rows: Rows, videos: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Split rows into parts of one video, and of one group if packets are stored."""
    ends = (np.diff(clips.frames.spans(rows)) != 0) | (np.diff(videos) != 0)
    parts = np.split(np.arange(len(rows)), np.flatnonzero(ends) + 1)
    return [
        part[start : start + _BLOCK_ROWS]
        for part in parts
        for start in range(0, len(part), _BLOCK_ROWS)
    ]


class _Reader:
    """Reads blocks of rows on a worker, which opens the dataset once."""

    def __init__(self, clips: LabeledDataset) -> None:
        self._clips = clips

    def __call__(self, block: dict[str, NDArray[Any]]) -> dict[str, Any]:
        """Read a block: arrays and lists with one value per row."""
        rows = np.asarray(block["rows"][0], np.int64)
        objects = self._clips.objects(rows)
        names = [objects.class_names[number] for number in objects.class_ids]
        of_row = [np.flatnonzero(objects.rows == row) for row in rows]
        columns: dict[str, Any] = {
            "image": self._clips.frames[rows],
            "row": rows,
            "video_idx": np.asarray(block["videos"][0], np.int64),
            "frame_idx": np.asarray(block["frames"][0], np.int64),
            "boxes": [objects.boxes[found] for found in of_row],
            "classes": [[names[place] for place in found] for found in of_row],
            "track_ids": [objects.track_ids[found] for found in of_row],
        }
        answers = self._clips.answers(rows)
        return columns | {name: answer.words for name, answer in answers.items()}
