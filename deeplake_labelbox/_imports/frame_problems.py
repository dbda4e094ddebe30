"""What cannot be imported of an object in some of its frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.tracks import places


class FrameProblems:
    """Gathers sentences about one object, and the frames that each concerns.

    Attributes:
        of_class: The sentences that are reported once for all objects of the class.
    """

    def __init__(self) -> None:
        self._frames: dict[str, list[int]] = {}
        self.of_class: set[str] = set()

    def add(self, what: str, frames: NDArray[np.int64]) -> None:
        """Note a sentence for 1-based frames; alike ones become one."""
        self._frames.setdefault(what, []).extend(frames.tolist())

    def add_of_class(self, what: str, frames: NDArray[np.int64]) -> None:
        """Note a sentence that is reported once for all objects of the class."""
        self.of_class.add(what)
        self.add(what, frames)

    def reason(self) -> str:
        """All in one sentence, for an object of which no frame is left."""
        return "; ".join(f"{what} ({places(frames)})" for what, frames in self)

    def __iter__(self) -> Iterator[tuple[str, list[int]]]:
        """The sentences with their frames."""
        return iter(self._frames.items())
