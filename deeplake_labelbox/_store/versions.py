"""Versions of a dataset by id, tag or branch."""

from __future__ import annotations

from typing import cast

import deeplake

from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox.errors import ConfigurationError


def open_version(dataset: ReadableDataset, name: str) -> tuple[str, ReadableDataset]:
    """Open a version by its id, tag or branch.

    Returns:
        The id of the version, and the version.

    Raises:
        ConfigurationError: If there is no such version.
    """
    if name in dataset.tags.names():
        found = cast("deeplake.ReadOnlyDataset", dataset.tags[name].open())
        return str(dataset.tags[name].version), found
    if name in dataset.branches.names():
        branch = cast("deeplake.Dataset", dataset.branches[name].open())
        return str(branch.version), branch
    if name in [version.id for version in dataset.history]:
        return name, dataset.history[name].open()
    raise ConfigurationError(
        f"The dataset has no version {name!r}; give the id of a version of ds.history, or the name "
        f"of a tag or branch."
    )
