"""Commit the metadata, and roll back changes after an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import deeplake

from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.location import dataset_errors


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
