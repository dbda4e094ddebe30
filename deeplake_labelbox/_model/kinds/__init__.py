"""The kinds of annotations, each described by one object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deeplake_labelbox._model.json_values import as_text
from deeplake_labelbox._model.kinds.answers import ClassificationKind
from deeplake_labelbox._model.kinds.coordinates import PointKind, RectangleKind
from deeplake_labelbox._model.kinds.geometry import GeometryKind
from deeplake_labelbox._model.kinds.masks import RasterSegmentationKind
from deeplake_labelbox._model.kinds.vertices import LineKind, PolygonKind

GEOMETRIES: Final[Mapping[str, GeometryKind]] = {
    kind.name: kind
    for kind in (RectangleKind(), PointKind(), LineKind(), PolygonKind(), RasterSegmentationKind())
}
"""The kinds of geometries by name."""

CLASSIFICATIONS: Final[Mapping[str, ClassificationKind]] = {
    kind.name: kind
    for kind in (
        ClassificationKind("radio", "radio_answer"),
        ClassificationKind("checklist", "checklist_answers", has_several=True),
        ClassificationKind("text", "text_answer", has_options=False),
    )
}
"""The kinds of classifications by name."""

_MAX_MESSAGE = 100


def read_geometry(item: Mapping[str, Any]) -> tuple[GeometryKind, Any] | str:
    """Return kind and value of an exported object's geometry, or the problem with it.

    The key of the value decides on the kind, because the spelling of ``annotation_kind`` differs
    between exports.
    """
    for kind in GEOMETRIES.values():
        for key in kind.json_keys:
            if (value := item.get(key)) is None:
                continue
            try:
                return kind, kind.read(value, key)
            except KeyError as error:
                return f"has a geometry that cannot be read: it has no {error}"
            except (TypeError, ValueError, IndexError, OverflowError) as error:
                return f"has a geometry that cannot be read: {str(error)[:_MAX_MESSAGE]}"
    unknown = as_text(item.get("annotation_kind"))
    return f"is of a kind that is not supported{f' ({unknown[:_MAX_MESSAGE]})' if unknown else ''}"
