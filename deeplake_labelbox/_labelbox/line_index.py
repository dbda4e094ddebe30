"""Where the data rows of an NDJSON file lie, so that each can be read alone."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, BinaryIO

from deeplake_labelbox.errors import ExportFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping


class RowIndex:
    """Where each data row lies in an NDJSON file, and which projects the rows name."""

    def __init__(self) -> None:
        self.starts = array("Q")
        self.sizes = array("Q")
        self.project_names: dict[str, str | None] = {}
        self.data_row_ids: dict[str, str] = {}

    def add(self, row: Mapping[str, Any], start: int, size: int, where: str) -> None:
        """Records a data row.

        Args:
            row: The data row, checked.
            start: Its first byte in the file.
            size: Its length in bytes, without the line end.
            where: Its place in words.

        Raises:
            ExportFormatError: The same data row was there before.
        """
        data_row_id = row["data_row"]["id"]
        if data_row_id in self.data_row_ids:
            raise ExportFormatError(
                f"Data row {data_row_id} is there twice: {self.data_row_ids[data_row_id]} and "
                f"{where}; keep the one that is right."
            )
        self.data_row_ids[data_row_id] = where
        for project_id, entry in row["projects"].items():
            if self.project_names.get(project_id) is None:
                name = entry.get("name")
                self.project_names[project_id] = name if isinstance(name, str) else None
        self.starts.append(start)
        self.sizes.append(size)


class RowWriter:
    """Writes data rows to an NDJSON file and indexes them on the way."""

    def __init__(self, file: BinaryIO, index: RowIndex) -> None:
        self._file = file
        self._position = 0
        self.index = index

    def write(self, line: bytes, row: Mapping[str, Any], where: str) -> None:
        """Appends one data row, given as its line (without line end) and parsed."""
        self.index.add(row, self._position, len(line), where)
        self._file.write(line)
        self._file.write(b"\n")
        self._position += len(line) + 1
