"""PacketRecorder: a video's packets in groups that can be stored, and which frame each gives.

The file is read several times; its packets cost little, its frames are decoded once and not
converted. So the index is complete before the first group comes, and only one group at a time is
in memory.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import av.error
import numpy as np
from isal import isal_zlib

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.numbering import starts_anew
from deeplake_labelbox._video.packet_index import START, PacketIndex
from deeplake_labelbox._video.packet_session import stream_parameters
from deeplake_labelbox._video.packets import is_shown
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from deeplake_labelbox._video.frame_choice import FrameChoice
    from deeplake_labelbox._video.opened import OpenedVideo
    from deeplake_labelbox._video.packet_index import StreamParameters

logger = logging.getLogger(__name__)

_MAX_GROUP_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class RecordedGroup:
    """Packets to be stored together, and the wanted frames that can be read once they are.

    Attributes:
        group: Number of the group in the index.
        data: Its packets, joined in decoding order.
        indices: (N,) int32 numbers of the frames, ascending, also over groups.
        timestamps: (N,) float64 seconds from the first frame.
    """

    group: int
    data: bytes
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Packets:
    """All packets of a stream that have data.

    Attributes:
        stream: What a decoder must know.
        sizes: (P,) int32 bytes.
        flags: (P,) uint8, see `PacketIndex`.
        shown: (P,) bool: whether the packet is among the `PacketTable`'s.
    """

    stream: StreamParameters
    sizes: NDArray[np.int32]
    flags: NDArray[np.uint8]
    shown: NDArray[np.bool_]


@dataclass(slots=True)
class _Frames:
    """What a decoder gave.

    Attributes:
        of_packets: (P,) int32 number of each packet's frame, -1 where none.
        indices: Numbers of the wanted frames, ascending.
        timestamps: Their times.
        error: What ended the decoding.
    """

    of_packets: NDArray[np.int32]
    indices: list[int]
    timestamps: list[float]
    error: VideoDecodeError | None = None


class PacketRecorder:
    """Records the packets of a video for storing. To be iterated once.

    Args:
        video: The video; its ``frame_count`` and ``sizes`` are set.
        choice: Which frames are wanted.
        verify: Whether the video is decoded to record which packet gives which frame. Without,
            packets are copied where their times tell it beyond doubt; else it is decoded all the
            same.

    Raises:
        VideoDecodeError: After the last group, if the file is not whole.
    """

    def __init__(self, video: OpenedVideo, choice: FrameChoice, *, verify: bool = True) -> None:
        self._video = video
        self._choice = choice
        self._verify = verify
        self._index: PacketIndex | None = None

    @property
    def index(self) -> PacketIndex:
        """The index of the packets; complete when the first group comes."""
        if self._index is None:
            raise ConfigurationError("Iterate a PacketRecorder before asking for its index.")
        return self._index

    def __iter__(self) -> Iterator[RecordedGroup]:
        video = self._video
        packets = self._read_packets()
        frames = self._decode(packets)
        self._index = self._lay_out(packets, frames)
        logger.debug("%s has %d groups of packets", video.name, len(self._index.firsts))
        yield from self._groups(self._index, frames)
        if frames.error is not None:
            raise frames.error

    def _read_packets(self) -> _Packets:
        sizes, flags, shown = [], [], []
        with open_container(self._video.path, self._video.name) as (container, stream):
            parameters = stream_parameters(stream.codec_context)
            try:
                for packet in container.demux(stream):
                    if packet.size:
                        sizes.append(packet.size)
                        flags.append(START if starts_anew(packet) else 0)
                        shown.append(is_shown(packet))
            except av.error.FFmpegError as error:
                logger.debug("%s: %s", self._video.name, error)  # told by the scan
        parameters = replace(
            parameters, reorder_depth=max(parameters.reorder_depth, self._video.delay)
        )
        return _Packets(
            parameters,
            np.array(sizes, np.int32),
            np.array(flags, np.uint8),
            np.array(shown, np.bool_),
        )

    def _decode(self, packets: _Packets) -> _Frames:
        found = _Frames(np.full(len(packets.sizes), -1, np.int32), [], [])
        try:
            for decoded, wanted in self._video.decoded(self._choice):
                found.of_packets[decoded.packet] = decoded.index
                if wanted:
                    found.indices.append(decoded.index)
                    found.timestamps.append(decoded.timestamp)
        except VideoDecodeError as error:
            found.error = error
        # Of the frames that were not decoded because they are not wanted, the packets' times tell.
        table = self._video.packets
        if found.error is None and table.numbered and self._video.frame_count == len(table):
            ranks = np.argsort(np.argsort(table.times, kind="stable"), kind="stable")
            found.of_packets[packets.shown] = ranks
        return found

    def _lay_out(self, packets: _Packets, frames: _Frames) -> PacketIndex:
        flags = packets.flags.copy()
        flags[:1] |= START
        firsts = [0]
        total = 0
        for number, (size, flag) in enumerate(
            zip(packets.sizes.tolist(), flags.tolist(), strict=True)
        ):
            if number and (flag & START or total + size > _MAX_GROUP_BYTES):
                firsts.append(number)
                total = 0
            total += size
        index = PacketIndex(
            stream=packets.stream,
            orientation=self._video.orientation,
            size=(self._video.info.width, self._video.info.height),
            frame_count=self._video.frame_count,
            verified=True,
            whole=frames.error is None,
            sizes=packets.sizes,
            frames=frames.of_packets,
            flags=flags,
            firsts=np.array(firsts, np.int32),
            stored=np.ones(len(firsts), np.bool_),
            checksums=np.zeros(len(firsts), np.uint32),
        )
        index.stored[:] = False
        wanted = np.array(frames.indices, np.int64)
        if len(wanted):
            first, last = index.groups[index.starts[wanted]], index.groups[index.packets[wanted]]
            for start, end in set(zip(first.tolist(), last.tolist(), strict=True)):
                index.stored[start : end + 1] = True
        return index

    def _groups(self, index: PacketIndex, frames: _Frames) -> Iterator[RecordedGroup]:
        """Copy the groups that are stored; the index takes their checksums."""
        indices = np.array(frames.indices, np.int32)
        timestamps = np.array(frames.timestamps, np.float64)
        groups = index.groups[index.packets[indices]]
        # A frame can be read when its own group and those of all earlier frames are there.
        ready = np.maximum.accumulate(groups) if len(groups) else groups
        for group, data in self._copied(index):
            index.checksums[group] = isal_zlib.crc32(data)
            here = ready == group
            yield RecordedGroup(group, data, indices[here], timestamps[here])

    def _copied(self, index: PacketIndex) -> Iterator[tuple[int, bytes]]:
        ends = np.append(index.firsts[1:], len(index.sizes)).tolist()
        last = int(np.flatnonzero(index.stored)[-1]) if index.stored.any() else -1
        parts: list[bytes] = []
        number = group = 0
        with open_container(self._video.path, self._video.name) as (container, stream):
            for packet in container.demux(stream):
                if group > last:
                    return
                if not packet.size:
                    continue
                if index.stored[group]:
                    parts.append(bytes(packet))
                number += 1
                if number == ends[group]:
                    if index.stored[group]:
                        yield group, b"".join(parts)
                    parts = []
                    group += 1
