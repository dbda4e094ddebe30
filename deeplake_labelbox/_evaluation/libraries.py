"""Load the libraries of the extra ``evaluate``, which match boxes and compute rates."""

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
            f"Comparing boxes needs {name.partition('.')[0]}, which is not installed; run: pip "
            f'install "deeplake-labelbox[evaluate]"'
        ) from error
