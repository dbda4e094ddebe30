"""MOTChallenge text: one box a line, ``frame, id, left, top, width, height, conf, ...``.

Ground truth has 9 columns (… ``conf, class, visibility``), where ``conf`` 0 marks a box that does
not count; results and the files of 2015 have 10 (… ``conf, x, y, z``). Frames, ids and pixels
count from 1: a box at the very left has ``left`` 1. Source: A. Milan et al., "MOT16: A Benchmark
for Multi-Object Tracking", arXiv 1603.00831, section 4 and table 6.
"""

from __future__ import annotations

import configparser
import csv
import logging
import math
from collections.abc import Iterator
from pathlib import Path

from deeplake_labelbox.errors import AnnotationSourceError
from deeplake_labelbox.ground_truth.annotations import Finding, KindOf, VideoAnnotations
from deeplake_labelbox.ground_truth.tracks import TrackBuilder

logger = logging.getLogger(__name__)

CLASSES = {
    1: "pedestrian",
    2: "person on vehicle",
    3: "car",
    4: "bicycle",
    5: "motorbike",
    6: "non motorized vehicle",
    7: "static person",
    8: "distractor",
    9: "occluder",
    10: "occluder on the ground",
    11: "occluder full",
    12: "reflection",
    13: "crowd",
}
"""Names of the classes of ground truth files."""

DEFAULT_CLASS = CLASSES[1]
"""The class of files that have none."""

_GROUND_TRUTH_FILES = ("gt.txt", "det.txt")


class MotSource:
    """A MOTChallenge file, or a folder of sequences.

    Args:
        path: A text file, the folder of a sequence (with ``gt/gt.txt`` or ``gt.txt``), or a
            folder of such folders. The video of a sequence is named by its folder.
        data_row: The video, where ``path`` is a single file.
        origin: Where pixels count from: 1 as MOTChallenge defines, 0 as many trackers write.

    Raises:
        AnnotationSourceError: If there is no such file.
    """

    def __init__(self, path: str | Path, *, data_row: str | None = None, origin: int = 1) -> None:
        self._origin = origin
        self._files = _files(Path(path))
        if data_row is not None and len(self._files) > 1:
            raise AnnotationSourceError(
                f"{path} has {len(self._files)} sequences, but one data row is named; leave it "
                f"out, or pass one sequence."
            )
        self._data_row = data_row

    def __len__(self) -> int:
        return len(self._files)

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - boxes are all there is
        """Yield the annotations of each sequence.

        Raises:
            AnnotationSourceError: If a line cannot be read; it names file and line.
        """
        for file in self._files:
            yield self._read(file)

    def _read(self, file: Path) -> VideoAnnotations:
        builder = TrackBuilder()
        left_out = 0
        try:
            with file.open(encoding="utf-8", newline="") as lines:
                for number, fields in enumerate(csv.reader(lines, skipinitialspace=True), 1):
                    if fields and any(map(str.strip, fields)):
                        left_out += not self._add(builder, fields, f"Line {number} of {file}")
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise AnnotationSourceError(
                f"{file} cannot be read as MOTChallenge text ({error}); check the path and format."
            ) from error
        findings = builder.findings()
        if left_out:
            findings.append(
                Finding("boxes are marked as not to be counted (conf 0)", None, left_out)
            )
        folder = _sequence(file)
        names = (self._data_row,) if self._data_row else (folder.name or file.stem,)
        return VideoAnnotations(
            data_row=names, tracks=builder.tracks(), size=_size(folder), findings=findings
        )

    def _add(self, builder: TrackBuilder, fields: list[str], where: str) -> bool:
        if len(fields) < 6:
            raise AnnotationSourceError(
                f"{where} has {len(fields)} columns; MOTChallenge has frame, id, left, top, width, "
                f"height and more."
            )
        try:
            numbers = [float(field) for field in fields if field.strip()]
        except ValueError as error:
            raise AnnotationSourceError(
                f"{where} has a column that is no number ({error}); MOTChallenge has numbers only."
            ) from error
        if not all(map(math.isfinite, numbers)) or len(numbers) < 6:
            raise AnnotationSourceError(f"{where} has a column that is empty or not finite.")
        frame, track, left, top, width, height = numbers[:6]
        if frame < 1 or frame != int(frame) or track != int(track):
            raise AnnotationSourceError(
                f"{where} has frame {fields[0]} and id {fields[1]}; both are whole numbers, frames "
                f"from 1."
            )
        is_ground_truth = len(numbers) in (8, 9)
        if is_ground_truth and numbers[6] == 0:
            return False
        name = DEFAULT_CLASS
        if is_ground_truth:
            name = CLASSES.get(int(numbers[7]), f"class {int(numbers[7])}")
        box = (left - self._origin, top - self._origin, width, height)
        builder.add(name, "rectangle", str(int(track)), int(frame), box)
        return True


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    for name in _GROUND_TRUTH_FILES:
        folder = name.removesuffix(".txt")
        for pattern in (name, f"{folder}/{name}", f"*/{name}", f"*/{folder}/{name}"):
            if found := sorted(path.glob(pattern)):
                return found
    raise AnnotationSourceError(
        f"There is no MOTChallenge file at {path}; pass a text file, or a folder with gt/gt.txt."
    )


def _sequence(file: Path) -> Path:
    """The folder that names the sequence of a file; files of other names name it themselves."""
    file = file.absolute()
    if file.name not in _GROUND_TRUTH_FILES:
        return file.with_suffix("")
    return file.parent.parent if file.parent.name in ("gt", "det") else file.parent


def _size(folder: Path) -> tuple[int, int] | None:
    """Width and height from the ``seqinfo.ini`` of a sequence."""
    info = configparser.ConfigParser()
    try:
        if not info.read(folder / "seqinfo.ini", encoding="utf-8"):
            return None
        sequence = info["Sequence"]
        return int(sequence["imWidth"]), int(sequence["imHeight"])
    except (configparser.Error, KeyError, ValueError, UnicodeDecodeError) as error:
        logger.warning("%s tells no size: %s", folder / "seqinfo.ini", error)
        return None
