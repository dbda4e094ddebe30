"""Apply the filters of an export to the rows of a project."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.store import (
        AssignmentRecord,
        DataRowRecord,
        ProjectRecord,
        Store,
    )

_FORMATS = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
STATUSES = {"InReview": "IN_REVIEW", "InRework": "IN_REWORK", "Done": "DONE"}
_MAX_IDS = 2000


def is_listed(store: Store, assignment: AssignmentRecord) -> bool:
    """Return whether exports find a data row in its project yet."""
    return assignment.listed and store.data_rows[assignment.data_row_id].listed


def matches(
    query: list[dict[str, Any]],
    store: Store,
    row: DataRowRecord,
    project: ProjectRecord | None,
    assignment: AssignmentRecord | None,
) -> bool:
    """Return whether a data row passes every entry of a search query.

    Args:
        query: The entries.
        store: The records of the sandbox.
        row: The data row.
        project: The project to filter in; None for a data row without a project.
        assignment: Its assignment to the project.

    Raises:
        InvalidQueryError: An entry is of a type that Labelbox does not have.
    """
    return all(_passes(entry, store, row, project, assignment) for entry in query)


def _passes(
    entry: dict[str, Any],
    store: Store,
    row: DataRowRecord,
    project: ProjectRecord | None,
    assignment: AssignmentRecord | None,
) -> bool:
    state = None if assignment is None else store.state(assignment)
    labels = () if state is None else state.labels
    status = None if state is None else state.workflow_status
    match entry.get("type"):
        case "data_row_id":
            passes = row.id in _ids(entry)
        case "global_key":
            passes = row.global_key in _ids(entry)
        case "batch":
            passes = assignment is not None and assignment.batch_id in _ids(entry)
        case "dataset":
            passes = row.dataset_id in _ids(entry)
        case "task_queue_status":
            passes = status == STATUSES.get(entry.get("status", ""), "no such status")
        case "task_queue_not_exist":
            passes = status == "TO_LABEL"
        case "data_row_last_activity_at":
            moment = row.created_at
            if project is not None and assignment is not None:
                moment = store.last_activity(project, assignment)
            passes = _in_range(moment, entry)
        case "labeled_at":
            passes = any(_in_range(label.created_at, entry) for label in labels)
        case other:
            raise InvalidQueryError(f"Unknown search filter type {other!r}")
    return passes


def _ids(entry: dict[str, Any]) -> list[str]:
    ids: list[str] = entry["ids"]
    if len(ids) > _MAX_IDS:
        raise InvalidQueryError(f"A filter takes at most {_MAX_IDS} ids, got {len(ids)}")
    return ids


def _in_range(moment: datetime, entry: dict[str, Any]) -> bool:
    condition = entry["value"]
    operator, bounds = condition["operator"], condition["value"]
    zone = condition.get("timezone") or "UTC"
    if operator == "BETWEEN":
        return _moment(bounds["min"], zone) <= moment <= _moment(bounds["max"], zone)
    if operator == "GREATER_THAN_OR_EQUAL":
        return moment >= _moment(bounds, zone)
    if operator == "LESS_THAN_OR_EQUAL":
        return moment <= _moment(bounds, zone)
    raise InvalidQueryError(f"Unknown operator {operator!r} in a search filter")


def _moment(text: str, zone: str) -> datetime:
    for form in _FORMATS:
        try:
            # The query's time zone applies where the text has none.
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - set below
            return moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))
        except ValueError:
            continue
    raise InvalidQueryError(f"{text!r} is not a date of a search filter")


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # known even where no time zone database is installed
        return UTC
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        raise InvalidQueryError(f"Unknown time zone {name!r}") from error
