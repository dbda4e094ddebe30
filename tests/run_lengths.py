"""Encode masks as run lengths, like COCO's own tools."""

import numpy as np


def compressed(lengths):
    """Compress runs like ``rleToString`` of COCO's maskApi.c."""
    text = bytearray()
    for index, length in enumerate(lengths):
        value = length - (lengths[index - 2] if index > 2 else 0)
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != -1 if group & 0x10 else value != 0
            text.append((group | 0x20 if more else group) + 48)
    return text.decode("ascii")


def run_lengths(pixels):
    flat = pixels.T.reshape(-1)
    bounds = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), len(flat)]
    lengths = np.diff(bounds).tolist()
    return [0, *lengths] if flat[0] else lengths
