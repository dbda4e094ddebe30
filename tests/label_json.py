"""Labels in the export JSON, small enough to be read in a test, and what is made of them."""

from __future__ import annotations

import itertools
import json
from typing import Any

import deeplake
import numpy as np
from hypothesis import HealthCheck, settings

from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.layout import Layout, make_layout
from deeplake_labelbox._store.track_ids import TrackIds
from deeplake_labelbox._store.values import LabelValues, label_values
from deeplake_labelbox.sandbox.annotation_input import read_annotations
from deeplake_labelbox.sandbox.identifiers import Identifiers
from deeplake_labelbox.sandbox.label_rendering import render_annotations
from deeplake_labelbox.sandbox.ontology import complete

ONTOLOGY: dict[str, Any] = complete(
    {
        "tools": [
            {
                "tool": "rectangle",
                "name": "car",
                "classifications": [
                    {
                        "type": "radio",
                        "name": "color",
                        "options": [
                            {"value": "red", "options": [{"type": "text", "name": "shade"}]},
                            {"value": "blue"},
                        ],
                    },
                    {
                        "type": "checklist",
                        "name": "flags",
                        "options": [{"value": "parked"}, {"value": "dirty"}],
                    },
                    {"type": "text", "name": "plate"},
                ],
            },
            {"tool": "rectangle", "name": "person"},
            {"tool": "point", "name": "nose"},
            {"tool": "line", "name": "lane"},
            {"tool": "raster-segmentation", "name": "road"},
        ],
        "classifications": [
            {
                "type": "radio",
                "name": "weather",
                "scope": "index",
                "options": [
                    {"value": "sun"},
                    {
                        "value": "rain",
                        "options": [
                            {
                                "type": "radio",
                                "name": "strength",
                                "options": [{"value": "light"}, {"value": "heavy"}],
                            }
                        ],
                    },
                ],
            },
            {
                "type": "checklist",
                "name": "seen",
                "scope": "index",
                "options": [{"value": "bus"}, {"value": "bike"}, {"value": "dog"}],
            },
            {"type": "text", "name": "note", "scope": "index"},
            {"type": "radio", "name": "place", "options": [{"value": "town"}, {"value": "land"}]},
        ],
    },
    Identifiers("ontology"),
)

# For random input: a busy machine is no failure.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_counter = itertools.count()


def label(
    frames: dict[int, Any] | None = None,
    segments: dict[str, Any] | None = None,
    key_frames: dict[str, Any] | None = None,
    classifications: list[Any] | None = None,
) -> dict[str, Any]:
    """A label; what is not given is absent from it."""
    annotations: dict[str, Any] = {}
    if frames is not None:
        annotations["frames"] = {str(number): frame for number, frame in frames.items()}
    if segments is not None:
        annotations["segments"] = segments
    if key_frames is not None:
        annotations["key_frame_feature_map"] = key_frames
    if classifications is not None:
        annotations["classifications"] = classifications
    return {"id": "label-1", "annotations": annotations}


def frame(*objects: dict[str, Any], answers: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """One frame of a label, its objects by feature id."""
    return {
        "objects": {item["feature_id"]: item for item in objects},
        "classifications": list(answers),
    }


def box(
    feature_id: str = "car-1",
    ltwh: tuple[float, float, float, float] = (1, 2, 3, 4),
    *answers: dict[str, Any],
    name: str = "car",
) -> dict[str, Any]:
    left, top, width, height = ltwh
    return {
        "feature_id": feature_id,
        "name": name,
        "classifications": list(answers),
        "bounding_box": {"left": left, "top": top, "width": width, "height": height},
    }


def point(feature_id: str = "nose-1", xy: tuple[float, float] = (1, 2)) -> dict[str, Any]:
    return {"feature_id": feature_id, "name": "nose", "point": {"x": xy[0], "y": xy[1]}}


def line(feature_id: str, *vertices: tuple[float, float]) -> dict[str, Any]:
    vertices_json = [{"x": x, "y": y} for x, y in vertices]
    return {"feature_id": feature_id, "name": "lane", "line": vertices_json}


def mask(feature_id: str, url: str) -> dict[str, Any]:
    return {"feature_id": feature_id, "name": "road", "mask": {"url": url}}


def option(name: str, *nested: dict[str, Any], feature_id: str | None = None) -> dict[str, Any]:
    ids = {} if feature_id is None else {"feature_id": feature_id}
    return {**ids, "name": name, "value": name, "classifications": list(nested)}


def radio(
    name: str, answer: str, *nested: dict[str, Any], ids: tuple[str, str] = ("", "")
) -> dict[str, Any]:
    """A radio answer; ``ids`` are the feature ids of the classification and of the option."""
    return {
        **({"feature_id": ids[0]} if ids[0] else {}),
        "name": name,
        "radio_answer": option(answer, *nested, feature_id=ids[1] or None),
    }


def checklist(name: str, *options: dict[str, Any], feature_id: str | None = None) -> dict[str, Any]:
    ids = {} if feature_id is None else {"feature_id": feature_id}
    return {**ids, "name": name, "checklist_answers": list(options)}


def text(name: str, content: str, feature_id: str | None = None) -> dict[str, Any]:
    ids = {} if feature_id is None else {"feature_id": feature_id}
    return {**ids, "name": name, "text_answer": {"content": content}}


def rendered(
    annotations: list[dict[str, Any]],
    *,
    interpolated_frames: bool,
    classification_segments: str = "answer",
) -> dict[str, Any]:
    """The label that the sandbox exports for annotations in the import form."""
    content = read_annotations(
        annotations,
        ONTOLOGY,
        Identifiers("label"),
        classification_segments=classification_segments,
    )
    exported = render_annotations(
        content,
        interpolated_frames=interpolated_frames,
        mask_payload=lambda _, track, number: {"mask": {"url": f"{track.feature_id}/{number}"}},
    )
    return {"id": "label-1", "annotations": json.loads(json.dumps(exported))}


def layout(
    ontology: dict[str, Any] | None = None, group_mapping: dict[str, str] | None = None
) -> Layout:
    return make_layout(Ontology.from_normalized(ontology or ONTOLOGY), group_mapping)


def new_dataset() -> deeplake.Dataset:
    return deeplake.create(f"mem://label-json-{next(_counter)}")


def values_of(
    label_json: dict[str, Any],
    last_frame: int = 10,
    columns: Layout | None = None,
    *,
    frames: list[int] | None = None,
    track_ids: TrackIds | None = None,
) -> LabelValues:
    """What is written for a label of a video of ``last_frame`` frames, one row a frame."""
    columns = columns or layout()
    return label_values(
        parse_label(label_json),
        columns,
        np.array(range(1, last_frame + 1) if frames is None else frames, dtype=np.int64),
        last_frame,
        track_ids or TrackIds(new_dataset(), columns.geometries),
    )
