"""Read composite masks, and cut out the mask of one instance."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from deeplake_labelbox.sandbox.errors import SandboxError

_BLACK = (0, 0, 0)


def colors_in(png: bytes, where: str) -> set[tuple[int, int, int]]:
    """Return the colors of a composite mask without its black background.

    Raises:
        SandboxError: The bytes are not a picture.
    """
    try:
        pixels = _pixels(png).reshape(-1, 3)
    except (UnidentifiedImageError, OSError) as error:
        raise SandboxError(
            f"The composite mask of {where} is not a PNG; draw it as an RGB picture."
        ) from error
    packed = np.unique(pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32))
    colors = {(int(c) >> 16, int(c) >> 8 & 255, int(c) & 255) for c in packed}
    return colors - {_BLACK}


def single_mask(composite: bytes, color: tuple[int, int, int]) -> bytes:
    """Return the mask of one instance: a grayscale PNG, 255 on the instance, else 0."""
    inside = (_pixels(composite) == np.array(color, dtype=np.uint8)).all(axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(inside.astype(np.uint8) * 255).save(buffer, format="PNG")
    return buffer.getvalue()


def _pixels(png: bytes) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
