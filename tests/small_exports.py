"""Exports over clips whose pixels tell their frame number, and the whole job done on them."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from label_json import box, frame, label
from PIL import Image
from video_files import read_number

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)

if TYPE_CHECKING:
    import deeplake

FRAMES = 6
SIZE = 96, 64
COLOR = {
    "type": "radio",
    "name": "color",
    "options": [
        {"value": "red", "options": [{"type": "text", "name": "shade"}]},
        {"value": "blue"},
    ],
}
PLACE = {"type": "radio", "name": "place", "options": [{"value": "town"}, {"value": "land"}]}
ONTOLOGY: dict[str, Any] = {
    "tools": [
        {"tool": "rectangle", "name": "car", "classifications": [COLOR]},
        {"tool": "rectangle", "name": "bus", "classifications": [{**COLOR, "name": "paint"}]},
        {"tool": "point", "name": "nose"},
        {"tool": "line", "name": "lane"},
        *({"tool": "raster-segmentation", "name": name} for name in ("road", "sky", "boat")),
    ],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain"}],
        },
        {
            "type": "checklist",
            "name": "seen",
            "scope": "index",
            "options": [{"value": "bus"}, {"value": "dog"}],
        },
        {"type": "text", "name": "note", "scope": "index"},
        PLACE,
    ],
}
_names = itertools.count()


def new_path() -> str:
    """A path in memory where nothing is yet."""
    return f"mem://small-exports-{next(_names)}"


def data_row(
    row_id: str,
    path: Any,
    *labels: dict[str, Any],
    external_id: str | None = None,
    declared: int = FRAMES,
    rate: float = 25,
    **project: Any,
) -> dict[str, Any]:
    """A line of an export of project ``p``."""
    return {
        "data_row": {"id": row_id, "row_data": str(path), "external_id": external_id or row_id},
        "media_attributes": {
            "width": SIZE[0],
            "height": SIZE[1],
            "frame_rate": rate,
            "frame_count": declared,
            "asset_type": "video",
        },
        "projects": {"p": {"name": "P", "labels": list(labels), **project}},
    }


def run(
    *rows: dict[str, Any],
    fail_on_error: bool = False,
    labeled: list[dict[str, Any]] | None = None,
    **options: Any,
) -> tuple[deeplake.Dataset, Report]:
    """Make a dataset of an export, and apply its labels, or those of another one (``labeled``)."""
    report = Report()
    dataset, export = create_dataset_from_video_annotation_project(
        new_path(),
        "p",
        None,
        project_json=list(rows),
        progress=False,
        report=report,
        fail_on_error=fail_on_error,
    )
    converter = converter_for_video_project_with_id(
        "p",
        lambda _: dataset,
        None,
        project_json=labeled or export,
        lb_ontology=ONTOLOGY,
        progress=False,
        fail_on_error=fail_on_error,
        **options,
    )
    return converter.dataset_with_applied_annotations(), report.merge(converter.report)


def boxes_telling(first: int) -> dict[str, Any]:
    """A label with a box on every frame, whose left edge is the number on the frame."""
    return label(
        {n: frame(box("b", (first + n - 1, 1, 5, 4))) for n in range(1, FRAMES + 1)},
        {"b": [[1, FRAMES]]},
        {"b": list(range(1, FRAMES + 1))},
    )


def check_boxes(dataset: deeplake.Dataset) -> None:
    """Check that each box of `boxes_telling` is on the frame with its number."""
    for row in range(len(dataset)):
        number = read_number(dataset["frames"][row])
        assert cells(dataset, "car/car")[row] == [[number, 1, 5, 4]], row


def cells(dataset: deeplake.Dataset, column: str) -> list[Any]:
    """What a column holds, as plain values."""
    assert column in {each.name for each in dataset.schema.columns}
    return [v.tolist() if isinstance(v, np.ndarray) else v for v in dataset[column][:]]


def classes(dataset: deeplake.Dataset, column: str) -> list[list[str]]:
    """The class names in each row of a column."""
    names = list(dataset[column].metadata["class_names"])
    return [[names[number] for number in cell] for cell in dataset[column][:]]


def chosen(dataset: deeplake.Dataset, column: str) -> list[list[list[str]]]:
    """The class names that each object of each row has in a column of several choices."""
    names = list(dataset[column].metadata["class_names"])
    return [
        [[names[n] for n in np.flatnonzero(answers)] for answers in cell]
        for cell in dataset[column][:]
    ]


def png(*areas: tuple[tuple[int, int, int], slice]) -> bytes:
    """A PNG of the clips' size, black but for bands of rows in a color."""
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    for color, rows in areas:
        pixels[rows] = color
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()
