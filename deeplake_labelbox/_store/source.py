"""A Deep Lake dataset that any process can open again, at the same version."""

from __future__ import annotations

import os
import pickle
import warnings
from typing import Any, cast

from deeplake_labelbox._store.cells import Readable
from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetError

# Dataset objects of the parent, kept in forked children: destroying one writes its uncommitted
# changes, which only the parent may do.
_inherited: list[ReadableDataset] = []


class DatasetSource:
    """Gives each process its own dataset object.

    Processes must not share a Deep Lake dataset object, because its threads and connections do not
    survive a fork. Another process gets the location of the dataset (Deep Lake's own pickle: path,
    storage credentials, branch) and its version, and opens it on first use.

    Args:
        dataset: The dataset, as opened, or the view of a query, which only this process reads.

    Attributes:
        is_view: Whether it is the view of a query.

    Raises:
        ConfigurationError: If it is neither.
    """

    def __init__(self, dataset: Readable) -> None:
        if not isinstance(dataset, Readable):
            raise ConfigurationError(
                f"LabeledDataset reads an open Deep Lake dataset, not {type(dataset).__name__}; "
                f"pass what deeplake.open returns, or its path."
            )
        # For reading, a view has the same methods as a dataset.
        self._dataset: ReadableDataset | None = cast("ReadableDataset", dataset)
        self._pid = self._owner = os.getpid()
        self.is_view = not isinstance(dataset, ReadableDataset)
        if not isinstance(dataset, ReadableDataset):
            return
        self._version = dataset.version
        with warnings.catch_warnings(record=True) as caught:
            # Deep Lake warns here of rows or cells that no other process can see.
            warnings.simplefilter("always")
            self._pickled = pickle.dumps(dataset)
        self._is_committed = not caught

    @property
    def dataset(self) -> ReadableDataset:
        """The dataset object of this process.

        Raises:
            ConfigurationError: In another process, if it is a view, or the dataset is in memory or
                has uncommitted changes.
            DatasetError: If it cannot be opened, or no longer has the version.
        """
        if self._dataset is None or self._pid != os.getpid():
            if self._dataset is not None:
                _inherited.append(self._dataset)
            self._dataset = self._open()
            self._pid = os.getpid()
        return self._dataset

    def _open(self) -> ReadableDataset:
        self._check_can_leave()
        if os.getpid() != self._owner:
            if b'"url":"mem://' in self._pickled:
                raise ConfigurationError(
                    "A mem:// dataset exists only in the process that made it; use num_workers=0, "
                    "or create the dataset at a path."
                )
            if not self._is_committed:
                raise ConfigurationError(
                    "The dataset has changes that are not committed, which workers cannot see; "
                    "call ds.commit() first, or use num_workers=0."
                )
        with dataset_errors("opening the dataset in a worker"):
            dataset: ReadableDataset = pickle.loads(self._pickled)  # noqa: S301 - made above
            if dataset.version == self._version:
                return dataset
            if self._version not in {version.id for version in dataset.history}:
                raise DatasetError(
                    f"The dataset no longer has version {self._version}, from which this process "
                    f"selected its rows; create the training dataset again."
                )
            return dataset.history[self._version].open()

    def _check_can_leave(self) -> None:
        if self.is_view:
            raise ConfigurationError(
                "The view of a query exists only in the process that made it; read the dataset "
                "itself there, and select its rows with LabeledDataset.where."
            )

    def __getstate__(self) -> dict[str, Any]:
        self._check_can_leave()
        return {**self.__dict__, "_dataset": None}
