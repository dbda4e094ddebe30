"""Parse and check one line of a Labelbox video export.

The shape is the one that Labelbox documents for exports of video projects: an object with
``data_row``, ``media_attributes`` and ``projects`` (project id to its ``labels``).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._counts import some_of
from deeplake_labelbox._model.json_values import as_mapping, parse_json
from deeplake_labelbox._model.selection import counted_labels
from deeplake_labelbox.errors import ExportFormatError, MediaTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ROW_BYTES: Final = 512 * 2**20
"""The longest line that is accepted as a data row."""

_EXPECTED: Final = (
    "a Labelbox export has one JSON object per data row, with 'data_row' and 'projects'"
)
_SHOWN_KEYS: Final = 6
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_VIDEO: Final = ("image/", "audio/", "text/", "application/pdf", "application/json")


def parse_row(line: bytes, where: str) -> dict[str, Any]:
    """Parse one line of an export and check that it is a data row of a video project.

    Args:
        line: UTF-8 JSON of one object, without its line end.
        where: The line in words, for messages: ``"line 3 of project.ndjson"``.

    Returns:
        The data row as Labelbox wrote it, with lone surrogates replaced by "?".

    Raises:
        ExportFormatError: If the line is not UTF-8, not JSON, or not a data row.
        MediaTypeError: If the data row is not a video.
    """
    try:
        row = parse_json(line.decode("utf-8"))
        row = without_lone_surrogates(row, line)
    except UnicodeDecodeError as error:
        raise ExportFormatError(
            f"{_capital(where)} is not UTF-8 (byte {error.start}); save the export as UTF-8 text."
        ) from error
    except RecursionError as error:
        raise ExportFormatError(
            f"{_capital(where)} is nested deeper than any export; {_EXPECTED}."
        ) from error
    except json.JSONDecodeError as error:
        raise ExportFormatError(
            f"{_capital(where)} is not JSON ({error.msg}); {_EXPECTED}. Export the project again "
            "if the file was cut."
        ) from error
    return check_row(row, where)


def without_lone_surrogates(row: Any, line: bytes) -> Any:
    """Replace lone surrogates by "?": UTF-8 cannot encode them.

    Args:
        row: A parsed line.
        line: The line itself, which is searched for them first because it is faster.
    """
    return _whole_characters(row) if _ESCAPED_SURROGATE.search(line) else row


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(item) for key, item in value.items()}
    return value


def check_row(row: object, where: str) -> dict[str, Any]:
    """Check that a parsed value is a data row of a video project.

    Args:
        row: The value.
        where: Its place in words, for messages.

    Returns:
        The value itself, now known to be a data row: ``data_row.id`` and ``data_row.row_data`` are
        strings and ``projects`` maps ids to objects.

    Raises:
        ExportFormatError: If the value is not a data row of an export.
        MediaTypeError: If the data row is not a video.
    """
    if not isinstance(row, dict):
        raise ExportFormatError(f"{_capital(where)} is {_kind(row)}; {_EXPECTED}.")
    _check_version(row, where)
    data_row = row.get("data_row")
    projects = row.get("projects")
    if not isinstance(data_row, dict) or not isinstance(projects, dict):
        raise ExportFormatError(f"{_capital(where)} is {_kind(row)}; {_EXPECTED}.")
    for field in ("id", "row_data"):
        if not isinstance(data_row.get(field), str) or not data_row[field]:
            raise ExportFormatError(
                f"{_capital(where)} has no 'data_row.{field}'; {_EXPECTED}. "
                "Pass the export as Labelbox wrote it."
            )
    for project_id, entry in projects.items():
        if not isinstance(project_id, str):
            raise ExportFormatError(
                f"{_capital(where)} has the project id {project_id!r}, which is not a string; pass "
                "the export as Labelbox wrote it."
            )
        if not isinstance(entry, dict) or not isinstance(entry.get("labels") or [], list):
            raise ExportFormatError(
                f"{_capital(where)} has no list of labels under project {project_id!r}; pass the "
                "export as Labelbox wrote it."
            )
    _check_media_type(row, where)
    return row


def _check_version(row: Mapping[str, Any], where: str) -> None:
    """Refuse export v1, which has other keys."""
    if {"Labeled Data", "DataRow ID"} & row.keys():
        raise ExportFormatError(
            f"{_capital(where)} is of an export v1 of Labelbox (with 'DataRow ID', 'Labeled Data' "
            "and so on), which Labelbox has replaced; export the project again, for example with "
            "`deeplake-labelbox export`."
        )
    if "frameNumber" in row and "data_row" not in row:
        raise ExportFormatError(
            f"{_capital(where)} is a frame of a label of an export v1 of Labelbox, not a data row; "
            "export the project again, for example with `deeplake-labelbox export`."
        )


def project_entry(row: Mapping[str, Any], project_id: str) -> dict[str, Any]:
    """Return the labels and details of a data row in one project.

    Args:
        row: A data row of a ``ProjectExport``.
        project_id: The Labelbox id of the project.

    Returns:
        ``row["projects"][project_id]``: ``name``, ``labels``, ``project_details``.

    Raises:
        ExportFormatError: If the data row is not part of this project; the message lists the ids
            that it has.
    """
    projects: dict[str, dict[str, Any]] = row["projects"]
    if project_id not in projects:
        raise ExportFormatError(
            f"Data row {row['data_row']['id']} is not part of project {project_id!r} in this "
            f"export; it has {list_ids(projects)}. Use one of these ids, or export project "
            f"{project_id!r}."
        )
    return projects[project_id]


def list_ids(project_ids: Mapping[str, object]) -> str:
    """List project ids for a message."""
    if not project_ids:
        return "no project"
    return some_of(list(map(repr, project_ids)), _SHOWN_KEYS)


def _check_media_type(row: Mapping[str, Any], where: str) -> None:
    """Refuse data rows of other media types; rows that do not name their type pass."""
    attributes = as_mapping(row.get("media_attributes"))
    asset_type = attributes.get("asset_type")
    mime_type = attributes.get("mime_type")
    found: str | None = None
    if isinstance(asset_type, str) and asset_type:
        found = asset_type if asset_type.lower() != "video" else None
    elif isinstance(mime_type, str) and mime_type.lower().startswith(_NOT_VIDEO):
        found = mime_type
    elif not (isinstance(mime_type, str) and mime_type.lower().startswith("video/")):
        found = next((kind for kind in _label_kinds(row) if kind.lower() != "video"), None)
        found = f"labeled with label_kind {found!r}" if found is not None else None
    if found is not None:
        raise MediaTypeError(
            f"Data row {row['data_row']['id']} ({where}) is {found}, not a video; only exports of "
            "Labelbox video projects can be used."
        )


def _label_kinds(row: Mapping[str, Any]) -> list[str]:
    """Return the kinds of the labels that are not skipped; a skipped label may be of any kind."""
    labels = [label for each in row["projects"] for label in counted_labels(row, each)]
    kinds = [label.get("label_kind") for label in labels]
    return [kind for kind in kinds if isinstance(kind, str)]


def _kind(value: object) -> str:
    """Describe a JSON value without its contents, which may hold signed URLs."""
    if isinstance(value, dict):
        keys = [repr(str(key))[:40] for key in list(value)[:_SHOWN_KEYS]]
        if not keys:
            return "an empty object"
        return f"an object with the keys {', '.join(keys)}" + (
            " and more" if len(value) > len(keys) else ""
        )
    if isinstance(value, bool) or value is None:
        return "a literal"
    names: dict[type, str] = {list: "a list", str: "a string", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")


def _capital(where: str) -> str:
    return where[:1].upper() + where[1:]
