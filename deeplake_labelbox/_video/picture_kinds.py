"""Detect the kind of picture in a packet from its first bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet

# Byte of avcC and hvcC with the size of each NAL unit's length field (ISO/IEC 14496-15).
_LENGTH_SIZE_AT: Final = {"h264": 4, "hevc": 21}
_START_CODE: Final = b"\0\0\1"

# ITU-T H.264, table 7-1.
_H264_SLICES: Final = range(1, 6)
_H264_IDR: Final = 5
_H264_HARMLESS: Final = frozenset({6, 9, 12})  # supplemental information, delimiters, filler
# ITU-T H.265, table 7-1.
_HEVC_SLICES: Final = range(32)
_HEVC_STARTS: Final = range(16, 22)
_HEVC_VPS: Final = b"\x40"  # type 32
_HEVC_UNREFERENCED: Final = frozenset(range(0, 16, 2))

_AV1_FRAMES: Final = frozenset({3, 6})  # OBU_FRAME_HEADER, OBU_FRAME
_KEY_FRAMES_FORGET: Final = frozenset({"vp8", "vp9"})
_VOP: Final = b"\0\0\1\xb6"  # ISO/IEC 14496-2, 6.2.5
_MPEG2_PICTURE: Final = b"\0\0\1\0"  # ISO/IEC 13818-2, 6.2.3


def starts_anew(packet: Packet[Any]) -> bool:
    """Return whether a decoder can start at a packet and show all later pictures in order.

    A key flag alone is not enough: it is also set for pictures that refresh gradually, and in H.264
    for pictures whose leading pictures refer to missing ones. See ITU-T H.264, 7.4.1 (type 5: IDR),
    H.265, 7.4.2.2 (types 16 to 21: IRAP, whose leading pictures decoders skip), and the AV1
    bitstream specification, 7.20 (a key frame that is shown refreshes all others).

    Args:
        packet: A packet from any container.

    Returns:
        True if the codec guarantees it; False also if unknown.
    """
    if not packet.is_keyframe:
        return False
    codec = packet.stream.codec_context.codec.canonical_name
    if codec == "h264":
        slices = (unit & 0x1F for unit in _nal_headers(packet) if unit & 0x1F in _H264_SLICES)
        return next(slices, None) == _H264_IDR
    if codec == "hevc":
        kinds = (unit >> 1 & 0x3F for unit in _nal_headers(packet))
        return next((kind for kind in kinds if kind in _HEVC_SLICES), None) in _HEVC_STARTS
    if codec == "av1":
        return _shows_key_frame(bytes(packet))
    return codec in _KEY_FRAMES_FORGET or packet.stream.codec_context.codec.intra_only


def is_unreferenced(packet: Packet[Any]) -> bool:
    """Return whether no other picture is predicted from a packet's picture; False if unknown."""
    context = packet.stream.codec_context
    codec = context.codec.canonical_name
    if codec == "h264":
        slices = 0
        for unit in _nal_headers(packet):
            if unit & 0x1F in _H264_SLICES and unit >> 5 & 0b11 == 0:  # nal_ref_idc, 7.4.1
                slices += 1
            elif unit & 0x1F not in _H264_HARMLESS:
                return False
        return slices > 0
    if codec == "hevc":
        # Pictures of higher temporal layers may still refer to it.
        kinds = {kind for unit in _nal_headers(packet) if (kind := unit >> 1 & 0x3F) < 32}
        has_layers = _hevc_layers(context.extradata or b"") != 1
        return bool(kinds) and _HEVC_UNREFERENCED.issuperset(kinds) and not has_layers
    if codec == "mpeg4":
        data = bytes(packet)
        at = data.find(_VOP) + 4
        return data.count(_VOP) == 1 and at < len(data) and data[at] >> 6 == 0b10
    if codec in {"mpeg1video", "mpeg2video"}:
        data = bytes(packet)
        at = data.find(_MPEG2_PICTURE) + 5
        return data.count(_MPEG2_PICTURE) == 1 and at < len(data) and data[at] >> 3 & 0b111 == 0b011
    return False


def _nal_headers(packet: Packet[Any]) -> Iterator[int]:
    """Yield the first byte of each NAL unit of an H.264 or HEVC packet.

    If the stream's extradata is an avcC or hvcC, a length precedes each unit; otherwise a start
    code does (ITU-T H.264 and H.265, annex B).
    """
    context = packet.stream.codec_context
    configuration = context.extradata or b""
    data = bytes(packet)
    place = _LENGTH_SIZE_AT[context.codec.canonical_name]
    if configuration[:2] != b"\0\0" and len(configuration) > place:
        length_size = (configuration[place] & 0b11) + 1
        position = 0
        while position + length_size < len(data):
            yield data[position + length_size]
            length = int.from_bytes(data[position : position + length_size], "big")
            position += length_size + length
        return
    position = data.find(_START_CODE) + 3
    while 3 <= position < len(data):
        yield data[position]
        position = data.find(_START_CODE, position) + 3


def _hevc_layers(configuration: bytes) -> int:
    """Return the maximum number of temporal layers of an HEVC stream; 0 if unknown.

    The number is in hvcC (ISO/IEC 14496-15, 8.3.3.1.2), and in three bits of the second byte of the
    video parameter set (ITU-T H.265, 7.3.2.1).
    """
    place = _LENGTH_SIZE_AT["hevc"]
    if configuration[:2] != b"\0\0":
        return configuration[place] >> 3 & 0b111 if len(configuration) > place else 0
    at = configuration.find(_START_CODE + _HEVC_VPS)
    return (configuration[at + 6] >> 1 & 0b111) + 1 if 0 <= at < len(configuration) - 6 else 0


def _shows_key_frame(data: bytes) -> bool:
    """Return whether the first frame of an AV1 temporal unit is a key frame that is shown.

    See the AV1 bitstream specification, 5.3 (OBU syntax) and 5.9.2 (uncompressed header).
    """
    position = 0
    while position < len(data):
        kind, extended, sized = data[position] >> 3 & 0xF, data[position] & 4, data[position] & 2
        position += 2 if extended else 1
        size, shift = 0, 0
        while sized and position < len(data):
            size |= (data[position] & 0x7F) << shift
            shift += 7
            position += 1
            if not data[position - 1] & 0x80:
                break
        if kind in _AV1_FRAMES and position < len(data):
            return data[position] >> 4 == 0b0001  # not show_existing, KEY_FRAME, show_frame
        if not sized:
            return False
        position += size
    return False
