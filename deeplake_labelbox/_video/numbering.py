"""Number frames by the packets that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import av

    from deeplake_labelbox._video.packets import PacketTable


class FrameNumbers:
    """Find the number of a frame from its presentation time.

    Frames that a decoder skips at the start (pictures before the first key frame, and those that
    need pictures before it) are not numbered, as in a player.

    Args:
        packets: The file's packets.

    Attributes:
        known: Whether the packets determine the numbers; False after interlaced H.264 was found.
    """

    def __init__(self, packets: PacketTable) -> None:
        order = np.argsort(packets.times, kind="stable")
        self._times = packets.times[order]
        self._is_key = packets.shown["is_key"][order]
        self._skipped: int | None = None  # set by the first frame
        self._apart = packets.apart
        self.known = packets.numbered

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self._times) - (self._skipped or 0)

    @property
    def certain(self) -> bool:
        """Whether numbers are correct even after damage."""
        return self.known and self._apart

    def of_frame(self, frame: av.VideoFrame) -> int | None:
        """Return the number of a frame, from 0; -1 if no packet has its time.

        The first frame passed counts as the first frame of the video.

        Returns:
            The number, or ``None`` if the packets do not determine it.
        """
        if frame.interlaced_frame:  # its fields may be in separate packets
            self.known = False
        if not self.known:
            return None
        rank = int(np.searchsorted(self._times, frame.pts)) if frame.pts is not None else -1
        if not 0 <= rank < len(self._times) or self._times[rank] != frame.pts:
            return -1
        if self._skipped is None:
            self._skipped = 0 if self._is_key[:rank].any() else rank
        return rank - self._skipped
