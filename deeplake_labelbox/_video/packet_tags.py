"""Find the packet that a frame was decoded from.

A decoder copies the presentation time of each packet to the frame that it decodes from it. The
time is therefore replaced by the packet's number before decoding, and restored in the frame
afterwards. This also works if packets have no times, or times that repeat or go back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from av.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import av
    from av.packet import Packet

V = TypeVar("V", bound=Stream)


class PacketTags:
    """Tag the packets of one pass through a file with their numbers, from 0."""

    def __init__(self) -> None:
        self._times: list[int | None] = []

    def tagged(self, packets: Iterable[Packet[V]]) -> Iterator[Packet[V]]:
        """Replace the time of each packet that has data with its number."""
        for packet in packets:
            if packet.size:
                self._times.append(packet.pts)
                packet.pts = len(self._times) - 1
            yield packet

    def untag(self, frame: av.VideoFrame) -> int:
        """Restore the time of a frame, and return its packet's number, or -1 if it has none."""
        number = frame.pts
        if number is None:
            return -1
        frame.pts = self._times[number]
        return number
