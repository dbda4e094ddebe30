"""Run GraphQL documents against the schema, with Labelbox's error codes."""

from __future__ import annotations

import logging
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from deeplake_labelbox.sandbox.graphql import (
    batches,
    data_row_edits,
    data_rows,
    datasets,
    exports,
    feature_schemas,
    global_keys,
    imports,
    labels,
    metadata,
    ontologies,
    organization,
    project_setup,
    projects,
    slices,
    tasks,
    uploads,
    users,
    workflow,
)
from deeplake_labelbox.sandbox.graphql.context import Services
from deeplake_labelbox.sandbox.graphql.errors import NotServedError, error_reply
from deeplake_labelbox.sandbox.graphql.not_served import refusal_of

logger = logging.getLogger(__name__)

_MASKED = "GraphQL validation error"

# Each subject is a module of resolvers with a schema file of the same name.
_SUBJECTS = {
    "users": users,
    "projects": projects,
    "project_setup": project_setup,
    "batches": batches,
    "workflow": workflow,
    "labels": labels,
    "ontologies": ontologies,
    "feature_schemas": feature_schemas,
    "datasets": datasets,
    "data_rows": data_rows,
    "data_row_edits": data_row_edits,
    "metadata": metadata,
    "global_keys": global_keys,
    "tasks": tasks,
    "exports": exports,
    "organization": organization,
    "slices": slices,
    "uploads": uploads,
    "imports": imports,
}


@cache
def labelbox_schema() -> GraphQLSchema:
    """Build the schema of all subjects, with their resolvers."""
    folder = files(__package__)
    parts = ["schema", *_SUBJECTS]
    text = "\n".join(folder.joinpath(f"{part}.graphql").read_text("utf-8") for part in parts)
    schema = build_schema(text)
    for subject in _SUBJECTS.values():
        for (type_name, field_name), resolve in subject.RESOLVERS.items():
            owner = schema.type_map[type_name]
            if not isinstance(owner, GraphQLObjectType):
                raise TypeError(f"{type_name} has no fields to resolve")
            owner.fields[field_name].resolve = resolve
    return schema


# Cached, because the SDK sends the same documents repeatedly.
_parsed = lru_cache(maxsize=256)(parse)


@lru_cache(maxsize=256)
def _faults(query: str) -> list[GraphQLError]:
    return validate(labelbox_schema(), _parsed(query))


def operation_name(query: str) -> str | None:
    """Return the name of a document's first operation; None if it has none or cannot be parsed."""
    try:
        document = _parsed(query)
    except GraphQLSyntaxError:
        return None
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and definition.name:
            return definition.name.value
    return None


def run(query: str, variables: dict[str, Any] | None, services: Services) -> dict[str, Any]:
    """Return the reply to a query: ``{"data": …}`` or ``{"errors": […], "data": …}``."""
    try:
        document: DocumentNode = _parsed(query)
    except GraphQLSyntaxError as error:
        return error_reply(error.message, "GRAPHQL_PARSE_FAILED")
    schema = labelbox_schema()
    faults = _faults(query)
    reason = refusal_of(operation_name(query)) if faults else None
    if reason is not None:
        return error_reply(reason, NotServedError.code)
    if faults:
        # Labelbox's errors do not reveal its schema, so the details go to the log.
        logger.warning("A query does not fit the sandbox's schema: %s", faults[0].message)
        return error_reply(_MASKED, "GRAPHQL_VALIDATION_FAILED")
    with services.store.lock:
        services.store.lag.settle()
        result = execute_sync(
            schema, document, variable_values=variables or {}, context_value=services
        )
    if result.errors:
        return {"errors": [_form(error) for error in result.errors], "data": result.data}
    return {"data": result.data}


def _form(error: GraphQLError) -> dict[str, Any]:
    form: dict[str, Any] = {"message": error.message, "path": error.path}
    if error.extensions:
        form["extensions"] = error.extensions
    elif isinstance(error.original_error, GraphQLError | None):
        # Variables that do not fit their declared types.
        form["extensions"] = {"code": "GRAPHQL_VALIDATION_FAILED"}
    else:
        logger.error("A resolver of the sandbox failed", exc_info=error.original_error)
        form["extensions"] = {"code": "INTERNAL_SERVER_ERROR", "exception": {"status": 500}}
    return form
