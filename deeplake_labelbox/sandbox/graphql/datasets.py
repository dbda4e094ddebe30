"""Create datasets, and set the IAM integrations that read their files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup, timestamp
from deeplake_labelbox.sandbox.graphql.data_rows import dataset_form
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError, NotFoundError
from deeplake_labelbox.sandbox.removal import remove_data_row
from deeplake_labelbox.sandbox.store import DatasetRecord, now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import IntegrationRecord, Store


def integration_form(record: IntegrationRecord) -> dict[str, Any]:
    """Return an IAM integration in the form of the API."""
    created = timestamp(record.created_at)
    return {
        "id": record.id,
        "name": record.name,
        "provider": record.provider,
        "valid": record.valid,
        "isOrgDefault": record.is_default,
        "lastValidAt": created if record.valid else None,
        "createdAt": created,
        "updatedAt": created,
        "settings": None,
    }


def create(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Create a dataset; its name need not be unique."""
    store = info.context.store
    if not data.get("name"):
        raise InvalidQueryError("A dataset needs a name")
    record = DatasetRecord(store.identifiers.new(), data["name"], now())
    store.datasets[record.id] = record
    return dataset_form(record, store)


def update(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, Any]
) -> dict[str, Any]:
    """Rename a dataset, or delete it with its data rows."""
    box = info.context
    record = lookup(box.store.datasets, where["id"], "Dataset")
    record.name = data.get("name") or record.name
    record.description = data.get("description", record.description)
    if data.get("deleted"):
        box.store.lag.later("deletions", partial(_delete, box.store, record))
    return dataset_form(record, box.store)


def set_signer(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, Any]
) -> dict[str, Any]:
    """Let an IAM integration read a dataset's files."""
    box = info.context
    record = lookup(box.store.datasets, where["id"], "Dataset")
    signer = data.get("signerId")
    if signer is not None and signer not in box.store.integrations:
        raise NotFoundError(f"IAM integration {signer} not found")
    record.signer_id = signer
    return dataset_form(record, box.store)


def validate(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return whether the IAM integration of a dataset can be used."""
    box = info.context
    found = box.store.integrations.get(
        lookup(box.store.datasets, where["id"], "Dataset").signer_id or ""
    )
    valid = found is not None and found.valid
    return {"valid": valid, "checks": [{"name": "Fetch", "success": valid}]}


def integrations(_source: object, info: Info) -> list[dict[str, Any]]:
    """Return all IAM integrations."""
    return [integration_form(record) for record in info.context.store.integrations.values()]


def signer(source: dict[str, Any], info: Info) -> dict[str, Any] | None:
    """Return the IAM integration of a dataset."""
    store = info.context.store
    signer_id = store.datasets[source["id"]].signer_id
    return None if signer_id is None else integration_form(store.integrations[signer_id])


def _delete(store: Store, record: DatasetRecord) -> None:
    record.deleted = True
    for row in [row for row in store.data_rows.values() if row.dataset_id == record.id]:
        if not any(row.id in project.assignments for project in store.projects.values()):
            remove_data_row(store, row.id)


RESOLVERS: Resolvers = {
    ("Query", "iamIntegrations"): integrations,
    ("Mutation", "createDataset"): create,
    ("Mutation", "updateDataset"): update,
    ("Mutation", "setSignerForDataset"): set_signer,
    ("Mutation", "validateDataset"): validate,
    ("Dataset", "signer"): signer,
}
