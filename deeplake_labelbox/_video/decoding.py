"""Decode the frames of a file, in the order in which the decoder emits them, and number them.

If a file is damaged, the frames before the damage are yielded. These faults count as damage:

- lengths in the file's structure that do not match the file (`damage`)
- incomplete packets (a lost MPEG-TS packet)
- packets that the decoder refuses
- pictures in which the decoder would have to conceal errors (by default, FFmpeg does so, and marks
  such a picture only after emitting pictures that were predicted from it)
- pictures that the decoder drops without an error (FFmpeg's HEVC decoder does so for 1 of 150
  flipped bits; `numbering` compares frames with packets)

Decoding continues at the next picture that needs no earlier one, if the numbers of the frames
after the damage are still certain. They are in MP4 and MOV, whose index is separate from the
pictures, if each packet is one picture. In other cases all frames after the damage are lost: the
damage may have removed packets, and later frames would get too low a number.

The decoder may detect noise in a picture's data a few pictures late. It never detects noise that
happens to be valid, because these codecs have no checksums. Measured on real H.264 clips: 7 of 160
places with 1 to 2,000 bytes of noise and 9 of 40 single bits were not detected.

Frames that the decoder still holds for reordering at that point are dropped. A difference between
the declared and the decoded frame count alone is not damage.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import av.error

from deeplake_labelbox._counts import counted
from deeplake_labelbox._video.container import ffmpeg_message, open_container
from deeplake_labelbox._video.cores import limit_decoder
from deeplake_labelbox._video.numbering import FrameNumbers
from deeplake_labelbox._video.packet_tags import PacketTags
from deeplake_labelbox._video.packets import PacketTable, is_shown
from deeplake_labelbox._video.picture_kinds import starts_anew
from deeplake_labelbox.errors import VideoDecodeError

logger = logging.getLogger(__name__)

_FALLBACK_RATE: Final = 25.0  # only spaces the timestamps of files with neither times nor a rate
_MAX_GAPS: Final = 100  # the file is reopened for each
_SHOWN_GAPS: Final = 5


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded frame.

    Attributes:
        frame: The frame, not rotated.
        index: Frame number, from 0.
        timestamp: Seconds from the first frame.
        packet: Number of the packet that the frame was decoded from. All packets of the stream
            that have data are counted, shown or not.
    """

    frame: av.VideoFrame
    index: int
    timestamp: float
    packet: int


