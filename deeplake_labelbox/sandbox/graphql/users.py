"""Resolve the current user and its organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, page, timestamp
from deeplake_labelbox.sandbox.graphql.errors import NotFoundError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import Store


def user_form(store: Store, email: str) -> dict[str, Any]:
    """Return a user in the form of the API; all fields are those of the API key's owner."""
    record = store.user
    created = timestamp(record.created_at)
    is_owner = email == record.email
    name = record.name if is_owner else email.partition("@")[0]
    return {
        "id": record.id if is_owner else f"user-{email}",
        "createdAt": created,
        "updatedAt": created,
        "email": email,
        "isExternalUser": False,
        "isViewer": False,
        "lastLoginAt": created,
        "nickname": name,
        "name": name,
        "picture": "",
        "timezone": record.timezone,
    }


def user(_source: object, info: Info, *, where: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the owner of the API key, the only user of a sandbox."""
    record = info.context.store.user
    if where is not None and where["id"] != record.id:
        raise NotFoundError(f"User {where['id']} not found")
    return user_form(info.context.store, record.email)


def users(_source: object, info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the users of the organization; there is one."""
    store = info.context.store
    return page([user_form(store, store.user.email)], **part)


def organization(
    _source: object, info: Info, *, where: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the organization of the API key's owner."""
    record = info.context.store.organization
    if where is not None and where["id"] != record.id:
        raise NotFoundError(f"Organization {where['id']} not found")
    created = timestamp(record.created_at)
    return {"id": record.id, "name": record.name, "createdAt": created, "updatedAt": created}


RESOLVERS: Resolvers = {
    ("Query", "user"): user,
    ("Query", "organization"): organization,
    ("User", "organization"): organization,
    ("Organization", "users"): users,
}
