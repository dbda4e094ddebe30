"""Find the packets at which a decoder can start, by starting there and comparing the frames.

The codecs promise it for some pictures (`starts_anew`); of these a few are tried, which shows
whether the stored parameters do. Where only a key flag tells it, as for recovery points of H.264
and for MPEG-4, each is tried with all of its frames, and what fails belongs to the group before.
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

_SMALL: Final = 64  # frames: of a smaller video, all is tried
_TRIED_STARTS: Final = 4
_TRIED_FRAMES: Final = 16
_MAX_ROUNDS: Final = 3


def frame_digest(frame: av.VideoFrame) -> int:
    """Return a checksum of everything that a frame's RGB picture depends on.

    By zlib, as those of groups: see `PacketSession`.
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
    """Finds the packets of a video at which a decoder can start.

    Args:
        index: With all candidates marked as `START`.
        promised: (P,) bool: whether the codec promises it.
        digests: `frame_digest` of frames as decoded in order, by number.
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
            if limit is None:  # only groups that they made longer are tried again
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
        """Return the packets from which other frames come out than in order."""
        known = np.fromiter(self._digests, np.int64, len(self._digests))
        wrong = set()
        for start in tried:
            frames = known[index.starts[known] == start]
            frames = np.sort(frames[np.argsort(index.packets[frames])[:limit]]).tolist()
            if not frames:
                continue
            # A new one each time: some decoders keep a picture when they are flushed.
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
