"""Draw the objects of the sample videos; each fills its label."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.sample.tracks import BoxShape

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from deeplake_labelbox.sandbox.sample.canvas import Canvas
    from deeplake_labelbox.sandbox.sample.tracks import RGB, XY

GLASS = (188, 220, 236)
RUBBER = (34, 36, 42)
SKIN = (238, 190, 156)
TROUSERS = (52, 58, 84)
HEADLIGHT = (255, 244, 190)
BRAKE_LIGHT = (255, 52, 40)


def shade(color: RGB, factor: float) -> RGB:
    """Return a darker (below 1) or lighter (above 1) color."""
    red, green, blue = (min(255, round(channel * factor)) for channel in color)
    return red, green, blue


def whole(box: BoxShape, full_width: float, canvas_width: int) -> BoxShape:
    """Return the box of the whole object if the border of the picture cuts ``box``."""
    if box.width >= full_width:
        return box
    if box.left <= 0:
        return BoxShape(box.right - full_width, box.top, full_width, box.height)
    if box.right >= canvas_width - 0.01:
        return BoxShape(box.left, box.top, full_width, box.height)
    return box


def car_from_the_side(
    canvas: Canvas, box: BoxShape, paint: RGB, *, to_the_right: bool, state: Collection[str] = ()
) -> None:
    """Draw a car that fills its box; its lights show the answers to ``state``."""

    def at(u: float, v: float) -> XY:
        along = u if to_the_right else 1 - u
        return box.left + along * box.width, box.top + v * box.height

    def patch(ink: RGB, *corners: XY) -> None:
        canvas.polygon([at(u, v) for u, v in corners], ink)

    x, y = at(0.5, 0.97)
    canvas.ellipse(x, y, box.width * 0.5, box.height * 0.08, (0, 0, 0, 70))
    if "lights on" in state:
        patch_of_light = [at(0.97, 0.52), at(1.5, 0.5), at(1.5, 0.95), at(0.97, 0.62)]
        canvas.polygon(patch_of_light, (*HEADLIGHT, 70))
    patch(
        paint,
        *((0.0, 0.82), (0.0, 0.48), (0.04, 0.42), (0.17, 0.38), (0.28, 0.04), (0.33, 0.0)),
        *((0.64, 0.0), (0.70, 0.04), (0.82, 0.36), (0.96, 0.44), (1.0, 0.54), (1.0, 0.82)),
    )
    patch(shade(paint, 0.72), (0.0, 0.72), (1.0, 0.72), (1.0, 0.84), (0.0, 0.84))
    patch(GLASS, (0.23, 0.37), (0.32, 0.09), (0.47, 0.09), (0.47, 0.37))
    patch(GLASS, (0.51, 0.37), (0.51, 0.09), (0.64, 0.09), (0.75, 0.37))
    patch(shade(GLASS, 0.8), (0.64, 0.09), (0.66, 0.09), (0.77, 0.37), (0.75, 0.37))
    patch(shade(paint, 0.8), (0.54, 0.42), (0.60, 0.42), (0.60, 0.45), (0.54, 0.45))
    for u in (0.21, 0.79):
        x, y = at(u, 0.82)
        radius = box.height * 0.18
        canvas.ellipse(x, y, radius, radius, RUBBER)
        canvas.ellipse(x, y, radius * 0.5, radius * 0.5, (176, 180, 188))
    patch(HEADLIGHT, (0.95, 0.5), (1.0, 0.53), (1.0, 0.64), (0.95, 0.62))
    tail = BRAKE_LIGHT if "braking" in state else (128, 30, 34)
    patch(tail, (0.0, 0.48), (0.045, 0.48), (0.045, 0.64), (0.0, 0.64))
    if "braking" in state:
        canvas.glow(*at(0.02, 0.56), box.height * 0.3, BRAKE_LIGHT, 40)
    if "lights on" in state:
        canvas.glow(*at(0.97, 0.56), box.height * 0.24, HEADLIGHT, 50)


def person(canvas: Canvas, box: BoxShape, paint: RGB, *, stride: float) -> None:
    """Draw a person that fills the box; ``stride`` is the phase of the step in radians."""
    x = box.center[0]
    swing = math.sin(stride) * box.width * 0.34

    def height(v: float) -> float:
        return box.top + v * box.height

    canvas.ellipse(x, height(0.98), box.width * 0.5, box.height * 0.03, (0, 0, 0, 70))
    leg = max(2.0, box.width * 0.2)
    for side in (-1, 1):
        hip = x + side * box.width * 0.12
        foot = hip + side * swing
        canvas.line([(hip, height(0.56)), (foot, height(0.98))], TROUSERS, width=leg)
        hand = x + side * box.width * 0.36 - side * swing * 0.4
        shoulder = x + side * box.width * 0.3
        canvas.line(
            [(shoulder, height(0.3)), (hand, height(0.6))],
            shade(paint, 0.78),
            width=leg * 0.8,
        )
    canvas.rectangle(
        x - box.width * 0.33,
        height(0.24),
        x + box.width * 0.33,
        height(0.66),
        paint,
        radius=box.width * 0.16,
    )
    head = box.height * 0.115
    canvas.ellipse(x, height(0.125), head * 0.88, head, SKIN)
    canvas.ellipse(x, height(0.07), head * 0.9, head * 0.58, (74, 52, 40))


def dashes(canvas: Canvas, vertices: Sequence[XY], ink: RGB, *, width: float) -> None:
    """Draw a road marking along a polyline, with dashes and gaps of equal length."""
    dash, traveled = 14.0, 0.0
    for (x0, y0), (x1, y1) in pairwise(vertices):
        length = math.hypot(x1 - x0, y1 - y0)
        if not length:
            continue
        start = -(traveled % (2 * dash))
        while start < length:
            a, b = max(0.0, start) / length, min(length, start + dash) / length
            if b > a:
                canvas.line(
                    [
                        (x0 + (x1 - x0) * a, y0 + (y1 - y0) * a),
                        (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b),
                    ],
                    ink,
                    width=width,
                )
            start += 2 * dash
        traveled += length


def rain(canvas: Canvas, frame: int, *, heavy: bool) -> None:
    """Draw streaks of rain over the whole picture, always the same for a frame."""
    count, length = (110, 11) if heavy else (45, 7)
    for drop in range(count):
        # Multiples of irrational numbers spread evenly and need no random generator.
        x = (drop * 0.618034 % 1) * (canvas.width + 20)
        y = ((drop * 0.754878 + frame * 0.17) % 1) * (canvas.height + 20) - 10
        canvas.line([(x, y), (x - length * 0.25, y + length)], (222, 232, 244, 120), width=0.5)


def honk(canvas: Canvas, x: float, y: float) -> None:
    """Draw the sound of a horn, to the right."""
    for radius in (6, 10, 14):
        canvas.arc(x, y, radius, (-40, 40), (255, 255, 255))


def draw_frame_number(canvas: Canvas, frame: int) -> None:
    """Draw the 1-based number of the frame, small in the upper left corner."""
    canvas.rectangle(4, 4, 24, 17, (10, 14, 24, 150), radius=4)
    canvas.text(14, 10.5, str(frame), (255, 255, 255), size=9)
