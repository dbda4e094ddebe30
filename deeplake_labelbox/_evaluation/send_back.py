"""Send the videos of the worst frames back to Labelbox, to label or correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._evaluation.evaluation import Evaluation
from deeplake_labelbox._labelbox.client import connect, labelbox_errors
from deeplake_labelbox._labelbox.exporter import ProjectExporter
from deeplake_labelbox._labelbox.filters import ExportFilters
from deeplake_labelbox._labelbox.rate_limit import waiting_for_rate_limit
from deeplake_labelbox._upload.batches import send
from deeplake_labelbox.errors import ConfigurationError, ExportEmptyError, LabelboxError

if TYPE_CHECKING:
    import labelbox

_REWORK: Final = "MANUAL_REWORK_QUEUE"
_PRIORITIES: Final = range(1, 6)


@dataclass(frozen=True, slots=True)
class SentBack:
    """The result of `send_back`.

    Attributes:
        project_id: The project.
        batch_ids: Batches that were created; none if the project had all data rows.
        sent: Data rows of these batches.
        reworked: Data rows with labels in the project, which were moved to its rework queue.
        waiting: Data rows of the project that have no labels yet; they stay as they are.
        refused: Reason why a data row was not sent, by its id.
    """

    project_id: str
    batch_ids: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    reworked: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        """The result in one line, and a line for each data row that was refused."""
        parts = (
            (self.sent, "sent as a batch"),
            (self.reworked, "moved to rework"),
            (self.waiting, "already waiting to be labeled"),
            (self.refused, "refused"),
        )
        words = (f"{counted(len(rows), 'data row')} {what}" for rows, what in parts if rows)
        return "\n".join([f"Project {self.project_id}: {', '.join(words)}", *self.refused.values()])


def send_back(
    evaluation: Evaluation,
    project_id: str,
    *,
    batch_name: str = "Worst frames ",
    priority: int = 1,
    lb_api_key: str | None = None,
    lb_client: labelbox.Client | None = None,
) -> SentBack:
    """Send the data rows of an evaluation's worst frames to a Labelbox project.

    Labelbox labels whole videos, so the video of a frame is sent, once. Data rows that are not in
    the project are sent as a batch. A project cannot have a data row twice: data rows that are
    labeled there keep their labels and are moved to the rework queue of the project.

    Args:
        evaluation: The result of `evaluate`; the data rows of its ``worst_frames`` are sent.
        project_id: The project, the one of the dataset or another.
        batch_name: Name of the batch; a number is added to it.
        priority: Priority of the batch: 1 is the highest, 5 the lowest.
        lb_api_key: API key of Labelbox; by default that of the environment variable
            ``LABELBOX_API_KEY``.
        lb_client: A ready client, instead of a key.

    Raises:
        ConfigurationError: If there are no worst frames, or the priority is out of range.
        AuthenticationError: If the API key is refused.
        ProjectNotFoundError: If there is no such project for this key.
        LabelboxError: If a request to Labelbox fails, or the project has no rework queue.

    Example:
        ```python
        from deeplake_labelbox import Box, ObjectAnnotation, evaluate, send_back

        car = {"track": 1, "class_name": "car", "geometry": Box(20, 40, 80, 30)}
        found = [ObjectAnnotation(data_row="crossing.mp4", frame=frame, **car) for frame in (1, 2)]
        result = evaluate(found, "clips", worst_frames=5)
        print(send_back(result, PROJECT_ID))
        ```
    """
    row_ids = list(dict.fromkeys(each.data_row_id for each in evaluation.worst_frames))
    if not row_ids:
        raise ConfigurationError(
            "The evaluation has no worst frames, so there is nothing to send back; evaluate with a "
            "larger `worst_frames`, if there are errors."
        )
    if priority not in _PRIORITIES:
        raise ConfigurationError(f"`priority` is {priority!r}; give 1 to 5.")
    client = connect(lb_api_key, lb_client=lb_client)
    project = read_project(client, project_id)
    with waiting_for_rate_limit(client):
        labeled = _labeled(client, project_id, row_ids)
        new = [row_id for row_id in row_ids if row_id not in labeled]
        old = [row_id for row_id in row_ids if labeled.get(row_id)]
        if old:
            _move_to_rework(project, old)
        batches = send(client, project, new, batch_name, priority)
    return SentBack(
        project_id=project_id,
        batch_ids=tuple(batches.batch_ids),
        sent=tuple(row_id for row_id in new if row_id not in batches.refused),
        reworked=tuple(old),
        waiting=tuple(row_id for row_id in row_ids if labeled.get(row_id) is False),
        refused=batches.refused,
    )


def read_project(client: labelbox.Client, project_id: str) -> labelbox.Project:
    """Read a project.

    Raises:
        ProjectNotFoundError: If it does not exist, or the key may not see it.
    """
    with waiting_for_rate_limit(client), labelbox_errors(f"reading project {project_id}"):
        return client.get_project(project_id)


def _labeled(client: labelbox.Client, project_id: str, row_ids: Sequence[str]) -> dict[str, bool]:
    """Return whether a data row has labels, for each that is in the project."""
    try:
        export = ProjectExporter(client, project_id).export(
            filters=ExportFilters(data_row_ids=row_ids), progress=False
        )
    except ExportEmptyError:
        return {}
    return {
        str(row["data_row"]["id"]): bool(row["projects"][project_id].get("labels"))
        for row in export
    }


def _move_to_rework(project: labelbox.Project, row_ids: Sequence[str]) -> None:
    """Move data rows of a project to its rework queue.

    Raises:
        LabelboxError: If the project has no such queue, or a request fails.
    """
    from labelbox.schema.identifiables import UniqueIds  # noqa: PLC0415 - the SDK is slow to import

    with labelbox_errors(f"reading the queues of project {project.uid}"):
        queues = [queue for queue in project.task_queues() if queue.queue_type == _REWORK]
    if not queues:
        raise LabelboxError(
            f"Project {project.uid} has no rework queue, and data row {row_ids[0]} is already in "
            f"the project; add a rework step to its workflow, or send to another project."
        )
    with labelbox_errors(f"moving {counted(len(row_ids), 'data row')} to rework"):
        project.move_data_rows_to_task_queue(UniqueIds(list(row_ids)), queues[0].uid)
