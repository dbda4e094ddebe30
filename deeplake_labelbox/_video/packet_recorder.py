"""PacketRecorder: group a video's packets for storing, and record which frame each packet gives.

The file is read several times; each time costs about 1/200 of decoding it. Its frames are decoded
once, without conversion, and those of some groups twice (`seek_points`). So the index is complete
before the first group is yielded, and only one group at a time is in memory.

If the packets alone determine the number of each frame (`packets`), decoding can be skipped.
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.decoded_frames import DecodedFrames
from deeplake_labelbox._video.decoding import VideoDecoder
from deeplake_labelbox._video.file_groups import FileGroups
from deeplake_labelbox._video.h264_fields import is_progressive
from deeplake_labelbox._video.packet_index import START, UNREFERENCED, PacketIndex, StreamParameters
from deeplake_labelbox._video.packet_session import stream_parameters
from deeplake_labelbox._video.picture_sizes import picture_sizes
from deeplake_labelbox._video.seek_points import SeekPoints, frame_digest
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError, VideoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from deeplake_labelbox._video.frame_choice import FrameChoice
    from deeplake_labelbox._video.opened import OpenedVideo

logger = logging.getLogger(__name__)

_MAX_GROUP_BYTES: Final = 1 << 20
_SHARED_GROUP_BYTES: Final = 64 << 10
_TRIED_FRAMES: Final = 16  # decoded to check a video that is copied


@dataclass(frozen=True, slots=True)
class RecordedGroup:
    """Packets to store together, and the wanted frames that can be read once they are stored.

    Attributes:
        group: Number of the group in the index.
        data: Its packets, joined in decoding order.
        indices: (N,) int32 numbers of the frames, ascending, also across groups.
        timestamps: (N,) float64 seconds from the first frame.
    """

    group: int
    data: bytes
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]


@dataclass(slots=True)
class _Frames:
    """The frames of a video.

    Attributes:
        of_packets: (P,) int32 number of each packet's frame, -1 if it has none.
        indices: Numbers of the wanted frames, ascending.
        timestamps: Their times.
        digests: `frame_digest` of the decoded frames, by number.
        verified: Whether the numbers come from a decoder.
        error: The error that ended the decoding.
    """

    of_packets: NDArray[np.int32]
    indices: list[int] = field(default_factory=list)
    timestamps: list[float] = field(default_factory=list)
    digests: dict[int, int] = field(default_factory=dict)
    verified: bool = True
    error: VideoDecodeError | None = None


class PacketRecorder:
    """Records the packets of a video for storing; iterate it once.

    Args:
        video: The video. If its ``frames`` are known, it is not decoded. Its ``frame_count`` and
            ``sizes`` are set.
        choice: Which frames are wanted.
        verify: Whether to decode the video to record which packet gives which frame. If False,
            packets are copied without decoding if their times determine this beyond doubt;
            otherwise the video is still decoded.

    Raises:
        VideoError: Before the first group, if the frames cannot be read from the packets.
        VideoDecodeError: After the last group, if the file is incomplete.
    """

    def __init__(self, video: OpenedVideo, choice: FrameChoice, *, verify: bool = True) -> None:
        self._video = video
        self._choice = choice
        self._verify = verify
        self._index: PacketIndex | None = None

    @property
    def index(self) -> PacketIndex:
        """The index of the packets; the checksums in it are complete after the last group."""
        if self._index is None:
            raise ConfigurationError("Iterate a PacketRecorder before asking for its index.")
        return self._index

    def __iter__(self) -> Iterator[RecordedGroup]:
        stream = self._stream_parameters()
        copies = not self._verify and self._tells_numbers(stream)
        frames = self._numbered() if copies else self._decoded()
        index = self._proven(stream, frames)
        indices = np.array(frames.indices, np.int32)
        self._index = index = _grouped(index, indices)
        timestamps = np.array(frames.timestamps, np.float64)
        # A frame can be read once its own group and those of all earlier frames are stored.
        ready = index.groups[np.maximum.accumulate(index.packets[indices])]
        last = int(ready[-1]) if len(ready) else -1
        for group, data in FileGroups(self._video, index):
            if group > last:
                break
            if index.stored[group]:
                index.checksums[group] = zlib.crc32(data)
                here = ready == group
                yield RecordedGroup(group, data, indices[here], timestamps[here])
        if frames.error is not None:
            raise frames.error

    def _stream_parameters(self) -> StreamParameters:
        with open_container(self._video.path, self._video.name) as (_, stream):
            found = stream_parameters(stream.codec_context)
        return replace(found, reorder_depth=max(found.reorder_depth, self._video.delay))

    def _decoded(self) -> _Frames:
        """Return the frames as a decoder gives them."""
        decoded = self._video.frames or DecodedFrames.of(self._video, self._choice)
        self._video.frame_count, self._video.strict = decoded.frame_count, decoded.strict
        self._video.sizes = list(decoded.sizes)
        if not decoded.identify_packets:
            raise self._refusal("its frames do not identify the packets that they come from")
        table = self._video.packets
        found = _Frames(
            np.full(len(table.every), -1, np.int32),
            decoded.numbers[decoded.wanted].tolist(),
            decoded.timestamps[decoded.wanted].tolist(),
            dict(zip(decoded.numbers.tolist(), decoded.digests.tolist(), strict=True)),
            error=decoded.error,
        )
        found.of_packets[decoded.packets] = decoded.numbers
        # Unwanted frames that were not decoded are numbered by the packets' times.
        if found.error is None and table.numbered and self._video.frame_count == len(table):
            found.of_packets[table.every["shown"]] = table.numbers()
        return found

    def _tells_numbers(self, stream: StreamParameters) -> bool:
        """Whether the packets alone number the frames beyond doubt."""
        video, table = self._video, self._video.packets
        return bool(
            table.numbered
            and video.scan.damage is None
            and not table.parameters
            and table.every["starts"][0]
            and table.every["shown"][0]
            # Decoders may or may not return pictures before the first key frame.
            and table.times[0] == table.times.min()
            # The fields of interlaced pictures may be in separate packets.
            and (video.info.codec != "h264" or is_progressive(stream.extradata))
            and not picture_sizes(video.path, video.name, table, video.orientation)
        )

    def _numbered(self) -> _Frames:
        """Number the frames by the packets' times; decode a few to check the numbers."""
        video, table = self._video, self._video.packets
        found = _Frames(np.full(len(table.every), -1, np.int32), verified=False)
        found.of_packets[table.every["shown"]] = table.numbers()
        picker = self._choice.picker()
        for index, timestamp in enumerate(table.seconds().tolist()):
            if picker.wants(index, timestamp):
                found.indices.append(index)
                found.timestamps.append(timestamp)
        decoder = VideoDecoder(video.path, video.name, table, video.info.frame_rate)
        try:
            for decoded in islice(decoder, _TRIED_FRAMES):
                if found.of_packets[decoded.packet] != decoded.index:
                    found.verified = True
                found.digests[decoded.index] = frame_digest(decoded.frame)
        except VideoDecodeError:
            found.verified = True
        if found.verified:
            logger.info("%s is decoded in full to number its frames", video.name)
            return self._decoded()
        video.frame_count, video.strict = len(table), True
        first = found.indices[:1]
        video.sizes = [(number + 1, video.info.width, video.info.height) for number in first]
        return found

    def _proven(self, stream: StreamParameters, frames: _Frames) -> PacketIndex:
        """Return an index of all packets that marks those at which decoding can start."""
        table = self._video.packets
        packets, sizes = table.every, table.every["size"].copy()
        promised = packets["starts"].copy()
        promised[:1] = True
        starts = promised if not frames.verified else promised | packets["is_key"]
        flags = np.where(starts, START, 0).astype(np.uint8)
        clean = frames.error is None and self._video.strict
        # A field of a picture may be in its own packet, which gives no frame.
        if clean and (frames.of_packets >= 0)[packets["shown"]].all():
            flags[packets["unreferenced"]] |= UNREFERENCED
        firsts = _first_packets(sizes, starts)
        index = PacketIndex(
            stream=stream,
            orientation=self._video.orientation,
            size=(self._video.info.width, self._video.info.height),
            frame_count=self._video.frame_count,
            verified=frames.verified,
            clean=clean,
            sizes=sizes,
            frames=frames.of_packets,
            flags=flags,
            firsts=firsts,
            stored=np.ones(len(firsts), np.bool_),
            checksums=np.zeros(len(firsts), np.uint32),
            parameters=table.parameters,
        )
        if any(not promised[first] for first, _ in table.parameters):
            raise self._refusal("its parameters change within a group of pictures")
        if not frames.indices:
            return index
        proven = SeekPoints(index, promised, frames.digests).proven(
            lambda tried: FileGroups(self._video, tried)
        )
        if proven is None:
            raise self._refusal("its packets alone do not give the frames that its file gives")
        return proven

    def _refusal(self, why: str) -> VideoError:
        return VideoError(
            f"{self._video.name} cannot be stored as a video: {why}. Store its frames as pictures "
            "with `frame_storage='png'` (or jpg), or convert it to H.264 in MP4."
        )


def _first_packets(sizes: NDArray[np.int32], starts: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return where groups begin: where decoding can start, and where a group would be too large.

    Small pictures that can each be decoded on their own share groups.
    """
    firsts: list[int] = []
    total, alone = 0, False
    for number, (size, start) in enumerate(zip(sizes.tolist(), starts.tolist(), strict=True)):
        most = _SHARED_GROUP_BYTES if start and alone else 0 if start else _MAX_GROUP_BYTES
        if number == 0 or total + size > most:
            firsts.append(number)
            total = 0
        total += size
        alone = start
    return np.array(firsts, np.int32)


def _grouped(index: PacketIndex, wanted: NDArray[np.int32]) -> PacketIndex:
    """Regroup the packets by where decoding can start, and mark the needed groups as stored."""
    firsts = _first_packets(index.sizes, (index.flags & START).astype(np.bool_))
    every, checksums = np.ones(len(firsts), np.bool_), np.zeros(len(firsts), np.uint32)
    index = replace(index, firsts=firsts, stored=every, checksums=checksums)
    stored = np.zeros(len(firsts), np.bool_)
    stored[index.groups_of(wanted)] = True
    return replace(index, stored=stored)
