"""The numbers of frames, told by the packets that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import av
    from av.packet import Packet
    from av.video.stream import VideoStream

    from deeplake_labelbox._video.packets import PacketTable

# Where avcC and hvcC tell how long the length before each NAL unit is (ISO/IEC 14496-15).
_LENGTH_SIZE_AT: Final = {"h264": 4, "hevc": 21}


class FrameNumbers:
    """Tells the number of a frame by its presentation time.

    Frames that a decoder leaves out at the start (pictures before the first key frame, and those
    that need pictures before it) have no number, as they have none in a player.

    Args:
        packets: The file's packets.

    Attributes:
        known: Whether the packets tell numbers at all. Interlaced H.264 ends it.
    """

    def __init__(self, packets: PacketTable) -> None:
        order = np.argsort(packets.times, kind="stable")
        self._times = packets.times[order]
        self._is_key = packets.is_key[order]
        self._skipped: int | None = None  # told by the first frame
        self._apart = packets.apart
        self.known = packets.numbered

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self._times) - (self._skipped or 0)

    @property
    def certain(self) -> bool:
        """Whether numbers hold also behind damage."""
        return self.known and self._apart

    def of_frame(self, frame: av.VideoFrame) -> int | None:
        """The number of a frame, from 0; -1 where it has the time of no packet.

        The first frame that is asked for is taken for the first of the video.

        Returns:
            The number, or None where the packets do not tell it.
        """
        if frame.interlaced_frame:  # whose fields may come in packets of their own
            self.known = False
        if not self.known:
            return None
        rank = int(np.searchsorted(self._times, frame.pts)) if frame.pts is not None else -1
        if not 0 <= rank < len(self._times) or self._times[rank] != frame.pts:
            return -1
        if self._skipped is None:
            self._skipped = 0 if self._is_key[:rank].any() else rank
        return rank - self._skipped


def starts_anew(packet: Packet[VideoStream]) -> bool:
    """Whether a decoder can start at a packet and show all pictures that follow it in right order.

    A key flag alone does not tell: it also stands where a picture refreshes bit by bit, and where
    H.264's leading pictures would be decoded from what is not there. See ITU-T H.264, 7.4.1
    (type 5: IDR) and H.265, 7.4.2.2 (types 16 to 21: IRAP, whose leading pictures decoders skip).

    Args:
        packet: A packet of an MP4 or MOV.
    """
    context = packet.stream.codec_context
    codec = context.codec.canonical_name
    if not packet.is_keyframe or codec not in _LENGTH_SIZE_AT:
        return packet.is_keyframe
    configuration = context.extradata or b""
    place = _LENGTH_SIZE_AT[codec]
    if len(configuration) <= place:
        return False
    length_size = (configuration[place] & 0b11) + 1
    data = memoryview(packet)
    position = 0
    while position + length_size < len(data):
        length = int.from_bytes(data[position : position + length_size], "big")
        header = data[position + length_size]
        if codec == "h264" and header & 0x1F in range(1, 6):
            return header & 0x1F == 5
        if codec == "hevc" and header >> 1 & 0x3F < 32:
            return header >> 1 & 0x3F in range(16, 22)
        position += length_size + length
    return False
