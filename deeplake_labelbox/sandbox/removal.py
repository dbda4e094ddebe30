"""Remove records and their dependents from a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.labeling import Labeling

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.store import BatchRecord, ProjectRecord, Store


def remove_data_row(store: Store, row_id: str) -> None:
    """Delete a data row with its labels; its global key may stay reserved for a while."""
    row = store.data_rows.pop(row_id, None)
    if row is None:
        return
    for project in store.projects.values():
        unassign(store, project, row_id)
    if row.global_key is not None:
        store.held_keys.add(row.global_key)
        store.lag.later("global keys", partial(store.held_keys.discard, row.global_key))


def unassign(store: Store, project: ProjectRecord, row_id: str) -> None:
    """Remove a data row and its labels from a project."""
    assignment = project.assignments.pop(row_id, None)
    if assignment is not None:
        for label_id in assignment.label_ids:
            store.labels.pop(label_id)
        store.batches[assignment.batch_id].data_row_ids.remove(row_id)


def remove_batch(store: Store, batch: BatchRecord) -> None:
    """Delete a batch; its data rows leave the project."""
    project = store.projects[batch.project_id]
    for row_id in list(batch.data_row_ids):
        unassign(store, project, row_id)
    store.batches.pop(batch.id, None)


def remove_label(store: Store, label_id: str) -> None:
    """Delete a label."""
    label = store.labels.get(label_id)
    if label is not None:
        project = store.projects[label.project_id]
        assignment = project.assignments[label.data_row_id]
        Labeling(store, project, assignment).delete(label)
