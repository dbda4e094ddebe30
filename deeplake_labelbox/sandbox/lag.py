"""Delay when clients see changes: Labelbox's search indexes are seconds behind."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from deeplake_labelbox.sandbox.errors import SandboxError

LagKind = Literal["exports", "labels", "deletions", "global keys", "processing"]

Effect = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Pending:
    due: float
    effect: Effect


class Lag:
    """Effects that clients see with a delay.

    Without a lag every effect happens at once.
    """

    def __init__(self) -> None:
        self._seconds: dict[LagKind, float] = {}
        self._pending: list[_Pending] = []
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
                due = time.monotonic() + self._seconds[kind]
                self._pending.append(_Pending(due, effect))
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
            due = [each for each in self._pending if each.due <= now]
            self._pending = [each for each in self._pending if each.due > now]
        for each in due:
            each.effect()
