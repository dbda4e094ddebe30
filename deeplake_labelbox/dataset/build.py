"""The build: every video of an export decoded, written as rows, and committed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import deeplake
import numpy as np

from deeplake_labelbox.dataset.columns import column_names
from deeplake_labelbox.dataset.disk import WrittenFiles
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta
from deeplake_labelbox.dataset.location import DatasetLocation, dataset_errors
from deeplake_labelbox.dataset.replacement import Replacement, found_meta
from deeplake_labelbox.dataset.resumption import (
    delete_rows,
    reconciled,
    rows_of_video,
    without_rows,
)
from deeplake_labelbox.dataset.transaction import uncommitted, write_meta
from deeplake_labelbox.dataset.video_appender import Appended, VideoAppender
from deeplake_labelbox.errors import (
    ConfigurationError,
    DatasetError,
    DatasetExistsError,
)
from deeplake_labelbox.project.data_rows import data_row_name, declared_frames
from deeplake_labelbox.project.export import ProjectExport
from deeplake_labelbox.project.rows import project_entry
from deeplake_labelbox.report import Report

logger = logging.getLogger(__name__)

# How many videos are fetched beside the one that is decoded.
_VIDEOS_AHEAD = 2


class DatasetBuild:
    """Writes the videos of an export to a new dataset, one commit per video.

    Args:
        location: Where the dataset is made.
        project_id: The Labelbox project.
        appender: Appends the frames of videos.
        report: Where the appender notes outcomes.
        overwrite: Whether what is at the location may go.
    """

    def __init__(
        self,
        location: DatasetLocation,
        project_id: str,
        appender: VideoAppender,
        *,
        report: Report,
        overwrite: bool,
    ) -> None:
        self._location = location
        self._project_id = project_id
        self._appender = appender
        self._report = report
        self._overwrite = overwrite
        self._replacement = Replacement(location)
        # Where it is built, and what is there of it already.
        self._target = location
        self._unfinished: LabelboxMeta | None = None

    def check_location(self) -> None:
        """Check that the location may be written, before anything is asked of Labelbox.

        A replacement that was complete, but interrupted while it was put in place, is put there.

        Raises:
            DatasetExistsError: If something is there that is not an unfinished build of this
                project, and ``overwrite`` is not set.
            ConfigurationError: If there is an unfinished build with other options.
        """
        self._location.check_free()
        exists = self._location.exists()
        here = found_meta(self._location) if exists else None
        placing = here is not None and here.status == "placing"
        if (self._overwrite or not exists or placing) and self._replacement.was_interrupted():
            logger.info("Putting the complete dataset in place at %s.", self._location)
            exists, here = True, LabelboxMeta.read(self._replacement.place())
            if self._goes_on_with(here):
                self._unfinished = here
                return
        if self._overwrite or not exists:
            beside = self._replacement.unfinished()
            if beside is not None and self._goes_on_with(beside):
                self._unfinished = beside
            if exists or self._unfinished is not None:
                self._target = self._replacement.building
            return
        if here is None and not column_names(self._location.open()):
            # What a build leaves that was killed before it came to its columns.
            return
        if here is None or here.project_id != self._project_id or here.is_whole:
            raise DatasetExistsError(
                f"There is a dataset at {self._location} already; choose another path, or pass "
                f"overwrite=True to replace it."
            )
        if not self._goes_on_with(here):
            raise ConfigurationError(
                f"The dataset at {self._location} was begun with the options {here.options} and is "
                f"to be resumed with {self._appender.options}; pass the same options, or "
                f"overwrite=True to begin anew."
            )
        self._unfinished = here

    def _goes_on_with(self, meta: LabelboxMeta) -> bool:
        return meta.project_id == self._project_id and meta.options == self._appender.options

    def run(self, export: ProjectExport) -> deeplake.Dataset:
        """Build the dataset.

        Args:
            export: The project's export.

        Returns:
            The dataset, committed, with the frames of all videos that could be had.

        Raises:
            ExportFormatError: If a data row does not belong to the project; nothing was written.
            VideoError: If ``fail_on_error``, the first video that cannot be had whole.
            DatasetError: If Deep Lake fails.
        """
        names = {}
        for row in export:
            project_entry(row, self._project_id)
            names[str(row["data_row"]["id"])] = data_row_name(row)
        meta = self._unfinished or LabelboxMeta(
            self._project_id,
            export.project_name(self._project_id) or self._project_id,
            options=self._appender.options,
        )
        meta = replace(meta.with_data_rows(list(names.items())), status="building")
        dataset, meta = self._start(meta)
        entries = {entry.data_row_id: entry for entry in meta.videos}
        pending, done = [], 0
        for row in export:
            entry = entries[str(row["data_row"]["id"])]
            if entry.status == "done":
                done += entry.rows
            else:
                pending.append(self._appender.pending(entry, row))
        files = WrittenFiles(self._target.path)
        total = sum(declared_frames(row) or 0 for row in export) or None
        with closing(
            self._appender.append(dataset, pending, files, done=done, total=total)
        ) as appended:
            for video in pending:
                meta = self._add_video(dataset, meta, video.entry.video_idx, appended, files)
        return self._finish(dataset, meta)

    def _start(self, meta: LabelboxMeta) -> tuple[deeplake.Dataset, LabelboxMeta]:
        if self._unfinished is not None:
            logger.info("Resuming the unfinished build at %s.", self._target)
            dataset = self._target.open()
            with uncommitted(dataset):
                meta = reconciled(dataset, meta)
                write_meta(dataset, meta)
            return dataset, meta
        if self._target.exists():
            # Not the dataset that is replaced, but what a killed or foreign build left.
            self._target.delete()
        dataset = self._target.create()
        try:
            self._appender.create_columns(dataset)
            with dataset_errors("creating the columns"):
                meta.write(dataset)
                dataset.commit(f"Create dataset for Labelbox project {meta.project_name}")
        except BaseException:
            # Without its metadata nobody could tell whose it is, and it would stand in the way.
            with suppress(DatasetError):
                self._target.delete()
            raise
        return dataset, meta

    def _finish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> deeplake.Dataset:
        in_place = self._target is self._location
        meta = replace(meta, status="complete" if in_place else "placing")
        write_meta(dataset, meta)
        if self._target.is_local and found_meta(self._target) != meta:
            raise DatasetError(
                f"Deep Lake did not write the metadata of {self._target}, as it happens on a full "
                f"disk. Free some space and run again; what is complete stays."
            )
        return dataset if in_place else self._replacement.place()

    def _add_video(
        self,
        dataset: deeplake.Dataset,
        meta: LabelboxMeta,
        video_idx: int,
        appended: Iterator[Appended],
        files: WrittenFiles,
    ) -> LabelboxMeta:
        """Append and commit one video; in place of the rows that an earlier try left of it."""
        entry = meta.videos[video_idx]
        earlier = rows_of_video(dataset, entry) if entry.rows else np.zeros(0, dtype=np.int64)
        with uncommitted(dataset):
            video = next(appended)
            written = video.entry
            if written.rows < len(earlier):
                dataset.rollback()
                self._report.videos[-1].rows = len(earlier)
                return meta
            if written.rows:
                with dataset_errors(f"committing video {entry.name}"):
                    delete_rows(dataset, earlier)
                    dataset.commit(
                        f"Add {written.rows} frames of {entry.name} ({entry.data_row_id})"
                    )
        # The entry follows when the rows are there for sure: see `reconciled`.
        files.check_written(video.size)
        if len(earlier):
            meta = without_rows(meta, earlier)
            written = replace(written, first_row=written.first_row - len(earlier))
        meta = meta.with_video(written)
        write_meta(dataset, meta)
        return meta
