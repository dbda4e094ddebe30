"""Read the packets of a video stream without decoding them.

If each packet is one picture, the packets also give the order of the frames: the picture with the
n-th smallest presentation time is the n-th that a decoder emits. That holds for the codecs in
`ONE_PICTURE_A_PACKET` in containers that keep whole pictures (ISO/IEC 14496-15 for H.264 and
HEVC; the AV1 and VP9 bindings of MP4 and Matroska), and not for interlaced H.264, whose two
fields may come in packets of their own.
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
    """The packets that are to be shown, in decoding order.

    Attributes:
        times: (P,) int64 presentation times in ticks of the stream's time base; the smallest
            int64 if a packet has none.
        decoding_times: (P,) int64, the same for decoding.
        is_key: (P,) bool: starts a group of pictures.
        starts: (P,) bool: the codec promises that a decoder can start here (`starts_anew`).
        positions: (P,) int64 byte of the file at which the packet starts, -1 if unknown.
        time_base: Seconds of a tick.
        stream_bytes: Bytes of all packets of the stream, shown or not.
        discarded: Packets that an edit list hides.
        hidden: Packets that only hold pictures which are never shown (VP8, VP9).
        numbered: Whether each packet is one picture, so that times give the numbers of frames.
        apart: Whether the file's index is separate from the packets (MP4, MOV), so that damage to
            the packets cannot remove any.
        reorders: Whether pictures are decoded in another order than they are shown.
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
        """Seconds of a tick."""
        return float(self.time_base)

    def seconds(self) -> NDArray[np.float64]:
        """The times of a numbered table's frames, in order, as a decoder gives them.

        Returns:
            (P,) float64 seconds from the first frame.
        """
        # The same operations as those of PyAV's `Frame.time`, so that no last bit differs.
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
        container: An opened file.
        stream: Its video stream.
        blank: Whether the packets come without their data; then `PacketTable.starts` has none.
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
        # Damage may make a shown picture look hidden, and then numbers would shift.
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
    """Whether a packet holds a picture that is shown, and is not hidden by an edit list.

    See RFC 6386, 9.1 (VP8: bit 4 of the frame tag), and the VP9 bitstream specification, 6.2
    (uncompressed header) and annex B (superframes, which end with a shown picture).
    """
    codec = packet.stream.codec_context.codec.canonical_name
    in_webm = packet.stream.container.format.name == "matroska,webm"
    # In MP4, each sample holds one shown picture.
    if packet.is_discard or codec not in {"vp8", "vp9"} or not in_webm:
        return not packet.is_discard
    data = memoryview(packet)
    first, last = data[0], data[-1]
    if codec == "vp8":
        return bool(first >> 4 & 1)
    if last & 0b11100000 == 0b11000000 or first >> 6 != 0b10:
        return True
    bits = first << 1 if first >> 4 & 0b11 == 0b11 else first  # profile 3 has a bit more
    shows_existing, shown = bits >> 3 & 1, bits >> 1 & 1
    return bool(shows_existing or shown)
