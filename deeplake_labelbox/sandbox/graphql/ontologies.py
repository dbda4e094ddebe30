"""Ontologies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, services, timestamp
from deeplake_labelbox.sandbox.graphql.errors import NotFoundError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import OntologyRecord


def ontology_form(record: OntologyRecord) -> dict[str, Any]:
    """An ontology as the API gives it."""
    created = timestamp(record.created_at)
    return {
        "id": record.id,
        "name": record.name,
        "description": None,
        "createdAt": created,
        "updatedAt": created,
        "mediaType": record.media_type,
        "normalized": record.normalized,
        "objectSchemaCount": len(record.normalized["tools"]),
        "classificationSchemaCount": len(record.normalized["classifications"]),
    }


def ontology(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """An ontology by its id."""
    record = services(info).store.ontologies.get(where["id"])
    if record is None:
        raise NotFoundError(f"Ontology {where['id']} not found")
    return ontology_form(record)


def ontologies(
    _source: object,
    info: Info,
    *,
    where: dict[str, Any] | None = None,
    after: str | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    """The ontologies whose name contains a text, all on one page."""
    del after, first
    search = ((where or {}).get("search") or "").lower()
    records = services(info).store.ontologies.values()
    found = [ontology_form(record) for record in records if search in record.name.lower()]
    return {"nodes": found, "nextCursor": None}


RESOLVERS: Resolvers = {("Query", "ontology"): ontology, ("Query", "ontologies"): ontologies}
