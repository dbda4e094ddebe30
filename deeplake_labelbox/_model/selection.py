"""Select the label to use if consensus, review or benchmarks give several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from deeplake_labelbox._model.json_values import as_list, as_mapping, as_text
from deeplake_labelbox.errors import ConfigurationError

_NEVER = datetime.min.replace(tzinfo=UTC)

LabelSelection = (
    Literal["selected", "newest", "all"]
    | Callable[[list[dict[str, Any]], dict[str, Any]], dict[str, Any] | None]
)
"""Which of several labels of a data row to use.

``"selected"``: the winner in Labelbox (``selected_label_id``), else the newest. ``"newest"``: the
one whose content changed last. A function gets the labels that are not skipped and the data row's
export, and returns one of the labels or ``None``. ``"all"``: as ``"selected"``, and beside it the
newest label of each annotator, in columns of their own.
"""


def select_label(
    data_row: Mapping[str, Any], project_id: str, selection: LabelSelection = "selected"
) -> dict[str, Any] | None:
    """Select the label of a data row to apply.

    Args:
        data_row: One row of a project export.
        project_id: The project whose labels to use.
        selection: See `LabelSelection`.

    Returns:
        The label's JSON, or ``None`` if the data row has no label, or only skipped ones.

    Raises:
        ConfigurationError: If ``selection`` is neither a known name nor a function, or if the
            function fails or does not return a label.
    """
    project = as_mapping(as_mapping(data_row.get("projects")).get(project_id))
    labels = counted_labels(data_row, project_id)
    if callable(selection):
        try:
            selected = selection(labels, dict(data_row))
        except Exception as error:
            row_id = as_mapping(data_row.get("data_row")).get("id")
            raise ConfigurationError(
                f"`label_selection` failed with {type(error).__name__} for data row {row_id}; call "
                f"it with the labels of this row to see why."
            ) from error
        if selected is not None and not isinstance(selected, Mapping):
            raise ConfigurationError(
                f"`label_selection` returned a {type(selected).__name__}; it must return one of "
                f"the labels that it gets, or None."
            )
        return selected
    if selection not in ("selected", "newest", "all"):
        raise ConfigurationError(
            f"`label_selection` is {selection!r}; it must be 'selected', 'newest', 'all' or a "
            f"function."
        )
    if selection in ("selected", "all"):
        winner = as_mapping(project.get("project_details")).get("selected_label_id")
        for label in labels:
            if winner is not None and label.get("id") == winner:
                return label
    return _newest(labels)


def counted_labels(data_row: Mapping[str, Any], project_id: str) -> list[dict[str, Any]]:
    """Return the labels of a data row that are not skipped."""
    project = as_mapping(as_mapping(data_row.get("projects")).get(project_id))
    return [
        label
        for label in as_list(project.get("labels"))
        if isinstance(label, dict)
        and not as_mapping(label.get("performance_details")).get("skipped", False)
    ]


def labels_of_annotators(data_row: Mapping[str, Any], project_id: str) -> dict[str, dict[str, Any]]:
    """Return the newest label of each annotator of a data row, by ``created_by``."""
    labels = counted_labels(data_row, project_id)
    found = {}
    for annotator in dict.fromkeys(map(_annotator, labels)):
        if annotator is not None:
            newest = _newest([label for label in labels if _annotator(label) == annotator])
            found[annotator] = newest or {}
    return found


def _newest(labels: list[dict[str, Any]]) -> dict[str, Any] | None:
    # Labels without details sort first. Of labels with the same time, the last is the newest.
    return max(reversed(labels), key=_changed, default=None)


def _annotator(label: Mapping[str, Any]) -> str | None:
    return as_text(as_mapping(label.get("label_details")).get("created_by")) or None


def _changed(label: Mapping[str, Any]) -> datetime:
    """Return the time of the last change of a label's content."""
    details = as_mapping(label.get("label_details"))
    for key in ("content_last_updated_at", "updated_at", "created_at"):
        try:
            moment = datetime.fromisoformat(details[key])
        except (KeyError, TypeError, ValueError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _NEVER
