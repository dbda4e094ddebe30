"""What Labelbox is asked for: the data rows that may have changed, and no others."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from deeplake_labelbox.dataset.applied import AppliedLabels
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import ExportEmptyError
from deeplake_labelbox.project.exporter import ExportFilters, ProjectExporter
from deeplake_labelbox.sync.plan import ExportedRows

logger = logging.getLogger(__name__)

# Labelbox finds data rows by their activity a little after it happened; what is seen again costs
# a comparison.
_OVERLAP: Final = timedelta(minutes=1)


def asked_rows(
    exporter: ProjectExporter,
    applied: AppliedLabels | None,
    meta: LabelboxMeta,
    *,
    everything: bool,
    retry: bool,
    progress: bool,
) -> tuple[ExportedRows, frozenset[str] | None]:
    """Export what may have changed.

    Args:
        exporter: Exports the project.
        applied: Which labels the dataset holds, and until when it is in step.
        meta: What the dataset knows of its videos.
        everything: Whether to export all data rows.
        retry: Whether to export those whose videos could not be had, or only in part.
        progress: Whether to show a progress bar.

    Returns:
        The data rows, and the ids of all data rows of the project, or ``None`` where these are the
        known ones and those that were exported.

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
    # The count tells whether data rows left the project, or came without being found.
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
        logger.warning("Labelbox's time %r cannot be read; all data rows are compared.", text)
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
