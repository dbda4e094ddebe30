"""Keep the lines of an import on disk, in chunks that are sent one by one.

A data row is never split: a second import of ground truth would replace the first or make a second
label. A chunk's name contains a hash of its content, so a later run finds in Labelbox which chunks
were sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deeplake_labelbox._imports.lines import ImportLine, Member
from deeplake_labelbox._imports.outcome import ImportKind
from deeplake_labelbox._imports.targets import Target

MAX_LINES: Final = 10_000
"""Most lines of a chunk: the number of annotations that Labelbox's smallest plan allows.

A data row with more is a chunk of its own."""

MAX_BYTES: Final = 64 << 20
"""Most bytes of a chunk: the SDK reads the whole file, and its request times out in a minute."""

_PREFIX = "deeplake-labelbox"


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """The lines of one data row in a chunk.

    Attributes:
        target: The data row.
        lines: For each line its uuid and the annotations in it.
        size: Bytes of the lines.
    """

    target: Target
    lines: tuple[tuple[str, tuple[Member, ...]], ...]
    size: int


@dataclass(slots=True)
class ImportChunk:
    """Lines that are sent in one import.

    Attributes:
        path: NDJSON file of the lines.
        rows: The data rows in file order.
        name: Name of the import.
    """

    path: Path
    rows: list[ChunkRow] = field(default_factory=list)
    name: str = ""

    def lines(self, without: Container[str] = ()) -> Iterator[bytes]:
        """Yield the lines of each data row except ``without``, with their line ends."""
        with self.path.open("rb") as file:
            for row in self.rows:
                body = file.read(row.size)
                if row.target.data_row_id not in without:
                    yield body


class ChunkWriter:
    """Writes lines to chunks.

    Args:
        folder: Where the files go.
        kind: Ground truth or pre-labels.
        project_id: The project.
        run: Part of the names; see ``import_name`` of `import_annotations`.

    Attributes:
        chunks: The chunks that are complete.
    """

    def __init__(self, folder: Path, kind: ImportKind, project_id: str, run: str | None) -> None:
        self.chunks: list[ImportChunk] = []
        self._folder = folder
        self._kind = kind
        self._project_id = project_id
        self._run = run
        self._chunk: ImportChunk | None = None
        self._lines = self._bytes = 0

    def add(self, target: Target, lines: list[ImportLine]) -> None:
        """Add the lines of a data row."""
        body = b"".join(encoded(line) for line in lines)
        full = self._lines + len(lines) > MAX_LINES or self._bytes + len(body) > MAX_BYTES
        if self._chunk is not None and full:
            self.close()
        if self._chunk is None:
            self._chunk = ImportChunk(self._folder / f"{len(self.chunks):06d}.ndjson")
        with self._chunk.path.open("ab") as file:
            file.write(body)
        members = tuple((line.uuid, line.members) for line in lines)
        self._chunk.rows.append(ChunkRow(target, members, len(body)))
        self._lines += len(lines)
        self._bytes += len(body)

    def close(self) -> None:
        """Complete the current chunk."""
        if self._chunk is None:
            return
        digest = hashlib.sha256(f"{self._project_id}/{self._run or ''}/".encode())
        for body in self._chunk.lines():
            digest.update(body)
        run = f" {self._run}" if self._run else ""
        self._chunk.name = f"{_PREFIX} {self._kind}{run} {digest.hexdigest()[:24]}"
        self.chunks.append(self._chunk)
        self._chunk, self._lines, self._bytes = None, 0, 0


def encoded(line: ImportLine) -> bytes:
    """Encode a line as JSON with its line end; ASCII, as the SDK splits at Unicode line ends."""
    return json.dumps(line.content, separators=(",", ":")).encode("ascii") + b"\n"
