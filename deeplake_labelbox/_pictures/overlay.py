"""Draw objects onto a frame: their shapes, then a tag for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._pictures.colors import INK, Color
from deeplake_labelbox._pictures.frame_annotations import ShownObject
from deeplake_labelbox._pictures.painters import PAINTERS
from deeplake_labelbox._pictures.tags import draw_tags

# Shapes are drawn larger and scaled down, because Pillow draws without anti-aliasing.
_OVERSAMPLING: Final = 3
_OVERSAMPLED_PIXELS: Final = 2_000_000
_MASK_FILL: Final = 96


def draw_objects(
    picture: Image.Image,
    objects: Sequence[ShownObject],
    scale: tuple[float, float],
    colors: Mapping[str, Color],
    *,
    text_size: int,
) -> Image.Image:
    """Draw objects onto a picture of their frame.

    Args:
        picture: The frame, RGB, in the size of the drawing.
        objects: The objects, in pixels of the stored frame.
        scale: Width and height of the picture divided by those of the stored frame.
        colors: Color by class name.
        text_size: Height of the letters of the tags, in pixels.

    Returns:
        A new picture of the same size.
    """
    picture = picture.convert("RGB")
    masks = [item for item in objects if GEOMETRIES[item.kind].is_mask]
    stroke = max(1.6, text_size / 8)
    # Large masks first, so that small ones are not hidden below them.
    for item in sorted(masks, key=lambda mask: -int(mask.shape.sum())):
        picture = _with_mask(picture, item.shape, colors[item.class_name], stroke)
    shapes = [item for item in objects if not GEOMETRIES[item.kind].is_mask]
    if shapes:
        picture = _with_shapes(picture, shapes, scale, colors, stroke)
    draw_tags(picture, objects, scale, colors, text_size=text_size)
    return picture


def _with_mask(
    picture: Image.Image, mask: NDArray[np.bool_], color: Color, stroke: float
) -> Image.Image:
    """Draw a mask as a translucent color with an outline."""
    enlarged = Image.fromarray(mask.astype(np.uint8) * 255).resize(
        picture.size, Image.Resampling.BILINEAR
    )
    inside = enlarged.point(lambda value: 255 if value >= 128 else 0)
    width = 2 * max(1, round(stroke / 2)) + 1
    outline = ImageChops.subtract(inside, inside.filter(ImageFilter.MinFilter(width)))
    outline = outline.filter(ImageFilter.GaussianBlur(0.6))
    fill = inside.filter(ImageFilter.GaussianBlur(0.6)).point(
        lambda value: value * _MASK_FILL / 255
    )
    solid = Image.new("RGB", picture.size, color)
    return Image.composite(solid, Image.composite(solid, picture, fill), outline)


def _with_shapes(
    picture: Image.Image,
    shapes: Sequence[ShownObject],
    scale: tuple[float, float],
    colors: Mapping[str, Color],
    stroke: float,
) -> Image.Image:
    """Draw boxes, lines, polygons and points, each with a dark edge for contrast."""
    pixels = picture.width * picture.height
    factor = _OVERSAMPLING if pixels <= _OVERSAMPLED_PIXELS else 1
    layer = Image.new("RGBA", (picture.width * factor, picture.height * factor), (*INK, 0))
    draw = ImageDraw.Draw(layer, "RGBA")
    zoom = (scale[0] * factor, scale[1] * factor)
    for item in sorted(shapes, key=lambda shape: PAINTERS[shape.kind].is_on_top):
        PAINTERS[item.kind].draw(draw, item.shape, zoom, colors[item.class_name], stroke * factor)
    if factor > 1:
        layer = layer.resize(picture.size, Image.Resampling.BOX)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
