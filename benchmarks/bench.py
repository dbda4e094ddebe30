"""What the cases share: where they run, how often, and the lines that they give."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Measurement, measure
from deeplake_labelbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        unit: Unit of the two values.
        ours: Median of this package.
        theirs: Median of `deeplake.integrations.labelbox`, where it was measured.
        more_is_better: Whether a larger value is better.
    """

    what: str
    unit: str
    ours: float
    theirs: float | None = None
    more_is_better: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times better this package is."""
        if not self.theirs or not self.ours:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


@dataclass(slots=True)
class Bench:
    """Where and how often cases run.

    Attributes:
        box: The Labelbox that both sides talk to.
        folder: Scratch space.
        repeats: How often each side runs.
        quick: Whether to use short clips.
    """

    box: Sandbox
    folder: Path
    repeats: int
    quick: bool
    _count: int = field(default=0)

    def count(self) -> int:
        """A number that was not given before, for names."""
        self._count += 1
        return self._count

    def run(self, work: str, side: str, project_id: str, **settings: Any) -> Measurement:
        """One measurement; the dataset goes to a new path, and is removed, unless one is given."""
        path = self.folder / f"dataset-{self.count()}"
        measured = measure(
            work,
            side,
            {
                "endpoint": self.box.endpoint,
                "rest_endpoint": self.box.rest_endpoint,
                "api_key": self.box.api_key,
                "project_id": project_id,
                "path": str(path),
                **settings,
            },
        )
        shutil.rmtree(path, ignore_errors=True)
        return measured

    def alternate(self, *runs: Callable[[], Measurement]) -> list[list[Measurement]]:
        """Run each in turn, ``repeats`` times; the results by run."""
        rounds = [[run() for run in runs] for _ in range(self.repeats)]
        return [list(results) for results in zip(*rounds, strict=True)]


def median(results: list[Measurement], value: Callable[[Measurement], float]) -> float:
    """The median of a value over the repeats."""
    return statistics.median(map(value, results))
