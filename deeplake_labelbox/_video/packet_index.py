"""Index a video's stored packets, to decode them without the original file."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from deeplake_labelbox._video.orientation import Orientation
from deeplake_labelbox.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

START: Final = 1  # a decoder can start at this packet
UNREFERENCED: Final = 2  # no other picture is predicted from this packet's picture

_MAGIC: Final = b"DLPX"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamParameters:
    """The parameters that a decoder needs before the first packet of a stream.

    Attributes:
        codec: FFmpeg's name for the codec.
        decoder: FFmpeg's name for the decoder that was used, such as ``"libdav1d"`` for AV1.
        tag: The container's name for the codec (four characters), or "".
        width: Pixels a row, as coded.
        height: Rows, as coded.
        pixel_format: FFmpeg's name, or None if unknown.
        color_range: FFmpeg's number, as in the container; the stream may have a different one.
        color_primaries: The same.
        color_trc: The same.
        colorspace: The same.
        bits_per_coded_sample: 0 if unknown.
        reorder_depth: Number of pictures that the decoder delays to reorder them.
        extradata: The codec's parameter sets, as stored in the container.
    """

    codec: str
    decoder: str
    tag: str
    width: int
    height: int
    pixel_format: str | None
    color_range: int
    color_primaries: int
    color_trc: int
    colorspace: int
    bits_per_coded_sample: int
    reorder_depth: int
    extradata: bytes


@dataclass(frozen=True, kw_only=True, eq=False)
class PacketIndex:
    """The packets of a video stream, and the frames that are decoded from them.

    Packets are stored in groups: one group of pictures, or a part of about 1 MiB of a larger one.
    Groups without a wanted frame need not be stored.

    Attributes:
        stream: Parameters for the decoder.
        orientation: How decoded pictures are rotated and mirrored for display.
        size: Width and height of the first picture, as displayed.
        frame_count: Number of frames in the video, stored or not.
        verified: Whether the packet of each frame was recorded while decoding; otherwise it was
            derived from the packets' times.
        clean: Whether a strict decoder found no irregularity. Otherwise the output may depend on
            earlier packets, and each group of pictures is decoded by a new decoder.
        sizes: (P,) int32 bytes of each packet, in decoding order.
        frames: (P,) int32 number of the frame decoded from each packet, -1 if none is known.
        flags: (P,) uint8, `START` and `UNREFERENCED`.
        firsts: (G,) int32 first packet of each group.
        stored: (G,) bool: whether the group is stored.
        checksums: (G,) uint32 CRC-32 of each stored group.
        parameters: First packet and extradata of each later part of the stream that has its own
            extradata.
    """

    stream: StreamParameters
    orientation: Orientation
    size: tuple[int, int]
    frame_count: int
    verified: bool
    clean: bool
    sizes: NDArray[np.int32]
    frames: NDArray[np.int32]
    flags: NDArray[np.uint8]
    firsts: NDArray[np.int32]
    stored: NDArray[np.bool_]
    checksums: NDArray[np.uint32]
    parameters: tuple[tuple[int, bytes], ...] = ()

    def part_of(self, packet: int) -> int:
        """Return the part of the stream that a packet belongs to (see `parameters`), from 0."""
        return sum(packet >= first for first, _ in self.parameters)

    def extradata_of(self, part: int) -> bytes:
        """Return the extradata of a part of the stream."""
        return self.parameters[part - 1][1] if part else self.stream.extradata

    @cached_property
    def packets(self) -> NDArray[np.int32]:
        """(frame_count,) int32 packet of each frame; -1 if the frame cannot be read."""
        found = np.full(self.frame_count, -1, np.int32)
        given = np.flatnonzero(self.frames >= 0)
        found[self.frames[given]] = given
        return found

    @cached_property
    def starts(self) -> NDArray[np.int32]:
        """(frame_count,) int32 latest packet at which decoding can start for each frame.

        Leading pictures are shown before the picture that starts their group, and may be predicted
        from pictures of the previous group.
        """
        places = np.flatnonzero(self.flags & START)
        ends = np.append(places[1:], len(self.frames))
        firsts = self.frames[places].copy()
        for span in np.flatnonzero(firsts < 0).tolist():
            numbers = self.frames[places[span] : ends[span]]
            firsts[span] = numbers[numbers >= 0].min(initial=np.iinfo(np.int32).max)
        spans = np.searchsorted(places, self.packets, side="right") - 1
        leading = np.arange(self.frame_count) < firsts[spans]
        found: NDArray[np.int32] = places[np.maximum(spans - leading, 0)].astype(np.int32)
        return found

    @cached_property
    def groups(self) -> NDArray[np.int32]:
        """(P,) int32 group of each packet."""
        lengths = np.diff(np.append(self.firsts, len(self.sizes)))
        return np.repeat(np.arange(len(self.firsts), dtype=np.int32), lengths)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """(P,) int64 byte at which each packet starts in its group."""
        ends = np.cumsum(self.sizes, dtype=np.int64)
        begins = ends - self.sizes
        found: NDArray[np.int64] = begins - begins[self.firsts][self.groups]
        return found

    def groups_of(self, frames: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        """Return the groups that are needed to read some frames.

        Args:
            frames: Frame numbers.

        Returns:
            (N,) int32, ascending.

        Raises:
            DatasetError: If the index has no packet for a frame.
        """
        wanted = self.check(frames)
        first, last = self.groups[self.starts[wanted]], self.groups[self.packets[wanted]]
        marks = np.zeros(len(self.firsts) + 1, np.int64)
        np.add.at(marks, first, 1)
        np.add.at(marks, last + 1, -1)
        return np.flatnonzero(np.cumsum(marks)[:-1]).astype(np.int32)

    def check(self, frames: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Check that frames are stored, and return their numbers as an array.

        Raises:
            DatasetError: If the index has no packet for a frame, or the packet is not stored.
        """
        wanted = np.asarray(frames, np.int64).reshape(-1)
        bad = (wanted < 0) | (wanted >= self.frame_count)
        if not bad.any():
            packets = self.packets[wanted]
            bad = packets < 0
            bad |= ~self.stored[self.groups[packets]]
        if bad.any():
            raise DatasetError(
                f"Frame {int(wanted[bad][0]) + 1} of a video is not among its stored packets. "
                "Check that the dataset was not changed by other means, or build it again."
            )
        return wanted

    def to_bytes(self) -> bytes:
        """Serialize the index."""
        stream = asdict(self.stream) | {"extradata": b64encode(self.stream.extradata).decode()}
        head = {
            "stream": stream,
            "orientation": asdict(self.orientation),
            "size": self.size,
            "frame_count": self.frame_count,
            "verified": bool(self.verified),
            "clean": bool(self.clean),
            "packets": len(self.sizes),
            "groups": len(self.firsts),
            "parameters": [
                (first, b64encode(extradata).decode()) for first, extradata in self.parameters
            ],
        }
        parts = [json.dumps(head).encode() + b"\n"]
        for column, kind in _COLUMNS.items():
            values = getattr(self, column).astype(kind)
            if column in _STEPPED:
                values = np.diff(values, prepend=values.dtype.type(0))
            parts.append(values.tobytes())
        return _MAGIC + bytes([_VERSION]) + zlib.compress(b"".join(parts), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> PacketIndex:
        """Read an index that `to_bytes` wrote.

        Raises:
            DatasetError: If the data is damaged, or has a later version.
        """
        if data[:4] == _MAGIC and data[4:5] != bytes([_VERSION]):
            raise DatasetError(
                f"The index of a video's packets has version {data[4:5].hex()}, and this version "
                f"of deeplake-labelbox reads {_VERSION:02x}. Install the latest one."
            )
        try:
            first, _, rest = zlib.decompress(data[5:]).partition(b"\n")
            head = json.loads(first)
            stream = StreamParameters(
                **head["stream"] | {"extradata": b64decode(head["stream"]["extradata"])}
            )
            columns: dict[str, Any] = {}
            position = 0
            for column, kind in _COLUMNS.items():
                count = head["groups" if column in _OF_GROUPS else "packets"]
                values = np.frombuffer(rest, kind, count, position)
                position += values.nbytes
                if column in _STEPPED:
                    values = np.cumsum(values, dtype=values.dtype)
                columns[column] = values.astype(values.dtype.newbyteorder("="))
            columns["stored"] = columns["stored"].astype(np.bool_)
            return cls(
                stream=stream,
                orientation=Orientation(**head["orientation"]),
                size=(head["size"][0], head["size"][1]),
                frame_count=head["frame_count"],
                verified=head["verified"],
                clean=head["clean"],
                parameters=tuple(
                    (first, b64decode(extradata)) for first, extradata in head["parameters"]
                ),
                **columns,
            )
        except (ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
            raise DatasetError(
                f"The index of a video's packets cannot be read: {error}. Restore the dataset, or "
                "build it again."
            ) from error


_COLUMNS: Final = {
    "sizes": "<i4",
    "frames": "<i4",
    "flags": "<u1",
    "firsts": "<i4",
    "stored": "<u1",
    "checksums": "<u4",
}
_OF_GROUPS: Final = frozenset({"firsts", "stored", "checksums"})
_STEPPED: Final = frozenset({"frames", "firsts"})  # compress better as differences
