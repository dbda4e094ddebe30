"""Location of a Deep Lake dataset: check, open, create, copy and delete it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import deeplake

from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox._video.access import without_query
from deeplake_labelbox.errors import (
    ConfigurationError,
    DatasetError,
    DatasetExistsError,
    DatasetNotFoundError,
)

# Local datasets are renamed with this suffix to be deleted. Nobody else uses it, so the remains of
# an interrupted deletion can be deleted without checks.
_DELETED_SUFFIX = ".deleted-by-deeplake-labelbox"

# A nested dataset, for data that is not in rows. Deep Lake 4.7.4 copies and deletes it with the
# outer dataset, except in memory.
NESTED: Final = "videos"

# Some failures of storage arrive as a KeyError or the like: "[S3] Key not found: …".
_OF_STORAGE = re.compile(r"\[\w+\] ")


@dataclass(frozen=True, slots=True)
class DatasetLocation:
    """A dataset path with its credentials.

    Attributes:
        path: Any path that Deep Lake accepts: ``mem://…``, a local path, ``s3://…``, ``al://…``.
        creds: Credentials of the storage, as `deeplake.open` takes them.
        token: Token of Deep Lake's own cloud.
    """

    path: str
    creds: dict[str, str] | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        path: str | Path,
        creds: Mapping[str, str] | None = None,
        org_id: str | None = None,
        token: str | None = None,
    ) -> DatasetLocation:
        """Check the arguments of a public function.

        Raises:
            ConfigurationError: If the path is empty or not UTF-8, or the credentials are not a
                mapping of texts.
        """
        if not str(path):
            raise ConfigurationError("The dataset path is empty; give a path, s3:// or mem:// URL.")
        _check_encoding(str(path))
        merged = dict(creds or {})
        if org_id is not None:
            merged["org_id"] = org_id
        for name, value in merged.items():
            if {type(name), type(value)} != {str}:
                raise ConfigurationError(
                    f"`deeplake_creds` must map text to text, like aws_access_key_id to its value; "
                    f"{name!r} does not."
                )
        return cls(str(path), merged or None, token)

    @classmethod
    def of_dataset(cls, dataset: Any) -> DatasetLocation:
        """Return the location of an open dataset, or of the dataset of a query's view.

        Raises:
            DatasetError: If Deep Lake does not know it.
        """
        try:
            with warnings.catch_warnings():
                # Of rows that are not committed.
                warnings.simplefilter("ignore")
                (state,) = dataset.__getstate__()
            found = json.loads(state)
            storage = (found[0] if isinstance(found, list) else found)["reader"]
            return cls(str(storage["url"]).rstrip("/"), dict(storage["params"]) or None)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise DatasetError(
                "Deep Lake does not give the path of the dataset, as for a query of several "
                "datasets; query one of them."
            ) from error

    @property
    def nested(self) -> DatasetLocation:
        """The location of the nested dataset."""
        return self.beside(f"/{NESTED}")

    def __str__(self) -> str:
        """The path without secrets, for messages."""
        return without_query(self.path) if "://" in self.path else self.path

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "://" not in self.path

    def beside(self, suffix: str) -> DatasetLocation:
        """The location with a suffix after the path."""
        return replace(self, path=f"{self.path.rstrip('/')}{suffix}")

    def exists(self) -> bool:
        """Whether a Deep Lake dataset is there."""
        with dataset_errors(f"looking for a dataset at {self}"):
            return bool(deeplake.exists(self.path, creds=self.creds, token=self.token))

    def open(self) -> deeplake.Dataset:
        """Open the dataset.

        Raises:
            DatasetNotFoundError: If it does not exist.
            DatasetError: If it cannot be opened, or not by this user.
        """
        self._check_exists()
        with dataset_errors(f"opening the dataset at {self}"):
            return deeplake.open(self.path, creds=self.creds, token=self.token)

    def open_to_read(self) -> deeplake.ReadOnlyDataset:
        """Open the dataset for reading only.

        Raises:
            DatasetNotFoundError: If it does not exist.
            DatasetError: If it cannot be opened, or not by this user.
        """
        self._check_exists()
        with dataset_errors(f"opening the dataset at {self}"):
            return deeplake.open_read_only(self.path, creds=self.creds, token=self.token)

    def _check_exists(self) -> None:
        self._check_readable()
        if not self.exists():
            raise DatasetNotFoundError(
                f"There is no Deep Lake dataset at {self}; check the path, or create it first."
            )

    def create(self) -> deeplake.Dataset:
        """Create an empty dataset.

        Raises:
            DatasetExistsError: If there is something else at the path.
            DatasetError: If it cannot be created.
        """
        self.check_free()
        with dataset_errors(f"creating the dataset at {self}"):
            return deeplake.create(self.path, creds=self.creds, token=self.token)

    def check_free(self) -> None:
        """Check that the path holds no files that would be mixed with a dataset.

        Raises:
            DatasetExistsError: If there is a local file, or a folder with other files.
        """
        local = Path(self.path)
        self._check_readable()
        self.finish_deletion()
        if not self.is_local or not local.exists() or self.exists():
            return
        if not local.is_dir() or any(local.iterdir()):
            what = "a folder with other files" if local.is_dir() else "a file"
            raise DatasetExistsError(
                f"{self} is {what}, not a Deep Lake dataset; choose another dataset path."
            )

    def _check_readable(self) -> None:
        """Check the rights to a local path; without them, Deep Lake reports no dataset there."""
        if not self.is_local:
            return
        local = Path(self.path)
        found = next((each for each in (local, *local.parents) if os.path.lexists(each)), local)
        rights = os.X_OK | (os.R_OK if found == local else 0)
        if found.is_dir() and not os.access(found, rights):
            raise DatasetError(
                f"The folder {found} may not be read by this user; change its rights, or choose "
                "another dataset path."
            )

    def delete(self) -> None:
        """Delete the dataset and its nested dataset, or the remains of an interrupted deletion.

        Deep Lake deletes file by file, and after a kill the remaining files are no longer a
        dataset. So a local dataset is first set aside in one step.

        Raises:
            DatasetError: If it cannot be deleted.
        """
        if self.is_local and not os.path.islink(self.path):  # noqa: PTH114 - text, as in Deep Lake
            with _file_errors(f"{self} cannot be deleted"):
                self.set_aside()
            self.finish_deletion()
            return
        with dataset_errors(f"deleting the dataset at {self}"):
            deeplake.delete(self.path, creds=self.creds, token=self.token)
            if self.nested.exists():
                deeplake.delete(self.nested.path, creds=self.creds, token=self.token)

    def copy_to(self, target: DatasetLocation) -> None:
        """Copy the dataset and its nested dataset."""
        with dataset_errors(f"copying {self} to {target}"):
            for one, other in ((self, target), (self.nested, target.nested)):
                if one.exists() and not other.exists():
                    deeplake.copy(
                        one.path,
                        other.path,
                        src_creds=one.creds,
                        dst_creds=other.creds,
                        token=other.token,
                    )

    def set_aside(self) -> None:
        """Rename a local dataset so that `finish_deletion` deletes it.

        Raises:
            OSError: If it cannot be renamed.
        """
        self.finish_deletion()
        os.rename(self.path, self.beside(_DELETED_SUFFIX).path)  # noqa: PTH104 - the same

    def finish_deletion(self) -> None:
        """Delete files that were set aside, also by a killed run.

        Raises:
            DatasetError: If it cannot be deleted.
        """
        aside = self.beside(_DELETED_SUFFIX).path
        if self.is_local and os.path.lexists(aside):
            with _file_errors(f"{aside}, which was replaced, cannot be deleted"):
                shutil.rmtree(aside)


def opened_to_write(
    dataset: str | Path | deeplake.Dataset,
    creds: Mapping[str, str] | None,
    org_id: str | None,
    token: str | None,
) -> deeplake.Dataset:
    """Return an open dataset, or open the dataset at a path.

    Raises:
        ConfigurationError: If it is open for reading only.
        DatasetError: If it cannot be opened.
    """
    if isinstance(dataset, deeplake.Dataset):
        return dataset
    if isinstance(dataset, deeplake.ReadOnlyDataset):
        raise ConfigurationError(
            "The dataset is open for reading only; open it with deeplake.open."
        )
    return DatasetLocation.of(dataset, creds, org_id, token).open()


def _check_encoding(path: str) -> None:
    """Check that a path means the same file for Python and for Deep Lake, which uses UTF-8."""
    try:
        agree = os.fsencode(path) == path.encode()
    except UnicodeEncodeError:
        agree = False
    if not agree:
        encoding = sys.getfilesystemencoding()
        advice = "" if encoding == "utf-8" else "set the environment variable PYTHONUTF8=1, or "
        raise ConfigurationError(
            f"The dataset path {path!a} cannot be used: it is not UTF-8, or not in {encoding}, the "
            f"encoding of file names here; {advice}choose another path."
        )


@contextmanager
def _file_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"{what}: {error.strerror}. Check the rights to it, or delete it yourself."
        ) from error


@contextmanager
def dataset_errors(doing: str, *, of_deep_lake_alone: bool = False) -> Iterator[None]:
    """Map errors of Deep Lake, which have no common base but `Exception`.

    Args:
        doing: The operation in words, after "Deep Lake failed".
        of_deep_lake_alone: Do not map a plain `RuntimeError`, although Deep Lake raises some; for
            blocks that run code of the user.
    """
    try:
        yield
    except Exception as error:
        if not _is_of_deep_lake(error) and (
            of_deep_lake_alone or not isinstance(error, RuntimeError)
        ):
            raise
        reason = clean(str(error.args[0] if error.args else error)).rstrip(".")
        raise DatasetError(
            f"Deep Lake failed {doing}: {reason}. Check the path, its credentials and free space."
        ) from error


def _is_of_deep_lake(error: Exception) -> bool:
    return type(error).__module__.startswith("deeplake.") or (
        type(error).__module__ == "builtins"
        and _OF_STORAGE.match(str(error).strip("'\"")) is not None
    )
