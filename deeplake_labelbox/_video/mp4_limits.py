"""Reject MP4s that declare implausible sample counts, before FFmpeg reserves memory for them.

The index of an MP4 counts its samples in runs: a box of a few bytes may declare billions, and
FFmpeg makes an entry of some 40 bytes for each of them as soon as it opens the file. Other
containers list their packets one by one, and so cannot declare more than they have.

Format: ISO/IEC 14496-12: 8.6.1.2 (stts), 8.6.1.3 (ctts), 8.6.6 (elst), 8.7.3 (stsz, stz2),
8.8.8 (trun).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from deeplake_labelbox._counts import counted
from deeplake_labelbox._video.damage import BOX_KINDS, from_start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_SAMPLES: Final = 10_000_000
"""Maximum number of frames of a video: 46 hours at 60 frames per second."""

_ALWAYS_ALLOWED: Final = 100_000  # frames, also in a file that was cut to almost nothing

_HOLD_BOXES: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"}
)
_RUNS: Final = 1 << 16  # runs of a table that are read at a time
_DEEPEST: Final = 8
_MAX_BOXES: Final = 1_000_000


def find_excess(source: Path | IO[bytes]) -> str | None:
    """Find a declared number of samples that is implausible.

    Args:
        source: A file, or an open one, whose position is restored.

    Returns:
        The declared number, for a message after "declares "; ``None`` if it is plausible.
    """
    with from_start(source) as (file, size):
        return _excess(file, size) if file.read(8)[4:] in BOX_KINDS else None


def has_index_apart(file: IO[bytes]) -> bool:
    """Return whether a file is an MP4 or MOV whose index lists all samples: it is not fragmented.

    Args:
        file: An open file; its position is restored.
    """
    found = False
    with from_start(file) as (_, size):
        if file.read(8)[4:] not in BOX_KINDS:
            return False
        for number, (kind, _, _) in enumerate(_boxes(file, 0, size)):
            if kind in {b"moof", b"mvex"} or number > _MAX_BOXES:
                return False
            if found and kind == b"mdat":
                break
            found |= kind == b"moov"
    return found


def _excess(file: IO[bytes], size: int) -> str | None:
    tracks = [_Mp4Track()]
    in_fragments = 0
    for number, (kind, start, end) in enumerate(_boxes(file, 0, size)):
        if number > _MAX_BOXES:
            return f"more than {_MAX_BOXES} parts"
        if kind == b"trak":
            tracks.append(_Mp4Track())
        elif kind in {b"stsz", b"stz2"}:
            tracks[-1].samples = _number(file, start + 8)
        elif kind in {b"stts", b"ctts"}:
            runs, duration = _sum_of_runs(file, start, end)
            tracks[-1].in_runs = max(tracks[-1].in_runs, runs)
            tracks[-1].is_pcm |= kind == b"stts" and duration == 1
        elif kind == b"elst":
            tracks[-1].edits = _number(file, start + 4)
        elif kind == b"trun":
            in_fragments += _number(file, start + 4)
    claimed = max(in_fragments, *(track.claimed for track in tracks))
    if claimed > MAX_SAMPLES:
        return f"{claimed} frames, more than the limit of {MAX_SAMPLES}"
    if claimed > max(size, _ALWAYS_ALLOWED):
        return f"{claimed} frames in a file of {counted(size, 'byte')}"
    return None


@dataclass(slots=True)
class _Mp4Track:
    samples: int = 0
    in_runs: int = 0
    edits: int = 0
    is_pcm: bool = False

    @property
    def claimed(self) -> int:
        """Samples that FFmpeg would make entries for; of bare audio it makes them by chunk."""
        # Every edit may show all samples once more.
        return 0 if self.is_pcm else max(self.samples, self.in_runs) * max(self.edits, 1)


def _boxes(
    file: IO[bytes], start: int, end: int, depth: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, first byte of the content and end of each box; inner boxes follow their outer."""
    while start + 8 <= end:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        content = start + 8
        if length == 1:
            length, content = int.from_bytes(file.read(8), "big"), start + 16
        last = end if length == 0 else min(start + length, end)
        if last < content:
            return
        yield kind, content, last
        if kind in _HOLD_BOXES and depth < _DEEPEST:
            yield from _boxes(file, content, last, depth + 1)
        start = last


def _number(file: IO[bytes], position: int) -> int:
    file.seek(position)
    return int.from_bytes(file.read(4), "big")


def _sum_of_runs(file: IO[bytes], start: int, end: int) -> tuple[int, int]:
    """Return the samples in all runs of a table, and the duration of its only run, or else 0."""
    left = min(_number(file, start + 4), (end - start - 8) // 8)
    alone = left == 1
    total = duration = 0
    while left > 0:
        table = np.frombuffer(file.read(8 * min(left, _RUNS)), ">u4").reshape(-1, 2)
        if not len(table):
            break
        total += int(table[:, 0].sum(dtype=np.int64))
        duration = int(table[0, 1])
        left -= len(table)
    return total, duration if alone else 0
