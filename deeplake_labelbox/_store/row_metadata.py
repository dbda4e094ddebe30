"""The columns ``lb_meta/*``: metadata of the data row and label of each row, from Labelbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, get_args

import deeplake
from deeplake import types

from deeplake_labelbox._model.annotations import VideoLabel
from deeplake_labelbox._model.data_rows import video_name, without_signature
from deeplake_labelbox._model.json_values import (
    as_int32,
    as_list,
    as_mapping,
    as_number,
    as_text,
)
from deeplake_labelbox._store.columns import add_column, column_names
from deeplake_labelbox._store.row_index import VideoRows
from deeplake_labelbox.errors import ConfigurationError

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


# Prefix of the columns of metadata fields.
_FIELD: Final = "metadata/"

RowDetail = Literal["workflow_status", "metadata", "attachments"]
"""Optional details of a data row: ``workflow_status`` as text; ``metadata`` as a text column
``metadata/<field>`` for each field that a data row has; ``attachments`` as the JSON text of a list,
without the queries of URLs."""

# Key of each detail in an export, and the export parameter that includes it.
_EXPORTED_AS: Final[dict[RowDetail, tuple[str, str]]] = {
    "metadata": ("metadata_fields", "metadata_fields"),
    "attachments": ("attachments", "attachments"),
    "workflow_status": ("project_details", "project_details"),
}


def check_row_details(details: Collection[str]) -> tuple[RowDetail, ...]:
    """Return the details in a fixed order, each once.

    Raises:
        ConfigurationError: If a detail is unknown.
    """
    for detail in (details,) if isinstance(details, str) else details:
        if detail not in get_args(RowDetail):
            raise ConfigurationError(
                f"`row_details` has {detail!r}; it takes {', '.join(get_args(RowDetail))}."
            )
    return tuple(detail for detail in get_args(RowDetail) if detail in details)


def check_row_details_in_export(
    details: Collection[RowDetail], data_row: Mapping[str, Any], project_id: str
) -> None:
    """Check that an export has the details of a data row.

    Raises:
        ConfigurationError: If it was made without a detail.
    """
    project = as_mapping(as_mapping(data_row.get("projects")).get(project_id))
    for detail in details:
        key, parameter = _EXPORTED_AS[detail]
        if key not in (project if detail == "workflow_status" else data_row):
            raise ConfigurationError(
                f"The export does not have the {detail} of data rows; export with "
                f"ExportParams({parameter}=True)."
            )


class RowMetadata:
    """Writes the columns ``<prefix>/*``.

    Args:
        prefix: First part of the column names; ``None`` for names without a prefix.
        details: Optional details that are written as well.

    Attributes:
        prefix: The same.
        details: The same.
    """

    def __init__(self, prefix: str | None = "lb_meta", details: Collection[RowDetail] = ()) -> None:
        self.prefix = prefix
        self.details = tuple(details)
        self._types = dict(_TYPES)
        for detail in self.details:
            if detail != "metadata":
                self._types[detail] = types.Text
        self._columns = {name: self._column(name) for name in self._types}

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns that may be written."""
        return tuple(self._columns.values())

    def ensure_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the missing columns."""
        existing = column_names(dataset)
        for name, column in self._columns.items():
            if column not in existing:
                add_column(dataset, column, self._types[name](), "row metadata")

    def is_there(self, dataset: deeplake.Dataset, rows: VideoRows) -> bool:
        """Return whether the rows of a video have row metadata."""
        return bool(dataset[self._columns["id"]][int(rows.rows[0])])

    def write(
        self,
        dataset: deeplake.Dataset,
        rows: VideoRows,
        data_row: Mapping[str, Any],
        project_id: str,
        label: VideoLabel | None,
    ) -> None:
        """Write the rows of one video. Values that the export lacks stay unset, or become empty.

        Args:
            dataset: The dataset.
            rows: The video's rows.
            data_row: The data row's export.
            project_id: The project.
            label: The label that is applied, if any.
        """
        count = len(rows.frames)
        name = video_name(data_row)
        values = {
            **_values(data_row, project_id, label),
            **_details(data_row, project_id, self.details),
            **self._fields(dataset, data_row),
        }
        for key, value in values.items():
            column = self._column(key)
            if value is not None:
                rows.write(dataset, column, [value] * count)
            elif (
                count
                and self._types.get(key, types.Text) is types.Text
                and dataset[column][int(rows.rows[0])]
            ):
                rows.write(dataset, column, [""] * count)  # which reads as None
        rows.write(dataset, self._columns["frame_number"], [int(n) for n in rows.frames])
        rows.write(
            dataset, self._columns["current_frame_name"], [f"{name}_{n:06d}" for n in rows.frames]
        )

    def _column(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _fields(
        self, dataset: deeplake.Dataset, data_row: Mapping[str, Any]
    ) -> dict[str, str | None]:
        """Return the metadata of a data row by column; fields of other data rows are ``None``."""
        if "metadata" not in self.details:
            return {}
        fields = _metadata(data_row)
        existing = set(column_names(dataset))
        for name in fields:
            if self._column(name) not in existing:
                add_column(dataset, self._column(name), types.Text(), "row metadata")
        first = self._column(_FIELD)
        others = (name for name in existing if name.startswith(first))
        return {_FIELD + name.removeprefix(first): None for name in others} | fields


def details_of(
    data_row: Mapping[str, Any], project_id: str, details: Collection[RowDetail] = ()
) -> dict[str, Any]:
    """Return the values of the columns that do not depend on the label of a data row."""
    found: dict[str, Any] = dict(_values(data_row, project_id, None))
    found |= _details(data_row, project_id, details)
    return found | (_metadata(data_row) if "metadata" in details else {})


def _details(
    data_row: Mapping[str, Any], project_id: str, details: Collection[RowDetail]
) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    if "workflow_status" in details:
        project = as_mapping(as_mapping(data_row.get("projects")).get(project_id))
        found["workflow_status"] = _text(
            as_mapping(project.get("project_details")).get("workflow_status")
        )
    if "attachments" in details:
        attachments = [
            {
                key: without_signature(value) if _is_url(key, attachment) else value
                for key, value in attachment.items()
            }
            for attachment in map(as_mapping, as_list(data_row.get("attachments")))
        ]
        found["attachments"] = json.dumps(attachments, sort_keys=True) if attachments else None
    return found


def _is_url(key: str, attachment: Mapping[str, Any]) -> bool:
    value = attachment.get(key)
    return key == "value" and attachment.get("type") != "RAW_TEXT" and isinstance(value, str)


def _metadata(data_row: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the metadata of a data row as text, by the name of its column."""
    found: dict[str, str | None] = {}
    for entry in as_list(data_row.get("metadata_fields")):
        name = as_text(as_mapping(entry).get("schema_name"))
        if name is not None:
            found[f"{_FIELD}{name}"] = _field_text(as_mapping(entry).get("value"))
    return found


def _field_text(value: Any) -> str | None:
    """Return a metadata value as text; for an option, an object in some exports, its name."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return as_text(value.get("schema_name")) or as_text(value.get("name")) or json.dumps(value)
    if isinstance(value, list):
        return ", ".join(filter(None, map(_field_text, value)))
    return json.dumps(value)


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
