"""What cannot be imported of an object in some of its frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.ground_truth.tracks import places


class FrameProblems:
    """Gathers sentences about one object, and the frames that each concerns."""

    def __init__(self) -> None:
        self._frames: dict[str, list[int]] = {}

    def add(self, what: str, frames: NDArray[np.int64]) -> None:
        """Note a sentence for 1-based frames; alike ones become one."""
        self._frames.setdefault(what, []).extend(frames.tolist())

    def reason(self) -> str:
        """All in one sentence, for an object of which no frame is left."""
        return "; ".join(f"{what} ({places(frames)})" for what, frames in self)

    def __iter__(self) -> Iterator[tuple[str, list[int]]]:
        """The sentences with their frames."""
        return iter(self._frames.items())
