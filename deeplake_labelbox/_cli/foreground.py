"""Commands that run in the foreground until they are stopped."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_stopped() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C and SIGTERM end the block well, from its beginning on.

    Gives the function that waits for them.
    """
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    def wait() -> None:
        sys.stdout.flush()  # what reads it from a pipe waits for it
        while not stop.wait(1.0):  # Windows delivers Ctrl-C between two waits only
            pass

    in_main_thread = threading.current_thread() is threading.main_thread()
    ends = (signal.SIGINT, signal.SIGTERM) if in_main_thread else ()
    before = {number: signal.signal(number, end) for number in ends}
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
