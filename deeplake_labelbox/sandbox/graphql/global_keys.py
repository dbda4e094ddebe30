"""Assign and clear global keys; a job has ended when its id is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup
from deeplake_labelbox.sandbox.store import global_key_fault

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def assign(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, str]:
    """Assign global keys to data rows, one by one."""
    store = info.context.store
    done, invalid, denied = [], [], []
    for link in data["assignInputs"]:
        row, key = store.data_rows.get(link["dataRowId"]), link["globalKey"]
        if row is None:
            denied.append(link)
        elif global_key_fault(key) or (row.global_key != key and store.is_taken(key)):
            invalid.append(link)
        else:
            row.global_key = key
            done.append(link)
    return _ended(
        info,
        {
            "sanitizedAssignments": [],
            "unmodifiedAssignments": done,
            "invalidGlobalKeyAssignments": invalid,
            "accessDeniedAssignments": denied,
        },
    )


def clear(_source: object, info: Info, *, where: dict[str, list[str]]) -> dict[str, str]:
    """Remove global keys from their data rows."""
    store = info.context.store
    cleared, unknown = [], []
    for key in where["ids"]:
        row = store.data_row_by_global_key(key)
        if row is None:
            unknown.append(key)
        else:
            row.global_key = None
            cleared.append(key)
    return _ended(
        info,
        {
            "clearedGlobalKeys": cleared,
            "failedToClearGlobalKeys": [],
            "notFoundGlobalKeys": unknown,
            "accessDeniedGlobalKeys": [],
        },
    )


def result(_source: object, info: Info, *, jobId: dict[str, str]) -> dict[str, Any]:
    """Return the result of a job."""
    data = lookup(info.context.store.jobs, jobId["id"], "Job")
    return {"jobStatus": "COMPLETE", "data": data}


def _ended(info: Info, data: dict[str, Any]) -> dict[str, str]:
    store = info.context.store
    job_id = store.identifiers.new()
    store.jobs[job_id] = data
    return {"jobId": job_id}


RESOLVERS: Resolvers = {
    ("Mutation", "assignGlobalKeysToDataRows"): assign,
    ("Mutation", "clearGlobalKeys"): clear,
    ("Query", "assignGlobalKeysToDataRowsResult"): result,
    ("Query", "clearGlobalKeysResult"): result,
}
