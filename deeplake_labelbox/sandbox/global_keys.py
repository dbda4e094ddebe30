"""The rules of global keys."""

from __future__ import annotations

_MAX_LENGTH = 200


def fault_of(key: str) -> str | None:
    """Return what is wrong with a global key, apart from being taken."""
    if not key:
        return "Global key is empty"
    if len(key) > _MAX_LENGTH:
        return f"Global key is longer than {_MAX_LENGTH} characters"
    if key != key.strip() or "  " in key:
        return "Global key has leading, trailing or double spaces"
    return None
