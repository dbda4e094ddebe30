"""The answers of many frames or objects at once, as arrays and in words."""

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
        values: N cells as the column holds them: option numbers, a multi-hot array or a text;
            ``None`` for a frame of a video without a label.
    """

    family: AnswerFamily
    values: list[Any]

    def __len__(self) -> int:
        """How many frames or objects."""
        return len(self.values)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the options; empty for texts."""
        return self.family.class_names

    @cached_property
    def labeled(self) -> NDArray[np.bool_]:
        """(N,) whether there is a value, even an empty one: the video has a label.

        Deep Lake reads an empty text as ``None``, so texts do not tell.
        """
        return np.array([value is not None for value in self.values], dtype=np.bool_)

    @cached_property
    def options(self) -> list[NDArray[np.int64]]:
        """For each of N the numbers of the chosen options, ascending; empty arrays for texts."""
        none = np.zeros(0, np.int64)
        if self.family.kind in ("text", "object text"):
            return [none] * len(self.values)
        if self.family.kind == "object choices":
            return [none if value is None else np.flatnonzero(value) for value in self.values]
        numbers = [none if v is None else np.asarray(v, np.int64).reshape(-1) for v in self.values]
        return [n[n >= 0] for n in numbers]

    @cached_property
    def multi_hot(self) -> NDArray[np.bool_]:
        """(N, options) which options are chosen."""
        chosen = np.zeros((len(self), len(self.class_names)), dtype=np.bool_)
        for index, options in enumerate(self.options):
            chosen[index, options[options < chosen.shape[1]]] = True
        return chosen

    @cached_property
    def class_ids(self) -> NDArray[np.int64]:
        """(N,) number of the only chosen option; -1 where none or several are."""
        return np.array([o[0] if len(o) == 1 else -1 for o in self.options], dtype=np.int64)

    @cached_property
    def words(self) -> list[str]:
        """N answers in words: the options joined by commas, or the text; empty if unanswered."""
        if self.family.kind in ("text", "object text"):
            return ["" if value is None else str(value) for value in self.values]
        return [", ".join(map(self._option, options.tolist())) for options in self.options]

    def _option(self, number: int) -> str:
        names = self.class_names
        return names[number] if number < len(names) else f"class {number}"
