"""Resolve exports of projects and datasets, and their tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.export_rendering import ExportRenderer
from deeplake_labelbox.sandbox.exports import EXPORT_TASK_TYPE
from deeplake_labelbox.sandbox.filters import is_listed, matches
from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, lookup
from deeplake_labelbox.sandbox.graphql.errors import NotAllowedError, NotServedError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import AssignmentRecord, ProjectRecord, StreamType


def export_project(_source: object, info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Run an export of a project; it has ended when the reply is sent."""
    box = info.context
    project = lookup(box.store.projects, input["filters"]["projectId"], "Project")
    query = _search_query(input)
    rows = {
        place.data_row_id: [(project, place)]
        for place in project.assignments.values()
        if is_listed(box.store, place)
        and matches(query, box.store, box.store.data_rows[place.data_row_id], project, place)
    }
    return _start(box, input, project.id, rows)


def export_catalog(_source: object, info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Run an export of data rows of the catalog, with their labels in the given projects."""
    box = info.context
    params = input.get("params") or {}
    wanted = params.get("projectIds") or []
    query = _search_query(input)
    found: dict[str, list[tuple[ProjectRecord, AssignmentRecord]]] = {}
    for row in box.store.data_rows.values():
        places = [
            (project, project.assignments[row.id])
            for project in box.store.projects.values()
            if row.id in project.assignments and is_listed(box.store, project.assignments[row.id])
        ]
        fits = [matches(query, box.store, row, *place) for place in places]
        if not places:
            fits = [matches(query, box.store, row, None, None)]
        if row.listed and any(fits):
            found[row.id] = [
                place for place in places if params.get("allProjects") or place[0].id in wanted
            ]
    return _start(box, input, None, found)


def _start(
    box: Services,
    given: dict[str, Any],
    project_id: str | None,
    rows: dict[str, list[tuple[ProjectRecord, AssignmentRecord]]],
) -> dict[str, Any]:
    params = given.get("params") or {}
    if params.get("modelRunIds") or params.get("allModelRuns"):
        raise NotServedError("The export has model runs, which the sandbox does not have")
    if not box.exports.may_start(project_id):
        raise NotAllowedError("Too many exports of this project are running; wait for one to end")
    task = box.exports.start(given.get("taskName"), project_id)
    renderer = ExportRenderer(box.store, box.urls, task.id, params)
    lines = [renderer.line(box.store.data_rows[row_id], places) for row_id, places in rows.items()]
    box.exports.finish(task, lines)
    streamable = bool(given.get("streamable"))
    if not streamable and lines:
        task.result_url = box.urls.signed.sign(f"/exports/{task.id}/RESULT.ndjson")
    return {"taskId": task.id, "isStreamable": streamable}


def metadata_header(
    source: dict[str, Any], info: Info, *, streamType: StreamType
) -> dict[str, Any] | None:
    """Return size and line count of a stream of an export task."""
    stream = info.context.exports.stream(source["id"], streamType)
    if source["type"] != EXPORT_TASK_TYPE or stream is None or not stream.content:
        return None
    return {"totalSize": len(stream.content), "totalLines": stream.lines}


def file_from_offset(
    source: dict[str, Any], info: Info, *, streamType: StreamType, offset: str | int
) -> dict[str, Any] | None:
    """Return the chunk of a stream at an offset."""
    box = info.context
    stream = box.exports.stream(source["id"], streamType)
    chunk = stream.chunk_at(int(offset)) if stream else None
    if chunk is None:
        return None
    path = f"/exports/{source['id']}/{streamType}/{chunk.start}-{chunk.end}.ndjson"
    return {
        "offsets": {"start": chunk.start, "end": chunk.end},
        "lines": {"start": chunk.first_line, "end": chunk.last_line},
        "file": box.urls.signed.sign(path),
    }


def _search_query(given: dict[str, Any]) -> list[dict[str, Any]]:
    query: list[dict[str, Any]] = (given["filters"].get("searchQuery") or {}).get("query") or []
    return query


RESOLVERS: Resolvers = {
    ("Mutation", "exportDataRowsInProject"): export_project,
    ("Mutation", "exportDataRowsInCatalog"): export_catalog,
    ("Task", "exportMetadataHeader"): metadata_header,
    ("Task", "exportFileFromOffset"): file_from_offset,
}
