"""Limit the number of simultaneous requests when a server asks for fewer.

A server that gets too many requests answers 429, with the seconds to wait in ``Retry-After``. Then
all threads of a pool wait, and continue with half as many requests at a time. After each round of
successful requests, one more may run (additive increase, multiplicative decrease, as in TCP).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

logger = logging.getLogger(__name__)

_LONGEST_PAUSE: Final = 120.0
_PATIENCE: Final = 600.0


class Pace:
    """The request rate of a pool of threads that use the same server.

    Args:
        most: Maximum number of requests at a time.
        patience: Total seconds to wait, on the server's request, without a successful request.

    Attributes:
        limit: Number of requests that may run now.
    """

    def __init__(self, most: int, *, patience: float = _PATIENCE) -> None:
        self.limit = most
        self._most = most
        self._patience = patience
        self._running = 0
        self._went_well = 0
        self._paused_until = 0.0
        self._refusals = 0
        self._waited = 0.0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request may run, and run it in the block."""
        with self._changed:
            while True:
                pause = self._paused_until - time.monotonic()
                if pause > 0:
                    self._changed.wait(pause)
                elif self._running >= self.limit:
                    self._changed.wait()
                else:
                    break
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify()

    def went_well(self) -> None:
        """Note a request that was answered."""
        with self._changed:
            self._refusals, self._waited = 0, 0.0
            self._went_well += 1
            if self._went_well >= self.limit < self._most:
                self.limit += 1
                self._went_well = 0
                self._changed.notify()

    def refused(self, retry_after: float | None) -> bool:
        """Note a request that was answered 429.

        Args:
            retry_after: Seconds to wait by the server's answer; ``None`` waits 1, 2, 4, … s.

        Returns:
            Whether to try again.
        """
        with self._changed:
            now = time.monotonic()
            if now < self._paused_until:
                return True  # sent before the pause that another answer started
            if self._waited >= self._patience:
                return False
            pause = 2.0**self._refusals if retry_after is None else max(retry_after, 0.1)
            pause = min(pause, _LONGEST_PAUSE)
            self._refusals += 1
            self._waited += pause
            self._paused_until = now + pause
            self._went_well = 0
            self.limit = max(self.limit // 2, 1)
            logger.info("Too many requests; waiting %.1f s, then %d at a time.", pause, self.limit)
            return True
