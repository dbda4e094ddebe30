"""Copy all or some rows of a dataset, and change the storage or size of their frames."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import deeplake
import numpy as np

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._progress import ProgressBar, progress_bar
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.columns import column_kind, column_names
from deeplake_labelbox._store.frame_index import FrameIndex
from deeplake_labelbox._store.frames.registry import PICTURES, StorageOptions
from deeplake_labelbox._store.labelbox_meta import KEY, LabelboxMeta, VideoEntry
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox._store.swap import Replacement
from deeplake_labelbox._store.transaction import uncommitted
from deeplake_labelbox._store.videos import entries_of, recorded_meta
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._video.resize import resized
from deeplake_labelbox.errors import ConfigurationError, DatasetError, DatasetExistsError

if TYPE_CHECKING:
    from deeplake_labelbox._store.frames.store import RecordedStore
    from deeplake_labelbox._store.labeled_dataset import LabeledDataset

_BATCH_SIZE: Final = 100
# Rows whose cells are in memory at a time; masks may be large.
_CELLS: Final = 64


@dataclass(frozen=True, slots=True)
class DatasetCopy:
    """Copies rows of a dataset to a new one.

    Attributes:
        source: The dataset; frames and labels are scaled to its ``resize``.
        index: The frames to copy.
        storage: How frames are stored.
        progress: Whether to show a progress bar.
    """

    source: LabeledDataset
    index: FrameIndex
    storage: StorageOptions
    progress: bool

    def write(self, location: DatasetLocation, *, overwrite: bool) -> deeplake.Dataset:
        """Write the copy; it appears only when it is complete.

        Raises:
            ConfigurationError: If frames cannot be stored in this way.
            DatasetExistsError: If something is at the location, and ``overwrite`` is not set.
            DatasetError: If Deep Lake fails.
        """
        store = self.storage.store(batch_size=_BATCH_SIZE)
        missing = {"frame_idx", "video_idx", "timestamp"} - set(column_names(self.source.dataset))
        meta = recorded_meta(self.source.dataset)
        if missing or meta is None:
            raise ConfigurationError(
                "Only datasets that create_dataset made without a data filler can be copied in "
                "part; copy others as a whole, with deeplake.copy."
            )
        location.check_free()
        replacement = Replacement(location)
        if (overwrite or not location.exists()) and replacement.was_interrupted():
            replacement.place()
        exists = location.exists()
        if exists and not overwrite and column_names(location.open()):
            raise DatasetExistsError(
                f"A dataset exists already at {location}; choose another path, or pass "
                f"`overwrite=True` to replace it."
            )
        target = replacement.building if exists and overwrite else location
        if target is not location and replacement.unfinished() is not None:
            raise DatasetExistsError(
                f"There is an unfinished dataset at {target}; complete it with the call that "
                f"started it, or delete it."
            )
        if target.exists():
            target.delete()  # the dataset to replace, or the remains of a killed copy
        dataset = target.create()
        try:
            with uncommitted(dataset), dataset_errors(f"copying to {location}"):
                self._fill(dataset, store, meta, is_placed=target is location)
        except BaseException:
            store.discard()
            with suppress(DatasetError):
                target.delete()
            raise
        return dataset if target is location else replacement.place()

    def _fill(
        self,
        dataset: deeplake.Dataset,
        store: RecordedStore[Any],
        meta: LabelboxMeta,
        *,
        is_placed: bool,
    ) -> None:
        files = WrittenFiles.of(dataset)
        store.create_columns(dataset)
        total = 2 * len(self.index)
        with progress_bar(total=total, unit="row", desc="rows", shown=self.progress) as bar:
            entries = self._copy_frames(dataset, store, files, bar)
            self._copy_columns(dataset, files, bar)
        meta = replace(
            meta,
            status="complete" if is_placed else "placing",
            options=json.dumps(self._options(meta), sort_keys=True),
            videos=tuple(entries.get(entry.video_idx, entry) for entry in meta.videos),
        )
        self._copy_metadata(dataset, meta, entries)
        store.publish(dataset, meta)
        dataset.commit(f"Copy {len(self.index)} frames of {meta.project_name}")
        files.check_written()

    def _options(self, meta: LabelboxMeta) -> Mapping[str, Any]:
        known = {
            key: value
            for key, value in json.loads(meta.options).items()
            if key not in StorageOptions.__dataclass_fields__
        }
        resize = {} if self.source.resize is None else {"resize": self.source.resize}
        return {**known, **self.storage.recorded(), **resize}

    def _copy_frames(
        self,
        dataset: deeplake.Dataset,
        store: RecordedStore[Any],
        files: WrittenFiles,
        bar: ProgressBar,
    ) -> dict[int, VideoEntry]:
        """Append the rows, video by video; return the entries of all videos of the copy."""
        entries = {}
        for known in entries_of(self.source.dataset):
            entry = replace(self._scaled(known), recordings=(), first_row=len(dataset))
            chosen = self.index.take(self.index.video_idx == known.video_idx)
            if len(chosen):
                times = np.asarray(self.source.cells("timestamp", chosen.rows), np.float64)
                frames = chosen.frame_idx.astype(np.int32)
                for batch in store.transfer(
                    self.source.frames, known, chosen.rows, frames, times.reshape(-1)
                ):
                    files.check_room(store.size_of(batch))
                    entry = store.append(dataset, entry, batch)
                    bar.update(len(batch))
            entries[entry.video_idx] = entry
        return entries

    def _copy_columns(
        self, dataset: deeplake.Dataset, files: WrittenFiles, bar: ProgressBar
    ) -> None:
        """Add all other columns; cells that were never written stay unset."""
        there = set(column_names(dataset))
        columns = [
            column
            for column in self.source.dataset.schema.columns
            if column.name not in there | {PICTURES}
        ]
        for column in columns:
            dataset.add_column(column.name, column.dtype)
        for start in range(0, len(self.index), _CELLS):
            part = self.index.take(np.arange(start, min(start + _CELLS, len(self.index))))
            files.check_room(0)
            for column in columns:
                cells = self._cells(column.name, part)
                for first, end in _runs(cells):
                    dataset[column.name][start + first : start + end] = cells[first:end]
            bar.update(len(part))

    def _cells(self, column: str, part: FrameIndex) -> list[Any]:
        cells = self.source.cells(column, part.rows)
        kind = GEOMETRIES.get(column_kind(self.source.dataset, column) or "")
        if kind is None or self.source.resize is None:
            return cells
        scaled: list[Any] = []
        for cell, (old, new) in zip(cells, self.source.sizes_of(part.rows), strict=True):
            count = 0 if cell is None else kind.count(cell)
            if cell is None or (not count and not kind.is_mask):
                scaled.append(cell)
            elif kind.is_mask:
                masks = kind.resized(kind.shapes([(cell, count)]), old, new)
                scaled.append(np.stack(masks, axis=-1) if masks else kind.empty(*new))
            else:
                scaled.append(kind.resized(kind.shapes([(cell, count)]), old, new))
        return scaled

    def _scaled(self, entry: VideoEntry) -> VideoEntry:
        if self.source.resize is None or not entry.height:
            return entry
        width, height = resized(entry.width, entry.height, self.source.resize)
        return replace(entry, width=width, height=height, sizes=())

    def _copy_metadata(
        self, dataset: deeplake.Dataset, meta: LabelboxMeta, entries: Mapping[int, VideoEntry]
    ) -> None:
        source = self.source.dataset
        for column in column_names(dataset):
            if column in column_names(source):
                _copy(source[column].metadata, dataset[column].metadata)
        applied = AppliedLabels.read(dataset)
        if applied is not None:
            videos = tuple(entries[entry.video_idx] for entry in applied.videos)
            replace(applied, videos=videos, options=meta.options).write(dataset)
        origin: Any = source
        if self.source.is_view:
            origin = DatasetLocation.of_dataset(source).open_to_read()
        _copy(origin.metadata, dataset.metadata)
        meta.write(dataset)


def _copy(source: Any, target: Any) -> None:
    """Copy metadata, except for the keys that are rewritten."""
    for key in source.keys():  # noqa: SIM118 - no mapping
        if not key.startswith(KEY):
            target[key] = source[key]


def _runs(cells: list[Any]) -> list[list[int]]:
    """Return start and end of each run of cells that are set."""
    is_set = np.array([False, *(cell is not None for cell in cells), False])
    runs: list[list[int]] = np.flatnonzero(np.diff(is_set)).reshape(-1, 2).tolist()
    return runs
