"""List and delete labels, and store feedback for labelers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, lookup, page, timestamp
from deeplake_labelbox.sandbox.graphql.data_rows import data_row_form
from deeplake_labelbox.sandbox.graphql.projects import project_form
from deeplake_labelbox.sandbox.graphql.users import user_form
from deeplake_labelbox.sandbox.removal import remove_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import AssignmentRecord, LabelRecord


def label_form(record: LabelRecord, box: Services) -> dict[str, Any]:
    """Return a label in the form of the API."""
    store = box.store
    return {
        "id": record.id,
        "label": json.dumps(list(record.annotations.values())),
        "secondsToLabel": 0.0,
        "agreement": None,
        "benchmarkAgreement": None,
        "isBenchmarkReference": False,
        "createdAt": timestamp(record.created_at),
        "updatedAt": timestamp(record.updated_at),
        "project": lambda _info: project_form(store.projects[record.project_id], store),
        "dataRow": lambda _info: data_row_form(store.data_rows[record.data_row_id], box),
        "createdBy": user_form(store, record.created_by),
        "datasetId": store.data_rows[record.data_row_id].dataset_id,
    }


def of_project(source: dict[str, Any], info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the labels of a project."""
    project = info.context.store.projects[source["id"]]
    return _labels(info.context, project.assignments.values(), **part)


def of_data_row(source: dict[str, Any], info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the labels of a data row, in all projects."""
    projects = info.context.store.projects.values()
    found = (project.assignments.get(source["id"]) for project in projects)
    return _labels(info.context, filter(None, found), **part)


def label(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return a label by its id."""
    box = info.context
    return label_form(lookup(box.store.labels, where["id"], "Label"), box)


def delete(_source: object, info: Info, *, labelIds: list[str]) -> list[dict[str, str]]:
    """Delete labels."""
    store = info.context.store
    for label_id in labelIds:
        remove_label(store, label_id)
    return [{"id": label_id} for label_id in labelIds]


def feedback(_source: object, info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Store feedback about a label; video exports do not contain it."""
    box = info.context
    lookup(box.store.labels, input["labelId"], "Label")
    scores = [
        {"id": box.store.identifiers.new(), "name": name, "score": score}
        for name, score in input["scores"].items()
    ]
    return {"id": box.store.identifiers.new(), "scores": scores}


def _labels(
    box: Services,
    assignments: Iterable[AssignmentRecord],
    *,
    where: dict[str, Any] | None = None,
    orderBy: str | None = None,
    **part: Any,
) -> list[dict[str, Any]]:
    where = dict(where or {})
    datasets = ((where.pop("dataRow", None) or {}).get("dataset") or {}).get("id_in")
    creator = (where.pop("createdBy", None) or {}).get("id")
    forms = [
        label_form(record, box)
        for assignment in assignments
        for record in box.store.state(assignment).labels
    ]
    kept = [
        form
        for form in forms
        if (datasets is None or form["datasetId"] in datasets)
        and creator in (None, form["createdBy"]["id"])
    ]
    name, _, direction = str(orderBy or "").rpartition("_")
    if name:
        kept.sort(key=lambda form: form[name], reverse=direction == "DESC")
    return page(kept, where=where, **part)


RESOLVERS: Resolvers = {
    ("Query", "label"): label,
    ("Mutation", "deleteLabels"): delete,
    ("Mutation", "upsertAutoQaLabelFeedback"): feedback,
    ("Project", "labels"): of_project,
    ("DataRow", "labels"): of_data_row,
}
