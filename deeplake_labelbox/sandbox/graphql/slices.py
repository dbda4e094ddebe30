"""Resolve slices of the catalog: named search queries, stored but not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup, timestamp
from deeplake_labelbox.sandbox.store import now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def create(_source: object, info: Info, *, args: dict[str, Any]) -> dict[str, Any]:
    """Create a slice; its name need not be unique."""
    store = info.context.store
    created = timestamp(now())
    kept = {
        "id": store.identifiers.new(),
        "createdAt": created,
        "updatedAt": created,
        "catalogCount": {"count": 0},
        **args,
    }
    store.slices[kept["id"]] = kept
    return kept


def by_id(_source: object, info: Info, *, id: str) -> dict[str, Any]:
    """Return a slice by its id."""
    return lookup(info.context.store.slices, id, "Slice")


def slices(_source: object, info: Info) -> list[dict[str, Any]]:
    """Return all slices."""
    return list(info.context.store.slices.values())


def delete(_source: object, info: Info, *, args: dict[str, str]) -> dict[str, bool]:
    """Delete a slice."""
    return {"success": info.context.store.slices.pop(args["id"], None) is not None}


RESOLVERS: Resolvers = {
    ("Query", "catalogSavedQueries"): slices,
    ("Query", "getSavedQuery"): by_id,
    ("Mutation", "createCatalogSavedQuery"): create,
    ("Mutation", "deleteSavedQuery"): delete,
}
