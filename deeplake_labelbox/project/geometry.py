"""The geometry of one object in one frame of an export."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.project.annotations import MaskReference, ToolKind


def read_geometry(item: Mapping[str, Any]) -> tuple[ToolKind, Any] | str:
    """Kind and value of an object's geometry, or what is wrong with it.

    The kind is told by the payload's key: the spelling of ``annotation_kind`` differs between
    exports.
    """
    try:
        if (found := _payload(item)) is not None:
            return found
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return f"has a geometry that cannot be read ({error!r})"
    kind = item.get("annotation_kind")
    return f"is of a kind that is not supported{f' ({kind})' if kind else ''}"


def _payload(item: Mapping[str, Any]) -> tuple[ToolKind, Any] | None:
    found: tuple[ToolKind, Any] | None = None
    if (box := item.get("bounding_box")) is not None:
        left, top = _number(box["left"]), _number(box["top"])
        found = "rectangle", (left, top, _number(box["width"]), _number(box["height"]))
    elif (point := item.get("point")) is not None:
        found = "point", (_number(point["x"]), _number(point["y"]))
    elif (line := item.get("line")) is not None:
        found = "line", _vertices(line)
    elif (polygon := item.get("polygon")) is not None:
        found = "polygon", _vertices(polygon)
    elif (mask := item.get("mask")) is not None:
        found = "raster-segmentation", MaskReference(_url(mask["url"]))
    elif (mask := item.get("composite_mask")) is not None:
        red, green, blue = (int(_number(level)) for level in mask["color_rgb"])
        found = "raster-segmentation", MaskReference(_url(mask["url"]), (red, green, blue))
    return found


def _vertices(vertices: Any) -> NDArray[np.float64]:
    pairs = [
        (_number(vertex["x"]), _number(vertex["y"]))
        if isinstance(vertex, Mapping)
        else (_number(vertex[0]), _number(vertex[1]))
        for vertex in vertices
    ]
    if not pairs:
        raise ValueError("no vertices")
    return np.array(pairs, dtype=np.float64)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not finite")
    return number


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no URL")
    return value
