"""``promenade.webm``: a kite above a beach; nobody has labeled it yet."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.sample import sprites
from deeplake_labelbox.sandbox.sample.tracks import Box
from deeplake_labelbox.sandbox.sample.video import SampleVideo

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.sample.canvas import Canvas

WIDTH, HEIGHT, FRAMES = 256, 144, 24


class PromenadeScene:
    """A person walks along a beach with a kite."""

    def background(self, canvas: Canvas) -> None:
        """Sky, sea and sand."""
        canvas.gradient(0, 80, (92, 176, 232), (190, 226, 240))
        for x, y, size in ((40, 24, 14), (58, 27, 11), (180, 18, 12), (196, 21, 15)):
            canvas.ellipse(x, y, size, size * 0.5, (255, 255, 255, 190))
        canvas.gradient(80, 104, (52, 140, 186), (96, 190, 204))
        canvas.gradient(104, HEIGHT, (244, 222, 170), (226, 194, 136))

    def foreground(self, canvas: Canvas, video: SampleVideo, frame: int) -> None:
        """The surf, the walker and the kite."""
        passed = frame / video.frame_count
        for wave in range(5):
            y = 102 + math.sin(frame / 4 + wave) * 1.2
            canvas.ellipse(wave * 60 + 12, y, 38, 2.2, (250, 252, 250, 200))
        x = 60 + 110 * passed
        kite = x + 34 + 6 * math.sin(passed * math.tau), 34 + 7 * math.cos(passed * 2 * math.tau)
        canvas.line([(x + 4, 98), kite], (120, 110, 100), width=0.6)
        u, v = kite
        canvas.polygon([(u, v - 15), (u + 10, v), (u, v + 17), (u - 10, v)], (232, 74, 80))
        canvas.polygon([(u, v - 15), (u + 10, v), (u, v)], (252, 200, 70))
        canvas.polygon([(u, v + 17), (u - 10, v), (u, v)], (70, 130, 220))
        box = Box(x - 6, 90, 13, 34)
        sprites.person(canvas, box, (238, 130, 60), stride=frame * math.tau / 10)


PROMENADE = SampleVideo(
    name="promenade.webm",
    width=WIDTH,
    height=HEIGHT,
    frame_rate=Fraction(24),
    frame_count=FRAMES,
    scene=PromenadeScene(),
    codec="libvpx-vp9",
    labeled=False,
)
