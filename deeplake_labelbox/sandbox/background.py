"""Run background tasks other than exports: uploads of data rows and filling of batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.store import TaskRecord, now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.store import Store

UPLOAD_TASK_TYPE = "adv-upsert-data-rows"
BATCH_TASK_TYPE = "add-data-rows-to-batch"


class BackgroundTasks:
    """The tasks of a sandbox other than exports, and how the next one behaves.

    Attributes:
        next_polls: How often the next task answers IN_PROGRESS before it ends; then reset to 0.
        next_failure: Error with which the next task fails without any effect; then reset to None.
    """

    def __init__(self, store: Store) -> None:
        self.next_polls = 0
        self.next_failure: str | None = None
        self._store = store

    def start(self, kind: str, name: str, project_id: str | None = None) -> TaskRecord:
        """Add a task; unless it failed, the caller does its work."""
        failure = self.next_failure
        task = TaskRecord(
            id=self._store.identifiers.new(),
            name=name,
            type=kind,
            status="COMPLETE" if failure is None else "FAILED",
            created_at=now(),
            project_id=project_id,
            polls_left=self.next_polls,
            # The SDK reads the result of a failed task as JSON.
            result_url=None if failure is None else json.dumps({"error": failure}),
        )
        self.next_polls, self.next_failure = 0, None
        self._store.tasks[task.id] = task
        return task
