"""Read MOTChallenge text: one box per line, ``frame, id, left, top, width, height, …``.

Frames, ids and pixels count from 1: a box at the left edge has ``left`` 1. A negative id means that
the box is a detection without a track. Source: A. Milan et al., "MOT16: A Benchmark for
Multi-Object Tracking", arXiv 1603.00831, section 4 and table 6. See `variants` for the columns
after the sixth.
"""

from __future__ import annotations

import configparser
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import KindOf, SourceFinding, VideoAnnotations
from deeplake_labelbox._formats.frame_numbers import VideoLength, parse_frame_runs
from deeplake_labelbox._formats.mot.lines import MotLines, read_lines
from deeplake_labelbox._formats.mot.variants import VARIANTS, MotFormat, MotVariant, variant_of
from deeplake_labelbox._formats.registry import FORMATS
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox.errors import AnnotationSourceError

logger = logging.getLogger(__name__)

# A sequence with every second frame of its video is half as long, at half the rate.
_APART = 2
_ORIGIN = 1  # pixels of MOTChallenge count from 1

_GROUND_TRUTH_FILES = ("gt.txt", "det.txt")


class MotSource:
    """A file of MOTChallenge text, or a folder of sequences.

    Args:
        path: A text file, the folder of a sequence (with ``gt/gt.txt`` or ``gt.txt``), a folder of
            such folders, or of splits with such folders. The folder names the video of a sequence,
            or ``seqinfo.ini`` if `to_mot` wrote it.
        options: Options for reading. The default format ``mot`` reads only files whose columns are
            certain. A data row names the video of a single file. For the mapping, see
            `variant_of`.

    Raises:
        AnnotationSourceError: If there is no such file.
    """

    def __init__(self, path: str | Path, options: ReadOptions) -> None:
        self._variant = cast("MotFormat", options.source_format or "mot")
        self._options = options
        self._files = _files(Path(path))
        options.check_one_video(path, len(self._files))
        self._names: set[str] = set()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def names(self) -> frozenset[str]:
        """The classes of the variants that were read."""
        return frozenset(self._names)

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - there are only boxes
        """Yield the annotations of each sequence.

        Raises:
            AnnotationSourceError: If a file is not MOTChallenge text, or its variant is unclear.
        """
        for file in self._files:
            # One sequence of several may have no object.
            if len(self._files) == 1 or file.stat().st_size:
                yield self._read(file)

    def _read(self, file: Path) -> VideoAnnotations:
        lines = read_lines(file)
        variant = variant_of(
            file,
            [row for _, row in lines.rows],
            lines.header,
            chosen=self._variant,
            mapped=self._options.mapping,
        )
        self._names.update(variant.class_names)
        folder = _sequence(file)
        info = _sequence_info(folder)
        names = tuple(name for name in (folder.name or file.stem, info.video) if name)
        if self._options.data_row:
            names = (self._options.data_row,)
        # The user's step of frames has precedence over the file's.
        frames = info.frames if self._options.numbering.step is None else ()
        doubt = None
        if self._options.numbering.step is None and not frames:
            doubt = _length_doubt(info, self._options.video_length(names))
        if info.sizes is not None:
            doubt = (
                f"the picture size changes within the video ({info.sizes}), and boxes are in "
                f"pixels of their own frames; import the original dataset of the file"
            )
        builder = TrackBuilder()
        findings = self._add_boxes(builder, file, lines, variant, doubt, frames)
        findings += builder.findings()
        if self._variant == "mot" and variant is VARIANTS["mot17"]:
            what = "there is no labels.txt; its classes are read as those of MOTChallenge"
            findings.append(SourceFinding(f"{file.name}: {what} (1 is pedestrian)", is_note=True))
        return VideoAnnotations(
            data_row=names,
            tracks=builder.tracks(),
            pictures=self._pictures(names, frames),
            size=info.size,
            findings=findings,
            refused=builder.refused(),
        )

    def _add_boxes(
        self,
        builder: TrackBuilder,
        file: Path,
        lines: MotLines,
        variant: MotVariant,
        doubt: str | None,
        frames: Sequence[int],
    ) -> list[SourceFinding]:
        """Add the boxes of a file, or refuse all of them if in doubt; return the findings."""
        first, step = self._first_number(file, lines), self._options.numbering.step or 1
        faults = _Faults(file)
        for number, frame, fault in lines.faults:
            faults.add(number, frame, fault)
        left_out = 0
        for number, row in lines.rows:
            values = [value or 0.0 for value in row[:6]]
            frame = (int(values[0]) - first) * step + 1
            if frames:
                frame = frames[frame - 1] if 1 <= frame <= len(frames) else 0
            if variant.leaves_out(row):
                left_out += 1
                continue
            try:
                name = variant.class_of(row)
            except ValueError as error:
                faults.add(number, frame if frame > 0 else None, str(error))
                continue
            track = str(int(values[1])) if values[1] >= 0 else f"line {number}"
            box = (values[2] - _ORIGIN, values[3] - _ORIGIN, values[4], values[5])
            if doubt is not None:
                builder.refuse(name, track, doubt)
            elif frame < 1:
                known = f"; seqinfo.ini lists {len(frames)}" if frames else ""
                what = f"has frame {int(values[0])}; frames count from {first}{known}"
                faults.add(number, None, what)
            else:
                builder.add(name, "rectangle", track, frame, box, score=variant.score_of(row))
        findings = faults.findings()
        if left_out:
            boxes = counted(left_out, "box", "boxes")
            what = f"{boxes} left out: marked to be ignored (0 in the seventh column)"
            findings.append(SourceFinding(what))
        return findings

    def _pictures(self, names: tuple[str, ...], frames: Sequence[int]) -> NDArray[np.int64] | None:
        """Return the frames of the sequence, if it is known not to have all frames."""
        if frames:
            return np.array(frames, dtype=np.int64)
        length, step = self._options.video_length(names).frames, self._options.numbering.step or 1
        return None if length is None or step == 1 else np.arange(1, length + 1, step)

    def _first_number(self, file: Path, lines: MotLines) -> int:
        if self._options.numbering.first is not None:
            return self._options.numbering.first
        if any(row[0] == 0 for _, row in lines.rows):
            raise AnnotationSourceError(
                f"{file} has frame 0; frames of MOTChallenge count from 1. If this file counts "
                f"from 0, pass `first_number=0`."
            )
        return 1


