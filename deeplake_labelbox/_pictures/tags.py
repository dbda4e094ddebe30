"""Draw tags: class, track and answers of an object, written beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from deeplake_labelbox._pictures.colors import INK, Color, ink_on
from deeplake_labelbox._pictures.frame_annotations import ShownObject
from deeplake_labelbox._pictures.painters import PAINTERS, Rectangle
from deeplake_labelbox._pictures.text_layout import Lettering

_PADDING: Final = 0.36
_DIAMOND: Final = 0.62
_WIDEST: Final = 0.55


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag without its place."""

    title: str
    lines: tuple[str, ...]
    color: Color
    is_key_frame: bool
    width: float
    height: float
    title_height: float


def draw_tags(
    picture: Image.Image,
    objects: Sequence[ShownObject],
    scale: tuple[float, float],
    colors: Mapping[str, Color],
    *,
    text_size: int,
) -> None:
    """Write a tag for each object, where it covers as little as possible.

    A diamond in the tag marks objects that were drawn in this frame.

    Args:
        picture: The picture that the objects are drawn on; changed in place.
        objects: The objects, in pixels of the stored frame.
        scale: Width and height of the picture divided by those of the stored frame.
        colors: Color by class name.
        text_size: Height of the letters in pixels.
    """
    bounds = [PAINTERS[item.kind].bounds(item.shape, scale) for item in objects]
    shown = [index for index, box in enumerate(bounds) if box is not None]
    title, body = Lettering(text_size, bold=True), Lettering(max(8, round(text_size * 0.88)))
    layer = Image.new("RGBA", picture.size, (*INK, 0))
    draw = ImageDraw.Draw(layer, "RGBA")
    placed: list[Rectangle] = []
    solid = [
        box
        for item, box in zip(objects, bounds, strict=True)
        if box is not None and PAINTERS[item.kind].is_solid
    ]
    # Tags with answers are the largest; those of masks and lines can go to the most places.
    for index in sorted(
        shown, key=lambda i: (not PAINTERS[objects[i].kind].is_solid, not objects[i].answers)
    ):
        item, box = objects[index], bounds[index]
        if box is None:
            continue
        tag = _tag(item, colors[item.class_name], title, body, picture.width * _WIDEST)
        inside = PAINTERS[item.kind].is_tagged_inside
        places = list(_places(box, tag, picture.size, inside=inside))
        place = min(places, key=lambda spot: _cost(spot, box, placed, solid, inside=inside))
        placed.append((place[0] - 2, place[1] - 2, place[2] + 2, place[3] + 2))
        _draw(draw, tag, place, title, body)
    picture.paste(layer, mask=layer)


def _tag(item: ShownObject, color: Color, title: Lettering, body: Lettering, widest: float) -> _Tag:
    padding = title.size * _PADDING
    mark = title.size * _DIAMOND + padding if item.is_key_frame else 0.0
    number = "" if item.track_id is None else f" {item.track_id}"
    name = title.fit(item.class_name, widest - mark - title.width(number)) + number
    answers = [body.fit(answer.answer, widest) for answer in item.answers]
    lines: list[str] = []
    # Short answers share a line.
    for answer in answers:
        joined = f"{lines[-1]} · {answer}" if lines else answer
        if lines and body.width(joined) <= max(widest / 2, title.width(name) * 1.6):
            lines[-1] = joined
        else:
            lines.append(answer)
    width = max([title.width(name) + mark, *map(body.width, lines)]) + 2 * padding
    title_height = title.line_height + padding * 0.3
    height = title_height + (len(lines) * body.line_height + padding * 0.5 if lines else 0)
    return _Tag(name, tuple(lines), color, item.is_key_frame, width, height, title_height)


def _draw(
    draw: ImageDraw.ImageDraw, tag: _Tag, place: Rectangle, title: Lettering, body: Lettering
) -> None:
    left, top, right, bottom = place
    padding, radius = title.size * _PADDING, title.size * 0.25
    if tag.lines:
        draw.rounded_rectangle((left, top, right, bottom), radius, fill=(*INK, 205))
    right_of_title = right if tag.lines else left + tag.width
    draw.rounded_rectangle(
        (left, top, right_of_title, top + tag.title_height),
        radius,
        fill=(*tag.color, 240),
        corners=(True, True, not tag.lines, not tag.lines),
    )
    ink = ink_on(tag.color)
    x = left + padding
    if tag.is_key_frame:
        half = title.size * _DIAMOND / 2
        middle = top + tag.title_height / 2
        corners = [(x + half, middle - half), (x + 2 * half, middle)]
        draw.polygon([*corners, (x + half, middle + half), (x, middle)], fill=ink)
        x += 2 * half + padding
    title.draw(draw, (x, top + padding * 0.15), tag.title, ink)
    y = top + tag.title_height + padding * 0.15
    for line in tag.lines:
        body.draw(draw, (left + padding, y), line, (255, 255, 255))
        y += body.line_height


def _places(
    box: Rectangle, tag: _Tag, size: tuple[int, int], *, inside: bool
) -> Iterator[Rectangle]:
    """The possible places of a tag within the picture, the best first."""
    left, top, right, bottom = box
    gap = 3
    middle_x, middle_y = (left + right - tag.width) / 2, (top + bottom - tag.height) / 2
    if inside:
        corners = [
            (middle_x + across * tag.width, middle_y + down * tag.height)
            for down in (0, -1.1, 1.1, -2.2, 2.2)
            for across in (0, -0.3, 0.3, -0.6, 0.6, -1.1, 1.1)
        ]
    else:
        above, below = top - tag.height - gap, bottom + gap
        corners = [
            (left - gap / 2, above),
            (left - gap / 2, below),
            (right + gap, top - gap / 2),
            (left - tag.width - gap, top - gap / 2),
            (right - tag.width + gap / 2, above),
            (right - tag.width + gap / 2, below),
            (right + gap, bottom - tag.height),
            (left - tag.width - gap, bottom - tag.height),
            (middle_x, above - tag.height),
            (middle_x, below + tag.height),
            (left + gap, top + gap),
            (left + gap, bottom - tag.height - gap),
        ]
    for x, y in corners:
        x = min(max(x, 2.0), max(size[0] - tag.width - 2, 0.0))  # noqa: PLW2901 - moved into it
        y = min(max(y, 2.0), max(size[1] - tag.height - 2, 0.0))  # noqa: PLW2901 - the same
        yield (x, y, x + tag.width, y + tag.height)


def _cost(
    spot: Rectangle,
    own: Rectangle,
    placed: list[Rectangle],
    solid: list[Rectangle],
    *,
    inside: bool,
) -> int:
    """How bad a place is: it covers other tags or objects, or is far from its own object."""
    tags = sum(_overlap(spot, other) for other in placed)
    things = sum(_overlap(spot, other) for other in solid if other != own)
    itself = 0.0 if inside else _overlap(spot, own)
    dx = max(own[0] - spot[2], spot[0] - own[2], 0)
    dy = max(own[1] - spot[3], spot[1] - own[3], 0)
    return round(30 * tags + 2 * things + 3 * itself + 14 * (dx + dy))  # equal ones: the first wins


def _overlap(one: Rectangle, other: Rectangle) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0
