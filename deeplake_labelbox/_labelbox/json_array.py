"""Read a JSON array value by value, for exports that were saved with ``json.dump``."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from deeplake_labelbox._model.json_values import parse_int
from deeplake_labelbox.errors import ExportFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ: Final = 2**20
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TAIL: Final = 16
"""A literal, number or escape that the end of the buffer cuts fails within this many characters."""


class _Buffer:
    """A window over UTF-8 text that grows until a value fits, and drops text that was read."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.text = ""
        self.position = 0
        self.ended = False
        self._lines_before = 0

    @property
    def line(self) -> int:
        return 1 + self._lines_before + self.text.count("\n", 0, self.position)

    def grow(self) -> None:
        """Double the window, so that a large row is scanned only a few times."""
        self._lines_before += self.text.count("\n", 0, self.position)
        self.text = self.text[self.position :]
        self.position = 0
        data = self._file.read(max(_READ, len(self.text)))
        self.ended = not data
        try:
            self.text += self._decoder.decode(data, final=self.ended)
        except UnicodeDecodeError as error:
            raise ExportFormatError(
                f"{self._name} is not UTF-8; save the export as UTF-8 text."
            ) from error

    def peek(self) -> str:
        """Skip white space; return the next character, or "" at the end of the file."""
        while True:
            found = _SPACE.match(self.text, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.text) or self.ended:
                return self.text[self.position : self.position + 1]
            self.grow()


def iterate_array(file: BinaryIO, name: str, max_row_bytes: int) -> Iterator[tuple[int, Any]]:
    """Parse a JSON array value by value.

    Args:
        file: The file, at the ``[``.
        name: Its name for messages.
        max_row_bytes: The longest value that is read.

    Yields:
        The line on which a value begins (1-based), and the value.

    Raises:
        ExportFormatError: If the file is not one JSON array of objects.
    """
    buffer = _Buffer(file, name)
    decoder = json.JSONDecoder(parse_int=parse_int)
    if buffer.peek() != "[":
        raise ExportFormatError(f"{name} does not begin with a JSON array.")
    buffer.position += 1
    if buffer.peek() == "]":
        buffer.position += 1
    else:
        while True:
            buffer.peek()  # skips white space
            line = buffer.line
            yield line, _next_value(buffer, decoder, f"line {line} of {name}", max_row_bytes)
            separator = buffer.peek()
            buffer.position += 1
            if separator == "]":
                break
            if separator != ",":
                found = "ends" if not separator else "continues without a comma"
                raise ExportFormatError(
                    f"{name} is not a complete JSON array: it {found} at line {buffer.line}; "
                    "export the project again."
                )
    if buffer.peek():
        raise ExportFormatError(
            f"{name} has content after its JSON array, at line {buffer.line}; "
            "keep one array of data rows per file."
        )


def _next_value(buffer: _Buffer, decoder: json.JSONDecoder, where: str, limit: int) -> object:
    if buffer.peek() != "{":
        raise ExportFormatError(
            f"The array in {where} holds values that are not objects; "
            "a Labelbox export is an array of data rows."
        )
    while True:
        try:
            value, end = decoder.raw_decode(buffer.text, buffer.position)
        except RecursionError as error:
            raise ExportFormatError(
                f"The data row that begins in {where} is nested deeper than any export."
            ) from error
        except json.JSONDecodeError as error:
            cut = (
                error.msg.startswith("Unterminated string") or error.pos >= len(buffer.text) - _TAIL
            )
            if not cut or buffer.ended:
                raise ExportFormatError(
                    f"The data row that begins in {where} is not JSON; "
                    "export the project again if the file was cut."
                ) from error
            if len(buffer.text) - buffer.position > limit:
                raise ExportFormatError(
                    f"The data row that begins in {where} is longer than {limit} bytes; "
                    "this is not a Labelbox export."
                ) from error
            buffer.grow()
        else:
            buffer.position = end
            return value
