"""Read the answers of many frames or objects at once, as arrays and as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.families import AnswerFamily


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of one column, of N frames or N objects.

    Attributes:
        family: The column.
        values: N cells of the column: option numbers, a multi-hot array or a text;
            ``None`` for a frame of a video without a label.
    """

    family: AnswerFamily
    values: list[Any]

    def __len__(self) -> int:
        """Number of frames or objects."""
        return len(self.values)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the options; empty for texts."""
        return self.family.class_names

    @cached_property
    def labeled(self) -> NDArray[np.bool_]:
        """(N,) whether there is a value, which may be empty: the video has a label.

        Deep Lake reads an empty text as ``None``, so it is unknown for texts.
        """
        return np.array([value is not None for value in self.values], dtype=np.bool_)

    @cached_property
    def chosen(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(M,) frame or object of each chosen option, and (M,) number of the option."""
        if not self.family.has_options:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        places = [index for index, value in enumerate(self.values) if value is not None]
        cells: list[Any] = [self.values[index] for index in places]
        if self.family.kind == "object choices":
            cells = [np.flatnonzero(cell) for cell in cells]
        elif self.family.kind == "object choice":
            cells = [np.reshape(cell, -1) for cell in cells]
        lengths = np.array([len(cell) for cell in cells], dtype=np.int64)
        numbers = np.concatenate([np.zeros(0, np.int64), *cells]).astype(np.int64)
        every = np.repeat(np.array(places, dtype=np.int64), lengths)
        return every[numbers >= 0], numbers[numbers >= 0]

    @cached_property
    def options(self) -> list[NDArray[np.int64]]:
        """N arrays of the numbers of the chosen options, ascending; empty for texts."""
        places, numbers = self.chosen
        return np.split(numbers, np.searchsorted(places, np.arange(1, len(self))))[: len(self)]

    @cached_property
    def multi_hot(self) -> NDArray[np.bool_]:
        """(N, options) which options are chosen."""
        hot = np.zeros((len(self), len(self.class_names)), dtype=np.bool_)
        places, numbers = self.chosen
        known = numbers < hot.shape[1]
        hot[places[known], numbers[known]] = True
        return hot

    @cached_property
    def class_ids(self) -> NDArray[np.int64]:
        """(N,) number of the chosen option; -1 if no option or several options are chosen."""
        return np.array([o[0] if len(o) == 1 else -1 for o in self.options], dtype=np.int64)

    @cached_property
    def words(self) -> list[str]:
        """N answers as text: the options joined by commas, or the text; empty if unanswered."""
        if not self.family.has_options:
            return ["" if value is None else str(value) for value in self.values]
        return [", ".join(map(self._option, options.tolist())) for options in self.options]

    def _option(self, number: int) -> str:
        names = self.class_names
        return names[number] if number < len(names) else f"class {number}"
