"""Export only the data rows that may have changed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._labelbox.exporter import ExportFilters, ProjectExporter
from deeplake_labelbox._sync.plan import SyncOptions
from deeplake_labelbox._sync.state import DatasetState
from deeplake_labelbox.errors import ExportEmptyError

logger = logging.getLogger(__name__)

# Labelbox's search shows activity with a delay that differs by data row; Labelbox's own tests wait
# up to three minutes for it. A data row that is exported again costs one comparison.
_OVERLAP: Final = timedelta(minutes=10)
# Exports of up to this many data rows are kept in memory.
_FEW: Final = 16


class ExportedRows(Sequence[dict[str, Any]]):
    """The data rows of one or two exports, each once, read from disk on demand.

    Small exports are kept in memory, because a sync reads them several times.
    """

    def __init__(self, *exports: ProjectExport) -> None:
        places: dict[str, tuple[Sequence[dict[str, Any]], int]] = {}
        for export in exports:
            rows = list(export) if len(export) <= _FEW else export
            for number, row in enumerate(rows):
                places[str(row["data_row"]["id"])] = (rows, number)
        self.ids = tuple(places)
        self._places = tuple(places.values())

    def __len__(self) -> int:
        """Number of data rows."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [rows[number] for rows, number in self._places[index]]
        rows, number = self._places[index]
        return rows[number]


def export_changed_rows(
    exporter: ProjectExporter, state: DatasetState, options: SyncOptions, *, everything: bool
) -> tuple[ExportedRows, frozenset[str] | None]:
    """Export the data rows that may have changed since the last sync.

    Args:
        exporter: Exports the project.
        state: The dataset at the start of the sync.
        options: The options of the sync.
        everything: Whether to export all data rows.

    Returns:
        The data rows, and the ids of all data rows of the project; ``None`` if no known data row
        left the project.

    Raises:
        LabelboxError: If the project cannot be exported.
    """

    def export(filters: ExportFilters | None = None) -> tuple[ProjectExport, ...]:
        try:
            return (exporter.export(filters=filters, progress=options.progress),)
        except ExportEmptyError:
            return ()

    applied = state.applied
    since = None if applied is None else _moment(applied.last_activity)
    if applied is None or since is None or everything:
        rows = ExportedRows(*export())
        return rows, frozenset(rows.ids)
    changed = export(ExportFilters(last_activity_at=(since - _OVERLAP, None)))
    rows = ExportedRows(*changed)
    # A different count means that data rows left the project, or were added but not found.
    expected = (applied.labels.keys() - set(applied.removed_data_rows)) | set(rows.ids)
    if len(expected) != int(exporter.project.data_row_count or 0):
        rows = ExportedRows(*export())
        return rows, frozenset(rows.ids)
    again = [
        video.data_row_id
        for video in state.meta.videos
        if video.data_row_id in expected - set(rows.ids)
        and (
            (options.retry and video.status in ("failed", "partial"))
            or applied.labels[video.data_row_id].incomplete
        )
    ]
    if again:
        rows = ExportedRows(*changed, *export(ExportFilters(data_row_ids=again)))
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
