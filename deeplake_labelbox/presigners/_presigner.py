"""Base class and checks of all presigners."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from deeplake_labelbox.errors import ConfigurationError

# Longest validity that Amazon and Google allow.
_MAX_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True)
class Presigner:
    """Picklable settings, with the clients that this process created from them."""

    _clients: dict[str | None, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_clients": {}}


def check_expiry(seconds: int) -> None:
    """Check how many seconds signed URLs stay valid.

    Raises:
        ConfigurationError: If it is not between 1 second and 7 days.
    """
    if not 1 <= seconds <= _MAX_SECONDS:
        raise ConfigurationError(
            f"`expires_seconds` is {seconds}; give 1 to {_MAX_SECONDS} seconds (7 days)."
        )


def not_installed(package: str, extra: str) -> ConfigurationError:
    """Return the error for a client library that is not installed."""
    return ConfigurationError(
        f"Signing URLs needs {package}, which is not installed; run: "
        f'pip install "deeplake-labelbox[{extra}]"'
    )
