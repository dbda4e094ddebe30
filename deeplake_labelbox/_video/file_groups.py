"""Read the bytes of groups of packets from a video file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deeplake_labelbox._video.container import open_container

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deeplake_labelbox._video.opened import OpenedVideo
    from deeplake_labelbox._video.packet_index import PacketIndex


class FileGroups:
    """Read the bytes of groups of packets from a file; fast in ascending order.

    Args:
        video: The open video.
        index: The index, which assigns packets to groups.
    """

    def __init__(self, video: OpenedVideo, index: PacketIndex) -> None:
        self._video = video
        self._ends = np.append(index.firsts[1:], len(index.sizes)).tolist()
        self._reading: Iterator[tuple[int, bytes]] | None = None
        self._passed = -1

    def __call__(self, group: int) -> bytes:
        """Return the bytes of a group; the file is reopened unless it comes after the last one."""
        if self._reading is None or group <= self._passed:
            self._reading = iter(self)
        for number, data in self._reading:
            self._passed = number
            if number == group:
                return data
        raise IndexError(group)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield each group's number and bytes."""
        parts: list[bytes] = []
        number = group = 0
        with open_container(self._video.path, self._video.name) as (container, stream):
            for packet in container.demux(stream):
                if packet.size:
                    parts.append(bytes(packet))
                    number += 1
                if group < len(self._ends) and number == self._ends[group]:
                    yield group, b"".join(parts)
                    parts = []
                    group += 1
                    if group == len(self._ends):
                        return
