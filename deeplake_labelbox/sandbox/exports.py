"""Run export tasks, and cut their results into the chunks that a client streams."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.store import StreamType, TaskRecord, TaskStatus, now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.store import Store

EXPORT_TASK_TYPE = "export-data-rows"
_MAX_RUNNING = 10


@dataclass(frozen=True, slots=True)
class ExportChunk:
    """A part of a stream that ends at a line end; offsets and lines include both ends."""

    start: int
    end: int
    first_line: int
    last_line: int


@dataclass(slots=True)
class Stream:
    """An export stream and its chunks."""

    content: bytes = b""
    chunks: list[ExportChunk] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """The number of lines of the stream."""
        return self.chunks[-1].last_line + 1 if self.chunks else 0

    def chunk_at(self, offset: int) -> ExportChunk | None:
        """Return the chunk with the byte at ``offset``."""
        return next((chunk for chunk in self.chunks if chunk.start <= offset <= chunk.end), None)


class ExportTasks:
    """The export tasks of a sandbox, and how the next one behaves.

    Attributes:
        chunk_size: Bytes after which a stream is cut at the next line end.
        next_status: Status with which the next export ends, then reset to "COMPLETE";
            "IN_PROGRESS" never ends.
        next_errors: JSON objects that the next export writes to its error stream; then emptied.
        polls: How often every export answers IN_PROGRESS before it ends.
        next_polls: The same for the next export only; then reset to None.
    """

    def __init__(self, store: Store) -> None:
        self.chunk_size = 32 * 1024
        self.next_status: TaskStatus = "COMPLETE"
        self.next_errors: list[dict[str, Any]] = []
        self.polls = 0
        self.next_polls: int | None = None
        self._store = store
        self._streams: dict[tuple[str, StreamType], Stream] = {}

    def may_start(self, project_id: str | None) -> bool:
        """Return whether the project may start another; Labelbox runs at most ten at a time."""
        running = [
            task
            for task in self._store.tasks.values()
            if (task.type, task.status, task.project_id)
            == (EXPORT_TASK_TYPE, "IN_PROGRESS", project_id)
        ]
        return len(running) < _MAX_RUNNING

    def start(self, name: str | None, project_id: str | None) -> TaskRecord:
        """Add a task, without its streams."""
        task = TaskRecord(
            id=self._store.identifiers.new(),
            name=name,
            type=EXPORT_TASK_TYPE,
            status=self.next_status,
            created_at=now(),
            project_id=project_id,
            polls_left=self.polls if self.next_polls is None else self.next_polls,
        )
        self._store.tasks[task.id] = task
        return task

    def finish(self, task: TaskRecord, lines: list[dict[str, Any]]) -> None:
        """Set the lines of a task; only a task that completes has a result."""
        result = lines if task.status == "COMPLETE" else []
        self._streams[task.id, "RESULT"] = self._cut(result)
        self._streams[task.id, "ERRORS"] = self._cut(self.next_errors)
        self.next_status, self.next_errors, self.next_polls = "COMPLETE", [], None

    def stream(self, task_id: str, kind: StreamType) -> Stream | None:
        """Return a stream of a task; None if there is no such task."""
        return self._streams.get((task_id, kind))

    def _cut(self, lines: list[dict[str, Any]]) -> Stream:
        stream = Stream()
        content = bytearray()
        start = first_line = 0
        for number, line in enumerate(lines):
            content += json.dumps(line, ensure_ascii=False).encode() + b"\n"
            if len(content) - start >= self.chunk_size or number == len(lines) - 1:
                stream.chunks.append(ExportChunk(start, len(content) - 1, first_line, number))
                start, first_line = len(content), number + 1
        stream.content = bytes(content)
        return stream
