"""Decode chosen frames of a file, and only the other frames that they need.

If each packet is one picture (`packets`), the packets give the number of every frame before any is
decoded. So groups of pictures without a chosen frame are skipped, as are the packets of a group
after its last chosen frame, and for H.264 also single pictures that no other refers to. The times
of the decoded frames are compared with those of the packets: if they differ, all frames are decoded
in order instead.

Only decoding is skipped: the file is read from its start, which costs about 1/200 of decoding it
and, unlike seeking, leaves no doubt about the position. AV1 is decoded in full, because its
key frames may be shown later than pictures that follow them in the file.

Timestamps are those of the file. They differ from those of a full decode only after a
skipped group in which times go back or repeat, as in broken files.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.cores import limit_decoder
from deeplake_labelbox._video.decoding import Decoded
from deeplake_labelbox._video.packet_tags import PacketTags
from deeplake_labelbox._video.packets import is_shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from deeplake_labelbox._video.frame_choice import FrameChoice
    from deeplake_labelbox._video.packets import PacketTable


class ChosenFrames:
    """The chosen frames of a file, with as little decoding as the codec allows.

    Args:
        path: A local file without damage.
        name: Its name in messages.
        packets: Its packets.
        codec: FFmpeg's name of the codec.
        choice: Which frames are wanted.
        delay: How many packets the decoder reads ahead of the frame that it returns.

    Attributes:
        complete: Whether iterating yielded all chosen frames. If it is False, the yielded frames
            are right, but the rest can only be found by decoding all frames.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        packets: PacketTable,
        codec: str,
        choice: FrameChoice,
        *,
        delay: int,
    ) -> None:
        self.complete = False
        self._path = path
        self._name = name
        self._times = np.sort(packets.times)
        self._seconds = packets.seconds() if packets.numbered else np.zeros(0)
        self._plan = _Plan(packets, codec, choice, delay) if packets.numbered else None

    def __iter__(self) -> Iterator[Decoded]:
        self.complete = False
        if self._plan is None or not self._plan.certain:
            return
        plan, given = self._plan, 0
        expected = iter(np.sort(plan.numbers[plan.needed]).tolist())
        for item in self._decode(plan):
            if isinstance(item, int):  # the number of packets decoded so far
                if item != given:
                    return
                continue
            number = next(expected, None)
            frame, packet = item
            if number is None or frame.pts != self._times[number]:
                return
            # The fields of interlaced pictures may be in separate packets.
            if frame.is_corrupt or frame.interlaced_frame:
                return
            given += 1
            if plan.chosen[number]:
                yield Decoded(frame, number, float(self._seconds[number]), packet)

    def _decode(self, plan: _Plan) -> Iterator[tuple[av.VideoFrame, int] | int]:
        """Yield frames, each with its packet; once all are out, the number of packets so far."""
        place, sent, tags = -1, 0, PacketTags()
        with open_container(self._path, self._name, strict=True) as (container, stream):
            stream.thread_type = "AUTO"
            limit_decoder(stream)
            context = stream.codec_context
            try:
                for packet in tags.tagged(container.demux(stream)):
                    if packet.size == 0 or place + 1 >= plan.end:
                        break
                    if is_shown(packet):
                        place += 1
                        if plan.starts[place]:
                            yield from ((f, tags.untag(f)) for f in context.decode(None))
                            yield sent
                            context.flush_buffers()
                        if not plan.needed[place]:
                            continue
                        sent += 1
                    elif not plan.inside[max(place, 0)]:
                        continue
                    yield from ((f, tags.untag(f)) for f in packet.decode())
                yield from ((f, tags.untag(f)) for f in context.decode(None))
            except av.error.FFmpegError:
                return
        yield sent
        self.complete = True


def group_starts(packets: PacketTable, codec: str) -> NDArray[np.int64]:
    """Return the packets after the first at which decoding can start; frames must be numbered.

    All frames of earlier packets come before the frames of such a packet and of those after it, so
    its place is also the number of the first of these frames.

    Args:
        packets: The packets of the file.
        codec: FFmpeg's name of the codec.
    """
    if codec == "av1":
        return np.zeros(0, np.int64)
    latest = np.maximum.accumulate(packets.numbers())
    places = np.flatnonzero(packets.shown["starts"][1:]) + 1
    found: NDArray[np.int64] = places[latest[places - 1] == places - 1]
    return found


class _Plan:
    """Which packets are decoded.

    Attributes:
        certain: Whether packets give the numbers of frames from the first one on.
        chosen: (P,) bool, by frame number: the frame is chosen.
        numbers: (P,) number of each packet's frame, packets in decoding order.
        starts: (P,) bool: the decoder restarts before this packet.
        needed: (P,) bool: this packet is decoded.
        inside: (P,) bool: packets that are not shown are decoded after this packet.
        end: No packet from this one on is needed.
    """

    def __init__(self, packets: PacketTable, codec: str, choice: FrameChoice, delay: int) -> None:
        picker, seconds = choice.picker(), packets.seconds().tolist()
        self.chosen = np.array([picker.wants(*frame) for frame in enumerate(seconds)])
        self.numbers = packets.numbers()
        # Decoders may or may not return pictures before the first key frame.
        self.certain = bool(self.numbers[0] == 0)
        self.starts = np.zeros(len(packets), np.bool_)
        self.needed = np.zeros(len(packets), np.bool_)
        self.inside = np.zeros(len(packets), np.bool_)
        self._wanted = self.chosen[self.numbers]
        in_full = True
        for start, end in self._groups(group_starts(packets, codec)):
            wanted = np.flatnonzero(self._wanted[start:end])
            if not len(wanted):
                in_full = False
                continue
            # Frames before a chosen one are decoded even if it does not need them, and as many
            # after it as the decoder waits for. So it is noticed if the decoder returns them in
            # another order than that of the times.
            latest = self.numbers[start:end][wanted].max()
            stop = start + int(np.flatnonzero(self.numbers[start:end] <= latest)[-1]) + 1 + delay
            stop = min(stop, end)
            self.inside[start:stop] = True
            self.needed[start:stop] = self.numbers[start:stop] >= self.numbers[start]
            self.starts[start] = not in_full
            in_full = stop == end
        # Shown before a picture that is decoded earlier, so the times are presentation times.
        comes_back = self.numbers < np.maximum.accumulate(self.numbers)
        self.needed &= ~(packets.shown["unreferenced"] & comes_back & ~self._wanted)
        inside = np.flatnonzero(self.inside)
        self.end = int(inside[-1]) + 1 if len(inside) else 0

    def _groups(self, starts: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Return the first packet and the end of each group that is decoded without the others."""
        groups: list[tuple[int, int]] = []
        for start, end in pairwise([0, *starts.tolist(), len(self.numbers)]):
            leading = self.numbers[start:end] < self.numbers[start]
            # Leading pictures also need the packets before the key frame.
            if groups and (leading & self._wanted[start:end]).any():
                groups[-1] = (groups[-1][0], end)
            else:
                groups.append((start, end))
        return groups
