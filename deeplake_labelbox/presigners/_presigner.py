"""What the presigners of all clouds have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from deeplake_labelbox.errors import ConfigurationError

# The longest that Amazon and Google sign for.
_LONGEST: Final = 7 * 24 * 3600


@dataclass(frozen=True)
class Presigner:
    """Settings that can be pickled, with the clients that this process made of them."""

    _clients: dict[str | None, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_clients": {}}


def check_expiry(seconds: int) -> None:
    """Check that URLs can be signed for so long.

    Raises:
        ConfigurationError: If not.
    """
    if not 1 <= seconds <= _LONGEST:
        raise ConfigurationError(
            f"expires_seconds is {seconds}; give 1 to {_LONGEST} seconds (7 days)."
        )


def not_installed(package: str, extra: str) -> ConfigurationError:
    """The error of a cloud whose client is not installed."""
    return ConfigurationError(
        f"Signing URLs needs {package}, which is not installed; run: "
        f'pip install "deeplake-labelbox[{extra}]"'
    )