@dataclass(frozen=True, slots=True)
class _SequenceInfo:
    size: tuple[int, int] | None = None
    length: int | None = None
    rate: float | None = None
    video: str | None = None
    sizes: str | None = None
    frames: Sequence[int] = ()


class _Faults:
    """Collects lines that cannot be imported, by fault."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._places: dict[str, list[tuple[int, int | None]]] = {}

    def add(self, number: int, frame: int | None, fault: str) -> None:
        self._places.setdefault(fault, []).append((number, frame))

    def findings(self) -> list[SourceFinding]:
        return [
            SourceFinding(
                f"line {places[0][0]} of {self._file.name} {fault}", places[0][1], len(places)
            )
            for fault, places in self._places.items()
        ]


def _length_doubt(info: _SequenceInfo, video: VideoLength) -> str | None:
    """Return why the frames of a sequence may differ from those of the video."""
    if info.length and info.length == video.frames:
        return None  # frame by frame, whatever the rates
    for stated, known, unit, rounding in (
        (info.length, video.frames, "frames", 1),
        (info.rate, video.rate, "frames per second", 0),
    ):
        if not (stated and known) or min(stated, known) * _APART > max(stated, known) + rounding:
            continue
        return (
            f"seqinfo.ini gives {stated:,g} {unit}, but the video in Labelbox has {known:,g}; "
            f"pass `frame_step`, the number of frames of the video from one frame of the sequence "
            f"to the next"
        )
    return None


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    for pattern in FORMATS["mot"].patterns:
        if found := sorted(path.glob(pattern)):
            return found
    raise AnnotationSourceError(
        f"There is no MOTChallenge file at {path}; pass a text file, or a folder with gt/gt.txt."
    )


def _sequence(file: Path) -> Path:
    """Return the folder that names a file's sequence; files with other names use their own."""
    file = file.absolute()
    if file.name not in _GROUND_TRUTH_FILES:
        return file.with_suffix("")
    return file.parent.parent if file.parent.name in ("gt", "det") else file.parent


def _sequence_info(folder: Path) -> _SequenceInfo:
    """Read size, length and video from the ``seqinfo.ini`` of a sequence."""
    info = configparser.ConfigParser(interpolation=None)
    try:
        if not info.read(folder / "seqinfo.ini", encoding="utf-8-sig"):
            return _SequenceInfo()
        sequence = info["Sequence"]
        length, rate = sequence.get("seqLength"), sequence.get("frameRate")
        return _SequenceInfo(
            size=(int(sequence["imWidth"]), int(sequence["imHeight"])),
            length=None if length is None else int(length),
            rate=None if rate is None else float(rate),
            video=info.get("Video", "name", fallback=None),
            sizes=info.get("Video", "sizes", fallback=None),
            frames=_frames(folder, info.get("Video", "frames", fallback="")),
        )
    except (configparser.Error, KeyError, ValueError, UnicodeDecodeError) as error:
        why = str(error).partition("\n")[0]
        logger.warning("%s cannot be read and is ignored: %s", folder / "seqinfo.ini", why)
        return _SequenceInfo()


def _frames(folder: Path, runs: str) -> list[int]:
    """Parse the frames of a sequence's pictures, which `MotWriter` writes if some are missing."""
    try:
        return parse_frame_runs(runs)
    except ValueError as error:
        raise AnnotationSourceError(
            f"{folder / 'seqinfo.ini'} has the frames {runs[:60]!r}, which are not runs like 1-9 "
            f"20-40/5; correct them, or remove the line."
        ) from error
