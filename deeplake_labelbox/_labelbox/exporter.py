"""Export a Labelbox project, and write it to an NDJSON file as it is downloaded."""

from __future__ import annotations

import json
import logging
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._labelbox.client import clean, labelbox_errors
from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._labelbox.filters import ExportFilters, ExportParams
from deeplake_labelbox._labelbox.line_index import LineIndex, RowWriter
from deeplake_labelbox._labelbox.spool import TemporaryFolder, replacing
from deeplake_labelbox._labelbox.task_stream import RETRY_DELAYS, StreamKind, TaskStream
from deeplake_labelbox._model.rows import parse_row
from deeplake_labelbox._progress import ProgressBar, Waiting, progress_bar
from deeplake_labelbox.errors import (
    ConfigurationError,
    ExportCanceledError,
    ExportEmptyError,
    ExportError,
    ExportFailedError,
    ExportFormatError,
    ExportTimeoutError,
    LabelboxError,
    LabelboxUnavailableError,
    MediaTypeError,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import labelbox
    from labelbox.schema.export_task import ExportTask

__all__ = ["ExportFilters", "ExportParams", "ProjectExporter"]

_logger = logging.getLogger(__name__)
_POLL_SECONDS: Final = 2
# Seconds between exports that wait for a change; exports show it some seconds late.
LAG_DELAYS: Final = (0.2, 0.5, 1, 2, 4, 8, 16)
_SHORTEST_KEY: Final = 8
_LOGGED_ERRORS: Final = 20


class ProjectExporter:
    """Exports the data rows and labels of one Labelbox video project.

    Args:
        client: A Labelbox client, see ``connect``.
        project_id: The id of the project, as in its URL.
        retry_delays: Seconds between the attempts after a failed download or poll.

    Raises:
        ConfigurationError: If the project id is empty.

    Example:
        ```python
        import labelbox

        exporter = ProjectExporter(labelbox.Client(api_key), project_id)
        done = ExportFilters(workflow_status="Done", last_activity_at=("2024-01-31", None))
        export = exporter.export("done.ndjson", filters=done, params=ExportParams(attachments=True))
        print(len(export), exporter.project.name)
        ```
    """

    def __init__(
        self,
        client: labelbox.Client,
        project_id: str,
        *,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        if not str(project_id or "").strip():
            raise ConfigurationError(
                f"The project id must be the id in the project's URL, not {project_id!r}."
            )
        self._client = client
        self._retry_delays = tuple(retry_delays)
        self.project_id = str(project_id).strip()

    @cached_property
    def project(self) -> labelbox.Project:
        """The project in Labelbox; requested once.

        Raises:
            ProjectNotFoundError: If there is no such project for this API key.
            MediaTypeError: If it is not a video project. Old projects have no type; they pass, and
                their rows are checked.
            LabelboxError: If the request failed.
        """
        from labelbox import MediaType  # noqa: PLC0415 - the SDK is slow to import

        with labelbox_errors(f"reading project {self.project_id}"):
            project = self._client.get_project(self.project_id)
        if project.media_type not in (MediaType.Video, MediaType.Unknown):
            raise MediaTypeError(
                f"Project {self.project_id} ({project.name}) is of media type "
                f"{project.media_type.name}, not Video; pass the id of a video project."
            )
        return project

    def export(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        filters: ExportFilters | Mapping[str, Any] | None = None,
        params: ExportParams | Mapping[str, Any] | None = None,
        timeout: float = 7200.0,
        progress: bool = True,
        fail_on_error: bool = False,
    ) -> ProjectExport:
        """Export the project.

        Args:
            path: The NDJSON file to write; an older one is replaced when the export is complete.
                None writes to a temporary file that lives as long as the ``ProjectExport``.
            filters: Selects the data rows; by default all.
            params: Selects the details of each data row.
            timeout: Seconds to wait for Labelbox to prepare the export; per task if the filters
                have more than 2,000 ids.
            progress: Whether to show a progress bar.
            fail_on_error: Whether to raise if Labelbox reports errors. Otherwise they are logged
                and kept in ``ProjectExport.export_errors``.

        Returns:
            The data rows, on disk, each one checked.

        Raises:
            ConfigurationError: If an argument cannot be used, or the file cannot be written.
            AuthenticationError: If the API key is refused.
            ProjectNotFoundError: If there is no such project for this API key.
            MediaTypeError: If the project is not a video project.
            ExportFailedError: If Labelbox could not export, or reported errors (``fail_on_error``).
            ExportCanceledError: If the export was canceled in Labelbox.
            ExportTimeoutError: If the export was not ready in time.
            ExportEmptyError: If the project has no data rows, or none matches the filters.
            ExportFormatError: If Labelbox sent something that is not a data row.
            LabelboxUnavailableError: If the network or the server failed, after retries.
        """
        if not isinstance(filters, ExportFilters):
            filters = ExportFilters.from_dict(filters or {})
        if not isinstance(params, ExportParams):
            params = ExportParams.from_dict(params or {})
        if not timeout > 0:
            raise ConfigurationError(f"`timeout` is {timeout!r}; give more than 0 seconds.")
        name = str(self.project.name)  # first: raises for unknown, refused and image projects
        folder = None
        if path is None:
            folder = TemporaryFolder()
            path = folder.path / "project.ndjson"
        target = Path(path)
        index = LineIndex()
        errors: list[Any] = []
        with (
            replacing(target) as file,
            progress_bar(desc="export", total=0, unit="row", shown=progress) as bar,
        ):
            writer = RowWriter(file, index)
            tasks = list(filters.to_sdk())
            for task_filters in tasks:
                task = self._run(task_filters, params, timeout)
                errors += self._write(task, writer, bar, skip_known=len(tasks) > 1)
            if not index.starts:
                raise ExportEmptyError(self._nothing(name, filters, errors))
            self._report(errors, fail_on_error=fail_on_error)
        return ProjectExport(target, index, folder=folder, export_errors=errors)

    def _run(self, filters: Mapping[str, Any], params: ExportParams, timeout: float) -> ExportTask:
        """Start an export task and wait until it is complete."""
        deadline = time.monotonic() + timeout
        with labelbox_errors(f"starting the export of project {self.project_id}"):
            task = self.project.export(filters=dict(filters), params=params.to_sdk())
        self._wait(task, deadline)
        with labelbox_errors(f"reading export task {task.uid}"):
            status = task.status
        what = f"the export of project {self.project_id} (task {task.uid})"
        if status == "COMPLETE":
            return task
        if status == "FAILED":
            reason = self._reason(task)
            raise ExportFailedError(
                f"Labelbox reports that {what} failed{reason}; export again. If it fails again, "
                "send the task id to Labelbox's support."
            )
        if status in ("CANCELED", "CANCELLING", "CANCELING"):
            raise ExportCanceledError(
                f"Somebody canceled {what} in Labelbox; export the project again."
            )
        if status == "IN_PROGRESS":
            raise ExportTimeoutError(
                f"Labelbox did not finish {what} within {timeout:g} s; try again, or export "
                "fewer data rows, or wait longer: `deeplake-labelbox export` has --timeout, and "
                "ProjectExporter.export has timeout."
            )
        raise ExportError(f"Labelbox left {what} in the state {status!r}; export again.")

    def _wait(self, task: ExportTask, deadline: float) -> None:
        """Poll until the task ends or the time is up; retry a poll that fails.

        The SDK's wait counts only its sleeps, and a dropped connection ends it, so it is called
        for one poll at a time.
        """
        delays = iter(self._retry_delays)
        waiting = Waiting("Labelbox to prepare the export")
        while True:
            try:
                with labelbox_errors(f"waiting for export task {task.uid}"):
                    task.wait_till_done(_POLL_SECONDS)
                    if task.status != "IN_PROGRESS":
                        return
            except LabelboxUnavailableError as error:
                delay = next(delays, None)
                if delay is None:
                    raise
                _logger.warning("%s Trying again in %g s.", error, delay)
                time.sleep(delay)
            else:
                delays = iter(self._retry_delays)
            if time.monotonic() >= deadline:
                return
            waiting.poll()

    def _write(
        self, task: ExportTask, writer: RowWriter, bar: ProgressBar, *, skip_known: bool
    ) -> list[Any]:
        """Write the data rows of a complete task; return the errors that came with them."""
        stream = self._stream(task, "RESULT")
        bar.total = (bar.total or 0) + stream.total_lines
        bar.refresh()
        # no key: a proxy may add it
        api_key = str(self._client.headers.get("Authorization", "")).rpartition(" ")[2].encode()
        number = 0
        for number, given in enumerate(stream.lines(), start=1):
            line = given
            if len(api_key) >= _SHORTEST_KEY and api_key in line:
                line = line.replace(api_key, b"***")  # an export is shared; a key is not
            where = f"line {number} of export task {task.uid}"
            row = parse_row(line, where)
            if not (skip_known and row["data_row"]["id"] in writer.index.data_row_ids):
                if self.project_id not in row["projects"]:
                    raise ExportFormatError(
                        f"Labelbox exported data row {row['data_row']['id']} without project "
                        f"{self.project_id}; export the project again."
                    )
                writer.write(line, row, where)
            bar.update()
        errors = [_parsed(line) for line in self._stream(task, "ERRORS").lines()]
        if number < stream.total_lines:
            errors.append(
                {"message": f"Labelbox sent {number} of {counted(stream.total_lines, 'data row')}"}
            )
        return errors

    def _stream(self, task: ExportTask, kind: StreamKind) -> TaskStream:
        return TaskStream(self._client, task.uid, kind, retry_delays=self._retry_delays)

    def _reason(self, task: ExportTask) -> str:
        """Return Labelbox's reason for a failed task; it may be empty."""
        try:
            reported = [_message(_parsed(line)) for line in self._stream(task, "ERRORS").lines()]
        except LabelboxError as error:
            _logger.debug("No reason is given for the failed task %s: %s", task.uid, error)
            return ""
        return f": {reported[0]}" if reported else ""

    def _report(self, errors: Sequence[Any], *, fail_on_error: bool) -> None:
        if not errors:
            return
        if fail_on_error:
            raise ExportFailedError(
                f"Labelbox reported {counted(len(errors), 'error')} with the export of project "
                f"{self.project_id}, the first: {_message(errors[0])}; correct it in Labelbox, or "
                "export without `fail_on_error`."
            )
        for error in errors[:_LOGGED_ERRORS]:
            _logger.warning("Export of project %s: %s", self.project_id, _message(error))
        if len(errors) > _LOGGED_ERRORS:
            _logger.warning(
                "Export of project %s: %d more errors, see export_errors",
                self.project_id,
                len(errors) - _LOGGED_ERRORS,
            )

    def _nothing(self, name: str, filters: ExportFilters, errors: Sequence[Any]) -> str:
        reported = f" Labelbox reported: {_message(errors[0])}." if errors else ""
        project = f"project {self.project_id} ({name})"
        if texts := filters.describe():
            return f"No data row of {project} matches the filters {texts}; relax them.{reported}"
        return f"{project[:1].upper()}{project[1:]} has no data rows; add a batch to it.{reported}"


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return {"message": line.decode("utf-8", errors="replace")}


def _message(error: object) -> str:
    """Return the message in an entry of the error stream, whose format is not documented."""
    if isinstance(error, dict):
        for key in ("message", "error", "reason"):
            if isinstance(error.get(key), str):
                error = error[key]
                break
    return clean(str(error)).rstrip(".")
