"""Inject faults into a sandbox: failed, slow, cut, shortened and stale responses."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass, field
from typing import Literal

from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.lag import Lag, LagKind

FaultKind = Literal["status", "drop", "cut", "truncate", "delay"]

# What "where" may name besides a regular expression on the path.
_PLACES = {
    "video": re.compile(r"^/videos/|^/api/v1/data-rows/[^/]+/videos/"),
    "mask": re.compile(r"^/api/v1/.*/(masks/|index/\d+/mask$)"),
    "chunk": re.compile(r"^/exports/"),
}


@dataclass(slots=True)
class Fault:
    """A kind of failure, and how often it happens.

    Attributes:
        where: "graphql", "graphql:OperationName" (with or without its "PyApi" ending), "video",
            "mask", "chunk", or a regular expression that is searched in the request's path.
        kind: "status" sends an HTTP status instead of the real response; "drop" closes the
            connection without a response; "cut" announces the whole response and closes the
            connection after ``after_bytes`` of its body; "truncate" sends a valid response with
            only the first ``after_bytes`` bytes; "delay" waits before the real response.
        times: How many requests fail; None means all.
        skip: How many matching requests get the correct response first.
        status: The HTTP status of "status".
        headers: Headers of "status", such as Retry-After.
        body: Body of "status"; a JSON error message without it.
        after_bytes: See "cut" and "truncate".
        delay: Seconds that "delay" waits.
    """

    where: str
    kind: FaultKind = "status"
    times: int | None = 1
    skip: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    after_bytes: int = 0
    delay: float = 0.0

    def applies(self, path: str, operation: str | None) -> bool:
        """Return whether the fault applies to a request."""
        place, _, name = self.where.partition(":")
        if place == "graphql":
            return operation is not None and name in ("", operation, operation[: -len("PyApi")])
        if self.where in _PLACES:
            return _PLACES[self.where].search(path) is not None
        return operation is None and re.search(self.where, path) is not None


class Faults:
    """The faults that wait for their requests, oldest first, and the lag of changes."""

    def __init__(self) -> None:
        self.pending = Lag()
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        where: str,
        kind: FaultKind = "status",
        *,
        times: int | None = 1,
        skip: int = 0,
        status: int = 503,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        after_bytes: int = 0,
        delay: float = 0.0,
    ) -> Fault:
        """Make future requests fail; the arguments are those of `Fault`.

        Raises:
            SandboxError: ``kind`` is unknown, or ``where`` is not a regular expression.
        """
        if kind not in ("status", "drop", "cut", "truncate", "delay"):
            raise SandboxError(
                f"Unknown fault {kind!r}; use 'status', 'drop', 'cut', 'truncate' or 'delay'."
            )
        try:
            re.compile(where)
        except re.error as error:
            raise SandboxError(f"{where!r} is not a regular expression: {error}.") from error
        fault = Fault(where, kind, times, skip, status, headers or {}, body, after_bytes, delay)
        with self._lock:
            self._waiting.append(fault)
        return fault

    def lag(self, kind: LagKind, seconds: float = math.inf) -> None:
        """Delay when clients see future changes, as Labelbox does.

        Args:
            kind: What is seen late. "exports": new data rows, and data rows sent to a project.
                "labels": labels that are imported, drawn, changed or deleted. "deletions":
                deletions of data rows, datasets and batches. "global keys": that the key of a
                deleted data row is free again. "processing": the media attributes of data rows.
            seconds: The delay; by default until `clear` is called.

        Raises:
            SandboxError: There is no such kind.
        """
        self.pending.set(kind, seconds)

    def clear(self) -> None:
        """Remove all faults, and show all delayed changes."""
        with self._lock:
            self._waiting.clear()
        self.pending.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """The faults that have not happened as often as requested."""
        with self._lock:
            return tuple(self._waiting)

    def take(self, path: str, operation: str | None = None) -> Fault | None:
        """Return the fault of a request, if there is one, and count it."""
        with self._lock:
            for fault in self._waiting:
                if not fault.applies(path, operation):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                return fault
        return None
