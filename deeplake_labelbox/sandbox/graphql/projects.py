"""Resolve projects and their batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup, page, timestamp
from deeplake_labelbox.sandbox.graphql.ontologies import ontology_form
from deeplake_labelbox.sandbox.graphql.users import organization, user

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import BatchRecord, ProjectRecord, Store


def project_form(record: ProjectRecord, store: Store) -> dict[str, Any]:
    """Return a project in the form of the API."""
    setup = record.setup_complete or (record.created_at if record.ontology_id else None)
    moments = [store.last_activity(record, place) for place in record.assignments.values()]
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "createdAt": timestamp(record.created_at),
        "updatedAt": timestamp(record.updated_at),
        "autoAuditNumberOfLabels": record.auto_audit_number_of_labels,
        "autoAuditPercentage": record.auto_audit_percentage,
        "dataRowCount": len(record.assignments),
        "editorTaskType": None,
        "isBenchmarkEnabled": record.is_benchmark_enabled,
        "isConsensusEnabled": record.is_consensus_enabled,
        "lastActivityTime": timestamp(max([record.updated_at, *moments])),
        "allowedMediaType": record.media_type,
        "modelSetupComplete": None,
        "setupComplete": None if setup is None else timestamp(setup),
        "uploadType": "Auto",
        "labelCount": sum(len(store.state(place).labels) for place in record.assignments.values()),
    }


def batch_form(record: BatchRecord) -> dict[str, Any]:
    """Return a batch in the form of the API."""
    settings = record.consensus_settings
    created = timestamp(record.created_at)
    return {
        "id": record.id,
        "name": record.name,
        "size": len(record.data_row_ids),
        "createdAt": created,
        "updatedAt": created,
        "consensusSettingsJson": settings
        and {
            "number_of_labels": settings["numberOfLabels"],
            "coverage_percentage": settings["coveragePercentage"],
        },
    }


def project(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return a project by its id."""
    store = info.context.store
    record = lookup(store.projects, where["id"], "Project")
    return project_form(record, store)


def projects(_source: object, info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return all projects, or those with a name."""
    store = info.context.store
    kept = [record for record in store.projects.values() if not record.deleted]
    forms = [project_form(record, store) for record in kept]
    return page(forms, **part)


def ontology(source: dict[str, Any], info: Info) -> dict[str, Any] | None:
    """Return the ontology of a project, with the project's instructions."""
    store = info.context.store
    record = store.projects[source["id"]]
    if record.ontology_id is None:
        return None
    form = ontology_form(store.ontologies[record.ontology_id])
    if record.instructions_url is not None:
        form["normalized"] = {**form["normalized"], "projectInstructions": record.instructions_url}
    return form


def batches(
    source: dict[str, Any], info: Info, *, where: dict[str, str] | None = None, **_paging: Any
) -> dict[str, Any]:
    """Return the batches of a project, or the one with an id, all on one page."""
    found = [
        batch_form(record)
        for record in info.context.store.batches.values()
        if record.project_id == source["id"] and (where is None or where["id"] == record.id)
    ]
    return {"nodes": found, "pageInfo": {"endCursor": None}}


RESOLVERS: Resolvers = {
    ("Query", "project"): project,
    ("Query", "projects"): projects,
    ("Project", "ontology"): ontology,
    ("Project", "batches"): batches,
    ("Project", "organization"): organization,
    ("Project", "createdBy"): user,
}
