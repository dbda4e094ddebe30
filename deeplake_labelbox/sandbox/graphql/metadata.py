"""Resolve metadata schemas, and the metadata of data rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers
from deeplake_labelbox.sandbox.graphql.errors import MalformedError
from deeplake_labelbox.sandbox.metadata import MetadataError, merged

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def ontology(_source: object, info: Info) -> list[dict[str, Any]]:
    """Return all metadata schemas."""
    return [schema.form() for schema in info.context.store.metadata_schemas]


def values(_source: object, info: Info, *, where: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metadata of data rows, in the order of the request."""
    store = info.context.store
    given = where.get("dataRowIdentifiers") or {"ids": [], "idType": "ID"}
    rows = [store.data_row_by(key, given["idType"]) for key in given["ids"]]
    return [
        {
            "dataRowId": row.id,
            "globalKey": row.global_key,
            "fields": store.metadata_schemas.custom_metadata(row.metadata_fields),
        }
        for row in rows
        if row is not None
    ]


def upsert_schema(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Create or change a schema."""
    try:
        return info.context.store.metadata_schemas.upsert(data).form()
    except MetadataError as error:
        raise MalformedError(str(error)) from error


def delete_schema(_source: object, info: Info, *, schema: dict[str, str]) -> dict[str, bool]:
    """Delete a custom schema."""
    return {"success": info.context.store.metadata_schemas.delete(schema["id"])}


def upsert(_source: object, info: Info, *, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Set metadata; a data row with a refused value is not changed."""
    store = info.context.store
    refused = []
    for each in data:
        key, kind = each.get("dataRowId"), "ID"
        if key is None:
            key, kind = each.get("globalKey"), "GKEY"
        row = store.data_row_by(str(key), kind)
        if row is None:
            refused.append({**each, "error": "Data row not found"})
            continue
        try:
            new = store.metadata_schemas.values(each["fields"])
        except MetadataError as error:
            refused.append({**each, "error": str(error)})
        else:
            row.metadata_fields = merged(row.metadata_fields, new)
    return refused


def delete(
    _source: object, info: Info, *, dataRowIdentifiers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Delete metadata; fields that a data row does not have are reported."""
    store = info.context.store
    refused = []
    for each in dataRowIdentifiers:
        named = each["dataRowIdentifier"]
        row = store.data_row_by(named["id"], named["idType"])
        had = {} if row is None else {kept["schema_id"]: kept for kept in row.metadata_fields}
        unknown = [schema_id for schema_id in each["schemaIds"] if schema_id not in had]
        if row is not None:
            row.metadata_fields = [
                kept for key, kept in had.items() if key not in each["schemaIds"]
            ]
        if unknown:
            refused.append(
                {
                    "dataRowId": named["id"] if row is None else row.id,
                    "error": "Schema did not exist",
                    "fields": [{"schemaId": schema_id} for schema_id in unknown],
                }
            )
    return refused


RESOLVERS: Resolvers = {
    ("Query", "customMetadataOntology"): ontology,
    ("Query", "dataRowCustomMetadata"): values,
    ("Mutation", "upsertCustomMetadataSchema"): upsert_schema,
    ("Mutation", "deleteCustomMetadataSchema"): delete_schema,
    ("Mutation", "upsertDataRowCustomMetadata"): upsert,
    ("Mutation", "deleteDataRowCustomMetadata"): delete,
}
