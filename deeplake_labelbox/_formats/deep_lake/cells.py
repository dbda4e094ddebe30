"""Read coordinates and masks of a dataset in the form of an import."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import MaskSource
from deeplake_labelbox._model.kinds.masks import nearest_pixels
from deeplake_labelbox._store.labeled_dataset import LabeledDataset


def as_written(coordinates: NDArray[Any]) -> NDArray[np.float64]:
    """Convert coordinates to 64-bit floats, with the values before they were stored in 32 bits.

    The shortest decimal that reads as the same 32-bit float is the original: Labelbox's coordinates
    have three decimals, which 32 bits hold exactly up to 8,192 pixels.
    """
    if coordinates.dtype != np.float32:
        return coordinates.astype(np.float64)
    return coordinates.astype(np.str_).astype(np.float64)


class MaskCells:
    """The masks of a column, one (H, W, K) cell in memory at a time."""

    def __init__(self, dataset: LabeledDataset, column: str) -> None:
        self._dataset = dataset
        self._column = column
        self._row = -1
        self._cell: NDArray[np.bool_] = np.empty((0, 0, 0), dtype=np.bool_)

    def source(self, row: int, channel: int) -> MaskSource:
        """Return the (H, W) mask of one object in one row, read when it is needed."""
        return partial(self._pixels, row, channel)

    def _pixels(self, row: int, channel: int) -> NDArray[np.bool_]:
        if row != self._row:
            (cell,) = self._dataset.cells(self._column, np.array([row]))
            self._cell = np.asarray(cell, dtype=np.bool_)
            self._row = row
        return self._cell[..., channel]


def scaled_mask(mask: MaskSource, size: tuple[int, int]) -> MaskSource:
    """Scale a mask to another height and width."""
    return lambda: nearest_pixels(mask()[..., np.newaxis], *size)[..., 0]
