"""A project that is edited between syncs, and what a dataset of it must hold."""

from __future__ import annotations

import copy
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
from PIL import Image
from sandbox_projects import box_at, mask_frame
from video_files import write_video

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox._store.columns import column_kind, column_names, read_class_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta

if TYPE_CHECKING:
    from collections.abc import Callable

    from deeplake_labelbox.sandbox import Sandbox, SandboxProject

ONTOLOGY: dict[str, Any] = {
    "tools": [
        {
            "tool": "rectangle",
            "name": "car",
            "classifications": [
                {
                    "type": "radio",
                    "name": "color",
                    "options": [{"value": "red"}, {"value": "blue"}],
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
            "options": [{"value": "sun"}, {"value": "rain"}],
        },
        {"type": "text", "name": "note", "scope": "index"},
        {"type": "radio", "name": "place", "options": [{"value": "town"}, {"value": "land"}]},
    ],
}
FRAMES = 6
_NOT_COMPARED = {"video_idx", "frame_idx"}


def clip(frames: int = FRAMES, first: int = 0) -> bytes:
    """A small video."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_video(Path(folder) / "clip.mp4", frames=frames, size=(32, 16), first=first)
        return path.read_bytes()


def car(left: float, color: str = "red", *, uuid: str = "car", name: str = "car") -> dict[str, Any]:
    """A box that moves from frame 1 to 5, with answers."""
    nested = [
        {"name": "color", "answer": {"name": color}},
        {"name": "flags", "answer": [{"name": "dirty"}]},
        {"name": "plate", "answer": f"plate {left}"},
    ]
    key_frames = [box_at(1, left, 2, classifications=nested), box_at(5, left + 4, 2)]
    return {"name": name, "uuid": uuid, "segments": [{"keyframes": key_frames}]}


def person(left: float, *, uuid: str = "person", name: str = "person") -> dict[str, Any]:
    key_frames = [box_at(2, left, 3), box_at(4, left, 5)]
    return {"name": name, "uuid": uuid, "segments": [{"keyframes": key_frames}]}


def nose(x: float) -> dict[str, Any]:
    return {
        "name": "nose",
        "uuid": "nose",
        "segments": [{"keyframes": [{"frame": 3, "point": {"x": x, "y": 4}}]}],
    }


def lane(x: float) -> dict[str, Any]:
    line = [{"x": x, "y": 1}, {"x": 9, "y": 8}]
    return {
        "name": "lane",
        "uuid": "lane",
        "segments": [{"keyframes": [{"frame": 1, "line": line}], "end": 2}],
    }


def road(row: int) -> dict[str, Any]:
    color = (255, 0, 0)
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[row : row + 4, 2:9] = color
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return {
        "uuid": "road",
        "masks": {
            "frames": [mask_frame(2, buffer.getvalue())],
            "instances": [{"name": "road", "colorRGB": list(color)}],
        },
    }


def weather(option: str) -> dict[str, Any]:
    return {
        "name": "weather",
        "uuid": "weather",
        "answer": {"name": option, "frames": [{"start": 1, "end": 4}]},
    }


def note(text: str) -> dict[str, Any]:
    return {
        "name": "note",
        "uuid": "note",
        "answer": [{"value": text, "frames": [{"start": 2, "end": 3}]}],
    }


def place(option: str) -> dict[str, Any]:
    return {"name": "place", "uuid": "place", "answer": {"name": option}}


def change_ontology(project: SandboxProject, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the ontology: ``change`` gets a copy with its ids."""
    ontology = copy.deepcopy(project.ontology_normalized)
    change(ontology)
    project.update_ontology(ontology)


def client_settings(box: Sandbox) -> dict[str, str]:
    """What a `labelbox.Client` of another process is made with."""
    return {
        "api_key": box.api_key,
        "endpoint": box.endpoint,
        "rest_endpoint": box.rest_endpoint,
        "app_url": box.url,
    }


def make(
    box: Sandbox, project: SandboxProject, path: str, *, labels: bool = True, **options: Any
) -> deeplake.Dataset:
    """A dataset built fresh from the project."""
    mapping = options.pop("group_mapping", None)
    selection = options.pop("label_selection", "selected")
    dataset, export = create_dataset_from_video_annotation_project(
        path, project.id, None, lb_client=box.client(), progress=False, **options
    )
    if not labels:
        return dataset
    return converter_for_video_project_with_id(
        project.id,
        lambda _: dataset,
        None,
        lb_client=box.client(),
        project_json=export,
        group_mapping=mapping,
        label_selection=selection,
        progress=False,
    ).dataset_with_applied_annotations()


def contents(dataset: deeplake.Dataset) -> dict[tuple[str, int], dict[str, Any]]:
    """Every value by data row, frame and column, in words that two datasets have in common.

    Class numbers are told by name, track ids by feature id; what is empty is left out.
    """
    meta = LabelboxMeta.read(dataset)
    names = {video.video_idx: video.data_row_id for video in meta.videos}
    keys = [
        (names[int(video)], int(frame))
        for video, frame in zip(dataset["video_idx"][:], dataset["frame_idx"][:], strict=True)
    ]
    found: dict[tuple[str, int], dict[str, Any]] = {key: {} for key in keys}
    assert len(found) == len(keys), "a frame is there twice"
    for column in column_names(dataset):
        if column in _NOT_COMPARED:
            continue
        kind = column_kind(dataset, column)
        classes = read_class_names(dataset, column)
        features = dict(dataset[column].metadata).get("feature_ids", {})
        for key, cell in zip(keys, dataset[column][:], strict=True):
            value = _told(cell, kind, classes, features)
            if value is not None:
                found[key][column] = value
    return found


def _told(value: Any, kind: str | None, classes: tuple[str, ...], features: Any) -> Any:
    if value is None or isinstance(value, str | int | float | np.generic):
        return value or None
    if kind == "object text" and list(value) == [""]:
        return None
    told: Any
    array = np.asarray(value) if kind not in ("line", "polygon", "object text") else None
    if kind == "track_ids":
        told = tuple(features[str(number)] for number in value)
    elif kind == "choices":
        # In the order of the numbers, which a dataset that grew gave otherwise.
        told = tuple(sorted(classes[number] for number in value))
    elif kind in ("labels", "object choice"):
        told = tuple(classes[number] if number >= 0 else None for number in value)
    elif kind == "object choices":
        rows = [np.flatnonzero(row) for row in array]
        told = tuple(tuple(sorted(classes[number] for number in row)) for row in rows)
    elif kind == "object text":
        told = tuple(map(str, value))
    elif array is None:
        told = tuple(tuple(map(tuple, shape.tolist())) for shape in value)
    elif array.ndim:
        told = (array.shape, array.tobytes()) if array.size else None
    else:
        told = array.item()
    return told or None
