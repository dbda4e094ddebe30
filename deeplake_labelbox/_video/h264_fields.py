"""Detect whether an H.264 stream may hold interlaced pictures, from its parameter sets."""

from __future__ import annotations

from typing import Final

# Profiles whose sequence parameter sets contain the chroma format (ITU-T H.264, 7.3.2.1.1).
_HIGH_PROFILES: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SETS_AT: Final = 5  # in avcC (ISO/IEC 14496-15, 5.3.3.1): the number of sets, then the sets


def is_progressive(configuration: bytes) -> bool:
    """Return whether all pictures are whole frames; False if unknown.

    Args:
        configuration: The stream's extradata, an avcC.
    """
    if configuration[:1] != b"\x01" or len(configuration) <= _SETS_AT:
        return False
    position = _SETS_AT + 1
    count = configuration[_SETS_AT] & 0x1F
    for _ in range(count):
        length = int.from_bytes(configuration[position : position + 2], "big")
        unit = configuration[position + 2 : position + 2 + length]
        position += 2 + length
        try:
            if not _has_frames_only(_Bits(unit[1:].replace(b"\0\0\x03", b"\0\0"))):
                return False
        except IndexError:
            return False
    return count > 0


def _has_frames_only(bits: _Bits) -> bool:
    """Read frame_mbs_only_flag of a sequence parameter set (7.3.2.1.1)."""
    profile = bits.take(8)
    bits.take(16)
    bits.number()
    if profile in _HIGH_PROFILES:
        if bits.number() == 3:
            bits.take(1)
        bits.number()
        bits.number()
        bits.take(1)
        if bits.take(1):  # scaling lists are rare and not read
            return False
    bits.number()
    order = bits.number()
    if order == 0:
        bits.number()
    elif order == 1:
        bits.take(1)
        bits.number()
        bits.number()
        for _ in range(bits.number()):
            bits.number()
    bits.number()
    bits.take(1)
    bits.number()
    bits.number()
    return bool(bits.take(1))


class _Bits:
    """Read bits; raise IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)
        self._position = 0

    def take(self, count: int) -> int:
        end = self._position + count
        if end > len(self._bits):
            raise IndexError(end)
        value = int(self._bits[self._position : end], 2)
        self._position = end
        return value

    def number(self) -> int:
        """Read an exponential Golomb code (9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)
