"""Show how far a long call is: a bar, or a line in the log now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

from tqdm.auto import tqdm

from deeplake_labelbox._counts import counted
from deeplake_labelbox._steps import steps

SECONDS: Final = 30
"""Time between two lines, where no terminal shows a bar."""

_T = TypeVar("_T")


class ProgressBar(Protocol):
    """What a call needs of a bar."""

    total: float | None

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...
    def update(self, n: float = 1) -> object:
        """Count more items."""

    def refresh(self) -> object:
        """Show a changed total."""

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:  # noqa: FBT001, FBT002 - tqdm's interface
        """Name what is worked on."""


def progress_bar(
    *, shown: bool, desc: str, unit: str, total: int | None = None, initial: int = 0
) -> ProgressBar:
    """Return a progress bar of tqdm, or what logs the same as lines.

    In a log file, which no terminal rewrites, a bar is written as seldom as a line.

    Args:
        shown: Whether to show a bar.
        desc: What is done.
        unit: What is counted, in the singular.
        total: How many there are, if that is known.
        initial: How many are done already.
    """
    if not shown:
        return _LoggedProgress(desc, unit, total, initial)
    seldom = not sys.stderr.isatty() and "notebook" not in tqdm.__module__
    interval = SECONDS if seldom else 0.1
    return tqdm(desc=desc, unit=unit, total=total, initial=initial, mininterval=interval)


def with_progress(
    items: Iterable[_T], *, shown: bool, desc: str, unit: str, total: int | None = None
) -> Iterator[_T]:
    """Yield the items, each of which counts when the next one is asked for.

    Args:
        items: What is worked on.
        shown: Whether to show a bar.
        desc: What is done.
        unit: What is counted, in the singular.
        total: How many there are; by default the length of ``items``, if it has one.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with progress_bar(shown=shown, desc=desc, unit=unit, total=total) as bar:
        for item in items:
            yield item
            bar.update()


class Waiting:
    """Logs a line every `SECONDS` of a wait for another: ``Waiting for the export: 90 s``."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = self._logged = time.monotonic()

    def poll(self) -> None:
        """Note that it is not over yet."""
        now = time.monotonic()
        if now - self._logged >= SECONDS:
            self._logged = now
            steps.info("Waiting for %s: %d s", self._what, now - self._started)


class _LoggedProgress(ProgressBar):
    """Logs a line every `SECONDS` of work: ``frames: 1,200 of 3,000 frames, 41/s``."""

    def __init__(self, desc: str, unit: str, total: float | None, initial: int) -> None:
        self.total = total
        self._desc = desc
        self._unit = unit
        self._count = self._initial = float(initial)
        self._started = self._logged = time.monotonic()
        self._postfix = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, n: float = 1) -> None:
        self._count += n
        now = time.monotonic()
        if now - self._logged >= SECONDS:
            self._logged = now
            steps.info("%s", self._line(now - self._started))

    def refresh(self) -> None:
        pass

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - tqdm's interface
        self._postfix = s

    def _line(self, seconds: float) -> str:
        done = counted(round(self._count), self._unit)
        if self.total:
            done = f"{self._count:,.0f} of {counted(round(self.total), self._unit)}"
        rate = (self._count - self._initial) / seconds
        speed = f"{rate:,.0f}/s" if rate >= 2 else f"{rate * 60:,.0f}/min"
        return f"{self._desc}: {', '.join(filter(None, (done, speed, self._postfix)))}"
