"""Create identifiers that look like Labelbox's (25 lower-case characters, the first is ``c``)."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_LENGTH = 25


class Identifiers:
    """A source of identifiers; they are the same in every run, so demos are reproducible."""

    def __init__(self, seed: str = "sandbox") -> None:
        self._seed = seed
        self._count = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return the next identifier."""
        with self._lock:
            self._count += 1
            count = self._count
        number = int.from_bytes(hashlib.sha256(f"{self._seed}/{count}".encode()).digest())
        characters = []
        for _ in range(_LENGTH - 1):
            number, digit = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[digit])
        return "c" + "".join(characters)

    def identified(self, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Copy entries, each with a new ``id`` unless it has one."""
        return [{"id": self.new(), **entry} for entry in entries]


class FeatureIds:
    """The feature ids of one label; an object keeps its id on all frames.

    A path identifies each object or answer: ``("object", 0, "color", "red")`` is the answer "red"
    to the classification "color" of the label's first object.
    """

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._known: dict[tuple[str | int, ...], str] = {}

    def of(self, *path: str | int) -> str:
        """Return the feature id at ``path``."""
        if path not in self._known:
            self._known[path] = self._identifiers.new()
        return self._known[path]
