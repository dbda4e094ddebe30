"""Uncommitted changes: find them, commit the metadata, roll back after an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import deeplake

from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox.errors import DatasetError

# The version of a dataset object with uncommitted changes in Deep Lake 4.7.4.
_UNCOMMITTED: Final = "9999999999vzzzzzzzz"


def has_changes(dataset: deeplake.Dataset) -> bool:
    """Return whether a dataset object has uncommitted changes."""
    return str(dataset.version) == _UNCOMMITTED


def check_committed(dataset: deeplake.Dataset) -> None:
    """Check that a dataset object has no uncommitted changes, which our commit would publish.

    Raises:
        DatasetError: If it has uncommitted changes.
    """
    if has_changes(dataset):
        raise DatasetError(
            "The dataset has uncommitted changes, and a sync would commit them with its own. "
            "Commit them first, or call rollback()."
        )


def write_meta(dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
    """Write and commit the metadata, without a version in the history."""
    with dataset_errors("writing the metadata"):
        meta.write(dataset)
        dataset.commit()


@contextmanager
def uncommitted(dataset: deeplake.Dataset) -> Iterator[None]:
    """Roll back uncommitted changes after an error.

    Deep Lake publishes uncommitted rows when a dataset object goes out of scope. Its rollback
    restores the metadata of columns but not of the dataset, so that is restored here. A new key
    stays, with an empty value, because Deep Lake cannot delete it.
    """
    before = dataset.metadata.to_dict()
    try:
        yield
    except BaseException:
        dataset.rollback()
        for key, value in dataset.metadata.to_dict().items():
            if value != before.get(key, ""):
                dataset.metadata[key] = before.get(key, "")
        raise
