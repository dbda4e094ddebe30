"""Delay when clients see changes: Labelbox's search indexes are seconds behind."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Literal, get_args

from deeplake_labelbox.sandbox.errors import SandboxError

LagKind = Literal["exports", "labels", "deletions", "global keys", "processing"]

Effect = Callable[[], None]


class Lag:
    """Effects that clients see with a delay.

    Without a lag every effect happens at once.
    """

    def __init__(self) -> None:
        self._seconds: dict[LagKind, float] = {}
        self._pending: list[tuple[float, Effect]] = []  # each with the time when it is due
        self._lock = threading.RLock()

    def set(self, kind: LagKind, seconds: float = math.inf) -> None:
        """Delay effects of a kind by ``seconds``; infinity lasts until the lag is cleared.

        Raises:
            SandboxError: There is no such kind.
        """
        if kind not in get_args(LagKind):
            raise SandboxError(
                f"Unknown lag {kind!r}; use one of {', '.join(map(repr, get_args(LagKind)))}."
            )
        with self._lock:
            self._seconds[kind] = seconds

    def is_set(self, kind: LagKind) -> bool:
        """Return whether effects of a kind are delayed."""
        return self._seconds.get(kind, 0) > 0

    def later(self, kind: LagKind, effect: Effect) -> None:
        """Run an effect after the lag of its kind."""
        with self._lock:
            if self.is_set(kind):
                self._pending.append((time.monotonic() + self._seconds[kind], effect))
                return
        effect()

    def settle(self) -> None:
        """Run all effects that are due."""
        self._settle(time.monotonic())

    def clear(self) -> None:
        """End all lags and run the waiting effects."""
        with self._lock:
            self._seconds.clear()
        self._settle(math.inf)

    def _settle(self, now: float) -> None:
        with self._lock:
            effects = [effect for due, effect in self._pending if due <= now]
            self._pending = [each for each in self._pending if each[0] > now]
        for effect in effects:
            effect()
