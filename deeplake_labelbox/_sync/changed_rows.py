"""Export only the data rows that may have changed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._labelbox.exporter import ExportFilters, ProjectExporter
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import ExportEmptyError

logger = logging.getLogger(__name__)

# Labelbox's search lags behind the activity, of some data rows longer than of others; Labelbox's
# own tests wait for it for up to three minutes. A data row that is exported again costs one
# comparison.
_OVERLAP: Final = timedelta(minutes=10)
# Exports of up to so many data rows are kept in memory.
_FEW: Final = 16


class ExportedRows(Sequence[dict[str, Any]]):
    """The data rows of one or several exports, each once, read from disk on demand.

    Small exports are kept in memory, because a sync reads them several times.
    """

    def __init__(self, *exports: ProjectExport) -> None:
        places: dict[str, tuple[Sequence[dict[str, Any]], int]] = {}
        for export in exports:
            rows = list(export) if len(export) <= _FEW else export
            for number, row in enumerate(rows):
                places[str(row["data_row"]["id"])] = (rows, number)
        self._places = places

    def chosen(self, data_row_ids: Collection[str]) -> ExportedRows:
        """Only the data rows with these ids, in the same order."""
        some = ExportedRows()
        some._places = {key: place for key, place in self._places.items() if key in data_row_ids}
        return some

    def with_rows_of(self, other: ExportedRows) -> ExportedRows:
        """These data rows and those of another export."""
        both = ExportedRows()
        both._places = {**self._places, **other._places}
        return both

    @property
    def ids(self) -> Collection[str]:
        """The ids of the data rows."""
        return self._places.keys()

    def __len__(self) -> int:
        """How many data rows."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> ExportedRows: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | ExportedRows:
        if isinstance(index, slice):
            return self.chosen(list(self._places)[index])
        export, number = list(self._places.values())[index]
        return export[number]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The data rows, one at a time."""
        return (export[number] for export, number in self._places.values())


def export_changed_rows(
    exporter: ProjectExporter,
    applied: AppliedLabels | None,
    meta: LabelboxMeta,
    *,
    everything: bool,
    retry: bool,
    progress: bool,
) -> tuple[ExportedRows, frozenset[str] | None]:
    """Export the data rows that may have changed since the last sync.

    Args:
        exporter: Exports the project.
        applied: The labels that the dataset holds, and the time of the last sync.
        meta: The videos of the dataset.
        everything: Whether to export all data rows.
        retry: Whether to export data rows whose videos failed or are incomplete.
        progress: Whether to show a progress bar.

    Returns:
        The data rows, and the ids of all data rows of the project; ``None`` if no known data row
        left the project.

    Raises:
        LabelboxError: If the project cannot be exported.
    """

    def rows_of(filters: ExportFilters | None) -> ExportedRows:
        try:
            return ExportedRows(exporter.export(filters=filters, progress=progress))
        except ExportEmptyError:
            return ExportedRows()

    since = None if applied is None else _moment(applied.last_activity)
    if applied is None or since is None or everything:
        rows = rows_of(None)
        return rows, frozenset(rows.ids)
    rows = rows_of(ExportFilters(last_activity_at=(since - _OVERLAP, None)))
    # A different count means that data rows left the project, or were added but not found.
    expected = (applied.labels.keys() - set(applied.left)) | set(rows.ids)
    if len(expected) != int(exporter.project.data_row_count or 0):
        rows = rows_of(None)
        return rows, frozenset(rows.ids)
    again = [
        video.data_row_id
        for video in meta.videos
        if video.data_row_id in expected - set(rows.ids)
        and (
            (retry and video.status in ("failed", "partial"))
            or applied.labels[video.data_row_id].incomplete
        )
    ]
    if again:
        rows = rows.with_rows_of(rows_of(ExportFilters(data_row_ids=again)))
    return rows, None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        logger.warning(
            "Labelbox sent a time that is not ISO 8601 (%r); comparing all data rows.", text
        )
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
