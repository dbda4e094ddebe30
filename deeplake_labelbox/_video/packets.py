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
from deeplake_labelbox._video.picture_kinds import is_unreferenced, starts_anew
from deeplake_labelbox._video.pyav_versions import to_fraction

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from deeplake_labelbox._video.damage import Damage

ONE_PICTURE_A_PACKET: Final = frozenset({"h264", "hevc", "av1", "vp8", "vp9"})
_KEEP_WHOLE_PICTURES: Final = ("mov,mp4", "matroska,webm")


PACKET: Final = np.dtype(
    [
        ("time", np.int64),  # of presentation, in ticks of the stream's time base; or NO_TIME
        ("decoding_time", np.int64),  # in the same form
        ("size", np.int32),  # in bytes
        ("is_key", np.bool_),  # it starts a group of pictures
        ("starts", np.bool_),  # the codec guarantees that a decoder can start here (`starts_anew`)
        ("unreferenced", np.bool_),  # no other picture is predicted from it (`is_unreferenced`)
        ("shown", np.bool_),  # see `is_shown`
        ("discarded", np.bool_),  # an edit list hides it
    ],
    align=True,
)
"""A packet that has data."""

NO_TIME: Final = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PacketTable:
    """The packets of a stream, in decoding order.

    Attributes:
        every: (A,) `PACKET`: all packets.
        shown: (P,) `PACKET`: those that are shown.
        parameters: Number in ``every`` and extradata of each packet from which on the stream has
            other extradata than before.
        time_base: Seconds per tick.
        discarded: Number of packets that an edit list hides.
        hidden: Number of packets with only pictures that are never shown (VP8, VP9).
        numbered: Whether each packet is one picture, so that times determine frame numbers.
        apart: Whether the file's index is separate from the packets (MP4, MOV), so that damage to
            the packets cannot remove any of them.
        reorders: Whether the decoding order differs from the display order.
        file_damage: Where the file differs from its own structure (`find_damage`), or None.
        damage: Why not all packets could be read, or None.
    """

    every: NDArray[np.void]
    shown: NDArray[np.void]
    parameters: tuple[tuple[int, bytes], ...]
    time_base: Fraction
    discarded: int
    hidden: int
    numbered: bool
    apart: bool
    reorders: bool
    file_damage: Damage | None
    damage: str | None

    def __len__(self) -> int:
        """Number of packets that are shown."""
        return len(self.shown)

    @property
    def times(self) -> NDArray[np.int64]:
        """(P,) int64 presentation times of the packets that are shown."""
        return self.shown["time"]

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

    def numbers(self) -> NDArray[np.int64]:
        """Return the number of each shown packet's frame, from 0, of a numbered table."""
        order = np.argsort(self.times)
        numbers = np.empty_like(order)
        numbers[order] = np.arange(len(order))
        return numbers


def read_packets(
    container: InputContainer,
    stream: VideoStream,
    file_damage: Damage | None,
    *,
    blank: bool = False,
) -> PacketTable:
    """Read all packets of a stream.

    Args:
        container: An open file.
        stream: Its video stream.
        file_damage: See `PacketTable`.
        blank: Whether the packets have no data; then their pictures are unknown.
    """
    codec = stream.codec_context.codec.canonical_name
    indexed = len(stream.index_entries) if container.format.name.startswith("mov,mp4") else 0
    rows: list[tuple[int, int, int, bool, bool, bool, bool, bool]] = []
    extradata = stream.codec_context.extradata or b""
    parameters: list[tuple[int, bytes]] = []
    damage = None
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if packet.is_corrupt:
                damage = damage or "holds an incomplete packet"
            if packet.has_sidedata("new_extradata"):
                before, extradata = extradata, bytes(packet.get_sidedata("new_extradata"))
                if extradata != before:
                    parameters.append((len(rows), extradata))
            rows.append(
                (
                    NO_TIME if packet.pts is None else packet.pts,
                    NO_TIME if packet.dts is None else packet.dts,
                    packet.size,
                    packet.is_keyframe,
                    not blank and starts_anew(packet),
                    not blank and is_unreferenced(packet),
                    is_shown(packet),
                    packet.is_discard,
                )
            )
    except av.error.FFmpegError as error:
        damage = damage or f"cannot be read to its end ({ffmpeg_message(error)})"
    every = np.array(rows, PACKET)
    shown = every[every["shown"]]
    discarded = int(every["discarded"].sum())
    hidden = len(every) - len(shown) - discarded
    return PacketTable(
        every=every,
        shown=shown,
        parameters=tuple(parameters),
        time_base=to_fraction(stream.time_base) or Fraction(0),
        discarded=discarded,
        hidden=hidden,
        numbered=codec in ONE_PICTURE_A_PACKET
        # Damage may make a shown picture look hidden, and numbers would then shift.
        and not hidden
        and container.format.name.startswith(_KEEP_WHOLE_PICTURES)
        and len(shown) > 0
        and NO_TIME not in shown["time"]
        and len(np.unique(shown["time"])) == len(shown),
        apart=0 < len(every) <= indexed,
        reorders=bool(stream.codec_context.has_b_frames),
        file_damage=file_damage,
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
