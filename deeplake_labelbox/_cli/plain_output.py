"""Write to terminals and pipes whose encoding lacks a character.

Python ends with ``UnicodeEncodeError`` there: with ``LC_ALL=C``, ``PYTHONIOENCODING=ascii``, the
code pages of Windows, or a file name whose bytes are not of the file system's encoding.
"""

from __future__ import annotations

import codecs
import io
from typing import TextIO

_NAME = "deeplake_labelbox.plain"
# One character for one, so that tables stay aligned: ellipsis, arrow, dashes, middle dot, times,
# quotation marks, and the blocks of a sparkline.
_PLAIN = str.maketrans(
    "\u2026\u2192\u2013\u2014\u00b7\u00d7\u201c\u201d\u201e\u2018\u2019▁▂▃▄▅▆▇█",
    '.>--.x"""\'\'.:-=+*%#',
)


def write_plainly(stream: TextIO | None) -> None:
    """Make a stream replace each character that its encoding lacks, by a plain one or an escape."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_NAME)


def has_unicode(encoding: str) -> bool:
    """Whether every character can be written in an encoding."""
    return encoding.lower().startswith("utf")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(map(_escape, lacking)), error.end


def _escape(character: str) -> str:
    if character.isascii():
        return character
    if "\udc80" <= character <= "\udcff":  # a byte of a file name
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("ascii", "backslashreplace").decode()


codecs.register_error(_NAME, _plain)
