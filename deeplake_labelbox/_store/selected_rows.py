"""Select the label of each data row once, to compare and to write it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deeplake_labelbox._model.data_rows import data_row_name
from deeplake_labelbox._model.json_values import as_mapping, as_text
from deeplake_labelbox._model.selection import (
    LabelSelection,
    counted_labels,
    labels_of_annotators,
    select_label,
)
from deeplake_labelbox._store.applied_labels import AppliedLabel
from deeplake_labelbox._store.row_metadata import RowDetail, details_of


@dataclass(frozen=True, slots=True)
class SelectedRow:
    """A data row of an export, with the label that is applied to its rows.

    Attributes:
        data_row_id: Id of the data row.
        name: Its external id, or its URL without the query, or its path.
        last_activity: Time of the last activity on it, if the export has it.
        row: The data row.
        label: The label as JSON; ``None`` if the data row has none to apply.
        content: The applied label of the rows once it is written.
        by_annotator: The newest label of each annotator, if annotators have columns of their own.
    """

    data_row_id: str
    name: str
    last_activity: str | None
    row: Mapping[str, Any]
    label: Mapping[str, Any] | None
    content: AppliedLabel
    by_annotator: Mapping[str, Mapping[str, Any]]

    def label_of(self, annotator: str | None) -> Mapping[str, Any] | None:
        """Return the label of an annotator, or the selected one for ``None``."""
        return self.label if annotator is None else self.by_annotator.get(annotator)


class SelectedRows:
    """The data rows of an export, each with its selected label.

    A label is selected and digested when its data row is first read. Later iterations, including
    those of a part made with `chosen`, find it by its place; its JSON is not kept in memory. A
    function is called each time, because it may have edited the label that it returned.

    Args:
        rows: The data rows, read from disk on demand.
        project_id: The project whose labels to use.
        selection: Which of several labels of a data row to use.
        details: Details of data rows that are written beside the columns ``lb_meta/*``.

    Attributes:
        selection: The same.
    """

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        project_id: str,
        selection: LabelSelection,
        details: Collection[RowDetail] = (),
    ) -> None:
        self.selection = selection
        self._rows = rows
        self._project_id = project_id
        self._details = details
        # If this is a part of the data rows: their numbers in `rows`.
        self._part: Sequence[int] | None = None
        self._numbers: dict[str, int] = {}
        # By number: the content, and the place of the label among those that are not skipped.
        self._selected: dict[int, tuple[AppliedLabel, int | None]] = {}

    def chosen(self, data_row_ids: Collection[str]) -> SelectedRows:
        """Return some of the data rows, in the same order; all must have been read before."""
        part = SelectedRows(self._rows, self._project_id, self.selection, self._details)
        part._numbers, part._selected = self._numbers, self._selected
        part._part = sorted(self._numbers[data_row_id] for data_row_id in data_row_ids)
        return part

    def __len__(self) -> int:
        """Number of data rows."""
        return len(self._rows if self._part is None else self._part)

    def __iter__(self) -> Iterator[SelectedRow]:
        """Yield the data rows."""
        if self._part is None:
            return itertools.starmap(self._select, enumerate(self._rows))
        return (self._select(number, self._rows[number]) for number in self._part)

    def _select(self, number: int, row: Mapping[str, Any]) -> SelectedRow:
        by_annotator = (
            labels_of_annotators(row, self._project_id) if self.selection == "all" else {}
        )
        if number in self._selected:
            content, place = self._selected[number]
            label = None if place is None else counted_labels(row, self._project_id)[place]
        else:
            label = select_label(row, self._project_id, self.selection)
            content = self._content(row, label, by_annotator)
            if not callable(self.selection):
                labels = enumerate(counted_labels(row, self._project_id))
                place = next((place for place, one in labels if one is label), None)
                self._selected[number] = content, place
        data_row = row["data_row"]
        data_row_id = str(data_row["id"])
        self._numbers[data_row_id] = number
        return SelectedRow(
            data_row_id=data_row_id,
            name=data_row_name(row),
            last_activity=as_text(as_mapping(data_row.get("details")).get("last_activity_at")),
            row=row,
            label=label,
            content=content,
            by_annotator=by_annotator,
        )

    def _content(
        self,
        row: Mapping[str, Any],
        label: Mapping[str, Any] | None,
        by_annotator: Mapping[str, Mapping[str, Any]],
    ) -> AppliedLabel:
        versions = {
            who: [as_text(one.get("id")), _version(one)] for who, one in by_annotator.items()
        }
        return AppliedLabel(
            label_id=None if label is None else as_text(label.get("id")),
            changed=None if label is None else _version(label),
            details=_digest(details_of(row, self._project_id, self._details)),
            others=_digest(versions) if versions else "",
        )


def _version(label: Mapping[str, Any]) -> str:
    """Return the time of the last change of a label's content, or a digest of the label."""
    details = as_mapping(label.get("label_details"))
    for key in ("content_last_updated_at", "updated_at"):
        moment = as_text(details.get(key))
        if moment:
            return moment
    return _digest(label)


def _digest(value: object) -> str:
    """Return a short digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
