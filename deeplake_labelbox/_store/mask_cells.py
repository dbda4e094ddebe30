"""Fetch masks, scale them to the frames, and write them to their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import MaskReference
from deeplake_labelbox._model.kinds.masks import nearest_pixels
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.row_index import VideoRows
from deeplake_labelbox._video.masks import MaskReader

# Masks are written in slices of about this many bytes of pixels.
_SLICE_BYTES: Final = 32 << 20


def write_masks(
    dataset: deeplake.Dataset,
    references: Mapping[str, list[list[MaskReference]]],
    rows: VideoRows,
    video: VideoEntry,
    masks: MaskReader,
) -> Iterator[tuple[str, int]]:
    """Write the masks of a video, as the caller iterates.

    Args:
        dataset: The dataset.
        references: By column, for each frame of ``rows``, the references of its masks.
        rows: The rows of the video.
        video: The video.
        masks: Fetches and decodes.

    Yields:
        The problem and the 1-based frame of each mask that could not be read; its channel is
        empty.
    """
    if not references:
        return
    # All columns at once, because a composite mask with objects of several is fetched once.
    frames = [list(chain.from_iterable(frame)) for frame in zip(*references.values(), strict=True)]
    cells: dict[str, list[NDArray[np.bool_]]] = {column: [] for column in references}
    start = size = 0
    height = video.source_height or video.height
    width = video.source_width or video.width
    for index, found in enumerate(masks.read(frames, height, width)):
        pixels = nearest_pixels(found.masks, video.height, video.width)
        for problem in found.problems:
            yield problem, int(rows.frames[index])
        channel = 0
        for column, per_row in references.items():
            end = channel + len(per_row[index])
            cells[column].append(np.ascontiguousarray(pixels[..., channel:end]))
            channel = end
        size += pixels.nbytes
        if size >= _SLICE_BYTES or index == len(frames) - 1:
            for column, part in cells.items():
                rows.part(start, index + 1).write(dataset, column, part)
                part.clear()
            start, size = index + 1, 0
