"""Parse lines of MOTChallenge text: encodings, separators, headers, empty fields."""

from __future__ import annotations

import codecs
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.mot.variants import Row
from deeplake_labelbox.errors import AnnotationSourceError

_NEEDED: Final = 6
_MAX_FRAME: Final = 1 << 31

# Names of the first six columns in headers.
_HEADERS: Final = (
    ("frame", "frameid", "frameindex", "framenumber", "frameno", "framenum"),
    ("id", "trackid", "targetid", "objectid", "identity", "identitynumber"),
    ("left", "x", "bbleft", "bboxleft", "xmin", "xtl", "boxleft", "l", "x1"),
    ("top", "y", "bbtop", "bboxtop", "ymin", "ytl", "boxtop", "t", "y1"),
    ("width", "w", "bbwidth", "bboxwidth", "boxwidth"),
    ("height", "h", "bbheight", "bboxheight", "boxheight"),
)


@dataclass(slots=True)
class MotLines:
    """The lines of a file.

    Attributes:
        rows: Line number, from 1, and numbers of each readable line. The first two, frame and id,
            are whole numbers; the next four are present.
        faults: Line number, frame if readable, and fault of each other line.
        header: Names of all columns, lower case and letters only, if the file has a header.
    """

    rows: list[tuple[int, Row]] = field(default_factory=list)
    faults: list[tuple[int, int | None, str]] = field(default_factory=list)
    header: tuple[str, ...] = ()


def read_lines(file: Path) -> MotLines:
    """Read a file.

    Raises:
        AnnotationSourceError: If it has another format, or its columns are in another order.
    """
    read = MotLines()
    is_first = True
    for number, line in enumerate(_text(file).splitlines(), 1):
        fields = [text.strip().strip('"') for text in line.lstrip("# ").split(",")]
        if not any(fields):
            continue
        if is_first:
            is_first = False
            if len(fields) >= _NEEDED and not any(map(_is_number, fields)):
                read.header = _header(file, fields)
                continue
            _check_separator(file, line)
        while not fields[-1]:
            fields.pop()
        try:
            read.rows.append((number, _numbers(fields)))
        except ValueError as error:
            read.faults.append((number, _frame(fields), str(error)))
    if not read.rows:
        why = f"line {read.faults[0][0]} {read.faults[0][2]}" if read.faults else "it is empty"
        raise AnnotationSourceError(
            f"{file} is not MOTChallenge text: {why}. Lines need frame, id, left, top, width, "
            f"height and more, separated by commas."
        )
    return read


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationSourceError(
            f"{file} cannot be read as MOTChallenge text ({error}); check the path and format."
        ) from error


def _header(file: Path, fields: Sequence[str]) -> tuple[str, ...]:
    names = tuple("".join(c for c in name.lower() if c.isalnum()) for name in fields)
    for name, known in zip(names, _HEADERS, strict=False):
        if name not in known:
            raise AnnotationSourceError(
                f"The header of {file} is {', '.join(fields)}; MOTChallenge begins with frame, id, "
                f"left, top, width, height. Bring the columns into this order."
            )
    return names


def _check_separator(file: Path, line: str) -> None:
    """Report separators other than commas."""
    words = line.split()
    if len(words) >= 15 and not _is_number(words[2]):
        raise AnnotationSourceError(
            f"{file} has labels of KITTI tracking, which are not supported; convert them to "
            f"MOTChallenge with a labels.txt next to the file."
        )
    if len(words) == _NEEDED and all(map(_is_number, words[:5])) and not _is_number(words[5]):
        raise AnnotationSourceError(
            f"{file} has masks of MOTS, which are not supported; convert them to COCO."
        )
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (None, "spaces")):
        if len(line.split(separator)) >= _NEEDED and line.count(",") < _NEEDED - 1:
            raise AnnotationSourceError(
                f"{file} separates its columns with {name}; MOTChallenge uses commas. Replace the "
                f"{name} with commas."
            )


def _numbers(fields: Sequence[str]) -> Row:
    if len(fields) < _NEEDED:
        columns = counted(len(fields), "column")
        raise ValueError(f"has {columns}, not frame, id, left, top, width, height")
    numbers: list[float | None] = []
    for column, text in enumerate(fields, 1):
        if not text and column <= _NEEDED:
            raise ValueError(f"has nothing in column {column}")
        if text and not _is_number(text):
            raise ValueError(f"has {text!r} in column {column}, which is not a number")
        if text and not math.isfinite(float(text)):
            raise ValueError(f"has {text} in column {column}, which is not finite")
        numbers.append(float(text) if text else None)
    frame, track = numbers[0] or 0.0, numbers[1] or 0.0
    if frame != int(frame) or not 0 <= frame < _MAX_FRAME:
        raise ValueError(f"has frame {fields[0]}; frames are whole numbers from 1")
    if track != int(track):
        raise ValueError(f"has id {fields[1]}; ids are whole numbers")
    return numbers


def _frame(fields: Sequence[str]) -> int | None:
    if not fields[0].isdecimal() or not 0 < int(fields[0]) < _MAX_FRAME:
        return None
    return int(fields[0])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # which Python allows between digits
