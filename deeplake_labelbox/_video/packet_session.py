"""Decode stored packets, and continue where decoding stopped if possible.

The presentation time of each packet is set to its number. Each decoded frame therefore identifies
its packet, whatever the decoder's output order.
"""

from __future__ import annotations

import ctypes
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import av
import av.error
from av.codec import Codec

from deeplake_labelbox._video.container import MAX_PIXELS
from deeplake_labelbox._video.cores import usable_cores
from deeplake_labelbox._video.packet_index import START, UNREFERENCED, StreamParameters
from deeplake_labelbox.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from av.video.codeccontext import VideoCodecContext

    from deeplake_labelbox._video.packet_index import PacketIndex

_MAX_THREADS: Final = 8  # each thread holds pictures
_KEPT_GROUPS: Final = 2  # of about 1 MiB each


class PacketSession:
    """Decode frames of one video. Only one thread may use a session at a time.

    Args:
        index: The index of the video's packets.
        fetch: Returns the bytes of a group.
        checks: Whether to verify the checksums of groups.
    """

    def __init__(
        self, index: PacketIndex, fetch: Callable[[int], bytes], *, checks: bool = True
    ) -> None:
        self._index = index
        self._checks = checks
        self._fetch = fetch
        self._context: VideoCodecContext | None = None
        self._groups: OrderedDict[int, bytes] = OrderedDict()
        self._part = 0  # of the stream; the decoder was opened with its parameters
        self._since = -1  # the packet at which decoding started; -1: the decoder is empty
        self._next = -1  # the next packet to decode
        self._inside: set[int] = set()  # frames whose packets are in the decoder
        self._waiting: dict[int, av.VideoFrame] = {}  # decoded frames, by number

    @property
    def is_empty(self) -> bool:
        """Whether the decoder has no state to continue from."""
        return self._since < 0

    def reaches(self, frame: int) -> bool:
        """Return whether the decoder can continue to a frame without a restart."""
        if frame in self._waiting or frame in self._inside:
            return True
        index = self._index
        start, packet = int(index.starts[frame]), int(index.packets[frame])
        if not 0 <= self._since <= start <= self._next <= packet:
            return False
        return index.part_of(start) == self._part and (index.clean or start == self._since)

    def distance(self, frame: int) -> int:
        """Return the number of packets up to a frame, which must be reachable."""
        return max(int(self._index.packets[frame]) - self._next, 0)

    def frames(self, wanted: Sequence[int], *, keep: bool) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode frames, and yield each with its number.

        Args:
            wanted: Frame numbers, ascending, without duplicates.
            keep: Whether the decoder keeps its state after the last frame, to continue later.
                Otherwise it is drained, which returns the last frame sooner.

        Raises:
            DatasetError: If the packets do not match the index.
        """
        is_unneeded = _unneeded_before(wanted)
        for place, frame in enumerate(wanted):
            if frame not in self._waiting:
                if not self.reaches(frame):
                    self._restart(int(self._index.starts[frame]))
                last = place + 1 == len(wanted)
                goes_on = keep if last else self.reaches(wanted[place + 1])
                self._advance(frame, is_unneeded, goes_on=goes_on)
            yield frame, self._waiting.pop(frame)
            for passed in [number for number in self._waiting if number < frame]:
                del self._waiting[passed]

    def reset(self) -> None:
        """Discard the decoder's state; the next frame is decoded from the start of its group."""
        if self._since >= 0 and self._context is not None:
            self._context.flush_buffers()
            self._context.reorder_depth = self._index.stream.reorder_depth  # flushing may reset it
        self._empty()

    def close(self) -> None:
        """Free the decoder's memory."""
        if self._context is not None:
            self._context.flush_buffers()  # waits for its threads without the GIL
        self._context = None
        self._groups.clear()
        self._empty()

    def forget(self) -> None:
        """Reset after a fork, in a child process without the decoder's threads.

        Freeing the decoder would wait for these threads forever, so it is never freed.
        """
        for owned in (self._context, dict(self._waiting)):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(owned))
        self._context = None
        self._empty()

    def _empty(self) -> None:
        self._since = self._next = -1
        self._inside.clear()
        self._waiting.clear()

    def _restart(self, packet: int) -> None:
        part = self._index.part_of(packet)
        if self._context is not None and (part != self._part or not self._index.clean):
            self.close()
        if self._context is None:
            self._context = open_decoder(self._index, part)
            self._part = part
        self.reset()
        self._since = self._next = packet

    def _advance(self, frame: int, is_unneeded: Callable[[int], bool], *, goes_on: bool) -> None:
        """Decode packets until the decoder has emitted a frame."""
        index = self._index
        packet = int(index.packets[frame])
        while frame not in self._waiting:
            number = self._next
            over = (
                number == len(index.sizes)
                or not index.stored[index.groups[number]]
                or index.part_of(number) != self._part
            )
            if over or (number > packet and not goes_on and not self._completes(number)):
                self._drain(frame)
                if frame not in self._waiting:
                    raise _missing(frame, index)
                return
            self._next += 1
            given = int(index.frames[number])
            if index.flags[number] & UNREFERENCED and is_unneeded(given):
                continue
            if self._is_whole(given):
                self._inside.add(given)
            tagged: av.Packet[Any] = av.Packet(int(index.sizes[number]))
            # Not Packet(data): with frame threads, freeing Python's memory can wait for the GIL
            # while the GIL's holder waits for the thread.
            tagged.update(self._data(number))
            tagged.pts = tagged.dts = number
            self._take(tagged, frame)
            if frame not in self._waiting and any(other > frame for other in self._waiting):
                raise _missing(frame, index)  # frames come in ascending order

    def _is_whole(self, frame: int) -> bool:
        """Return whether decoding started early enough for a frame (leading pictures need more)."""
        return frame >= 0 and bool(self._since <= self._index.starts[frame])

    def _completes(self, number: int) -> bool:
        """Return whether a packet may be the second field of a picture that began before it."""
        return self._index.frames[number] < 0 and not self._index.flags[number] & START

    def _drain(self, frame: int) -> None:
        self._take(None, frame)
        waiting = dict(self._waiting)
        self.reset()
        self._waiting.update(waiting)

    def _take(self, packet: av.Packet[Any] | None, least: int) -> None:
        """Decode a packet (None drains the decoder); keep frames from the number ``least`` on."""
        assert self._context is not None  # noqa: S101 - opened by _restart
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            return  # the packet was known to be damaged when it was stored, and has no frame
        for frame in frames:
            number = -1 if frame.pts is None else int(self._index.frames[frame.pts])
            self._inside.discard(number)
            if (
                number >= least
                and self._is_whole(number)
                and (self._index.verified or not frame.is_corrupt)
            ):
                self._waiting[number] = frame

    def _data(self, packet: int) -> bytes:
        index = self._index
        group = int(index.groups[packet])
        if group in self._groups:
            data = self._groups[group]
            self._groups.move_to_end(group)
        else:
            data = self._fetch(group)
            # Not isal's: decoding H.264 in the same thread then took 1.7 times as long (measured).
            if self._checks and zlib.crc32(data) != int(index.checksums[group]):
                raise DatasetError(
                    f"The packets of group {group} of a video are not those that were stored. "
                    "Restore the dataset, or build it again."
                )
            self._groups[group] = data
            if len(self._groups) > _KEPT_GROUPS:
                self._groups.popitem(last=False)
        start = int(index.offsets[packet])
        return data[start : start + int(index.sizes[packet])]


