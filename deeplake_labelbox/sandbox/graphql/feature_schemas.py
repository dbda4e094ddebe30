"""Resolve feature schemas: the tools and classifications of ontologies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.feature_schemas import FeatureSchemaError, FeatureSchemas
from deeplake_labelbox.sandbox.graphql.context import Resolvers
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError, NotFoundError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def feature_form(feature: dict[str, Any]) -> dict[str, Any]:
    """Return a feature schema in the form of the API."""
    return {"id": feature["schemaNodeId"], "name": feature["name"], "normalized": feature}


def by_id(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return a feature schema by its id."""
    feature = FeatureSchemas(info.context.store).find(where["featureSchemaId"])
    if feature is None:
        raise NotFoundError(f"Feature schema {where['featureSchemaId']} not found")
    return feature_form(feature)


def search(
    _source: object, info: Info, *, where: dict[str, Any] | None = None, **_paging: Any
) -> dict[str, Any]:
    """Return the feature schemas whose name contains a text, all on one page."""
    text = ((where or {}).get("search") or "").lower()
    features = FeatureSchemas(info.context.store)
    found = [feature_form(each) for each in features if text in each["name"].lower()]
    return {"nodes": found, "nextCursor": None}


def upsert(_source: object, info: Info, *, data: dict[str, str]) -> dict[str, Any]:
    """Create or change a feature schema."""
    try:
        feature = json.loads(data["normalized"])
        return feature_form(FeatureSchemas(info.context.store).upsert(feature))
    except (ValueError, FeatureSchemaError) as error:
        raise InvalidQueryError(f"The feature schema is invalid: {error}") from error


RESOLVERS: Resolvers = {
    ("Query", "rootSchemaNode"): by_id,
    ("Query", "rootSchemaNodes"): search,
    ("Mutation", "upsertRootSchemaNode"): upsert,
}
