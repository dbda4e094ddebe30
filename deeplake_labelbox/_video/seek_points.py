"""Find the packets at which a decoder can start, by starting there and comparing the frames.

The codecs guarantee it for some pictures (`starts_anew`). A few of these are tried, to check the
stored parameters. Pictures with only a key flag, such as recovery points of H.264 and key frames
of MPEG-4, are all tried with all of their frames. Those that fail join the previous group.
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from av.video.reformatter import VideoReformatter

from deeplake_labelbox._video.packet_index import START
from deeplake_labelbox._video.packet_session import PacketSession
from deeplake_labelbox._video.rgb import to_rgb
from deeplake_labelbox.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

    import av
    from numpy.typing import NDArray

    from deeplake_labelbox._video.packet_index import PacketIndex

logger = logging.getLogger(__name__)

_SMALL: Final = 64  # frames; up to this many, every start is tried with all of its frames
_TRIED_STARTS: Final = 4
_TRIED_FRAMES: Final = 16
_MAX_ROUNDS: Final = 3


def frame_digest(frame: av.VideoFrame) -> int:
    """Return a checksum of all data that determines a frame's RGB picture.

    zlib computes it, like the checksums of groups: see `PacketSession`.
    """
    form = frame.format
    head = (frame.width, frame.height, form.name, int(frame.colorspace), int(frame.color_range))
    digest: int = zlib.crc32(repr(head).encode())
    planes = [component.plane for component in form.components]
    if not form.is_planar or len(set(planes)) < len(planes):
        return zlib.crc32(to_rgb(frame, VideoReformatter(), None).data, digest)
    for component in form.components:
        plane = frame.planes[component.plane]
        row = plane.width * (component.bits + 7 >> 3)
        if row == plane.line_size:
            digest = zlib.crc32(plane, digest)
        else:
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)
            digest = zlib.crc32(np.ascontiguousarray(rows[:, :row]).data, digest)
    return digest


class SeekPoints:
    """Find the packets of a video at which a decoder can start.

    Args:
        index: An index with all candidates marked as `START`.
        promised: (P,) bool: whether the codec guarantees that a decoder can start at the packet.
        digests: `frame_digest` of frames that were decoded in order, by frame number.
    """

    def __init__(
        self, index: PacketIndex, promised: NDArray[np.bool_], digests: dict[int, int]
    ) -> None:
        self._index = index
        self._promised = promised
        self._digests = digests

    def proven(
        self, fetch_of: Callable[[PacketIndex], Callable[[int], bytes]]
    ) -> PacketIndex | None:
        """Return the index with the proven starts; ``None`` if even the first one fails.

        Args:
            fetch_of: Returns the function that fetches an index's groups from the file.
        """
        index = self._index
        tried, limit = self._first_trial(index)
        for _ in range(_MAX_ROUNDS):
            wrong = self._wrong(index, tried, fetch_of(index), limit)
            if 0 in wrong:
                return None
            if not wrong:
                return index
            logger.debug("a decoder cannot start at packets %s", sorted(wrong))
            index = _without(index, wrong)
            starts = np.flatnonzero(index.flags & START)
            if limit is None:  # retry only the groups that became longer
                starts = np.unique(starts[np.searchsorted(starts, sorted(wrong)) - 1])
            tried, limit = starts.tolist(), None
        index = _without(index, set(np.flatnonzero(index.flags & START).tolist()) - {0})
        return None if self._wrong(index, [0], fetch_of(index), None) else index

    def _first_trial(self, index: PacketIndex) -> tuple[list[int], int | None]:
        """Return the packets to start at, and the number of frames to compare (``None``: all)."""
        starts = np.flatnonzero(index.flags & START)
        if not index.clean or index.frame_count <= _SMALL or not self._promised[starts[1:]].all():
            return starts.tolist(), None
        some = np.linspace(0, len(starts) - 1, min(_TRIED_STARTS, len(starts))).round()
        return starts[some.astype(int)].tolist(), _TRIED_FRAMES

    def _wrong(
        self,
        index: PacketIndex,
        tried: list[int],
        fetch: Callable[[int], bytes],
        limit: int | None,
    ) -> set[int]:
        """Return the starts from which the frames differ from those decoded in order."""
        known = np.fromiter(self._digests, np.int64, len(self._digests))
        wrong = set()
        for start in tried:
            frames = known[index.starts[known] == start]
            frames = np.sort(frames[np.argsort(index.packets[frames])[:limit]]).tolist()
            if not frames:
                continue
            # A new session each time: some decoders keep a picture when they are flushed.
            session = PacketSession(index, fetch, checks=False)
            try:
                for frame, picture in session.frames(frames, keep=False):
                    if frame_digest(picture) != self._digests[frame]:
                        wrong.add(start)
                        break
            except DatasetError:
                wrong.add(start)
            session.close()
        return wrong


def _without(index: PacketIndex, starts: set[int]) -> PacketIndex:
    flags = index.flags.copy()
    flags[list(starts)] &= ~np.uint8(START)
    return replace(index, flags=flags)
