"""Provide services, look-ups and pages to all resolvers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from deeplake_labelbox.sandbox.graphql.errors import NotFoundError

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from deeplake_labelbox.sandbox.background import BackgroundTasks
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.exports import ExportTasks
    from deeplake_labelbox.sandbox.imports import AnnotationImports
    from deeplake_labelbox.sandbox.store import Store

    Info = GraphQLResolveInfo["Services"]

T = TypeVar("T")

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "not": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}

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


def lookup(records: Mapping[str, T], key: str, what: str) -> T:
    """Return the record with an id if it is not deleted.

    Raises:
        NotFoundError: There is no such record; ``what`` is its kind in the message.
    """
    record = records.get(key)
    if record is None or getattr(record, "deleted", False):
        raise NotFoundError(f"{what} {key} not found")
    return record


def timestamp(moment: datetime) -> str:
    """Format a time as the API does; the SDK needs the milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def page(
    entries: list[T],
    *,
    where: dict[str, Any] | None = None,
    skip: int | None = None,
    first: int | None = None,
) -> list[T]:
    """Return the page of a list that a query's ``where``, ``skip`` and ``first`` select."""
    found = [each for each in entries if _selected(where, each)] if where else entries
    start = skip or 0
    return found[start:] if first is None else found[start : start + first]


def _selected(where: dict[str, Any] | None, form: Any) -> bool:
    """Return whether an entity is not deleted and matches the filter of a list."""
    conditions = dict(where or {})
    deleted = conditions.pop("deleted", False)
    both = conditions.pop("AND", [])
    fits = all(_holds(form, name, value) for name, value in conditions.items())
    return fits and not deleted and all(_selected(part, form) for part in both)


def _holds(form: Any, condition: str, value: Any) -> bool:
    """Return whether ``name: value``, or a comparison such as ``name_lt: value``, is true."""
    name, _, suffix = condition.rpartition("_")
    if suffix not in _COMPARISONS:
        name, suffix = condition, ""
    held = form[name]
    if name.endswith("At") and held is not None:
        # Clients send times with less precision.
        held, value = datetime.fromisoformat(held), datetime.fromisoformat(value)
    return bool(held is not None and _COMPARISONS[suffix](held, value))
