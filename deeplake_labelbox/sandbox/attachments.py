"""Attachments of data rows, in the form of exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deeplake_labelbox.sandbox.identifiers import Identifiers


def attached(identifiers: Identifiers, given: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the attachments that a client sent, each with a new id."""
    return [{"id": identifiers.new(), **each} for each in given]
