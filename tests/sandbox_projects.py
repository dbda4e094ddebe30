"""Projects in the sandbox for tests, and functions to read its exports."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox import Sandbox, SandboxProject

COLOR = {
    "type": "radio",
    "name": "color",
    "options": [
        {"label": "Red", "value": "red", "options": [{"type": "text", "name": "shade"}]},
        {"label": "Blue", "value": "blue"},
    ],
}
ONTOLOGY: dict[str, Any] = {
    "tools": [
        {
            "tool": "rectangle",
            "name": "car",
            "classifications": [
                COLOR,
                {
                    "type": "checklist",
                    "name": "flags",
                    "options": [{"value": "parked"}, {"value": "dirty"}],
                },
                {"type": "text", "name": "plate"},
            ],
        },
        {"tool": "point", "name": "nose"},
        {"tool": "line", "name": "lane marking"},
        {"tool": "raster-segmentation", "name": "road"},
        {"tool": "raster-segmentation", "name": "sky"},
    ],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain", "options": [COLOR]}],
        },
        {
            "type": "checklist",
            "name": "seen",
            "scope": "index",
            "options": [{"value": "bus"}, {"value": "bike"}],
        },
        {"type": "text", "name": "note", "scope": "index"},
        {"type": "radio", "name": "place", "options": [{"value": "town"}, {"value": "land"}]},
    ],
}
ALL_PARAMS = {
    "attachments": True,
    "embeddings": True,
    "metadata_fields": True,
    "data_row_details": True,
    "project_details": True,
    "performance_details": True,
    "label_details": True,
}


def new_project(box: Sandbox, name: str = "Traffic") -> SandboxProject:
    return box.add_project(name, ONTOLOGY)


def box_at(frame: int, left: float = 10, top: float = 20, **more: Any) -> dict[str, Any]:
    """A key frame of a box, 30 wide and 40 high."""
    return {"frame": frame, "bbox": {"top": top, "left": left, "height": 40, "width": 30}, **more}


def car(*key_frames: dict[str, Any], **segment: Any) -> dict[str, Any]:
    return {"name": "car", "segments": [{"keyframes": list(key_frames), **segment}]}


def composite_png(*squares: tuple[tuple[int, int, int], int], size: int = 8) -> bytes:
    """A composite mask with a square of 2 x 2 pixels for each (color, row)."""
    pixels = np.zeros((size, size, 3), dtype=np.uint8)
    for color, row in squares:
        pixels[row : row + 2, 0:2] = color
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def mask_frame(index: int, png: bytes) -> dict[str, Any]:
    return {"index": index, "imBytes": base64.b64encode(png).decode()}


def export_lines(
    box: Sandbox,
    project: SandboxProject,
    *,
    filters: dict[str, Any] | None = None,
    params: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The export of a project, through the real SDK."""
    task = box.client().get_project(project.id).export(filters=filters, params=params)
    task.wait_till_done()
    return [item.json for item in task.get_buffered_stream()] if task.has_result() else []


def exported_annotations(box: Sandbox, project: SandboxProject, **params: bool) -> dict[str, Any]:
    """The annotations of the only label of a project's only data row."""
    (line,) = export_lines(box, project, params=params)
    (label,) = line["projects"][project.id]["labels"]
    annotations: dict[str, Any] = label["annotations"]
    return annotations
