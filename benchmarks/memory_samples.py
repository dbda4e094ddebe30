"""Samples of the memory of a process while it works."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

_SECONDS: Final = 0.1  # between samples
_SIZE: Final = re.compile(r"^(Rss\w+):\s*(\d+) kB$", re.MULTILINE)


class MemorySamples:
    """Samples the resident memory of this process, and writes it to a file at the end.

    Args:
        path: JSON file: a list of samples, MiB by the names of ``/proc/self/status``.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._samples: list[dict[str, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._path.write_text(json.dumps(self._samples))

    def _sample(self) -> None:
        while not self._ended.wait(_SECONDS):
            status = Path("/proc/self/status").read_text()
            self._samples.append({name: int(size) / 1024 for name, size in _SIZE.findall(status)})
