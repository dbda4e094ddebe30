"""Frames of a dataset as picture files: as they are stored where that fits, else encoded."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deeplake_labelbox._store.cells import Rows
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._video.encoder import encode_frames
from deeplake_labelbox._video.encodings import encode_jpeg, encode_png
from deeplake_labelbox._video.resize import Resize, resized

_ENCODERS: Final[dict[str, Callable[[NDArray[np.uint8]], bytes]]] = {
    ".png": encode_png,
    ".jpg": encode_jpeg,
}

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureFile:
    """A picture.

    Attributes:
        content: The file.
        suffix: ``.png`` or ``.jpg``.
        size: Its size.
        stored_size: The size of the frame in the dataset.
    """

    content: bytes
    suffix: str
    size: Size
    stored_size: Size


def picture_files(
    dataset: LabeledDataset, rows: Rows, resize: Resize | None, suffix: str | None = None
) -> Iterator[PictureFile]:
    """Read frames as files, in the order of the rows.

    Args:
        dataset: The dataset.
        rows: The rows.
        resize: The size wanted; ``None``: as they are.
        suffix: ``.png`` or ``.jpg``; ``None``: as they are stored, else ``.jpg``.

    Raises:
        DatasetError: If a frame is missing, or cannot be read or decoded.
    """
    stored = [None if file is None else _picture(file) for file in dataset.frames.files(rows)]
    copied = [
        file is not None
        and _scaled(file.size, resize) == file.size
        and suffix in (None, file.suffix)
        for file in stored
    ]
    if suffix is None:
        suffix = next((file.suffix for file in stored if file is not None), ".jpg")
    sizes: deque[tuple[Size, Size]] = deque()

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for frame in dataset.frames.read(rows[~np.array(copied, dtype=bool)]):
            old = frame.shape[:2]
            new = _scaled(old, resize)
            sizes.append((new, old))
            yield frame if new == old else _resized(frame, new)

    encoded = encode_frames(pictures(), _ENCODERS[suffix])
    for file, is_copied in zip(stored, copied, strict=True):
        if file is not None and is_copied:
            yield file
        else:
            content = next(encoded)
            yield PictureFile(content, suffix, *sizes.popleft())


def _picture(file: bytes) -> PictureFile:
    with Image.open(io.BytesIO(file)) as image:
        size = (image.height, image.width)
        return PictureFile(file, ".png" if image.format == "PNG" else ".jpg", size, size)


def _scaled(size: Size, resize: Resize | None) -> Size:
    width, height = resized(size[1], size[0], resize)
    return height, width


def _resized(frame: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    image = Image.fromarray(frame).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(image)
