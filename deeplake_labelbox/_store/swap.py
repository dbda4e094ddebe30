"""Replace a dataset by another one, and keep the old one until the new one is complete.

The new dataset is built beside the old one, at ``<path>.building``. When it is complete, its
``status`` becomes ``placing``, and it is put in place: local folders are exchanged in one step if
the system supports it, and by two renames otherwise; elsewhere the old dataset is deleted and the
new one copied. At any moment, the old dataset or the complete new one exists. The next call
finishes an interrupted replacement. Meanwhile both datasets need disk space, and a copied one needs
it twice.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Final

import deeplake

from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, Status
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox.errors import DatasetError, DatasetExistsError, DatasetMismatchError

logger = logging.getLogger(__name__)

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


class Replacement:
    """A dataset that is built at ``<path>.building`` and then put at ``path``.

    Args:
        location: The path whose dataset is replaced.

    Attributes:
        building: Where the new dataset is built.
    """

    def __init__(self, location: DatasetLocation) -> None:
        self.building = location.beside(".building")
        self._location = location

    def unfinished(self) -> LabelboxMeta | None:
        """Return the metadata of an unfinished build, or ``None``.

        Raises:
            DatasetExistsError: If something else is there.
        """
        self.building.check_free()
        if not self.building.exists():
            return None
        meta = found_meta(self.building)
        if meta is None:
            # The remains of a build that was killed before it created columns, or of a deletion.
            self._discard_remains()
        return meta

    def discard(self) -> None:
        """Delete the new dataset."""
        self.building.delete()

    def was_interrupted(self) -> bool:
        """Return whether a complete new dataset is not yet, or only partly, in place."""
        here = found_meta(self._location) if self._location.exists() else None
        if here is not None and here.status == "placing":
            return True
        waiting = self.unfinished()
        return waiting is not None and waiting.status == "placing"

    def place(self) -> deeplake.Dataset:
        """Put the complete dataset in place, or finish an interrupted call.

        Returns:
            The dataset, opened at the path.

        Raises:
            DatasetError: If Deep Lake or the file system fails; nothing is lost.
        """
        if self._location.is_local:
            self._swap()
        else:
            self._copy()
        dataset = self._location.open()
        write_status(dataset, "complete")
        if not self._location.is_local and self.building.exists():
            self.building.delete()
        for left in (self.building, self._location):
            left.finish_deletion()
        return dataset

    def _swap(self) -> None:
        path, building = self._location.path, self.building.path
        here = found_meta(self._location) if self._location.exists() else None
        try:
            if here is None or here.status != "placing":
                if os.path.lexists(path) and not _exchange(building, path):
                    self._location.set_aside()
                if not os.path.lexists(path):
                    os.rename(building, path)  # noqa: PTH104 - paths of Deep Lake are text
            if os.path.lexists(building):
                self.building.set_aside()  # now the old dataset
        except OSError as error:
            raise DatasetError(
                f"The new dataset {building} is complete, but cannot be put at {path}: "
                f"{error.strerror}. Run again when it can, or rename it."
            ) from error

    def _copy(self) -> None:
        here = found_meta(self._location) if self._location.exists() else None
        new = found_meta(self.building)
        if new is None or here == replace(new, status="complete"):
            return  # already copied; the rest is deleted
        # Even without a dataset: an interrupted deletion leaves some of its files.
        self._location.delete()
        self.building.copy_to(self._location)

    def _discard_remains(self) -> None:
        try:
            names = column_names(self.building.open())
        except DatasetError:
            names = []
        if names:
            raise DatasetExistsError(
                f"A dataset is at {self.building}, where the new one would be built; move it, or "
                f"choose another path."
            )
        self.building.delete()


def found_meta(location: DatasetLocation) -> LabelboxMeta | None:
    """Return the metadata of the dataset at a location, or ``None``."""
    with suppress(DatasetError, DatasetMismatchError):
        return LabelboxMeta.read(location.open())
    return None


def write_status(dataset: deeplake.Dataset, status: Status) -> None:
    """Write and commit the status of a dataset."""
    meta = LabelboxMeta.read(dataset)
    if meta.status != status:
        with dataset_errors("writing the status of the dataset"):
            replace(meta, status=status).write(dataset)
            dataset.commit()


def _exchange(one: str, other: str) -> bool:
    """Exchange two folders in one step; ``False`` if the system does not support it."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        exchange = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    paths = os.fsencode(one), os.fsencode(other)
    return bool(exchange(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)
