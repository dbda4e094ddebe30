"""Decode the run-length encoded masks of COCO, uncompressed and compressed.

The runs alternate between background and object, beginning with background, down the columns.
Compressed lengths are groups of 5 bits plus 48, where 0x20 marks that more groups follow; from the
third length on, the difference to the length two before is stored. Source: ``maskApi.c`` of the
COCO API. ``pycocotools`` decodes damaged runs without an error; here they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_MORE = 0x20
_SIGN = 0x10
_BITS = 0x1F
_OFFSET = 48
# No run is longer than a picture; seven groups of 5 bits hold any picture.
_MAX_GROUPS = 7
# Video frames do not have more pixels.
MAX_PIXELS: Final = 1 << 28


def decode_rle(rle: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Decode a mask.

    Args:
        rle: ``{"size": [height, width], "counts": text, bytes or list of lengths}``.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: If the runs cannot be read, or do not fill the picture.
    """
    try:
        height, width = (int(side) for side in rle["size"])
        counts = rle["counts"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            "a run-length encoded mask needs size [height, width] and counts"
        ) from error
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels are too many for a video frame")
    if isinstance(counts, str):
        counts = counts.encode("ascii", "replace")
    lengths = _lengths(counts) if isinstance(counts, bytes) else _numbers(counts)
    covered = sum(lengths.tolist())
    if (lengths < 0).any() or covered != height * width:
        raise ValueError(f"the runs cover {covered} pixels, but the mask has {height * width}")
    is_object = np.arange(len(lengths)) % 2 == 1
    return np.repeat(is_object, lengths).reshape((width, height)).T


def _numbers(counts: Sequence[Any]) -> NDArray[np.int64]:
    try:
        return np.array([int(count) for count in counts], dtype=np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("the lengths of the runs are not whole numbers") from error


def _lengths(counts: bytes) -> NDArray[np.int64]:
    lengths: list[int] = []
    value = groups = 0
    for byte in counts:
        group = byte - _OFFSET
        if not 0 <= group < 2 * _MORE or groups >= _MAX_GROUPS:
            raise ValueError("the compressed runs are damaged")
        value |= (group & _BITS) << (5 * groups)
        groups += 1
        if group & _MORE:
            continue
        if group & _SIGN:
            value -= 1 << (5 * groups)
        if len(lengths) > 2:
            value += lengths[-2]
        lengths.append(value)
        value = groups = 0
    if groups:
        raise ValueError("the compressed runs are cut off")
    return np.array(lengths, dtype=np.int64)
