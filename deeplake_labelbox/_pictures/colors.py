"""Choose a color for each class: the ontology's if known, otherwise one derived from the name."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from PIL import ImageColor

Color = tuple[int, int, int]

BACKGROUND: Final[Color] = (14, 17, 22)
CARD: Final[Color] = (24, 29, 38)
CARD_EDGE: Final[Color] = (42, 49, 61)
TEXT: Final[Color] = (236, 240, 246)
MUTED: Final[Color] = (146, 156, 172)
FAINT: Final[Color] = (98, 108, 124)
INK: Final[Color] = (12, 14, 18)

# Bright enough for dark frames, and far from each other in hue.
_PALETTE: Final[tuple[Color, ...]] = (
    (255, 99, 88),
    (77, 163, 255),
    (126, 217, 87),
    (255, 190, 61),
    (190, 124, 255),
    (38, 214, 198),
    (255, 128, 196),
    (214, 226, 92),
    (255, 150, 84),
    (112, 204, 255),
    (154, 160, 255),
    (92, 224, 148),
)


def class_colors(
    class_names: Iterable[str], known: Mapping[str, str] | None = None
) -> dict[str, Color]:
    """Choose the color of each class.

    A class without a known color gets the palette color at the hash of its name, or the next free
    one, so it has the same color in every picture and project.

    Args:
        class_names: The classes.
        known: Colors by class name, as ``#rrggbb`` or another form that Pillow reads; others are
            ignored.

    Returns:
        The colors by class name.
    """
    names = list(class_names)
    given = {name: _parsed((known or {}).get(name)) for name in names}
    colors = {name: color for name, color in given.items() if color is not None}
    taken: set[int] = set()
    for name in sorted(set(names) - set(colors)):
        place = zlib.crc32(name.encode("utf-8", "surrogatepass")) % len(_PALETTE)
        while place in taken and len(taken) < len(_PALETTE):
            place = (place + 1) % len(_PALETTE)
        taken.add(place)
        colors[name] = _PALETTE[place]
    return colors


def ink_on(color: Color) -> Color:
    """Return black or white, whichever is more readable on a color."""
    red, green, blue = color
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else (255, 255, 255)


def _parsed(text: str | None) -> Color | None:
    try:
        return None if not text else ImageColor.getrgb(text)[:3]
    except ValueError:
        return None
