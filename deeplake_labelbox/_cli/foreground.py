"""Run commands in the foreground until they are stopped."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_stopped() -> Iterator[Callable[[], None]]:
    """End the block cleanly on Ctrl-C and SIGTERM, even before it waits for them.

    Yields:
        The function that waits for them.
    """
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    def wait() -> None:
        sys.stdout.flush()  # the reader of a pipe may wait for it
        while not stop.wait(1.0):  # Windows delivers Ctrl-C only between two waits
            pass

    in_main_thread = threading.current_thread() is threading.main_thread()
    ends = (signal.SIGINT, signal.SIGTERM) if in_main_thread else ()
    before = {number: signal.signal(number, end) for number in ends}
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
