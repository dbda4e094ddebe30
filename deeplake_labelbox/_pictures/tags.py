"""Draw tags: the class, track and answers of an object, beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._pictures.colors import INK, Color, ink_on
from deeplake_labelbox._pictures.frame_annotations import ShownAnswer, ShownObject
from deeplake_labelbox._pictures.painters import PAINTERS, Rectangle
from deeplake_labelbox._pictures.text_layout import Lettering

_PADDING: Final = 0.36
_DIAMOND: Final = 0.62
_WIDEST: Final = 0.55


@dataclass(frozen=True, slots=True, eq=False)
class _Tag:
    """A tag that is not placed yet.

    Attributes:
        picture: RGBA.
        width: Its width in pixels.
        height: Its height in pixels.
    """

    picture: Image.Image
    width: float
    height: float


def draw_tags(
    picture: Image.Image,
    objects: Sequence[ShownObject],
    scale: tuple[float, float],
    colors: Mapping[str, Color],
    *,
    text_size: int,
) -> None:
    """Draw a tag for each object where it covers as little as possible.

    A diamond in the tag marks objects that were drawn in this frame.

    Args:
        picture: The picture with the objects drawn in; changed in place.
        objects: The objects, in pixels of the stored frame.
        scale: Width and height of the picture divided by those of the stored frame.
        colors: Color by class name.
        text_size: Height of the letters in pixels.
    """
    bounds = [PAINTERS[item.kind].bounds(item.shape, scale) for item in objects]
    placed: list[Rectangle] = []
    solid = {
        index: box
        for index, (item, box) in enumerate(zip(objects, bounds, strict=True))
        if box is not None and PAINTERS[item.kind].is_solid
    }
    # Solid objects first: tags of masks and lines have more places. Tags with answers are larger.
    for index in sorted(
        range(len(objects)),
        key=lambda i: (not PAINTERS[objects[i].kind].is_solid, not objects[i].answers),
    ):
        item, box = objects[index], bounds[index]
        if box is None:
            continue
        tag = _tag(
            item.class_name,
            item.track_id,
            item.answers,
            colors[item.class_name],
            text_size,
            picture.width * _WIDEST,
            is_key_frame=item.is_key_frame,
        )
        inside = PAINTERS[item.kind].is_tagged_inside
        places = list(_places(box, tag, picture.size, inside=inside))
        others = [other for number, other in solid.items() if number != index]
        left, top, right, bottom = places[_best(places, box, placed, others, inside=inside)]
        placed.append((left - 2, top - 2, right + 2, bottom + 2))
        picture.paste(tag.picture, (round(left), round(top)), tag.picture)


@lru_cache(maxsize=1024)
def _tag(
    class_name: str,
    track_id: int | None,
    shown_answers: tuple[ShownAnswer, ...],
    color: Color,
    text_size: int,
    widest: float,
    *,
    is_key_frame: bool,
) -> _Tag:
    """Draw a tag; cached, because it is the same in many frames."""
    title, body = Lettering(text_size, bold=True), Lettering(max(8, round(text_size * 0.88)))
    padding = title.size * _PADDING
    mark = title.size * _DIAMOND + padding if is_key_frame else 0.0
    number = "" if track_id is None else f" {track_id}"
    name = title.fit(class_name, widest - mark - title.width(number)) + number
    answers = [body.fit(answer.answer, widest) for answer in shown_answers]
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
    picture = Image.new("RGBA", (math.ceil(width) + 1, math.ceil(height) + 1), (*INK, 0))
    draw = ImageDraw.Draw(picture, "RGBA")
    radius = title.size * 0.25
    if lines:
        draw.rounded_rectangle((0, 0, width, height), radius, fill=(*INK, 205))
    draw.rounded_rectangle(
        (0, 0, width, title_height),
        radius,
        fill=(*color, 240),
        corners=(True, True, not lines, not lines),
    )
    ink = ink_on(color)
    x = padding
    if is_key_frame:
        half = title.size * _DIAMOND / 2
        middle = title_height / 2
        corners = [(x + half, middle - half), (x + 2 * half, middle)]
        draw.polygon([*corners, (x + half, middle + half), (x, middle)], fill=ink)
        x += 2 * half + padding
    title.draw(draw, (x, padding * 0.15), name, ink)
    y = title_height + padding * 0.15
    for line in lines:
        body.draw(draw, (padding, y), line, (255, 255, 255))
        y += body.line_height
    return _Tag(picture, width, height)


def _places(
    box: Rectangle, tag: _Tag, size: tuple[int, int], *, inside: bool
) -> Iterator[Rectangle]:
    """Yield the possible places of a tag within the picture, the best first."""
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


def _best(
    places: Sequence[Rectangle],
    own: Rectangle,
    placed: Sequence[Rectangle],
    solid: Sequence[Rectangle],
    *,
    inside: bool,
) -> int:
    """Return the index of the best place.

    A place is bad if it covers other tags or objects, or is far from its own object.
    """
    spots = np.array(places)
    covered = _overlap(spots, [own, *placed, *solid])
    tags = covered[:, 1 : 1 + len(placed)].sum(axis=1)
    things = covered[:, 1 + len(placed) :].sum(axis=1)
    itself = 0.0 if inside else covered[:, 0]
    apart = np.maximum(np.subtract(own[:2], spots[:, 2:]), np.subtract(spots[:, :2], own[2:]))
    far = np.maximum(apart, 0).sum(axis=1)
    costs = np.rint(30 * tags + 2 * things + 3 * itself + 14 * far)
    return int(costs.argmin())  # of equal ones, the first


def _overlap(spots: NDArray[np.float64], others: Sequence[Rectangle]) -> NDArray[np.float64]:
    """Return how many pixels each of N rectangles covers of each of M others: (N, M)."""
    there = np.array(others, dtype=np.float64).reshape(-1, 4)
    ends = np.minimum(spots[:, None, 2:], there[:, 2:])
    common = np.maximum(ends - np.maximum(spots[:, None, :2], there[:, :2]), 0)
    area: NDArray[np.float64] = common.prod(axis=2)
    return area
