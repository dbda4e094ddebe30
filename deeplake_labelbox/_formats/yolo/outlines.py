"""Convert masks to outlines: polygons through the border pixels.

YOLO tools convert masks in the same way, and fill them again: ``findContours`` and ``fillPoly`` of
OpenCV. OpenCV itself would be a dependency only for this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.kinds.masks import bounds_of

# Right, down, left, up: the sides of a pixel, clockwise, with the pixel on the right.
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))

Outline = NDArray[np.int64]
"""(V, 2) x and y of pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """The borders of a mask.

    Attributes:
        parts: The outline of each connected part; pixels that touch at a corner are connected.
        holes: Number of holes.
    """

    parts: list[Outline]
    holes: int

    def joined(self) -> Outline:
        """Join all parts to one outline by lines between their nearest pixels."""
        whole, *others = self.parts
        for part in others:
            gaps = np.abs(whole[:, np.newaxis] - part[np.newaxis]).sum(axis=2)
            here, there = np.unravel_index(np.argmin(gaps), gaps.shape)
            turned = np.roll(part, -int(there), axis=0)
            whole = np.concatenate([whole[: here + 1], turned, turned[:1], whole[here:]])
        return whole


def outlines_of(mask: NDArray[np.bool_]) -> Outlines:
    """Follow the borders of an (H, W) mask."""
    left, top, right, bottom = bounds_of(mask)
    edges = _edges(mask[top:bottom, left:right])
    parts, holes = [], 0
    while edges:
        pixels, area = _follow(edges)
        if area > 0:
            corners = _corners(np.array(pixels, dtype=np.int64))
            parts.append(corners + np.array([left, top]))
        else:
            holes += 1
    return Outlines(parts, holes)


_Vertex = tuple[int, int]
_Edges = dict[_Vertex, dict[int, _Vertex]]
"""The pixel of each edge, by its start and its direction (an index of `_STEPS`)."""


def _edges(mask: NDArray[np.bool_]) -> _Edges:
    padded = np.pad(mask, 1)
    outside = (padded[:-2, 1:-1], padded[1:-1, 2:], padded[2:, 1:-1], padded[1:-1, :-2])
    edges: _Edges = {}
    for direction, neighbor in enumerate(outside):
        # The start of a pixel's side, clockwise: the left end of its top, and so on.
        right, below = int(direction in (1, 2)), int(direction in (2, 3))
        ys, xs = np.nonzero(mask & ~neighbor)
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            edges.setdefault((x + right, y + below), {})[direction] = (x, y)
    return edges


def _follow(edges: _Edges) -> tuple[list[_Vertex], int]:
    """Remove one loop from the edges; return its pixels and twice its area, negative for a hole."""
    vertex = next(iter(edges))
    direction = next(iter(edges[vertex]))
    pixels: list[_Vertex] = []
    area = 0
    while vertex in edges:
        found = edges[vertex]
        # Where pixels touch at a corner, the path turns left, along the other pixel.
        for turn in (3, 0, 1):
            if (direction + turn) % 4 in found:
                direction = (direction + turn) % 4
                break
        pixel = found.pop(direction)
        if not found:
            del edges[vertex]
        if not pixels or pixels[-1] != pixel:
            pixels.append(pixel)
        dx, dy = _STEPS[direction]
        area += vertex[0] * dy - vertex[1] * dx
        vertex = (vertex[0] + dx, vertex[1] + dy)
    if len(pixels) > 1 and pixels[0] == pixels[-1]:
        pixels.pop()
    return pixels, area


def _corners(pixels: Outline) -> Outline:
    """Return the pixels at which the path changes direction."""
    if len(pixels) < 3:
        return pixels
    steps = np.roll(pixels, -1, axis=0) - pixels
    corners: Outline = pixels[(steps != np.roll(steps, 1, axis=0)).any(axis=1)]
    return corners
