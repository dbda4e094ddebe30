"""Open datasets that a command only reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deeplake_labelbox._cli.arguments import read_creds
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from deeplake_labelbox._store.columns import ReadableDataset


def open_to_read(
    path: str, creds: Sequence[str] | None, token: str | None, branch: str | None
) -> ReadableDataset:
    """Open a dataset without writing to it.

    Args:
        path: Its path.
        creds: ``KEY=VALUE`` of the storage.
        token: Token of Deep Lake's cloud.
        branch: The branch to open, or ``None`` for ``main``.

    Raises:
        ConfigurationError: If it has no such branch.
        DatasetError: If it cannot be opened.
    """
    from deeplake_labelbox._store.location import DatasetLocation, dataset_errors  # noqa: PLC0415 - imports deeplake

    dataset = DatasetLocation.of(path, read_creds(creds), None, token).open_to_read()
    if branch is None:
        return dataset
    with dataset_errors(f"opening branch {branch!r}"):
        if branch not in dataset.branches.names():
            raise ConfigurationError(
                f"The dataset has no branch {branch!r}; it has "
                f"{', '.join(dataset.branches.names())}."
            )
        return dataset.branches[branch].open()
