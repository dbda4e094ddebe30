"""Read MPEG-TS recordings that were concatenated (``cat a.ts b.ts``) as one.

Each packet of a transport stream has a counter, which reveals lost packets (ISO/IEC 13818-1,
2.4.3.3). The counter restarts where a second recording begins, and FFmpeg takes that for a loss.
`JoinedStream` makes the counters continue across joints, so that FFmpeg finds only real losses.

At a joint, a stream's counter breaks, a new picture or sound begins, and a program association
table precedes it after the stream's last packet, as at the start of a recording. All of that may
also follow a loss. So a joint also needs a sign of a restart: the time goes back, or the counters
of the table and of the stream are the same as at the start of the file.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

_SYNC: Final = 0x47
_LAYOUTS: Final = ((188, 0), (192, 4))  # length of a packet, offset in it: plain, Blu-ray
_TABLE: Final = 0  # the packet identifier of the program association table


class JoinedStream(io.RawIOBase):
    """A transport stream file whose counters continue across joints.

    Args:
        file: The open file; it is closed with this one.
        packet: Size of a packet in bytes.
        offset: Bytes before the sync byte in each packet.
        shifts: (P,) uint8 number to add to the counter of each packet.
    """

    def __init__(
        self, file: IO[bytes], packet: int, offset: int, shifts: NDArray[np.uint8]
    ) -> None:
        self._file = file
        self._packet = packet
        self._counter_at = offset + 3
        self._shifts = shifts

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # the two that io passes
        """Read bytes, and shift the counters among them."""
        start = self._file.tell()
        data = np.frombuffer(self._file.read(len(buffer)), np.uint8).copy()
        first = -(-(start - self._counter_at) // self._packet)  # packet whose counter is in it
        counters = data[first * self._packet + self._counter_at - start :: self._packet]
        counters = counters[: len(self._shifts) - first]
        shifted = counters + self._shifts[first : first + len(counters)]
        counters[:] = (counters & 0xF0) | (shifted & 0x0F)
        buffer[: len(data)] = data.tobytes()
        return len(data)


def open_joined(path: Path) -> JoinedStream | None:
    """Open a file of several concatenated transport streams; return None for any other file."""
    with path.open("rb") as file:
        layout = packet_layout(file)
    if layout is None:
        return None
    packet, offset = layout
    data = np.memmap(path, np.uint8, "r")
    shifts = _find_shifts(data[: len(data) // packet * packet].reshape(-1, packet)[:, offset:])
    return JoinedStream(path.open("rb"), packet, offset, shifts) if shifts.any() else None


def packet_layout(file: IO[bytes]) -> tuple[int, int] | None:
    """Return the size of a transport stream's packets, and the place of the sync byte in them.

    Args:
        file: An open file, at its start.

    Returns:
        None for a file of another kind.
    """
    start = file.read(4 * max(_LAYOUTS)[0])
    for packet, offset in _LAYOUTS:
        if len(start) >= 4 * packet and set(start[offset : 4 * packet : packet]) == {_SYNC}:
            return packet, offset
    return None


def _find_shifts(packets: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the number to add to the counter of each packet, (P,) uint8."""
    shifts = np.zeros(len(packets), np.uint8)
    header = np.array(packets[:, :6])
    if (header[:, 0] != _SYNC).any():  # bytes were lost or added: FFmpeg resynchronizes
        return shifts
    pids = (header[:, 1].astype(np.uint16) & 0x1F) << 8 | header[:, 2]
    begins = header[:, 1] & 0x40 != 0
    adapted, filled = header[:, 3] & 0x20 != 0, header[:, 3] >> 4 & 1
    marked = adapted & (header[:, 4] > 0) & (header[:, 5] & 0x80 != 0)  # the file marks the joint
    counters = header[:, 3] & 0x0F
    tables = np.flatnonzero((pids == _TABLE) & begins)
    if not len(tables):
        return shifts
    for pid in np.unique(pids[begins]):
        own = np.flatnonzero(pids == pid)
        steps = (counters[own[:-1]] + filled[own[1:]] - counters[own[1:]]) & 0x0F
        broken = np.flatnonzero((steps != 0) & begins[own[1:]] & ~marked[own[1:]]) + 1
        starts = own[begins[own]]
        jumps = np.zeros(len(own), np.uint8)
        for place in broken.tolist():
            before, here = int(own[place - 1]), int(own[place])
            table = int(tables[np.searchsorted(tables, here) - 1])
            if not before < table < here:
                continue
            as_at_start = (
                counters[here] == counters[own[0]] and counters[table] == counters[tables[0]]
            )
            earlier = starts[: np.searchsorted(starts, here)]
            if as_at_start or (len(earlier) and _goes_back(packets, int(earlier[-1]), here)):
                jumps[place] = steps[place - 1]
        shifts[own] = np.cumsum(jumps, dtype=np.uint8) & 0x0F
    return shifts


def _goes_back(packets: NDArray[np.uint8], earlier: int, here: int) -> bool:
    """Return whether the time in the packet ``here`` is before that in the packet ``earlier``."""
    old, new = _time(packets[earlier]), _time(packets[here])
    # Times have 33 bits and restart at 0 after 26 hours.
    return old is not None and new is not None and (new - old) % (1 << 33) >= 1 << 32


def _time(packet: NDArray[np.uint8]) -> int | None:
    """Return a packet's decoding time in ticks of 1/90000 s (2.4.3.7); None if unknown."""
    data = packet.tobytes()
    payload = data[5 + data[4] :] if data[3] & 0x20 else data[4:]
    has_times = payload[7] >> 6 if len(payload) > 18 and payload[:3] == b"\0\0\1" else 0
    if not has_times & 0b10:
        return None
    field = payload[14:19] if has_times == 0b11 else payload[9:14]
    bits = int.from_bytes(field, "big")  # 4 other bits, 3 of time, marker, 15, marker, 15, marker
    return (bits >> 33 & 0x7) << 30 | (bits >> 17 & 0x7FFF) << 15 | bits >> 1 & 0x7FFF
