"""Read all packets of a video stream, to store them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import av.error
import numpy as np

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.packet_session import stream_parameters
from deeplake_labelbox._video.packets import is_shown
from deeplake_labelbox._video.picture_kinds import is_unreferenced, starts_anew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from deeplake_labelbox._video.opened import OpenedVideo
    from deeplake_labelbox._video.packet_index import PacketIndex, StreamParameters

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPackets:
    """The packets of a stream that have data, in decoding order.

    Attributes:
        stream: Parameters for a decoder.
        sizes: (P,) int32 bytes of each packet.
        is_key: (P,) bool: the packet is marked as a key frame.
        starts: (P,) bool: the codec guarantees that a decoder can start here.
        unreferenced: (P,) bool: no other picture is predicted from this one.
        shown: (P,) bool: the packet is also in the `PacketTable`.
        parameters: First packet and extradata of each later part of the stream that has its own
            extradata.
    """

    stream: StreamParameters
    sizes: NDArray[np.int32]
    is_key: NDArray[np.bool_]
    starts: NDArray[np.bool_]
    unreferenced: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    parameters: tuple[tuple[int, bytes], ...]

    @classmethod
    def read(cls, video: OpenedVideo) -> StreamPackets:
        """Read a file's packets, up to the first damage."""
        rows: list[tuple[int, bool, bool, bool, bool]] = []
        changes: list[tuple[int, bytes]] = []
        with open_container(video.path, video.name) as (container, stream):
            parameters = stream_parameters(stream.codec_context)
            try:
                for packet in container.demux(stream):
                    if not packet.size:
                        continue
                    if packet.has_sidedata("new_extradata"):
                        changes.append((len(rows), bytes(packet.get_sidedata("new_extradata"))))
                    rows.append(
                        (
                            packet.size,
                            packet.is_keyframe,
                            starts_anew(packet),
                            is_unreferenced(packet),
                            is_shown(packet),
                        )
                    )
            except av.error.FFmpegError as error:
                logger.debug("%s: %s", video.name, error)  # the scan reports it
        sizes, is_key, starts, unreferenced, shown = zip(*rows, strict=True) if rows else ((),) * 5
        depth = max(parameters.reorder_depth, video.delay)
        known = parameters.extradata
        later = []
        for number, extradata in changes:
            if extradata != known:
                later.append((number, extradata))
                known = extradata
        return cls(
            stream=replace(parameters, reorder_depth=depth),
            sizes=np.array(sizes, np.int32),
            is_key=np.array(is_key, np.bool_),
            starts=np.array(starts, np.bool_),
            unreferenced=np.array(unreferenced, np.bool_),
            shown=np.array(shown, np.bool_),
            parameters=tuple(later),
        )


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
