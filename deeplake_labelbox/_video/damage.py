"""Detect damage by comparing a video file with its own structure, without decoding it.

FFmpeg ignores many faults of a file. It reads a truncated Matroska file without an error. In one
with garbage inside, it skips to the next cluster, so that all later frames would get too low a
number. The structure reveals these faults:

- MP4, MOV: samples that the index places beyond the end of the file, or a missing index (a file
  truncated before a ``moov`` at the end). In fragmented files: a box that extends beyond the end.
- Matroska, WebM: an element that extends beyond the end of the file, or an unknown element.
- AVI: a RIFF chunk that extends beyond the end of the file.
- MPEG-TS: a last packet that is shorter than the others.
- MP4 (not fragmented), FLV: a second recording after the first, which FFmpeg does not read.

It does not reveal a cut exactly between two elements if no length extends beyond the cut
(fragments of MP4, a live recording in WebM, packets of MPEG-TS), or changed bits inside a frame's
data. The latter are left to the decoder (`FrameExtractor`). If the codec has no checksum and the
changed bits are valid, nothing can detect them.

Formats: ISO/IEC 14496-12 section 4.2 (boxes); RFC 8794 sections 4 to 6 and RFC 9559 section 5
(EBML, Matroska); the RIFF chunks of AVI 1.0 and OpenDML;
Adobe Flash Video File Format Specification 10.1 annex E;
ISO/IEC 13818-1 section 2.4.3 (transport stream packets).
"""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from deeplake_labelbox._video.joined_streams import packet_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av.video.stream

BOX_KINDS: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip", b"styp"})
"""The boxes with which an MP4 or MOV file may begin."""

_EBML: Final = b"\x1a\x45\xdf\xa3"
_FLV: Final = b"FLV\x01"
_FLV_TAGS: Final = (8, 9, 18)  # sound, pictures, data
_SEGMENT: Final = 0x18538067
_MASTERS: Final = frozenset({_SEGMENT, 0x1F43B675})  # Segment and Cluster: the walk enters them
_ELEMENTS: Final = frozenset(
    {
        0x1A45DFA3,  # EBML header
        *(0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B),  # SeekHead, Info, Tracks, Cues
        *(0x1254C367, 0x1043A770, 0x1941A469),  # Tags, Chapters, Attachments
        *(0xE7, 0x5854, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF),  # children of a Cluster
        *(0xEC, 0xBF),  # Void, CRC-32
    }
)


@dataclass(frozen=True, slots=True)
class Damage:
    """The first place where a file differs from its structure.

    Attributes:
        offset: Packets that start at this byte or later cannot be trusted.
        reason: What is wrong, for a message after "the file ".
        after_end: Whether the part before it is a complete video.
    """

    offset: int
    reason: str
    after_end: bool = False

    def reaches(self, position: int | None) -> bool:
        """Return whether a packet that starts at a byte (None: unknown) cannot be trusted."""
        return not self.after_end and position is not None and position >= self.offset


def find_damage(
    source: Path | IO[bytes], stream: av.video.stream.VideoStream | None = None
) -> Damage | None:
    """Compare a file with the lengths in its own structure.

    Args:
        source: The path of a video, or an open file, whose position is restored.
        stream: The open video stream. If given, an MP4's index is compared with the file's size.
    """
    with from_start(source) as (file, size):
        return _compare(file, size, stream)


