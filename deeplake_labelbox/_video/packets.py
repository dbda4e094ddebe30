"""Read the packets of a video stream without decoding them.

If each packet is one picture, the packets also determine the order of the frames: the picture with
the n-th smallest presentation time is the n-th that a decoder emits. This is true for the codecs in
`ONE_PICTURE_A_PACKET` in containers that store whole pictures (ISO/IEC 14496-15 for H.264 and
HEVC; the AV1 and VP9 bindings of MP4 and Matroska). It is not true for interlaced H.264, whose two
fields may be in separate packets.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av.error
import numpy as np

from deeplake_labelbox._video.container import ffmpeg_message
from deeplake_labelbox._video.picture_kinds import starts_anew
from deeplake_labelbox._video.pyav_versions import to_fraction

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

ONE_PICTURE_A_PACKET: Final = frozenset({"h264", "hevc", "av1", "vp8", "vp9"})
_KEEP_WHOLE_PICTURES: Final = ("mov,mp4", "matroska,webm")


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """The packets of a stream that are shown, in decoding order.

    Attributes:
        times: (P,) int64 presentation times in ticks of the stream's time base; the smallest
            int64 if a packet has none.
        decoding_times: (P,) int64 decoding times, in the same form.
        is_key: (P,) bool: the packet starts a group of pictures.
        starts: (P,) bool: the codec guarantees that a decoder can start here (`starts_anew`).
        positions: (P,) int64 byte of the file at which the packet starts, -1 if unknown.
        time_base: Seconds per tick.
        stream_bytes: Bytes of all packets of the stream, shown or not.
        discarded: Number of packets that an edit list hides.
        hidden: Number of packets with only pictures that are never shown (VP8, VP9).
        numbered: Whether each packet is one picture, so that times determine frame numbers.
        apart: Whether the file's index is separate from the packets (MP4, MOV), so that damage to
            the packets cannot remove any of them.
        reorders: Whether the decoding order differs from the display order.
        damage: Why not all packets could be read, or None.
    """

    times: NDArray[np.int64]
    decoding_times: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    starts: NDArray[np.bool_]
    positions: NDArray[np.int64]
    time_base: Fraction
    stream_bytes: int
    discarded: int
    hidden: int
    numbered: bool
    apart: bool
    reorders: bool
    damage: str | None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def tick(self) -> float:
        """Seconds per tick."""
        return float(self.time_base)

    def seconds(self) -> NDArray[np.float64]:
        """Return the frame times of a numbered table, in order, equal to those of a decoder.

        Returns:
            (P,) float64 seconds from the first frame.
        """
        # The same operations as in PyAV's `Frame.time`, so that the results are identical.
        times = np.sort(self.times).astype(np.float64)
        times = times * self.time_base.numerator / self.time_base.denominator
        found: NDArray[np.float64] = times - times[:1]
        return found


NO_TIME: Final = int(np.iinfo(np.int64).min)


def read_packets(
    container: InputContainer, stream: VideoStream, *, blank: bool = False
) -> PacketTable:
    """Read all packets of a stream.

    Args:
        container: An open file.
        stream: Its video stream.
        blank: Whether the packets have no data; then `PacketTable.starts` is all False.
    """
    codec = stream.codec_context.codec.canonical_name
    indexed = len(stream.index_entries) if container.format.name.startswith("mov,mp4") else 0
    rows: list[tuple[int, int, bool, bool, int]] = []
    discarded = hidden = stream_bytes = 0
    damage = None
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            stream_bytes += packet.size
            if packet.is_corrupt:
                damage = damage or "holds an incomplete packet"
            if packet.is_discard:
                discarded += 1
            elif not is_shown(packet):
                hidden += 1
            else:
                rows.append(
                    (
                        NO_TIME if packet.pts is None else packet.pts,
                        NO_TIME if packet.dts is None else packet.dts,
                        packet.is_keyframe,
                        not blank and starts_anew(packet),
                        -1 if packet.pos is None else packet.pos,
                    )
                )
    except av.error.FFmpegError as error:
        damage = damage or f"cannot be read to its end ({ffmpeg_message(error)})"
    times, decoding_times, is_key, starts, positions = (
        zip(*rows, strict=True) if rows else ((),) * 5
    )
    found = np.array(times, np.int64)
    return PacketTable(
        times=found,
        decoding_times=np.array(decoding_times, np.int64),
        is_key=np.array(is_key, np.bool_),
        starts=np.array(starts, np.bool_),
        positions=np.array(positions, np.int64),
        time_base=to_fraction(stream.time_base) or Fraction(0),
        stream_bytes=stream_bytes,
        discarded=discarded,
        hidden=hidden,
        numbered=codec in ONE_PICTURE_A_PACKET
        # Damage may make a shown picture look hidden, and numbers would then shift.
        and not hidden
        and container.format.name.startswith(_KEEP_WHOLE_PICTURES)
        and len(found) > 0
        and NO_TIME not in found
        and len(np.unique(found)) == len(found),
        apart=0 < len(found) + discarded + hidden <= indexed,
        reorders=bool(stream.codec_context.has_b_frames),
        damage=damage,
    )


def is_shown(packet: Packet[VideoStream]) -> bool:
    """Return whether a packet contains a shown picture, and no edit list hides it.

    See RFC 6386, 9.1 (VP8: bit 4 of the frame tag), and the VP9 bitstream specification, 6.2
    (uncompressed header) and annex B (superframes, which end with a shown picture).
    """
    codec = packet.stream.codec_context.codec.canonical_name
    in_webm = packet.stream.container.format.name == "matroska,webm"
    # In MP4, each sample contains one shown picture.
    if packet.is_discard or codec not in {"vp8", "vp9"} or not in_webm:
        return not packet.is_discard
    data = memoryview(packet)
    first, last = data[0], data[-1]
    if codec == "vp8":
        return bool(first >> 4 & 1)
    if last & 0b11100000 == 0b11000000 or first >> 6 != 0b10:
        return True
    bits = first << 1 if first >> 4 & 0b11 == 0b11 else first  # profile 3 has one more bit
    shows_existing, shown = bits >> 3 & 1, bits >> 1 & 1
    return bool(shows_existing or shown)
