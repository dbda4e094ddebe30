"""The build: every video of an export decoded, written as rows, and committed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import deeplake
import numpy as np
from tqdm.auto import tqdm

from deeplake_labelbox.dataset.columns import column_names
from deeplake_labelbox.dataset.disk import WrittenFiles
from deeplake_labelbox.dataset.frame_selection import FrameSelection
from deeplake_labelbox.dataset.frames import EncodedBatch, FrameWriter
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta, VideoEntry, VideoStatus
from deeplake_labelbox.dataset.location import DatasetLocation, dataset_errors
from deeplake_labelbox.dataset.replacement import Replacement, found_meta
from deeplake_labelbox.dataset.resumption import (
    delete_rows,
    reconciled,
    rows_of_video,
    without_rows,
)
from deeplake_labelbox.errors import (
    ConfigurationError,
    DatasetError,
    DatasetExistsError,
    VideoDecodeError,
    VideoError,
)
from deeplake_labelbox.preflight.checks import frames_missing, warnings_of
from deeplake_labelbox.project.data_rows import data_row_name, declared_frames
from deeplake_labelbox.project.export import ProjectExport
from deeplake_labelbox.project.rows import project_entry
from deeplake_labelbox.report import Report, VideoOutcome
from deeplake_labelbox.video.ahead import in_background, opened_ahead
from deeplake_labelbox.video.container import VideoInfo
from deeplake_labelbox.video.extractor import FrameBatch, FrameExtractor
from deeplake_labelbox.video.frame_choice import FrameChoice, runs_of
from deeplake_labelbox.video.resize import Resize, resized
from deeplake_labelbox.video.scan import VideoScan
from deeplake_labelbox.video.source import UrlPresigner
from deeplake_labelbox.video.transport import Transport

logger = logging.getLogger(__name__)

# How many videos are fetched beside the one that is decoded.
_VIDEOS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class VideoEnd:
    """A video has no further frames: it is whole, or could not be had or decoded from there on."""

    error: VideoError | None = None
    frame_count: int = 0


@dataclass(frozen=True, slots=True)
class VideoOpened:
    """A video is there, and its packets were scanned."""

    info: VideoInfo
    scan: VideoScan


Step = VideoOpened | FrameBatch | EncodedBatch | VideoEnd
"""What decoding yields: for each video what it is, its batches, and its end."""


class DatasetBuild:
    """Writes the videos of an export to a new dataset, one commit per video.

    Args:
        location: Where the dataset is made.
        project_id: The Labelbox project.
        writer: Writes the frames.
        selection: Which frames become rows, and in which size.
        overwrite: Whether what is at the location may go.
        fail_on_error: Raise at the first video that cannot be had whole, instead of going on.
        url_presigner: Gives private URLs access.
        batch_size: Frames decoded before they are written, at most.
        progress: Whether to show a progress bar.
        report: Where outcomes are noted.

    Raises:
        ConfigurationError: If ``batch_size`` is not positive.
    """

    def __init__(
        self,
        location: DatasetLocation,
        project_id: str,
        writer: FrameWriter[Any],
        *,
        selection: FrameSelection,
        overwrite: bool,
        fail_on_error: bool,
        url_presigner: UrlPresigner | None,
        batch_size: int,
        progress: bool,
        report: Report,
    ) -> None:
        if batch_size < 1:
            raise ConfigurationError(
                f"video_generator_batch_size is {batch_size}; give 1 or more frames."
            )
        self._location = location
        self._project_id = project_id
        self._writer = writer
        self._selection = selection
        self._options = json.dumps({**writer.options, **selection.options()}, sort_keys=True)
        self._overwrite = overwrite
        self._fail_on_error = fail_on_error
        self._url_presigner = url_presigner
        self._batch_size = batch_size
        self._progress = progress
        self._report = report
        self._replacement = Replacement(location)
        # Where it is built, and what is there of it already.
        self._target = location
        self._unfinished: LabelboxMeta | None = None
        self._media: dict[str, Any] = {}

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
                f"to be resumed with {self._options}; pass the same options, or overwrite=True to "
                f"begin anew."
            )
        self._unfinished = here

    def _goes_on_with(self, meta: LabelboxMeta) -> bool:
        return meta.project_id == self._project_id and meta.options == self._options

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
            self._media[str(row["data_row"]["id"])] = row.get("media_attributes")
        meta = self._unfinished or LabelboxMeta(
            self._project_id,
            export.project_name(self._project_id) or self._project_id,
            options=self._options,
        )
        meta = replace(meta.with_data_rows(list(names.items())), status="building")
        dataset, meta = self._start(meta)
        total = sum(declared_frames(row) or 0 for row in export) or None
        if not self._selection.keeps_all:
            total = None
        pending = []
        done = 0
        for row in export:
            entry = meta.entry(str(row["data_row"]["id"]))
            if entry is not None and entry.status == "done":
                done += entry.rows
            elif entry is not None:
                choice = self._selection.choice(row, self._project_id)
                pending.append((entry, str(row["data_row"]["row_data"]), choice))
        files = WrittenFiles(self._target.path)
        with (
            self._writer as writer,
            Transport() as transport,
            closing(in_background(self._decode(writer, transport, pending), ahead=4)) as steps,
            tqdm(total=total, unit="frame", disable=not self._progress, desc="frames") as bar,
        ):
            bar.update(done)
            for entry, _, _ in pending:
                bar.set_postfix_str(entry.name, refresh=False)
                meta = self._add_video(dataset, writer, meta, entry.video_idx, steps, files, bar)
        return self._finish(dataset, meta)

    def append(
        self,
        dataset: deeplake.Dataset,
        meta: LabelboxMeta,
        rows: Sequence[Mapping[str, Any]],
        files: WrittenFiles,
    ) -> LabelboxMeta:
        """Append the videos of data rows to a dataset that is complete, without a commit.

        Args:
            dataset: The dataset.
            meta: What it knows of its project, with an entry for each of these data rows.
            rows: Rows of an export.
            files: Watches the disk.

        Returns:
            The same with what became of the videos.

        Raises:
            VideoError: If ``fail_on_error``, the first video that cannot be had whole.
            DatasetError: If Deep Lake fails.
        """
        pending = []
        for row in rows:
            entry = meta.entry(str(row["data_row"]["id"]))
            if entry is not None:
                self._media[entry.data_row_id] = row.get("media_attributes")
                choice = self._selection.choice(row, self._project_id)
                pending.append((entry, str(row["data_row"]["row_data"]), choice))
        with (
            self._writer as writer,
            Transport() as transport,
            closing(in_background(self._decode(writer, transport, pending), ahead=4)) as steps,
            tqdm(unit="frame", disable=not self._progress, desc="frames") as bar,
        ):
            for entry, _, _ in pending:
                written, _ = self._write_video(dataset, writer, entry, steps, files, bar)
                meta = meta.with_video(written)
        return meta

    def _start(self, meta: LabelboxMeta) -> tuple[deeplake.Dataset, LabelboxMeta]:
        if self._unfinished is not None:
            logger.info("Resuming the unfinished build at %s.", self._target)
            dataset = self._target.open()
            with uncommitted(dataset):
                meta = reconciled(dataset, meta)
                commit_meta(dataset, meta)
            return dataset, meta
        if self._target.exists():
            # Not the dataset that is replaced, but what a killed or foreign build left.
            self._target.delete()
        dataset = self._target.create()
        try:
            self._writer.create_columns(dataset)
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
        commit_meta(dataset, meta)
        if self._target.is_local and found_meta(self._target) != meta:
            raise DatasetError(
                f"Deep Lake did not write the metadata of {self._target}, as it happens on a full "
                f"disk. Free some space and run again; what is complete stays."
            )
        return dataset if in_place else self._replacement.place()

    def _decode(
        self,
        writer: FrameWriter[Any],
        transport: Transport,
        pending: list[tuple[VideoEntry, str, FrameChoice]],
    ) -> Iterator[Step]:
        """Decode the videos; runs in a thread of its own, ahead of what is written."""
        extractors = (
            partial(
                FrameExtractor,
                source,
                url_presigner=self._url_presigner,
                batch_size=self._batch_size,
                max_batch_bytes=writer.batch_bytes,
                padded=writer.padded,
                choice=choice,
                resize=self._selection.resize,
                transport=transport,
            )
            for _, source, choice in pending
        )
        with closing(opened_ahead(extractors, ahead=_VIDEOS_AHEAD)) as videos:
            for opened in videos:
                if isinstance(opened, VideoError):
                    yield VideoEnd(opened)
                    continue
                yield VideoOpened(opened.info, opened.scan)
                try:
                    yield from writer.prepare(opened, opened.info)
                except VideoError as error:
                    yield VideoEnd(error, opened.frame_count)
                else:
                    yield VideoEnd(None, opened.frame_count)

    def _add_video(
        self,
        dataset: deeplake.Dataset,
        writer: FrameWriter[Any],
        meta: LabelboxMeta,
        video_idx: int,
        steps: Iterator[Step],
        files: WrittenFiles,
        bar: tqdm[Any],
    ) -> LabelboxMeta:
        """Write and commit one video; in place of the rows that an earlier try left of it."""
        entry = meta.videos[video_idx]
        earlier = rows_of_video(dataset, entry) if entry.rows else np.zeros(0, dtype=np.int64)
        with uncommitted(dataset):
            written, size = self._write_video(dataset, writer, entry, steps, files, bar)
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
        files.check_written(size)
        meta = without_rows(meta, earlier)
        first_row = written.first_row - len(earlier)
        meta = meta.with_video(replace(written, first_row=first_row))
        commit_meta(dataset, meta)
        return meta

    def _write_video(
        self,
        dataset: deeplake.Dataset,
        writer: FrameWriter[Any],
        entry: VideoEntry,
        steps: Iterator[Step],
        files: WrittenFiles,
        bar: tqdm[Any],
    ) -> tuple[VideoEntry, int]:
        """Append the rows of a video; returns its entry, and the bytes that were appended."""
        outcome = VideoOutcome(entry.data_row_id, entry.name)
        self._report.videos.append(outcome)
        entry = VideoEntry(entry.data_row_id, entry.video_idx, entry.name, first_row=len(dataset))
        size = 0
        numbers: list[int] = []
        for step in steps:
            if isinstance(step, VideoOpened):
                entry = _with_size(entry, step.info, self._selection.resize)
                outcome.warnings = warnings_of(step.info, step.scan, self._media[entry.data_row_id])
            elif not isinstance(step, VideoEnd):
                if isinstance(step, EncodedBatch):
                    batch_size = sum(map(len, step.files))
                    files.check_room(batch_size)
                    size += batch_size
                writer.append(dataset, entry.video_idx, step)
                outcome.rows += len(step)
                numbers += (step.indices + 1).tolist()
                bar.update(len(step))
            else:
                entry = replace(entry, frame_count=step.frame_count)
                if step.error is not None and self._fail_on_error:
                    raise _of_data_row(step.error, entry.data_row_id) from step.error
                if step.error is not None:
                    entry = _with_problem(entry, outcome, step.error)
                break
        if not self._selection.keeps_all:
            entry = replace(entry, chosen=runs_of(numbers))
        rows = outcome.rows
        status: VideoStatus = "done" if entry.problem is None else "partial" if rows else "failed"
        return replace(entry, rows=rows, warnings=tuple(outcome.warnings), status=status), size


def _with_size(entry: VideoEntry, info: VideoInfo, resize: Resize | None) -> VideoEntry:
    width, height = resized(info.width, info.height, resize)
    return replace(
        entry,
        height=height,
        width=width,
        source_height=info.height,
        source_width=info.width,
    )


def _with_problem(entry: VideoEntry, outcome: VideoOutcome, error: VideoError) -> VideoEntry:
    """Report what could not be had of a video."""
    damaged = isinstance(error, VideoDecodeError) and outcome.rows > 0
    missing = error.missing if damaged and isinstance(error, VideoDecodeError) else ()
    first = missing[0][0] if missing else entry.frame_count + 1 if damaged else None
    logger.warning("%s", outcome.gap(str(error), first, missing[0][1] if missing else None))
    for start, end in missing[1:]:
        logger.warning("%s", outcome.gap(frames_missing(start, end), start, end))
    within = tuple(run for run in missing if run[1] < entry.frame_count)
    return replace(entry, problem=str(error), missing=within)


def _of_data_row(error: VideoError, data_row_id: str) -> VideoError:
    """The same error with the data row named."""
    message = f"Data row {data_row_id}: {error}"
    if isinstance(error, VideoDecodeError):
        return VideoDecodeError(message, frames_decoded=error.frames_decoded, missing=error.missing)
    return type(error)(message)


def commit_meta(dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
    """Write and commit the metadata, if it says something new; no version of its own in history."""
    if LabelboxMeta.read(dataset) != meta:
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
