"""Send data rows to a project in batches."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._labelbox.client import clean, labelbox_errors
from deeplake_labelbox._labelbox.exporter import LAG_DELAYS, ProjectExporter
from deeplake_labelbox._labelbox.filters import ExportFilters, ExportParams
from deeplake_labelbox.errors import ExportEmptyError

if TYPE_CHECKING:
    import labelbox

logger = logging.getLogger(__name__)

_MAX_ROWS: Final = 100_000
# Start of Labelbox's message for a batch to which it can add no data row.
_NONE_VALID: Final = re.compile(r"No valid data rows", re.IGNORECASE)


def rows_in_project(
    client: labelbox.Client, project: labelbox.Project, row_ids: Collection[str]
) -> set[str]:
    """Find the data rows that are already in the project."""
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
    )
    try:
        export = exporter.export(
            filters=ExportFilters(data_row_ids=sorted(row_ids)), params=bare, progress=False
        )
    except ExportEmptyError:
        return set()
    return {str(row["data_row"]["id"]) for row in export} & set(row_ids)


@dataclass(slots=True)
class SentBatches:
    """The outcome of sending data rows to a project.

    Attributes:
        batch_ids: The batches that were created.
        refused: Reason why a data row is not in the project, by id.
    """

    batch_ids: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def send(
    client: labelbox.Client,
    project: labelbox.Project,
    row_ids: Sequence[str],
    prefix: str,
    priority: int,
) -> SentBatches:
    """Send data rows to a project in batches named ``prefix`` and a number of four digits.

    This waits until Labelbox has processed the data rows. Numbers that the project's batches have
    are not used again. Labelbox refuses a batch if it can add none of its data rows; then the
    reason is found for each of them.
    """
    sent = SentBatches()
    if not row_ids:
        return sent
    with labelbox_errors(f"reading the batches of project {project.uid}"):
        taken = {str(batch.name) for batch in project.batches()}
    number = 0
    for start in range(0, len(row_ids), _MAX_ROWS):
        while f"{prefix}{number:04d}" in taken:
            number += 1
        name = f"{prefix}{number:04d}"
        some = list(row_ids[start : start + _MAX_ROWS])
        with labelbox_errors(f"sending {counted(len(some), 'data row')} to project {project.uid}"):
            batch, refusal = _create_batch(project, name, some, priority)
            failed = some if batch is None else _failed_rows(client, project, batch, some)
            if batch is not None:
                taken.add(name)
                sent.batch_ids.append(str(batch.uid))
                logger.info("Sent %d data rows as batch %s (%s)", len(some), name, batch.uid)
            sent.refused |= _reasons(client, project, failed, refusal)
    return sent


def _create_batch(
    project: labelbox.Project, name: str, row_ids: list[str], priority: int
) -> tuple[labelbox.Batch | None, str]:
    """Create a batch; if no data row can be added, return None and Labelbox's message."""
    from lbox import exceptions as sdk  # noqa: PLC0415 - the SDK is slow to import

    try:
        return project.create_batch(name, data_rows=row_ids, priority=priority), ""
    except (sdk.MalformedQueryException, sdk.LabelboxError) as error:
        if not _NONE_VALID.search(str(error)):
            raise
        return None, clean(str(error)).rstrip(".!")


def _failed_rows(
    client: labelbox.Client, project: labelbox.Project, batch: labelbox.Batch, row_ids: list[str]
) -> list[str]:
    """Find the data rows that were not added to a batch."""
    failed = [clean(str(row_id)) for row_id in batch.failed_data_row_ids or ()]
    if failed or int(batch.size) == len(row_ids):
        return failed
    # For large batches, Labelbox reports only the size.
    there = _seen_in_project(client, project, row_ids, int(batch.size))
    return [row_id for row_id in row_ids if row_id not in there]


def _reasons(
    client: labelbox.Client, project: labelbox.Project, failed: list[str], refusal: str
) -> dict[str, str]:
    """Find out why data rows that were not added to a batch are not in the project.

    Data rows that are in it already get no reason; an export shows them some time after they were
    sent.
    """
    from lbox.exceptions import ResourceNotFoundError  # noqa: PLC0415 - the SDK is slow to import

    there = rows_in_project(client, project, failed)
    reasons: dict[str, str] = {}
    waiting: list[str] = []
    for row_id in failed:
        if row_id in there:
            continue
        try:
            row = client.get_data_row(row_id)
        except ResourceNotFoundError:
            reasons[row_id] = f"data row {row_id} was deleted; upload the video again"
            continue
        if row.media_attributes:
            waiting.append(row_id)
        else:
            reasons[row_id] = (
                f"Labelbox could not process the file of data row {row_id}; delete the data row "
                "in Labelbox, and upload a file that can be played"
            )
    message = f" ({refusal})" if refusal else ""
    late = set(waiting) - _seen_in_project(client, project, waiting, len(waiting))
    for row_id in late:
        reasons[row_id] = (
            f"Labelbox did not add data row {row_id} to the project{message}; try again in a "
            "minute, because exports show new data rows late"
        )
    return reasons


def _seen_in_project(
    client: labelbox.Client, project: labelbox.Project, row_ids: list[str], expected: int
) -> set[str]:
    """Find the data rows that exports show in a project; wait for the expected number."""
    there = rows_in_project(client, project, row_ids)
    for delay in LAG_DELAYS:
        if len(there) >= expected:
            break
        time.sleep(delay)
        there = rows_in_project(client, project, row_ids)
    return there
