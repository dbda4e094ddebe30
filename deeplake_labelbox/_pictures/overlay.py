"""Draw objects onto a frame: their shapes, then a tag for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.kinds.masks import bounds_of
from deeplake_labelbox._pictures.colors import Color
from deeplake_labelbox._pictures.frame_annotations import ShownObject
from deeplake_labelbox._pictures.painters import PAINTERS
from deeplake_labelbox._pictures.stencils import region_around
from deeplake_labelbox._pictures.tags import draw_tags

_MASK_FILL: Final = 96


def draw_objects(
    picture: Image.Image,
    objects: Sequence[ShownObject],
    scale: tuple[float, float],
    colors: Mapping[str, Color],
    *,
    text_size: int,
    tagged: bool = True,
) -> Image.Image:
    """Draw objects onto a picture of their frame.

    Args:
        picture: The frame, RGB, in the size of the drawing.
        objects: The objects, in pixels of the stored frame.
        scale: Width and height of the picture divided by those of the stored frame.
        colors: Color by class name.
        text_size: Height of the letters of the tags, in pixels.
        tagged: Whether each object gets a tag.

    Returns:
        A new picture of the same size.
    """
    picture = picture.convert("RGB")
    masks = [item for item in objects if GEOMETRIES[item.kind].is_mask]
    stroke = max(1.6, text_size / 8)
    # Large masks first, so that small ones are not hidden below them.
    for item in sorted(masks, key=lambda mask: -int(mask.shape.sum())):
        _draw_mask(picture, item.shape, colors[item.class_name], stroke)
    shapes = [item for item in objects if not GEOMETRIES[item.kind].is_mask]
    for item in sorted(shapes, key=lambda shape: PAINTERS[shape.kind].is_on_top):
        PAINTERS[item.kind].draw(picture, item.shape, scale, colors[item.class_name], stroke)
    if tagged:
        draw_tags(picture, objects, scale, colors, text_size=text_size)
    return picture


def _draw_mask(picture: Image.Image, mask: NDArray[np.bool_], color: Color, stroke: float) -> None:
    """Draw a mask as a translucent color with an outline, in the region that it covers."""
    left, top, right, bottom = bounds_of(mask)
    if right == 0:
        return
    scale = picture.width / mask.shape[1], picture.height / mask.shape[0]
    # Scaling and blurring reach this far beyond the mask.
    margin = 4 + math.ceil(max(scale)) + math.ceil(stroke)
    region = region_around(
        picture,
        left * scale[0] - margin,
        top * scale[1] - margin,
        right * scale[0] + margin,
        bottom * scale[1] + margin,
    )
    left, top, right, bottom = region
    box = (left / scale[0], top / scale[1], right / scale[0], bottom / scale[1])
    enlarged = Image.fromarray(mask.astype(np.uint8) * 255).resize(
        (right - left, bottom - top), Image.Resampling.BILINEAR, box
    )
    inside = enlarged.point(lambda value: 255 if value >= 128 else 0)
    width = 2 * max(1, round(stroke / 2)) + 1
    outline = ImageChops.subtract(inside, inside.filter(ImageFilter.MinFilter(width)))
    outline = outline.filter(ImageFilter.GaussianBlur(0.6))
    fill = inside.filter(ImageFilter.GaussianBlur(0.6)).point(
        lambda value: value * _MASK_FILL / 255
    )
    picture.paste(color, region, fill)
    picture.paste(color, region, outline)