def _unneeded_before(wanted: Sequence[int]) -> Callable[[int], bool]:
    """Return a function that tells the frames before the last wanted one that are not wanted."""
    first, last = wanted[0], wanted[-1]
    kept = range(first, last + 1) if len(wanted) == last - first + 1 else frozenset(wanted)
    return lambda frame: 0 <= frame < last and frame not in kept


def _missing(frame: int, index: PacketIndex) -> DatasetError:
    problem = f"Frame {frame + 1} of a video does not come out of its stored packets. "
    if not index.verified:
        return DatasetError(
            problem + "They were copied without decoding them, and the file that they come from "
            "is damaged there. Check that it plays, and store it again."
        )
    return DatasetError(
        problem + "Check that the dataset was not changed by other means, and that the installed "
        "PyAV decodes the codec as the one that stored the video did."
    )


def open_decoder(index: PacketIndex, part: int) -> VideoCodecContext:
    """Open a decoder for a part of a stream.

    Args:
        index: The index of the stream's packets.
        part: The number of the part, from 0.

    Raises:
        DatasetError: If the installed FFmpeg does not know the codec.
    """
    stream = index.stream
    try:
        try:
            codec = Codec(stream.decoder, "r")
        except av.codec.codec.UnknownCodecError:
            codec = Codec(stream.codec, "r")
        context: VideoCodecContext = codec.create("video")
    except (av.codec.codec.UnknownCodecError, av.error.FFmpegError) as error:
        raise DatasetError(
            f"Videos of the codec {stream.codec} cannot be decoded here: the installed PyAV has "
            "no decoder for it. Install the wheel of PyAV from PyPI."
        ) from error
    if stream.tag:
        context.codec_tag = stream.tag
    context.extradata = index.extradata_of(part) or None
    context.width, context.height = stream.width, stream.height
    if stream.pixel_format:
        context.pix_fmt = stream.pixel_format
    for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
        setattr(context, name, getattr(stream, name))
    context.bits_per_coded_sample = stream.bits_per_coded_sample
    context.reorder_depth = stream.reorder_depth
    context.thread_type = "AUTO" if index.clean else "NONE"
    # The same number as FFmpeg's default, up to a limit.
    context.thread_count = min(usable_cores() + 1, _MAX_THREADS)
    # Packets that were not decoded when they were stored may be damaged.
    strict = {} if index.verified else {"err_detect": "explode"}
    context.options = {"max_pixels": str(MAX_PIXELS), **strict}
    return context


def stream_parameters(context: VideoCodecContext) -> StreamParameters:
    """Return the parameters with which `open_decoder` decodes like the file's own decoder.

    Args:
        context: The file's decoder, not yet used.
    """
    try:
        tag = context.codec_tag
    except UnicodeDecodeError:
        tag = ""
    return StreamParameters(
        codec=context.codec.canonical_name,
        decoder=context.codec.name,
        tag=tag if tag.strip("\0") else "",
        width=context.width,
        height=context.height,
        pixel_format=context.pix_fmt,
        color_range=int(context.color_range),
        color_primaries=int(context.color_primaries),
        color_trc=int(context.color_trc),
        colorspace=int(context.colorspace),
        bits_per_coded_sample=context.bits_per_coded_sample,
        reorder_depth=context.reorder_depth,
        extradata=context.extradata or b"",
    )
