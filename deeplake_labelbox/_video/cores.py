"""How many cores decoding and encoding may use: those of the process, or what a job allows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

_limit: ContextVar[int | None] = ContextVar("cores", default=None)


@contextmanager
def limited_cores(count: int) -> Iterator[None]:
    """Limit the cores in the ``with`` block, for example for several jobs on a machine."""
    token = _limit.set(count)
    try:
        yield
    finally:
        _limit.reset(token)


def usable_cores() -> int:
    """The cores that may be used."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return min(found, _limit.get() or found)


def limit_decoder(stream: av.VideoStream) -> None:
    """Let a decoder use the cores of the limit; without one FFmpeg chooses."""
    if (limit := _limit.get()) is not None:
        stream.codec_context.thread_count = limit
