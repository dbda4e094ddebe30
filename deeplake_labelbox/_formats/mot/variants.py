"""Recognize the variants of MOTChallenge text.

All begin with ``frame, id, left, top, width, height``. The other columns differ:

- MOT16, MOT17, MOT20, DanceTrack and SportsMOT: ``flag, class, visibility``. Source: A. Milan et
  al., "MOT16", arXiv 1603.00831, table 6. CVAT writes the same columns and names the classes in
  ``labels.txt``, one per line; without that file the classes are those of MOTChallenge. Source:
  docs.cvat.ai, "MOT".
- MOT15, detections and results: ``confidence, x, y, z``, without a class. Source:
  motchallenge.net/instructions.
- VisDrone: ``score, category, truncation, occlusion``. Source: the VisDrone MOT toolkit.
- UAVDT (``*_gt_whole.txt``): ``out-of-view, occlusion, category``. Source: D. Du et al., "The
  Unmanned Aerial Vehicle Benchmark", ECCV 2018, and the readme of its toolkit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from deeplake_labelbox._formats.registry import FORMATS, listed
from deeplake_labelbox.errors import AnnotationSourceError

MotFormat = Literal["mot", "mot17", "mot15", "visdrone", "uavdt", "mot-numbers"]
"""Formats of MOTChallenge text; ``mot`` reads only files whose variant is certain."""

MOT_CLASSES: Final = (
    "pedestrian",
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non motorized vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "occluder full",
    "reflection",
    "crowd",
)
"""The classes of MOTChallenge, from number 1."""

_VISDRONE: Final = (
    "ignored regions",
    "pedestrian",
    "people",
    "bicycle",
    "car",
    "van",
    "truck",
    "tricycle",
    "awning-tricycle",
    "bus",
    "motor",
    "others",
)

# Places of columns, from 0.
FLAG: Final = 6
_CLASS: Final = 7
_VISIBILITY: Final = 8

# Names of these columns in headers.
_CLASS_NAMES: Final = ("class", "classid", "classnumber", "category", "categoryid", "label")
_VISIBILITY_NAMES: Final = ("visibility", "visibilityratio", "vis")

Row = Sequence[float | None]
"""The numbers of a line; ``None`` where a field is empty."""


@dataclass(frozen=True, slots=True)
class MotVariant:
    """The meaning of a file's columns.

    Attributes:
        class_column: Place of the class, from 0; ``None`` if there is none.
        names: Name by class number; ``None`` if there are none; then ``class 1`` and so on.
        has_flag: Whether the seventh column is a flag or a confidence: 0 marks a box to be ignored;
            without a class only in tracks, because detections have a confidence.
        named_by: Source of the names, for messages.
    """

    class_column: int | None
    names: Mapping[int, str] | None
    has_flag: bool
    named_by: str

    @property
    def class_names(self) -> Collection[str]:
        """The names of the classes."""
        if self.class_column is None:
            return MOT_CLASSES[:1]
        return () if self.names is None else self.names.values()

    def leaves_out(self, row: Row) -> bool:
        """Return whether a line is marked to be ignored."""
        if not self.has_flag or len(row) <= FLAG or row[FLAG] != 0:
            return False
        return self.class_column is not None or (row[1] or 0) >= 0

    def score_of(self, row: Row) -> float | None:
        """Return the confidence in the seventh column; 1 if it is the flag."""
        return row[FLAG] if self.has_flag and len(row) > FLAG else None

    def class_of(self, row: Row) -> str:
        """Return the class of a line.

        Raises:
            ValueError: If it has no class, or a class without a name.
        """
        if self.class_column is None:
            return MOT_CLASSES[0]
        number = row[self.class_column] if self.class_column < len(row) else None
        if number is None or number != int(number) or number < 0:
            state = "is empty" if number is None else f"is {number:g}"
            raise ValueError(f"has no class: column {self.class_column + 1} {state}")
        if self.names is None:
            return f"class {int(number)}"
        if int(number) not in self.names:
            raise ValueError(f"has class {int(number)}, which {self.named_by} does not name")
        return self.names[int(number)]


def _named(names: Iterable[str], first: int = 1) -> Mapping[int, str]:
    return dict(enumerate(names, first))


VARIANTS: Final[Mapping[str, MotVariant]] = {
    "mot17": MotVariant(_CLASS, _named(MOT_CLASSES), True, "MOTChallenge"),
    "mot15": MotVariant(None, None, True, "MOTChallenge"),
    "visdrone": MotVariant(_CLASS, _named(_VISDRONE, 0), True, "VisDrone"),
    "uavdt": MotVariant(8, _named(("car", "truck", "bus")), False, "UAVDT"),
    "mot-numbers": MotVariant(_CLASS, None, True, "the file"),
}

_CHOICES: Final = listed(
    [f"{name!r} ({FORMATS[name].columns})" for name in get_args(MotFormat) if name != "mot"], "or"
)


def variant_of(
    file: Path,
    rows: Sequence[Row],
    header: Sequence[str],
    *,
    chosen: MotFormat,
    mapped: Collection[str],
) -> MotVariant:
    """Find the variant of a file.

    Args:
        file: The file; a ``labels.txt`` next to it names its classes.
        rows: Its lines.
        header: Names of its columns, lower case and letters only, if it has a header.
        chosen: The variant that the user chose; with ``mot``, the file decides.
        mapped: Names of the source that the user maps to the project. Mapping ``pedestrian``
            states the class of all boxes in a file without classes.

    Raises:
        AnnotationSourceError: If the variant is unclear.
    """
    if chosen != "mot":
        return VARIANTS[chosen]
    labels = file.with_name("labels.txt")
    classes = {row[_CLASS] for row in rows if len(row) > _CLASS} - {None, -1}
    # Fractions are coordinates of MOT15.
    has_class = bool(classes) and all(number == int(number or 0) for number in classes)
    if labels.is_file() and labels != file:
        if not has_class:
            raise _unclear(file, "it has no classes, but there is a labels.txt next to it")
        if 0 in classes:
            raise _unclear(file, "it has class 0, but the classes of labels.txt count from 1")
        return MotVariant(_CLASS, _named(_label_names(labels)), has_flag=True, named_by=str(labels))
    if not has_class:
        if MOT_CLASSES[0] in mapped:
            return VARIANTS["mot15"]
        raise _unclear(
            file,
            "it has no classes; if all of its boxes are of one class, pass "
            "`mapping={'pedestrian': NAME}`",
        )
    if doubt := _doubt(file, rows, header):
        raise _unclear(file, doubt)
    return VARIANTS["mot17"]


def _doubt(file: Path, rows: Sequence[Row], header: Sequence[str]) -> str | None:
    """Return why a file without ``labels.txt`` may not be MOT16, MOT17 or MOT20."""
    if re.search(r"gt_(whole|ignore)$|^M\d{4}(_gt)?$", file.stem):
        return "its name is that of a UAVDT file"
    widths = {len(row) for row in rows}
    if widths != {_VISIBILITY + 1}:
        shown = " or ".join(map(str, sorted(widths)))
        return f"it has {shown} columns, but ground truth of MOTChallenge has 9"
    for name, known in zip(header[_CLASS:], (_CLASS_NAMES, _VISIBILITY_NAMES), strict=False):
        if name not in known:
            return f"its header has the column {name!r}, which MOTChallenge does not have there"
    for column, name, fits in (
        (FLAG, "flag", lambda value: value in (0, 1)),
        (_CLASS, "class", lambda value: value in range(1, len(MOT_CLASSES) + 1)),
        (_VISIBILITY, "visibility", lambda value: 0 <= value <= 1),
    ):
        for row in rows:
            value = row[column]
            if value is None or not fits(value):
                state = "is empty" if value is None else f"has {value:g}"
                return f"column {column + 1} {state}, which is not a {name} of MOTChallenge"
    return None


def _unclear(file: Path, why: str) -> AnnotationSourceError:
    return AnnotationSourceError(
        f"The MOT variant of {file} is unclear: {why}. Put a labels.txt next to it that names its "
        f"classes from 1, one per line, or pass `source_format`: {_CHOICES}."
    )


def _label_names(path: Path) -> list[str]:
    try:
        names = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationSourceError(f"{path} cannot be read ({error}).") from error
    while names and not names[-1]:
        names.pop()
    if not names or not all(names):
        state = "has an empty line" if names else "is empty"
        raise AnnotationSourceError(
            f"{path} {state}; it must name the classes of gt.txt from 1, one per line."
        )
    return names
