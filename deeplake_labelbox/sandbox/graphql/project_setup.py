"""Create projects and set them up: editor and ontology."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup, page
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


def create(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Create a project without ontology; its name need not be unique."""
    store = info.context.store
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
    box = info.context
    record = lookup(box.store.projects, where["id"], "Project")
    record.name = data.get("name") or record.name
    record.description = data.get("description", record.description)
    record.media_type = data.get("allowedMediaType") or record.media_type
    record.deleted = bool(data.get("deleted"))
    if data.get("setupComplete"):
        record.setup_complete = datetime.fromisoformat(data["setupComplete"]).astimezone(UTC)
    if "labelingFrontend" in data:
        _check_editor(data["labelingFrontend"])
    record.updated_at = now()
    return project_form(record, box.store)


def clone(_source: object, info: Info, *, data: dict[str, str]) -> dict[str, Any]:
    """Copy a project with its ontology and settings, without its data rows."""
    store = info.context.store
    original = lookup(store.projects, data["projectId"], "Project")
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
    box = info.context
    record = lookup(box.store.projects, where["id"], "Project")
    record.instructions_url = data["instructionsUrl"]
    return project_form(record, box.store)


def show_pre_labels(source: dict[str, str], _info: Info, *, show: bool) -> dict[str, Any]:
    """Accept whether labelers see pre-labels; nothing else in a sandbox depends on it."""
    return {"id": source["id"], "showingPredictionsToLabelers": show}


def editor(_source: object, _info: Info) -> dict[str, str]:
    """Return the editor of a project."""
    return _EDITOR


def editors(_source: object, _info: Info, **part: Any) -> list[dict[str, str]]:
    """Return all editors; there is one."""
    return page([_EDITOR], **part)


def editor_options(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, str]:
    """Accept options of an editor; Labelbox requires them, but uses the ontology instead."""
    box = info.context
    lookup(box.store.projects, data["project"]["connect"]["id"], "Project")
    _check_editor(data["labelingFrontend"])
    return {
        "id": box.store.identifiers.new(),
        "customizationOptions": data["customizationOptions"],
    }


def change(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, str]:
    """Return the project that the fields below change."""
    return {"id": lookup(info.context.store.projects, where["id"], "Project").id}


def connect_ontology(source: dict[str, str], info: Info, *, ontologyId: str) -> dict[str, Any]:
    """Connect an ontology of the same media type, or of none."""
    box = info.context
    record = lookup(box.store.projects, source["id"], "Project")
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
