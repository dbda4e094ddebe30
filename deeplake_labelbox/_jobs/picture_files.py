"""Read frames of a dataset as picture files: the stored files if they fit, else encoded ones."""

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


@dataclass(frozen=True, slots=True, eq=False)
class PictureFile:
    """A picture file.

    Attributes:
        content: The file.
        suffix: ``.png`` or ``.jpg``.
        size: Its height and width.
    """

    content: bytes
    suffix: str
    size: tuple[int, int]


class PictureFiles:
    """Reads frames as files.

    Args:
        dataset: The dataset.
        resize: Size of the pictures, instead of that of ``dataset``.
        suffix: ``.png`` or ``.jpg``; ``None`` for that of the stored files, or else ``.jpg``.
    """

    def __init__(
        self, dataset: LabeledDataset, resize: Resize | None, suffix: str | None = None
    ) -> None:
        self._resize = resize or dataset.resize
        self._stored, self._scaled = (
            LabeledDataset(dataset.dataset, image_column=dataset.image_column, resize=size)
            for size in (None, self._resize)
        )
        self._suffix = suffix

    def read(self, rows: Rows) -> Iterator[PictureFile]:
        """Yield the files of rows, in their order.

        Raises:
            DatasetError: If a frame is missing, or cannot be read or decoded.
        """
        stored = [
            None if file is None else _picture(file) for file in self._stored.frames.files(rows)
        ]
        copied = [file is not None and self._is_wanted(file) for file in stored]
        like = next((file.suffix for file in stored if file is not None), ".jpg")
        suffix = self._suffix or like
        sizes: deque[tuple[int, int]] = deque()

        def pictures() -> Iterator[NDArray[np.uint8]]:
            for frame in self._scaled.frames.read(rows[~np.array(copied, dtype=bool)]):
                sizes.append((frame.shape[0], frame.shape[1]))
                yield frame

        encoded = encode_frames(pictures(), _ENCODERS[suffix])
        for file, is_copied in zip(stored, copied, strict=True):
            if file is not None and is_copied:
                yield file
            else:
                yield PictureFile(next(encoded), suffix, sizes.popleft())

    def _is_wanted(self, file: PictureFile) -> bool:
        height, width = file.size
        fits = resized(width, height, self._resize) == (width, height)
        return fits and self._suffix in (None, file.suffix)


def _picture(file: bytes) -> PictureFile:
    with Image.open(io.BytesIO(file)) as image:
        suffix = ".png" if image.format == "PNG" else ".jpg"
        return PictureFile(file, suffix, (image.height, image.width))
