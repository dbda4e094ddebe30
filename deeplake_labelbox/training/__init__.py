"""Train on a dataset: PyTorch datasets, splits by video, class weights, labels as COCO and MOT.

The PyTorch datasets and their transforms and batches need ``torch``, which is imported on the first
use of one of these names. Everything else works without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deeplake_labelbox._formats.coco.writer import to_coco
from deeplake_labelbox._formats.mot.writer import MotSequence, to_mot
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.class_balance import class_counts, class_weights
from deeplake_labelbox.training.splits import split_by_video

if TYPE_CHECKING:
    from deeplake_labelbox.training.batches import collate, collate_stacked
    from deeplake_labelbox.training.block_batches import BlockBatchSampler
    from deeplake_labelbox.training.clips import ClipDataset
    from deeplake_labelbox.training.frames import FrameDataset
    from deeplake_labelbox.training.transforms import Compose, HorizontalFlip, Resize

__all__ = [
    "BlockBatchSampler",
    "ClipDataset",
    "Compose",
    "FrameDataset",
    "HorizontalFlip",
    "MotSequence",
    "Resize",
    "class_counts",
    "class_weights",
    "collate",
    "collate_stacked",
    "split_by_video",
    "to_coco",
    "to_mot",
]

_NEED_TORCH = {
    "BlockBatchSampler": "block_batches",
    "ClipDataset": "clips",
    "Compose": "transforms",
    "FrameDataset": "frames",
    "HorizontalFlip": "transforms",
    "Resize": "transforms",
    "collate": "batches",
    "collate_stacked": "batches",
}


def __getattr__(name: str) -> Any:
    if name not in _NEED_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_NEED_TORCH[name]}")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{name} needs {error.name}, which is not installed; "
            'run: pip install "deeplake-labelbox[torch]"'
        ) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
