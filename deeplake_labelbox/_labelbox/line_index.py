"""Offsets of the data rows in an NDJSON file, so that each can be read on its own."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, BinaryIO

from deeplake_labelbox.errors import ExportFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping


class LineIndex:
    """Offset and size of each data row in an NDJSON file, and the projects of the rows."""

    def __init__(self) -> None:
        self.starts = array("Q")
        self.sizes = array("Q")
        self.project_names: dict[str, str | None] = {}
        self.data_row_ids: dict[str, str] = {}

    def add(self, row: Mapping[str, Any], start: int, size: int, where: str) -> None:
        """Record a data row.

        Args:
            row: The data row, checked.
            start: Its first byte in the file.
            size: Its length in bytes, without the line end.
            where: Its place, for messages.

        Raises:
            ExportFormatError: If the data row occurs twice.
        """
        data_row_id = row["data_row"]["id"]
        if data_row_id in self.data_row_ids:
            raise ExportFormatError(
                f"Data row {data_row_id} occurs twice: {self.data_row_ids[data_row_id]} and "
                f"{where}; keep the right one."
            )
        self.data_row_ids[data_row_id] = where
        for project_id, entry in row["projects"].items():
            if self.project_names.get(project_id) is None:
                name = entry.get("name")
                self.project_names[project_id] = name if isinstance(name, str) else None
        self.starts.append(start)
        self.sizes.append(size)


class RowWriter:
    """Writes data rows to an NDJSON file and records them in an index."""

    def __init__(self, file: BinaryIO, index: LineIndex) -> None:
        self._file = file
        self._position = 0
        self.index = index

    def write(self, line: bytes, row: Mapping[str, Any], where: str) -> None:
        """Append a data row, given as a line (without line end) and parsed."""
        self.index.add(row, self._position, len(line), where)
        self._file.write(line)
        self._file.write(b"\n")
        self._position += len(line) + 1
