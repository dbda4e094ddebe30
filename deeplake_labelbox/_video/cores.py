"""The number of cores for decoding and encoding: all of the process, or the limit of a job."""

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
    """Limit the cores in the ``with`` block, for example to run several jobs on a machine."""
    token = _limit.set(count)
    try:
        yield
    finally:
        _limit.reset(token)


def usable_cores() -> int:
    """Return the number of cores that may be used."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return min(found, _limit.get() or found)


def limit_decoder(stream: av.VideoStream) -> None:
    """Limit a decoder's threads to the core limit; without a limit, FFmpeg chooses."""
    if (limit := _limit.get()) is not None:
        stream.codec_context.thread_count = limit
