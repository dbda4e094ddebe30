"""The current user and its organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, services, timestamp
from deeplake_labelbox.sandbox.graphql.errors import NotFoundError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def user(_source: object, info: Info, *, where: dict[str, str] | None = None) -> dict[str, Any]:
    """The owner of the API key, the only user of a sandbox."""
    record = services(info).store.user
    if where is not None and where["id"] != record.id:
        raise NotFoundError(f"User {where['id']} not found")
    created = timestamp(record.created_at)
    return {
        "id": record.id,
        "createdAt": created,
        "updatedAt": created,
        "email": record.email,
        "isExternalUser": False,
        "isViewer": False,
        "lastLoginAt": created,
        "nickname": record.name,
        "name": record.name,
        "picture": "",
        "timezone": record.timezone,
    }


def organization(
    _source: object, info: Info, *, where: dict[str, str] | None = None
) -> dict[str, Any]:
    """The organization of the API key's owner."""
    record = services(info).store.organization
    if where is not None and where["id"] != record.id:
        raise NotFoundError(f"Organization {where['id']} not found")
    created = timestamp(record.created_at)
    return {"id": record.id, "name": record.name, "createdAt": created, "updatedAt": created}


RESOLVERS: Resolvers = {
    ("Query", "user"): user,
    ("Query", "organization"): organization,
    ("User", "organization"): organization,
}
