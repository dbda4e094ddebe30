"""Convert objects for other libraries: pandas and supervision."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd
    import supervision

    from deeplake_labelbox._store.objects import FamilyObjects, Objects


def to_pandas(objects: Objects) -> pd.DataFrame:
    """Make a table with a row for each object; see `Objects.to_pandas`."""
    frame = _library("pandas").DataFrame
    answers: dict[str, None] = {}
    for part in objects.families:
        answers |= dict.fromkeys(part.answers)
    table: dict[str, Any] = {
        "row": objects.rows,
        "column": [part.family.name for part in objects.families for _ in range(len(part))],
        "class": [objects.class_names[number] for number in objects.class_ids.tolist()],
        "track_id": objects.track_ids,
        "key_frame": objects.key_frames,
        **dict(zip(("left", "top", "width", "height"), objects.boxes.T, strict=True)),
    }
    for name in answers:
        table[name] = [word for part in objects.families for word in _words(part, name)]
    return frame(table)


def to_supervision(objects: Objects) -> list[supervision.Detections]:
    """Make detections of each row; see `Objects.to_supervision`."""
    detections = _library("supervision").Detections
    if not objects.families:
        return []
    asked = objects.families[0].asked
    places = np.concatenate([part.places for part in objects.families])
    corners = objects.boxes.astype(np.float32)
    corners[:, 2:] += corners[:, :2]
    class_ids, track_ids = objects.class_ids, objects.track_ids
    names = np.array(objects.class_names, dtype=np.str_)
    shapes = objects.shapes
    has_pixels = np.concatenate(
        [np.full(len(part), GEOMETRIES[part.family.kind].is_mask) for part in objects.families]
    )
    made = []
    for place in range(len(asked)):
        own = np.flatnonzero(places == place)
        masked = len(own) > 0 and bool(has_pixels[own].all())
        found: Mapping[str, Any] = {
            "xyxy": corners[own],
            "mask": np.stack([shapes[index] for index in own.tolist()]) if masked else None,
            "class_id": class_ids[own],
            "tracker_id": track_ids[own],
            "data": {"class_name": names[class_ids[own]]},
        }
        made.append(detections(**found))
    return made


def _words(part: FamilyObjects, name: str) -> list[str]:
    return part.answers[name].words if name in part.answers else [""] * len(part)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"This needs {name}, which is not installed; run: pip install {name}"
        ) from error
