"""Draw one frame with its annotations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from PIL import Image, ImageDraw

from deeplake_labelbox._counts import counted
from deeplake_labelbox._pictures.answer_panel import AnswerPanel
from deeplake_labelbox._pictures.colors import CARD
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader, FrameAnnotations
from deeplake_labelbox._pictures.overlay import draw_objects
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox.errors import ConfigurationError

_SHORT_SIDE: Final = 480
_NARROW: Final = 0.8


def draw_frame(
    ds: DatasetLike,
    row: int,
    *,
    colors: Mapping[str, str] | None = None,
    image_column: str | None = None,
    annotator: str | None = None,
) -> Image.Image:
    """Draw a frame with all of its labels.

    Boxes, masks, points, lines and polygons are drawn in the colors of their classes, each with a
    tag that shows its class, track id and answers; a diamond marks objects that were drawn in this
    frame, not interpolated. The answers of the frame are written below it, or beside it if it is
    upright. Small frames are enlarged by a whole factor. Non-Latin scripts need a system font that
    supports them, such as Noto Sans CJK; otherwise boxes replace the characters.

    Args:
        ds: A dataset made by this package: an open dataset, the view of a query, a `LabeledDataset`
            or a path. Without labels, only the frame is drawn.
        row: Row number; negative numbers count from the end.
        colors: Colors by class name, like ``{"car": "#e4572e"}``, instead of the ontology's.
        image_column: Column of the pictures; by default ``frames``.
        annotator: Annotator whose labels are drawn, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count.

    Returns:
        The picture, RGB.

    Raises:
        ConfigurationError: If there is no such row, column or annotator.

    Example:
        ```python
        import deeplake

        draw_frame(deeplake.open("clips"), 30, colors={"car": "#e4572e"}).save("frame.png")
        ```
    """
    reader = AnnotationReader(ds, annotator, image_column)
    count = len(reader.dataset)
    if not -count <= row < count:
        raise ConfigurationError(
            f"There is no row {row}; the dataset has {counted(count, 'row')}, counted from 0."
        )
    row %= count
    frame = reader.picture(row)
    factor = max(1, math.ceil(_SHORT_SIDE / min(frame.size)))
    size = (frame.width * factor, frame.height * factor)
    text_size = max(13, round(min(size) / 36))
    annotations = reader.read(row)
    picture = draw_objects(
        frame.resize(size, Image.Resampling.LANCZOS) if factor > 1 else frame,
        annotations.objects,
        (factor, factor),
        reader.palette(colors),
        text_size=text_size,
    )
    return _with_panel(picture, annotations, text_size) if reader.has_labels else picture


def _with_panel(picture: Image.Image, annotations: FrameAnnotations, text_size: int) -> Image.Image:
    margin = text_size
    beside = picture.width < picture.height * _NARROW
    width = round(text_size * 17) if beside else picture.width - 2 * margin
    panel = AnswerPanel(annotations, width, text_size)
    if beside:
        size = (picture.width + width + 2 * margin, picture.height)
        if panel.height + 2 * margin > picture.height:
            size = (size[0], panel.height + 2 * margin)
        corner = (picture.width + margin, margin)
    else:
        size = (picture.width, picture.height + panel.height + 2 * margin)
        corner = (margin, picture.height + margin)
    whole = Image.new("RGB", size, CARD)
    whole.paste(picture)
    panel.draw(ImageDraw.Draw(whole), *corner)
    return whole
