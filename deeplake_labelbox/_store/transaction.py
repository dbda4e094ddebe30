"""Commits of the metadata, and changes that are taken back when an error passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import deeplake

from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.location import dataset_errors


def write_meta(dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
    """Write and commit the metadata, without a version of its own in the history."""
    with dataset_errors("writing the metadata"):
        meta.write(dataset)
        dataset.commit()


@contextmanager
def uncommitted(dataset: deeplake.Dataset) -> Iterator[None]:
    """Take back what was not committed when an error passes.

    Deep Lake publishes uncommitted rows when a dataset object goes out of scope. Its rollback
    leaves the metadata of the dataset as it is (not that of columns), so that is set back here; a
    key that was not there stays, empty, as Deep Lake cannot delete one.
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
