"""The columns ``lb_meta/*``: what Labelbox says of the data row and label of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import deeplake
from deeplake import types

from deeplake_labelbox._model.annotations import VideoLabel
from deeplake_labelbox._model.data_rows import video_name, without_signature
from deeplake_labelbox._model.json_values import as_int32, as_mapping, as_number
from deeplake_labelbox._store.columns import add_column, column_names
from deeplake_labelbox._store.row_index import VideoRows

_TYPES: dict[str, Callable[[], Any]] = {
    "video_name": types.Text,
    "id": types.Text,
    "row_data": types.Text,
    "label_creator": types.Text,
    "label_id": types.Text,
    "width": types.Int32,
    "height": types.Int32,
    "ontology_id": types.Text,
    "project_name": types.Text,
    "dataset_name": types.Text,
    "dataset_id": types.Text,
    "global_key": types.Text,
    "frame_rate": types.Float64,
    "frame_count": types.Int32,
    "frame_number": types.Int32,
    "current_frame_name": types.Text,
}


class RowMetadata:
    """Writes ``<prefix>/*``.

    Args:
        prefix: First part of the column names; without one they stand alone.

    Attributes:
        prefix: The same.
    """

    def __init__(self, prefix: str | None = "lb_meta") -> None:
        self.prefix = prefix
        self._columns = {name: f"{prefix}/{name}" if prefix else name for name in _TYPES}

    @property
    def column_names(self) -> tuple[str, ...]:
        """All columns that may be written."""
        return tuple(self._columns.values())

    def ensure_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns that are not there."""
        existing = column_names(dataset)
        for name, column in self._columns.items():
            if column not in existing:
                add_column(dataset, column, _TYPES[name](), "row metadata")

    def is_there(self, dataset: deeplake.Dataset, rows: VideoRows) -> bool:
        """Whether the rows of a video have them."""
        return bool(dataset[self._columns["id"]][int(rows.rows[0])])

    def write(
        self,
        dataset: deeplake.Dataset,
        rows: VideoRows,
        data_row: Mapping[str, Any],
        project_id: str,
        label: VideoLabel | None,
    ) -> None:
        """Write the rows of one video. What the export does not tell is left unset, or emptied.

        Args:
            dataset: The dataset.
            rows: The video's rows.
            data_row: The data row's export.
            project_id: The project.
            label: The label that is applied, if any.
        """
        count = len(rows.frames)
        name = video_name(data_row)
        for key, value in _values(data_row, project_id, label).items():
            column = self._columns[key]
            if value is not None:
                rows.write(dataset, column, [value] * count)
            elif count and _TYPES[key] is types.Text and dataset[column][int(rows.rows[0])]:
                rows.write(dataset, column, [""] * count)  # which reads as None
        rows.write(dataset, self._columns["frame_number"], [int(n) for n in rows.frames])
        rows.write(
            dataset, self._columns["current_frame_name"], [f"{name}_{n:06d}" for n in rows.frames]
        )


def details_of(data_row: Mapping[str, Any], project_id: str) -> dict[str, str | int | float | None]:
    """What the columns say of a data row itself, whatever its label is."""
    return _values(data_row, project_id, None)


def _values(
    data_row: Mapping[str, Any], project_id: str, label: VideoLabel | None
) -> dict[str, str | int | float | None]:
    row = data_row["data_row"]
    details = as_mapping(row.get("details"))
    media = as_mapping(data_row.get("media_attributes"))
    project = as_mapping(as_mapping(data_row.get("projects")).get(project_id))
    return {
        "video_name": video_name(data_row),
        "id": str(row["id"]),
        "row_data": without_signature(str(row["row_data"])),
        "label_creator": label.created_by if label else None,
        "label_id": label.id if label else None,
        "width": as_int32(media.get("width")),
        "height": as_int32(media.get("height")),
        "ontology_id": _text(as_mapping(project.get("project_details")).get("ontology_id")),
        "project_name": _text(project.get("name")),
        "dataset_name": _text(details.get("dataset_name")),
        "dataset_id": _text(details.get("dataset_id")),
        "global_key": _text(row.get("global_key")),
        "frame_rate": as_number(media.get("frame_rate")),
        "frame_count": as_int32(media.get("frame_count")),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
