"""Objects drawn onto a frame: their shapes, then a tag for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from deeplake_labelbox._pictures.colors import INK, Color
from deeplake_labelbox._pictures.frame_annotations import ShownObject
from deeplake_labelbox._pictures.tags import draw_tags

XY = tuple[float, float]

# Shapes are drawn larger and made smaller, as Pillow draws without anti-aliasing.
_OVERSAMPLING: Final = 3
_OVERSAMPLED_PIXELS: Final = 2_000_000
_MASK_FILL: Final = 96
_SHAPE_FILL: Final = 44


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
        picture: The frame, RGB, in the size in which it is shown.
        objects: The objects, in pixels of the frame as it is stored.
        scale: Width and height of the picture by those of the stored frame.
        colors: Color by class name.
        text_size: Height of the letters of the tags, in pixels.

    Returns:
        A new picture of the same size.
    """
    picture = picture.convert("RGB")
    masks = [item for item in objects if item.kind == "raster-segmentation"]
    stroke = max(1.6, text_size / 8)
    # Large masks first, so that small ones are not hidden below them.
    for item in sorted(masks, key=lambda mask: -int(mask.shape.sum())):
        picture = _with_mask(picture, item.shape, colors[item.class_name], stroke)
    shapes = [item for item in objects if item.kind != "raster-segmentation"]
    if shapes:
        picture = _with_shapes(picture, shapes, scale, colors, stroke)
    draw_tags(picture, objects, scale, colors, text_size=text_size)
    return picture


def _with_mask(
    picture: Image.Image, mask: NDArray[np.bool_], color: Color, stroke: float
) -> Image.Image:
    """The mask as a translucent color with an outline."""
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
    """The boxes, lines, polygons and points, each with a dark edge to stand out."""
    pixels = picture.width * picture.height
    factor = _OVERSAMPLING if pixels <= _OVERSAMPLED_PIXELS else 1
    layer = Image.new("RGBA", (picture.width * factor, picture.height * factor), (*INK, 0))
    draw = ImageDraw.Draw(layer, "RGBA")
    zoom = (scale[0] * factor, scale[1] * factor)
    # Points last: they are the smallest.
    for item in sorted(shapes, key=lambda shape: shape.kind == "point"):
        color = colors[item.class_name]
        if item.kind == "rectangle":
            _box(draw, item.shape, zoom, color, stroke * factor)
        elif item.kind == "point":
            _point(draw, item.shape, zoom, color, stroke * factor)
        else:
            closed = item.kind == "polygon"
            _path(draw, item.shape, zoom, color, stroke * factor, closed=closed)
    if factor > 1:
        layer = layer.resize(picture.size, Image.Resampling.BOX)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def _box(
    draw: ImageDraw.ImageDraw, box: NDArray[np.float32], zoom: XY, color: Color, stroke: float
) -> None:
    left, top, width, height = (float(value) for value in box)
    x0, x1 = sorted((left * zoom[0], (left + width) * zoom[0]))
    y0, y1 = sorted((top * zoom[1], (top + height) * zoom[1]))
    edge = stroke * 0.45
    draw.rectangle((x0, y0, x1, y1), fill=(*color, _SHAPE_FILL // 2))
    around = (x0 - stroke / 2, y0 - stroke / 2, x1 + stroke / 2, y1 + stroke / 2)
    outer = (around[0] - edge, around[1] - edge, around[2] + edge, around[3] + edge)
    draw.rectangle(outer, outline=(*INK, 150), width=round(stroke + 2 * edge))
    draw.rectangle(around, outline=(*color, 255), width=round(stroke))


def _point(
    draw: ImageDraw.ImageDraw, point: NDArray[np.float32], zoom: XY, color: Color, stroke: float
) -> None:
    x, y = float(point[0]) * zoom[0], float(point[1]) * zoom[1]
    rings = ((3.6, (*INK, 170)), (3.0, (255, 255, 255, 255)), (2.2, (*color, 255)))
    for size, ink in rings:
        radius = stroke * size
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _path(
    draw: ImageDraw.ImageDraw,
    vertices: NDArray[np.float32],
    zoom: XY,
    color: Color,
    stroke: float,
    *,
    closed: bool,
) -> None:
    path = [(float(x) * zoom[0], float(y) * zoom[1]) for x, y in vertices]
    if not path:
        return
    if closed and len(path) > 2:
        draw.polygon(path, fill=(*color, _SHAPE_FILL))
    around = [*path, path[0]] if closed else path
    if len(around) > 1:
        draw.line(around, (*INK, 150), round(stroke * 1.9), joint="curve")
        draw.line(around, (*color, 255), round(stroke), joint="curve")
    for x, y in path:
        for size, ink in ((1.7, (*INK, 170)), (1.2, (*color, 255))):
            radius = stroke * size
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
