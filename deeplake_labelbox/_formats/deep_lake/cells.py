"""Coordinates and masks of Deep Lake cells, as an import takes them."""

from __future__ import annotations

from typing import Any

import deeplake
import numpy as np
from numpy.typing import NDArray


def as_written(coordinates: NDArray[Any]) -> NDArray[np.float64]:
    """Coordinates as 64-bit floats, as they were before they were stored in 32 bits.

    The shortest decimal that reads as the same 32-bit float is what was written: Labelbox's
    coordinates have three decimals, and 32 bits hold these exactly up to 8,192 pixels.
    """
    if coordinates.dtype != np.float32:
        return coordinates.astype(np.float64)
    return coordinates.astype(np.str_).astype(np.float64)


class MaskCells:
    """The masks of a column, one (H, W, K) cell in memory at a time."""

    def __init__(self, dataset: deeplake.Dataset, name: str) -> None:
        self._dataset = dataset
        self._name = name
        self._row = -1
        self._cell: NDArray[np.bool_] = np.empty((0, 0, 0), dtype=np.bool_)

    def pixels(self, row: int, channel: int) -> NDArray[np.bool_]:
        """The (H, W) mask of one object in one row."""
        if row != self._row:
            self._cell = np.asarray(self._dataset[self._name][row], dtype=np.bool_)
            self._row = row
        return self._cell[..., channel]
