"""The geometry of one object in one frame of an export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import MaskReference, ToolKind
from deeplake_labelbox._model.json_values import as_text, short

# No picture is that large, and coordinates are stored as float32.
_MAX_COORDINATE = 1e9

_MAX_MESSAGE = 100


def read_geometry(item: Mapping[str, Any]) -> tuple[ToolKind, Any] | str:
    """Kind and value of an object's geometry, or what is wrong with it.

    The kind is told by the payload's key: the spelling of ``annotation_kind`` differs between
    exports.
    """
    try:
        if (found := _payload(item)) is not None:
            return found
    except KeyError as error:
        return f"has a geometry that cannot be read: it has no {error}"
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        return f"has a geometry that cannot be read: {str(error)[:_MAX_MESSAGE]}"
    kind = as_text(item.get("annotation_kind"))
    return f"is of a kind that is not supported{f' ({kind[:_MAX_MESSAGE]})' if kind else ''}"


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
        found = "raster-segmentation", MaskReference(_url(mask["url"]), _color(mask["color_rgb"]))
    return found


def _vertices(vertices: Any) -> NDArray[np.float64]:
    if not isinstance(vertices, list):
        raise TypeError("its vertices are no list")
    pairs = [
        (_number(vertex["x"]), _number(vertex["y"]))
        if isinstance(vertex, Mapping)
        else (_number(vertex[0]), _number(vertex[1]))
        for vertex in vertices
    ]
    if not pairs:
        raise ValueError("it has no vertices")
    return np.array(pairs, dtype=np.float64)


def _number(value: Any) -> float:
    number = float(value)
    if not -_MAX_COORDINATE <= number <= _MAX_COORDINATE:  # true of NaN as well
        raise ValueError(f"{short(value)} is no coordinate")
    return number


def _color(levels: Any) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in levels)
    if not all(0 <= level <= 255 for level in (red, green, blue)):
        raise ValueError(f"{short(levels)} is no color_rgb")
    return red, green, blue


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("its mask has no URL")
    return value
