"""Decode stored packets to RGB arrays, with the frames in any order."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from av.video.reformatter import VideoReformatter

from deeplake_labelbox._video.rgb import to_rgb
from deeplake_labelbox._video.session_pool import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from deeplake_labelbox._video.packet_index import PacketIndex

_IN_ORDER: Final = 32  # this many consecutive frames count as reading in order
_SOON: Final = 8  # frames after the last one read; random reads are seldom so close
_SPANS_NOTED: Final = 16
_MAX_HELD_BYTES: Final = 128 << 20  # of frames decoded before their turn


class PacketDecoder:
    """Read frames of one video from its stored packets.

    A few decoders in each process stay open between calls, so that reading can continue where it
    stopped. Several threads may use this object, also after a fork. Pickling keeps only the
    arguments.

    Args:
        index: The index of the video's packets.
        fetch: Returns the bytes of a group, given its number in the index.
    """

    def __init__(self, index: PacketIndex, fetch: Callable[[int], bytes]) -> None:
        self.index = index
        self._fetch = fetch
        self._last_read: dict[int, int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return PacketDecoder, (self.index, self._fetch)

    def read(self, frames: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """Read frames.

        Args:
            frames: Frame numbers, from 0, in any order. Ascending frames are decoded as they are
                taken, others in parts of up to 128 MiB.

        Yields:
            (H, W, 3) uint8, as displayed, in the order of ``frames``.

        Raises:
            DatasetError: If a frame is not stored, or the stored packets were changed.
        """
        wanted = self.index.check(frames).tolist()
        if all(one < other for one, other in pairwise(wanted)):
            for _, picture in self._ascending(wanted):
                yield picture
            return
        width, height = self.index.size
        step = max(_MAX_HELD_BYTES // (3 * width * height), 1)
        for start in range(0, len(wanted), step):
            part = wanted[start : start + step]
            pictures = dict(self._ascending(sorted(set(part))))
            left = {frame: part.count(frame) for frame in pictures}
            for frame in part:
                left[frame] -= 1
                yield pictures[frame].copy() if left[frame] else pictures.pop(frame)

    def _ascending(self, wanted: list[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        if not wanted:
            return
        reformatter = VideoReformatter()
        for part in self._spans(wanted):
            with SESSIONS.session(self.index, self._fetch, part[0]) as session:
                keep = session.reaches(part[0]) or self._follows(part)
                for frame, picture in session.frames(part, keep=keep):
                    rgb = to_rgb(picture, reformatter, None)
                    yield frame, self.index.orientation.apply(rgb)

    def _spans(self, wanted: list[int]) -> list[list[int]]:
        """Split ascending frames where a decoder would have to restart.

        Each part gets its own session, which the next call can continue.
        """
        restarts = (np.diff(self.index.starts[wanted]) != 0) & (np.diff(wanted) != 1)
        cuts = np.flatnonzero(restarts) + 1
        bounds = [0, *cuts.tolist(), len(wanted)]
        return [wanted[start:end] for start, end in pairwise(bounds)]

    def _follows(self, part: list[int]) -> bool:
        """Return whether frames seem to be read in order, so that the decoder is worth keeping.

        They do if many are consecutive, or if they closely follow the last one read in their span.
        """
        in_row = len(part) >= _IN_ORDER and part[-_IN_ORDER] == part[-1] - _IN_ORDER + 1
        start = int(self.index.starts[part[0]])
        last = self._last_read.pop(start, None)
        self._last_read[start] = part[-1]
        for oldest in list(self._last_read)[:-_SPANS_NOTED]:
            self._last_read.pop(oldest, None)
        return in_row or (last is not None and last < part[0] <= last + _SOON)
