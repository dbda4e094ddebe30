"""The libraries that compute rates, which the extra ``evaluate`` installs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from deeplake_labelbox.errors import ConfigurationError


def library(name: str) -> Any:
    """Import a module of pycocotools or motmetrics.

    Raises:
        ConfigurationError: If it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"An evaluation needs {name.partition('.')[0]}, which is not installed; run: pip "
            f'install "deeplake-labelbox[evaluate]"'
        ) from error