@dataclass(frozen=True, slots=True)
class _Stop:
    """The reason why later frames cannot be trusted, and the place of the last decoded packet."""

    reason: str
    packet: int
    cause: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A frame, its number, and the number of its packet."""

    frame: av.VideoFrame
    number: int
    packet: int


class VideoDecoder:
    """Iterate over the decoded frames of a file, any number of times.

    Args:
        path: A local file.
        name: The file's name in messages.
        packets: The file's packets.
        frame_rate: Frames a second, to space the timestamps of frames without times.

    Attributes:
        strict: Whether a decoder that refuses irregular data decoded all frames; set by iterating.

    Raises:
        VideoDecodeError: After the last frame, if not all frames could be decoded.
    """

    def __init__(
        self, path: Path, name: str, packets: PacketTable, frame_rate: float | None
    ) -> None:
        self._path = path
        self._name = name
        self._packets = packets
        self._rate = frame_rate
        self.strict = True

    def __iter__(self) -> Iterator[Decoded]:
        clock = Clock(self._rate)
        numbers = FrameNumbers(self._packets)
        stop, count = None, 0
        for item in self._frames_before_damage(numbers):
            if isinstance(item, _Stop):
                stop = item
            else:
                frame, count = item.frame, item.number + 1
                yield Decoded(frame, item.number, clock.next(frame.time), item.packet)
        if stop is None:
            return
        logger.info("%s is damaged after %d frames", self._name, count)
        missing = [(count, numbers.count)] if numbers.certain and count < numbers.count else []
        if missing:
            for item in self._frames_after(stop, count, numbers):
                start, end = missing.pop()
                missing += [(start, item.number), (item.number + 1, end)]
                missing = [gap for gap in missing if gap[0] < gap[1]]
                yield Decoded(item.frame, item.number, clock.next(item.frame.time), item.packet)
        raise _error(self._name, count, missing, numbers.count, stop) from stop.cause

    def _frames_before_damage(self, numbers: FrameNumbers) -> Iterator[_Numbered | _Stop]:
        count, stop = 0, None
        # Frame threads are a third faster (measured at 720p), but delay as many frames as there
        # are cores. If they stop early, one thread takes over: it stops at the same frame on every
        # machine. A strict decoder also refuses harmless irregularities; then a lenient one
        # continues.
        for threads, strict in (("AUTO", True), ("NONE", True), ("NONE", False)):
            if not strict and not self._is_whole():
                break
            self.strict = strict
            stop = None
            for item in self._frames(threads, numbers if strict else None):
                if isinstance(item, _Stop):
                    stop = item
                elif item.number == count:
                    yield item
                    count += 1
            if stop is None:
                return
        if stop is not None:
            yield stop

    def _frames_after(
        self, stop: _Stop, expected: int, numbers: FrameNumbers
    ) -> Iterator[_Numbered]:
        """Yield the frames from number ``expected`` on that come from packets after a stop."""
        after: _Stop | None = stop
        gaps = 0
        while after is not None and gaps < _MAX_GAPS:
            gaps, place, after = gaps + 1, after.packet, None
            for item in self._frames("NONE", numbers, after=place):
                if isinstance(item, _Stop):
                    after = item
                elif item.number >= expected:
                    yield item
                    expected = item.number + 1

    def _is_whole(self) -> bool:
        """Return whether a lenient decoder decodes every packet to a frame without an error."""
        times = []
        for item in self._frames("AUTO", None):
            if isinstance(item, _Stop):
                return False
            times.append(item.frame.pts)
        if self._packets.numbered and set(times) != set(self._packets.times.tolist()):
            return False
        return len(times) >= len(self._packets)

    def _frames(
        self, threads: str, numbers: FrameNumbers | None, *, after: int = -1
    ) -> Iterator[_Numbered | _Stop]:
        """Yield numbered frames; if some could not be decoded, the last item is a stop.

        Args:
            threads: How the decoder may use threads.
            numbers: Frame numbers from the packets. If None, frames are counted, and the decoder
                is lenient.
            after: Place among the shown packets after which decoding restarts.
        """
        damage = self._packets.file_damage
        place, started = -1, after < 0
        number = 0 if started else None  # of the next frame
        with open_container(self._path, self._name, strict=numbers is not None) as (
            container,
            stream,
        ):
            stream.thread_type = threads
            limit_decoder(stream)
            tags = PacketTags()
            try:
                for packet in tags.tagged(container.demux(stream)):
                    last = packet.size == 0  # the empty packet that flushes the decoder
                    if damage and damage.reaches(sys.maxsize if last else packet.pos):
                        yield _Stop(f"the file {damage.reason}", len(self._packets))
                        return
                    shown = not last and is_shown(packet)
                    place += shown
                    started = started or (shown and place > after and starts_anew(packet))
                    if not started:
                        continue
                    if packet.is_corrupt:
                        yield _Stop("a packet of the stream is incomplete", place)
                        return
                    for frame in packet.decode():
                        source = tags.untag(frame)
                        by_packet = numbers.of_frame(frame) if numbers else None
                        if frame.is_corrupt:
                            yield _Stop("the data of the next frame is damaged", place)
                            return
                        number = by_packet if number is None else number
                        if number is None or by_packet not in {number, None}:
                            yield _Stop("the decoder leaves out a picture", place)
                            return
                        yield _Numbered(frame, number, source)
                        number += 1
            except av.error.FFmpegError as error:
                yield _Stop(f"FFmpeg says: {ffmpeg_message(error)}", place, error)
                return
        reason = f"the file {damage.reason}" if damage else _lack(numbers, number)
        if reason:
            yield _Stop(reason, len(self._packets))


def _lack(numbers: FrameNumbers | None, number: int | None) -> str:
    """Describe missing frames at the end, if the packets determine the frame count."""
    lacks = numbers is not None and numbers.known and number != numbers.count
    return "its last packets give no picture" if lacks else ""


def _error(
    name: str, count: int, missing: list[tuple[int, int]], total: int, stop: _Stop
) -> VideoDecodeError:
    """Return the error for a file that lacks the frames ``missing`` (0-based, ends excluded)."""
    problem = f"could be decoded only up to {counted(count, 'frame')}"
    if missing not in ([], [(count, total)]):
        runs = [f"{start + 1} to {end}" for start, end in missing[:_SHOWN_GAPS]]
        more = len(missing) - len(runs)
        problem = f"lacks its frames {', '.join(runs)}" + (f" and {more} more runs" if more else "")
    return VideoDecodeError(
        f"{name} {problem}: {stop.reason}. Check that it plays to its end, or upload it again.",
        frames_decoded=count,
        missing=tuple((start + 1, end) for start, end in missing),
    )


class Clock:
    """Compute rising frame times, in seconds from the first frame.

    Args:
        rate: Frames a second, to replace times that are missing or go back.
    """

    def __init__(self, rate: float | None) -> None:
        self._step = 1.0 / (rate or _FALLBACK_RATE)
        self._start: float | None = None
        self._last = -self._step

    def next(self, time: float | None) -> float:
        """Return the seconds of the next frame; ``time`` is its own time in the file, if any."""
        if time is not None and self._start is None:
            # Frames before the first one with a time were spaced by the rate.
            self._start = time - (self._last + self._step)
        seconds = time - self._start if time is not None and self._start is not None else None
        if seconds is None or seconds <= self._last:
            seconds = self._last + self._step
        self._last = seconds
        return seconds
