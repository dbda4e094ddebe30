"""DecodedFrames: the packet of each frame, as a decoder found it, without the pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from deeplake_labelbox._video.sections import joined_sizes
from deeplake_labelbox._video.seek_points import frame_digest
from deeplake_labelbox.errors import VideoDecodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deeplake_labelbox._video.frame_choice import FrameChoice
    from deeplake_labelbox._video.opened import OpenedVideo
    from deeplake_labelbox._video.scan import VideoScan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedFrames:
    """The decoded frames of a video, or of a section; can be pickled.

    Attributes:
        scan: The summary of the file's packets.
        numbers: (N,) int32 numbers of the frames, from 0, ascending.
        packets: (N,) int32 packet of each frame, see `Decoded`.
        digests: (N,) uint32 `frame_digest` of each frame.
        timestamps: (N,) float64 seconds from the first frame of the video.
        wanted: (N,) bool; unwanted frames were decoded because wanted frames depend on them.
        frame_count: See `OpenedVideo`.
        sizes: See `OpenedVideo`.
        strict: See `OpenedVideo`.
        is_section: Whether they are the frames of a section only.
        error: The error that ended the decoding.
    """

    scan: VideoScan
    numbers: NDArray[np.int32]
    packets: NDArray[np.int32]
    digests: NDArray[np.uint32]
    timestamps: NDArray[np.float64]
    wanted: NDArray[np.bool_]
    frame_count: int
    sizes: tuple[tuple[int, int, int], ...]
    strict: bool
    is_section: bool
    error: VideoDecodeError | None

    @classmethod
    def of(cls, video: OpenedVideo, choice: FrameChoice) -> Self:
        """Decode a video, or the section that it is restricted to."""
        rows: list[tuple[int, int, int, float, bool]] = []
        seen = {-1}
        error = None
        try:
            for decoded, wanted in video.decoded(choice):
                digest = frame_digest(decoded.frame)
                rows.append((decoded.index, decoded.packet, digest, decoded.timestamp, wanted))
                if decoded.packet in seen:  # the packets cannot be stored: see `identify_packets`
                    break
                seen.add(decoded.packet)
        except VideoDecodeError as raised:
            error = raised
        numbers, packets, digests, timestamps, wanted_ones = (
            zip(*rows, strict=True) if rows else ((),) * 5
        )
        return cls(
            scan=video.scan,
            numbers=np.array(numbers, np.int32),
            packets=np.array(packets, np.int32),
            digests=np.array(digests, np.uint32),
            timestamps=np.array(timestamps, np.float64),
            wanted=np.array(wanted_ones, np.bool_),
            frame_count=video.frame_count,
            sizes=tuple(video.sizes),
            strict=video.strict,
            is_section=video.section is not None,
            error=error,
        )

    @property
    def identify_packets(self) -> bool:
        """Whether each frame comes from a different packet."""
        return len(np.unique(self.packets)) == len(self.packets) and not (self.packets < 0).any()


def joined_frames(parts: Sequence[DecodedFrames | None], scan: VideoScan) -> DecodedFrames | None:
    """Join the decoded frames of all sections of a video.

    Args:
        parts: The frames of each section, in order; None for a section that could not be decoded.
        scan: The summary of the packets of the file that will be stored.

    Returns:
        The frames of the whole video; None if a section is missing, failed, or came from another
        file.
    """
    first = parts[0]
    if first is not None and not first.is_section:
        return first if first.scan == scan else None
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or any(
        not part.is_section or part.error is not None or part.scan != scan for part in found
    ):
        return None
    return replace(
        found[0],
        numbers=np.concatenate([part.numbers for part in found]),
        packets=np.concatenate([part.packets for part in found]),
        digests=np.concatenate([part.digests for part in found]),
        timestamps=np.concatenate([part.timestamps for part in found]),
        wanted=np.concatenate([part.wanted for part in found]),
        sizes=joined_sizes(part.sizes for part in found),
        strict=all(part.strict for part in found),
        is_section=False,
    )
