"""Resolve tags and webhooks of an organization.

Webhooks are stored but never called: the sandbox sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, lookup, page, timestamp
from deeplake_labelbox.sandbox.graphql.errors import NotFoundError
from deeplake_labelbox.sandbox.graphql.projects import project_form, projects
from deeplake_labelbox.sandbox.graphql.users import organization, user
from deeplake_labelbox.sandbox.store import now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def create_tag(_source: object, info: Info, *, input: dict[str, str]) -> dict[str, str]:
    """Create a tag; its color is stored without the number sign."""
    store = info.context.store
    tag_id = store.identifiers.new()
    store.tags[tag_id] = {"id": tag_id, "text": input["text"], "color": input["color"].lstrip("#")}
    return store.tags[tag_id]


def delete_tag(_source: object, info: Info, *, input: dict[str, str]) -> dict[str, str]:
    """Delete a tag, and remove it from its projects."""
    tag = info.context.store.tags.pop(input["id"], None)
    if tag is None:
        raise NotFoundError(f"Resource tag {input['id']} not found")
    return tag


def tags(_source: object, info: Info) -> list[dict[str, str]]:
    """Return all tags."""
    return list(info.context.store.tags.values())


def project_tags(source: dict[str, Any], info: Info) -> list[dict[str, str]]:
    """Return the tags of a project."""
    store = info.context.store
    chosen = store.projects[source["id"]].tag_ids
    return [store.tags[tag_id] for tag_id in chosen if tag_id in store.tags]


def set_project_tags(
    source: dict[str, Any], info: Info, *, input: dict[str, Any]
) -> list[dict[str, str]]:
    """Replace the tags of a project."""
    store = info.context.store
    store.projects[source["id"]].tag_ids = list(input.get("resourceTagIds") or ())
    return project_tags(source, info)


def create_webhook(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Create a webhook for one project or for all."""
    store = info.context.store
    created = timestamp(now())
    webhook = {
        "id": store.identifiers.new(),
        "createdAt": created,
        "updatedAt": created,
        "url": data["url"],
        "topics": data["topics"]["set"],
        "status": "ACTIVE",
        "projectId": (data.get("project") or {}).get("id"),
    }
    store.webhooks[webhook["id"]] = webhook
    return webhook


def update_webhook(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, Any]
) -> dict[str, Any]:
    """Change a webhook."""
    found = webhook(_source, info, where=where)
    changes = {**data, **({"topics": data["topics"]["set"]} if "topics" in data else {})}
    found |= {"updatedAt": timestamp(now()), **changes}
    return found


def webhook(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return a webhook by its id."""
    return lookup(info.context.store.webhooks, where["id"], "Webhook")


def webhooks(source: dict[str, Any], info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the webhooks of a project, or of the organization."""
    store = info.context.store
    found = [
        each
        for each in store.webhooks.values()
        if source["id"] == store.organization.id or each["projectId"] == source["id"]
    ]
    return page(found, **part)


def webhook_project(source: dict[str, Any], info: Info) -> dict[str, Any] | None:
    """Return the project of a webhook."""
    store = info.context.store
    record = store.projects.get(source["projectId"] or "")
    return None if record is None else project_form(record, store)


RESOLVERS: Resolvers = {
    ("Query", "webhook"): webhook,
    ("Mutation", "createResourceTag"): create_tag,
    ("Mutation", "deleteResourceTag"): delete_tag,
    ("Mutation", "createWebhook"): create_webhook,
    ("Mutation", "updateWebhook"): update_webhook,
    ("Organization", "resourceTag"): tags,
    ("Organization", "projects"): projects,
    ("Organization", "webhooks"): webhooks,
    ("User", "projects"): projects,
    ("Project", "resourceTags"): project_tags,
    ("Project", "webhooks"): webhooks,
    ("ProjectChange", "updateProjectResourceTags"): set_project_tags,
    ("Webhook", "project"): webhook_project,
    ("Webhook", "organization"): organization,
    ("Webhook", "createdBy"): user,
}