@contextmanager
def from_start(source: Path | IO[bytes]) -> Iterator[tuple[IO[bytes], int]]:
    """Give a file at its start, and its size; restore the position of a file that was open."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        position = file.tell()
        try:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            yield file, size
        finally:
            file.seek(position)


def _compare(
    file: IO[bytes], size: int, stream: av.video.stream.VideoStream | None
) -> Damage | None:
    if size == 0:
        return Damage(0, "is empty")
    head = file.read(12)
    file.seek(0)
    for is_such, walk in (
        (head[:4] == _EBML, _walk_matroska),
        (head[:4] == b"RIFF" and head[8:] == b"AVI ", _walk_riff),
        (head[:4] == _FLV, _walk_flv),
    ):
        if is_such:
            return walk(file, size)
    if head[4:8] in BOX_KINDS:
        return _walk_boxes(file, size, stream)
    if head.lstrip()[:1] == b"<":
        return Damage(0, "is an HTML or XML page")
    return _check_transport_stream(file, size)


def _cut(offset: int, size: int, end: int) -> Damage:
    return Damage(offset, f"is truncated: it ends at byte {size}, and should reach byte {end}")


def _joined(offset: int) -> Damage:
    reason = f"holds another recording from byte {offset} on, which players leave out"
    return Damage(offset, reason, after_end=True)


def _walk_boxes(
    file: IO[bytes], size: int, stream: av.video.stream.VideoStream | None
) -> Damage | None:
    """Check the top-level boxes and, in an unfragmented file, the index, which is more exact."""
    position, overrun = 0, None
    kinds: set[bytes] = set()
    while position + 8 <= size:
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"ftyp" and {b"moov", b"mdat"} <= kinds and b"moof" not in kinds:
            return _joined(position)  # a file has only one "ftyp"
        kinds.add(kind)
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        end = size if length == 0 else position + length
        if end > size:
            overrun = _cut(position, size, end)
        if overrun is not None or length in range(1, 8):
            break
        position = end
    if b"moov" not in kinds:
        reason = "is truncated: it ends before its index (the moov box)"
        return Damage(0, reason) if overrun or b"mdat" in kinds else None
    if stream is not None and b"moof" not in kinds:
        first, last = size, size
        for entry in stream.index_entries:
            if entry.pos + entry.size > size:
                first, last = min(first, entry.pos), max(last, entry.pos + entry.size)
        return _cut(first, size, last) if last > size else None
    # Samples before a cut in a fragment are complete, and FFmpeg flags the truncated one.
    return Damage(size, overrun.reason) if overrun else None


def _walk_matroska(file: IO[bytes], size: int) -> Damage | None:
    position, segment_end = 0, 0
    # Bytes after a segment of known size, such as padding, do not belong to it.
    while position < (min(size, segment_end) if segment_end else size):
        file.seek(position)
        header = file.read(12)
        id_length = 9 - header[0].bit_length()
        element = int.from_bytes(header[:id_length], "big")
        size_at = header[id_length] if id_length < len(header) else 0
        if (element not in _ELEMENTS and element not in _MASTERS) or size_at == 0:
            if position + 12 > size:
                return _cut(position, size, position + 12)
            return Damage(position, f"is damaged at byte {position}")
        size_length = 9 - size_at.bit_length()
        mask = (1 << (7 * size_length)) - 1
        length = mask & int.from_bytes(header[id_length : id_length + size_length], "big")
        start = position + id_length + size_length
        if element in _MASTERS:
            if element == _SEGMENT and length != mask:  # all ones: unknown size, as in recordings
                segment_end = start + length
            position = start
        elif start + length > size:
            return _cut(position, size, max(segment_end, start + length))
        else:
            position = start + length
    return _cut(size, size, segment_end) if segment_end > size else None


def _walk_riff(file: IO[bytes], size: int) -> Damage | None:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind != b"RIFF" or length == 0:  # 0: the recorder never filled it in
            return None
        end = position + 8 + length
        if end > size + 8:  # some writers count the chunk's own header
            return _cut(size, size, end)
        position = end + length % 2
    return None


def _walk_flv(file: IO[bytes], size: int) -> Damage | None:
    position = int.from_bytes(file.read(9)[5:], "big") + 4
    while position + 15 <= size:
        file.seek(position)
        head = file.read(4)
        if head == _FLV:
            return _joined(position)
        if head[0] & 0x1F not in _FLV_TAGS:
            return None
        position += 11 + int.from_bytes(head[1:], "big") + 4
    return None


def _check_transport_stream(file: IO[bytes], size: int) -> Damage | None:
    layout = packet_layout(file)
    if layout is None or size % layout[0] == 0:
        return None
    whole = size // layout[0] * layout[0]  # bytes of whole packets
    return _cut(whole, size, whole + layout[0])
