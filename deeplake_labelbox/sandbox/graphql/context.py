"""What a resolver may use, and how resolvers are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from deeplake_labelbox.sandbox.background import BackgroundTasks
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.exports import ExportTasks
    from deeplake_labelbox.sandbox.imports import AnnotationImports
    from deeplake_labelbox.sandbox.store import Store

    Info = GraphQLResolveInfo["Services"]

# (type, field) to a function of (source, info, **arguments).
Resolvers = dict[tuple[str, str], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a sandbox that its API works with."""

    store: Store
    exports: ExportTasks
    imports: AnnotationImports
    tasks: BackgroundTasks
    urls: FileUrls


def services(info: Info) -> Services:
    """The services of the sandbox that a query was sent to."""
    return info.context


def timestamp(moment: datetime) -> str:
    """A time as the API gives it; the SDK insists on the milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def page(entries: list[Any], skip: int | None, first: int | None) -> list[Any]:
    """The page of a list that ``skip`` and ``first`` ask for."""
    start = skip or 0
    return entries[start:] if first is None else entries[start : start + first]


def selected(where: dict[str, Any] | None, form: dict[str, Any]) -> bool:
    """Whether an entity that is not deleted fits the filter of a list of them."""
    conditions = dict(where or {})
    deleted = conditions.pop("deleted", False)
    both = conditions.pop("AND", [])
    fits = all(form[name] == value for name, value in conditions.items())
    return fits and not deleted and all(selected(part, form) for part in both)
