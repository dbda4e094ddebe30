"""Ontologies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup, timestamp
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError
from deeplake_labelbox.sandbox.ontology import complete
from deeplake_labelbox.sandbox.store import OntologyRecord, now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def ontology_form(record: OntologyRecord) -> dict[str, Any]:
    """Return an ontology in the form of the API."""
    created = timestamp(record.created_at)
    return {
        "id": record.id,
        "name": record.name,
        "description": None,
        "createdAt": created,
        "updatedAt": created,
        "mediaType": record.media_type,
        "normalized": record.normalized,
        "options": None,
        "objectSchemaCount": len(record.normalized["tools"]),
        "classificationSchemaCount": len(record.normalized["classifications"]),
    }


def ontology(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return an ontology by its id."""
    record = lookup(info.context.store.ontologies, where["id"], "Ontology")
    return ontology_form(record)


def ontologies(
    _source: object, info: Info, *, where: dict[str, Any] | None = None, **_paging: Any
) -> dict[str, Any]:
    """Return the ontologies whose name contains a text, all on one page."""
    search = ((where or {}).get("search") or "").lower()
    records = info.context.store.ontologies.values()
    found = [ontology_form(record) for record in records if search in record.name.lower()]
    return {"nodes": found, "nextCursor": None}


def upsert(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Create an ontology, completed with its ids."""
    store = info.context.store
    try:
        normalized = complete(json.loads(data["normalized"]), store.identifiers)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidQueryError(f"The ontology is invalid: {error}") from error
    record = OntologyRecord(
        store.identifiers.new(), data["name"], normalized, data.get("mediaType"), now()
    )
    store.ontologies[record.id] = record
    return ontology_form(record)


RESOLVERS: Resolvers = {
    ("Query", "ontology"): ontology,
    ("Query", "ontologies"): ontologies,
    ("Mutation", "upsertOntology"): upsert,
}
