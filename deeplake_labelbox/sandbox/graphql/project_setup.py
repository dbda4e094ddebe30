"""Create projects and set them up: editor and ontology."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import (
    Resolvers,
    Services,
    lookup,
    page,
    selected,
    services,
)
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError, NotFoundError
from deeplake_labelbox.sandbox.graphql.ontologies import ontology_form
from deeplake_labelbox.sandbox.graphql.projects import project_form
from deeplake_labelbox.sandbox.store import ProjectRecord, now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info

_EDITOR = {
    "id": "csandboxeditor00000000000",
    "name": "Editor",
    "description": "Video, image, and text annotation",
    "iframeUrlPath": "/editor",
}


def project_record(box: Services, project_id: str) -> ProjectRecord:
    """Return a project if it is not deleted.

    Raises:
        NotFoundError: There is no such project.
    """
    return lookup(box.store.projects, project_id, "Project")


def create(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Create a project without ontology; its name need not be unique."""
    store = services(info).store
    moment = now()
    record = ProjectRecord(
        id=store.identifiers.new(),
        name=data["name"],
        media_type=data["allowedMediaType"],
        created_at=moment,
        updated_at=moment,
        description=data.get("description") or "",
        auto_audit_number_of_labels=data.get("autoAuditNumberOfLabels") or 1,
        auto_audit_percentage=data.get("autoAuditPercentage") or 0.0,
        is_benchmark_enabled=bool(data.get("isBenchmarkEnabled")),
        is_consensus_enabled=bool(data.get("isConsensusEnabled")),
    )
    store.projects[record.id] = record
    return project_form(record, store)


def update(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, Any]
) -> dict[str, Any]:
    """Change or delete a project, or connect its editor."""
    box = services(info)
    record = project_record(box, where["id"])
    record.name = data.get("name") or record.name
    record.description = data.get("description", record.description)
    record.media_type = data.get("allowedMediaType") or record.media_type
    record.deleted = bool(data.get("deleted"))
    if data.get("setupComplete"):
        record.setup_complete = datetime.fromisoformat(data["setupComplete"]).astimezone(UTC)
    if "labelingFrontend" in data:
        _check_editor(data["labelingFrontend"])
        record.has_editor = True
    record.updated_at = now()
    return project_form(record, box.store)


def clone(_source: object, info: Info, *, data: dict[str, str]) -> dict[str, Any]:
    """Copy a project with its ontology and settings, without its data rows."""
    store = services(info).store
    original = project_record(services(info), data["projectId"])
    moment = now()
    copied = replace(
        original,
        id=store.identifiers.new(),
        name=f"{original.name} (copy)",
        created_at=moment,
        updated_at=moment,
        tag_ids=[],
        assignments={},
    )
    store.projects[copied.id] = copied
    return project_form(copied, store)


def set_instructions(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, str]
) -> dict[str, Any]:
    """Set a file of instructions for labelers, to which the project's ontology refers."""
    box = services(info)
    record = project_record(box, where["id"])
    record.instructions_url = data["instructionsUrl"]
    return project_form(record, box.store)


def show_pre_labels(source: dict[str, str], info: Info, *, show: bool) -> dict[str, Any]:
    """Set whether labelers see pre-labels."""
    record = services(info).store.projects[source["id"]]
    record.shows_pre_labels = show
    return {"id": record.id, "showingPredictionsToLabelers": show}


def editor(source: dict[str, Any], info: Info) -> dict[str, str] | None:
    """Return the editor of a project."""
    return _EDITOR if services(info).store.projects[source["id"]].has_editor else None


def editors(
    _source: object,
    _info: Info,
    *,
    where: dict[str, Any] | None = None,
    skip: int | None = None,
    first: int | None = None,
) -> list[dict[str, str]]:
    """Return all editors; there is one."""
    return page([_EDITOR] if selected(where, _EDITOR) else [], skip, first)


def editor_options(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, str]:
    """Accept options of an editor; Labelbox requires them, but uses the ontology instead."""
    box = services(info)
    project_record(box, data["project"]["connect"]["id"])
    _check_editor(data["labelingFrontend"])
    return {
        "id": box.store.identifiers.new(),
        "customizationOptions": data["customizationOptions"],
    }


def change(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, str]:
    """Return the project that the fields below change."""
    return {"id": project_record(services(info), where["id"]).id}


def connect_ontology(
    source: dict[str, str],
    info: Info,
    *,
    ontologyId: str,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Connect an ontology of the same media type, or of none."""
    box = services(info)
    record = project_record(box, source["id"])
    found = lookup(box.store.ontologies, ontologyId, "Ontology")
    if found.media_type not in (None, record.media_type):
        raise InvalidQueryError("Ontology and project must share the same media type")
    record.ontology_id = found.id
    record.updated_at = now()
    return ontology_form(found)


def _check_editor(given: dict[str, Any]) -> None:
    if given["connect"]["id"] != _EDITOR["id"]:
        raise NotFoundError(f"Labeling frontend {given['connect']['id']} not found")


RESOLVERS: Resolvers = {
    ("Query", "labelingFrontends"): editors,
    ("Mutation", "createProject"): create,
    ("Mutation", "updateProject"): update,
    ("Mutation", "createLabelingFrontendOptions"): editor_options,
    ("Mutation", "cloneProject"): clone,
    ("Mutation", "setProjectInstructions"): set_instructions,
    ("Mutation", "project"): change,
    ("Project", "labelingFrontend"): editor,
    ("ProjectChange", "connectOntology"): connect_ontology,
    ("ProjectChange", "showPredictionsToLabelers"): show_pre_labels,
}
