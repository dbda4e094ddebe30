"""A look at a video's packets without decoding them: about two hundred times as fast."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av.error

from deeplake_labelbox.video.container import ffmpeg_message, open_container
from deeplake_labelbox.video.damage import find_damage


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoScan:
    """What the packets of a file's video stream tell.

    Attributes:
        packets: Packets that are to be shown. Mostly as many as frames, but not a promise:
            hidden frames and leading pictures of an open GOP make fewer frames of them.
        discarded: Packets that an edit list hides.
        key_packets: Packets that start a group of pictures.
        missing_times: Packets without a presentation time.
        starts_at: Seconds of the earliest presentation time; negative and non-zero starts occur.
        shortest_gap: Seconds between the two frames that follow each other most closely.
        longest_gap: Seconds of the longest pause between two frames.
        damage: What is wrong with the file, as words to stand after "the file ", or None.
    """

    packets: int
    discarded: int
    key_packets: int
    missing_times: int
    starts_at: float | None
    shortest_gap: float | None
    longest_gap: float | None
    damage: str | None

    @property
    def variable_rate(self) -> bool:
        """Whether frames are spaced unevenly, beyond the rounding of coarse clocks (1 ms)."""
        if self.shortest_gap is None or self.longest_gap is None:
            return False
        return self.longest_gap - self.shortest_gap > 0.0021  # both ends are rounded


def scan_video(path: str | Path) -> VideoScan:
    """Read all packets of a local video file's stream, and decode none.

    Raises:
        VideoDecodeError: The file is no video.
    """
    path = Path(path)
    packets, discarded, key_packets, missing = 0, 0, 0, 0
    times: list[float] = []
    with open_container(path, f"The video {path}") as (container, stream):
        found = find_damage(path, stream)
        damage = found.reason if found else None
        try:
            for packet in container.demux(stream):
                if packet.size == 0:
                    continue
                if packet.is_corrupt:
                    damage = damage or "holds an incomplete packet"
                if packet.is_discard:
                    discarded += 1
                    continue
                packets += 1
                key_packets += packet.is_keyframe
                if packet.pts is None or packet.time_base is None:
                    missing += 1
                else:
                    times.append(float(packet.pts * packet.time_base))
        except av.error.FFmpegError as error:
            damage = damage or f"cannot be read to its end ({ffmpeg_message(error)})"
    times.sort()  # packets come in decoding order
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return VideoScan(
        packets=packets,
        discarded=discarded,
        key_packets=key_packets,
        missing_times=missing,
        starts_at=times[0] if times else None,
        shortest_gap=min(gaps, default=None),
        longest_gap=max(gaps, default=None),
        damage=damage,
    )
