"""Build a dataset: decode every video of an export, write its rows and commit them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from typing import Final

import deeplake

from deeplake_labelbox._counts import counted
from deeplake_labelbox._jobs.video_appender import Appended, VideoAppender
from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._model.data_rows import data_row_name, declared_frames
from deeplake_labelbox._model.rows import project_entry
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.frame_selection import in_words
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox._store.resume import delete_rows, reconciled, rows_of_video, without_rows
from deeplake_labelbox._store.swap import Replacement, found_meta
from deeplake_labelbox._store.transaction import uncommitted, write_meta
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox.errors import ConfigurationError, DatasetError, DatasetExistsError
from deeplake_labelbox.report import Report

logger = logging.getLogger(__name__)

# Videos share a commit up to any of these bounds.
_COMMIT_ROWS: Final = 20_000
_COMMIT_BYTES: Final = 256 << 20
_COMMIT_SECONDS: Final = 10.0


class DatasetBuild:
    """Writes the videos of an export to a new dataset, with commits of one or more videos.

    Args:
        location: Where the dataset is created.
        project_id: The Labelbox project.
        appender: Appends the frames of videos.
        report: The report that the appender fills.
        overwrite: Whether a dataset at the location may be replaced.
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
        # Location of the build, and metadata of an unfinished build that is resumed.
        self._target = location
        self._unfinished: LabelboxMeta | None = None

    def check_location(self) -> None:
        """Check that the location may be written, before any request to Labelbox.

        If an earlier run was interrupted while it put a complete replacement in place, put it in
        place now.

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
            if self._can_resume(here):
                self._unfinished = here
                return
        if self._overwrite or not exists:
            beside = self._replacement.unfinished()
            if beside is not None and self._can_resume(beside):
                self._unfinished = beside
            if exists or self._unfinished is not None:
                self._target = self._replacement.building
            return
        if here is None and not column_names(self._location.open()):
            # Left by a build that was killed before it created its columns.
            return
        if here is None or here.project_id != self._project_id or here.is_whole:
            raise DatasetExistsError(
                f"A dataset exists already at {self._location}; choose another path, or pass "
                f"`overwrite=True` to replace it.",
                is_same_build=here is not None and self._can_resume(here),
            )
        if not self._can_resume(here):
            raise ConfigurationError(
                f"The dataset at {self._location} was started with {in_words(here.options)}, not "
                f"with {in_words(self._appender.options)}; pass the same options, or "
                f"`overwrite=True` to start again."
            )
        self._unfinished = here

    def _can_resume(self, meta: LabelboxMeta) -> bool:
        return meta.project_id == self._project_id and meta.options == self._appender.options

    def run(self, export: ProjectExport) -> deeplake.Dataset:
        """Build the dataset.

        Args:
            export: The project's export.

        Returns:
            The committed dataset, with all frames that could be decoded.

        Raises:
            ExportFormatError: If a data row does not belong to the project; nothing was written.
            VideoError: If ``fail_on_error``, the first video that cannot be fully decoded.
            DatasetError: If Deep Lake fails.
        """
        names = {}
        for row in export:
            project_entry(row, self._project_id)
            names[str(row["data_row"]["id"])] = data_row_name(row)
        steps.info("Writing the frames of project %s to %s", self._project_id, self._location)
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
            group = _CommitGroup(dataset, meta, files, self._appender)
            try:
                for video in pending:
                    self._add_video(group, video.entry.video_idx, appended)
                group.commit()
            finally:
                self._appender.discard()
        return self._finish(dataset, group.meta)

    def _start(self, meta: LabelboxMeta) -> tuple[deeplake.Dataset, LabelboxMeta]:
        if self._unfinished is not None:
            logger.info("Resuming the unfinished build at %s.", self._target)
            dataset = self._target.open()
            with uncommitted(dataset):
                meta = reconciled(dataset, meta)
                self._appender.publish(dataset, meta)
                write_meta(dataset, meta)
            return dataset, meta
        if self._target.exists():
            # Not the dataset to replace, but what another build left.
            self._target.delete()
        dataset = self._target.create()
        try:
            self._appender.create_columns(dataset)
            with dataset_errors("creating the columns"):
                meta.write(dataset)
                dataset.commit(f"Create dataset for Labelbox project {meta.project_name}")
        except BaseException:
            # A dataset without metadata has no owner and would block the next build.
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
                f"Deep Lake did not write the metadata of {self._target}; the disk may be full. "
                f"Free some space and run again; committed data is kept."
            )
        return dataset if in_place else self._replacement.place()

    def _add_video(self, group: _CommitGroup, video_idx: int, appended: Iterator[Appended]) -> None:
        """Append one video; its rows replace those of an earlier attempt."""
        dataset, entry = group.dataset, group.meta.videos[video_idx]
        if not entry.rows:
            group.append(appended)
            return
        group.commit()
        earlier = rows_of_video(dataset, entry)
        with uncommitted(dataset):
            video = next(appended)
            if video.entry.rows < len(earlier):
                dataset.rollback()
                self._report.videos[-1].rows = len(earlier)
                return
            with dataset_errors(f"replacing the rows of video {entry.name}"):
                delete_rows(dataset, earlier)
            group.meta = without_rows(group.meta, earlier)
            first_row = video.entry.first_row - len(earlier)
            group.add(replace(video, entry=replace(video.entry, first_row=first_row)))
            group.commit()


class _CommitGroup:
    """Videos that are committed together.

    In Deep Lake 4.7.4, each commit makes later commits about 10 microseconds slower, and opening
    the dataset as well. So short videos share a commit. Its bounds limit the work that a kill
    loses.

    Args:
        dataset: The dataset.
        meta: Its metadata.
        files: Checks that Deep Lake's files were written.
        appender: Commits the data outside the rows.

    Attributes:
        dataset: The dataset.
        meta: Its metadata, with the entries of all videos that were committed.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        meta: LabelboxMeta,
        files: WrittenFiles,
        appender: VideoAppender,
    ) -> None:
        self._appender = appender
        self.dataset = dataset
        self.meta = meta
        self._files = files
        self._videos: list[Appended] = []
        self._began = time.monotonic()

    def append(self, appended: Iterator[Appended]) -> None:
        """Append the next video, and commit if the group is full.

        Raises:
            DeepLakeLabelboxError: If the video failed; the videos before it are committed.
        """
        rows = len(self.dataset)
        try:
            self._videos.append(next(appended))
        except BaseException:
            # Keep the videos before it, which are complete.
            with uncommitted(self.dataset):
                delete_rows(self.dataset, range(rows, len(self.dataset)))
                self.commit()
            raise
        if (
            sum(video.entry.rows for video in self._videos) >= _COMMIT_ROWS
            or sum(video.size for video in self._videos) >= _COMMIT_BYTES
            or time.monotonic() - self._began >= _COMMIT_SECONDS
        ):
            self.commit()

    def add(self, video: Appended) -> None:
        """Add a video whose rows are appended."""
        self._videos.append(video)

    def commit(self) -> None:
        """Commit the rows, then the entries of their videos; see `resume.reconciled`."""
        self._began = time.monotonic()
        if not self._videos:
            return
        meta = self.meta
        for video in self._videos:
            meta = meta.with_video(video.entry)
        entries = [video.entry for video in self._videos if video.entry.rows]
        if entries:
            what = f"{entries[0].name} ({entries[0].data_row_id})"
            if len(entries) > 1:
                what = f"{len(entries)} videos, {what} to {entries[-1].name}"
            count = sum(entry.rows for entry in entries)
            with uncommitted(self.dataset), dataset_errors(f"committing {what}"):
                self._appender.publish(self.dataset, meta)
                self.dataset.commit(f"Add {counted(count, 'frame')} of {what}")
        self._files.check_written(sum(video.size for video in self._videos))
        self._videos.clear()
        self.meta = meta
        write_meta(self.dataset, meta)
