"""Sending data rows to a project."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from deeplake_labelbox.errors import ExportEmptyError
from deeplake_labelbox.project.client import clean, labelbox_errors
from deeplake_labelbox.project.exporter import ProjectExporter
from deeplake_labelbox.project.filters import ExportFilters, ExportParams

if TYPE_CHECKING:
    import labelbox

logger = logging.getLogger(__name__)

_MAX_ROWS: Final = 100_000


def rows_in_project(
    client: labelbox.Client, project: labelbox.Project, row_ids: Collection[str]
) -> set[str]:
    """Which of these data rows are in the project already."""
    if not row_ids:
        return set()
    exporter = ProjectExporter(client, project.uid)
    bare = ExportParams(
        attachments=False,
        metadata_fields=False,
        data_row_details=False,
        project_details=False,
        performance_details=False,
        label_details=False,
        interpolated_frames=False,
    )
    try:
        export = exporter.export(
            filters=ExportFilters(data_row_ids=sorted(row_ids)), params=bare, progress=False
        )
    except ExportEmptyError:
        return set()
    return {str(row["data_row"]["id"]) for row in export} & set(row_ids)


def send(
    project: labelbox.Project, row_ids: Sequence[str], prefix: str, priority: int
) -> tuple[list[str], list[str]]:
    """Send data rows to a project in batches named ``prefix`` and a number of four digits.

    Labelbox first processes the data rows, and this waits for it. Numbers go on where those of
    the project's batches end.

    Returns:
        The ids of the batches, and the data rows that Labelbox would not take.
    """
    if not row_ids:
        return [], []
    with labelbox_errors(f"reading the batches of project {project.uid}"):
        taken = {str(batch.name) for batch in project.batches()}
    batch_ids: list[str] = []
    refused: list[str] = []
    number = 0
    for start in range(0, len(row_ids), _MAX_ROWS):
        while f"{prefix}{number:04d}" in taken:
            number += 1
        name = f"{prefix}{number:04d}"
        taken.add(name)
        some = list(row_ids[start : start + _MAX_ROWS])
        with labelbox_errors(f"sending {len(some)} data rows to project {project.uid}"):
            batch = project.create_batch(name, data_rows=some, priority=priority)
            refused += [clean(str(row_id)) for row_id in batch.failed_data_row_ids or ()]
        batch_ids.append(str(batch.uid))
        logger.info("Sent %d data rows as batch %s (%s)", len(some), name, batch.uid)
    return batch_ids, refused
