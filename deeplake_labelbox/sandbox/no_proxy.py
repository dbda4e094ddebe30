"""Reach the sandbox without a proxy, because 127.0.0.1 is another machine for a proxy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.request import getproxies_environment

_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_VARIABLES: Final = ("no_proxy", "NO_PROXY")


class _Exemption:
    """Keeps this machine in ``NO_PROXY`` as long as it is needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._before: dict[str, str | None] = {}
        self._now: dict[str, str] = {}

    def take(self) -> bool:
        """Take the exemption; return whether it is needed and must be given back."""
        with self._lock:
            # Without a proxy in the environment, a NO_PROXY would keep macOS and Windows from
            # looking for one in their settings.
            if not getproxies_environment():
                return False
            self._holders += 1
            if self._holders == 1:
                self._before = {name: os.environ.get(name) for name in _VARIABLES}
                either = next(filter(None, self._before.values()), "")
                for name, before in self._before.items():
                    value = before or either
                    if value.strip() != "*":  # has a meaning only alone
                        self._now[name] = ",".join(filter(None, (value, *_NAMES)))
                os.environ.update(self._now)
            return True

    def give_back(self) -> None:
        """Give the exemption back; it ends when all have given it back."""
        with self._lock:
            self._holders -= 1
            if self._holders:
                return
            for name, value in self._now.items():
                before = self._before[name]
                if os.environ.get(name) != value:
                    continue  # changed by others in the meantime
                if before is None:
                    del os.environ[name]
                else:
                    os.environ[name] = before
            self._now.clear()


_exemption = _Exemption()


@contextmanager
def loopback_without_proxy() -> Iterator[None]:
    """Let this process reach this machine without the proxies of its environment.

    ``NO_PROXY`` contains this machine within the block; other hosts are reached as before.
    """
    is_needed = _exemption.take()
    try:
        yield
    finally:
        if is_needed:
            _exemption.give_back()
