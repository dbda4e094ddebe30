"""Raise Ctrl-C only where it ends the command.

Python raises `KeyboardInterrupt` wherever the program happens to be. In a finalizer it is printed
and ignored, and the command continues. In a module that is being imported it becomes an
`ImportError` (Deep Lake and NumPy fail to initialize). This module delays it until these are done.
"""

from __future__ import annotations

import signal
import threading
import weakref
from types import FrameType
from typing import Final

_WAIT: Final = 0.05  # seconds
_IMPORT: Final = "<frozen importlib._bootstrap>"


def wait_for_imports() -> None:
    """Delay Ctrl-C during imports and finalizers, unless it is ignored (background jobs).

    Call this in the main thread.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler and hasattr(
        signal, "pthread_kill"
    ):
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        code = frame.f_code
        if code.co_filename in (_IMPORT, weakref.__file__) or code.co_name == "__del__":
            main = threading.main_thread().ident
            threading.Timer(_WAIT, signal.pthread_kill, (main, number)).start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt
