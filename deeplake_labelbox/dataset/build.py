"""The build: every video of an export decoded, written as rows, and committed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import deeplake
from tqdm.auto import tqdm

from deeplake_labelbox.dataset.columns import column_names
from deeplake_labelbox.dataset.frames import EncodedBatch, FrameWriter
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta, VideoEntry, VideoStatus
from deeplake_labelbox.dataset.location import DatasetLocation, dataset_errors
from deeplake_labelbox.errors import (
    ConfigurationError,
    DatasetError,
    DatasetExistsError,
    DatasetMismatchError,
    VideoDecodeError,
    VideoError,
)
from deeplake_labelbox.project.data_rows import data_row_name, declared_frames
from deeplake_labelbox.project.export import ProjectExport
from deeplake_labelbox.project.rows import project_entry
from deeplake_labelbox.report import Report, VideoOutcome
from deeplake_labelbox.video.ahead import in_background, opened_ahead
from deeplake_labelbox.video.container import VideoInfo
from deeplake_labelbox.video.extractor import FrameBatch, FrameExtractor
from deeplake_labelbox.video.source import UrlPresigner
from deeplake_labelbox.video.transport import Transport

logger = logging.getLogger(__name__)

# How many videos are fetched beside the one that is decoded.
_VIDEOS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class VideoEnd:
    """A video has no further frames: it is whole, or could not be had or decoded from there on."""

    error: VideoError | None = None


Step = VideoInfo | FrameBatch | EncodedBatch | VideoEnd
"""What decoding yields: for each video its info, its batches, and its end."""


class DatasetBuild:
    """Writes the videos of an export to a new dataset, one commit per video.

    Args:
        location: Where the dataset is made.
        project_id: The Labelbox project.
        writer: Writes the frames.
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
        self._overwrite = overwrite
        self._fail_on_error = fail_on_error
        self._url_presigner = url_presigner
        self._batch_size = batch_size
        self._progress = progress
        self._report = report
        self._unfinished: LabelboxMeta | None = None

    def check_location(self) -> None:
        """Check that the location may be written, before anything is asked of Labelbox.

        Raises:
            DatasetExistsError: If something is there that is not an unfinished build of this
                project, and ``overwrite`` is not set.
        """
        self._location.check_free()
        if self._overwrite or not self._location.exists():
            return
        dataset = self._location.open()
        if not column_names(dataset):
            # What a build leaves that was killed before it came to its columns.
            self._overwrite = True
            return
        try:
            meta = LabelboxMeta.read(dataset)
        except DatasetMismatchError:
            meta = None
        if meta is None or meta.project_id != self._project_id or meta.status != "building":
            raise DatasetExistsError(
                f"There is a dataset at {self._location} already; choose another path, or pass "
                f"overwrite=True to replace it."
            )
        self._unfinished = meta

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
            self._project_id, export.project_name(self._project_id) or self._project_id
        )
        meta = meta.with_data_rows(list(names.items()))
        dataset = self._start(meta)
        total = sum(declared_frames(row) or 0 for row in export) or None
        pending = []
        done = 0
        for row in export:
            entry = meta.entry(str(row["data_row"]["id"]))
            if entry is not None and entry.status == "pending":
                pending.append((entry, str(row["data_row"]["row_data"])))
            elif entry is not None:
                done += entry.rows
        with (
            self._writer as writer,
            Transport() as transport,
            closing(in_background(self._decode(writer, transport, pending), ahead=4)) as steps,
            tqdm(total=total, unit="frame", disable=not self._progress, desc="frames") as bar,
        ):
            bar.update(done)
            for entry, _ in pending:
                bar.set_postfix_str(entry.name, refresh=False)
                with uncommitted(dataset, meta):
                    written = self._write_video(dataset, writer, entry, steps, bar)
                    meta = meta.with_video(written)
                    meta.write(dataset)
                    with dataset_errors(f"committing video {entry.name}"):
                        dataset.commit(
                            f"Add {written.rows} frames of {entry.name} ({entry.data_row_id})"
                        )
        with uncommitted(dataset, meta):
            meta = replace(meta, status="complete")
            meta.write(dataset)
            dataset.commit()
        return dataset

    def _start(self, meta: LabelboxMeta) -> deeplake.Dataset:
        if self._unfinished is not None:
            logger.info("Resuming the unfinished build at %s.", self._location)
            return self._location.open()
        if self._overwrite and self._location.exists():
            self._location.delete()
        dataset = self._location.create()
        try:
            with dataset_errors("creating the columns"):
                self._writer.create_columns(dataset)
                meta.write(dataset)
                dataset.commit(f"Create dataset for Labelbox project {meta.project_name}")
        except BaseException:
            # Without its metadata nobody could tell whose it is, and it would stand in the way.
            with suppress(DatasetError):
                self._location.delete()
            raise
        return dataset

    def _decode(
        self,
        writer: FrameWriter[Any],
        transport: Transport,
        pending: list[tuple[VideoEntry, str]],
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
                transport=transport,
            )
            for _, source in pending
        )
        with closing(opened_ahead(extractors, ahead=_VIDEOS_AHEAD)) as videos:
            for opened in videos:
                if isinstance(opened, VideoError):
                    yield VideoEnd(opened)
                    continue
                yield opened.info
                try:
                    yield from writer.prepare(opened, opened.info)
                except VideoError as error:
                    yield VideoEnd(error)
                else:
                    yield VideoEnd()

    def _write_video(
        self,
        dataset: deeplake.Dataset,
        writer: FrameWriter[Any],
        entry: VideoEntry,
        steps: Iterator[Step],
        bar: tqdm[Any],
    ) -> VideoEntry:
        outcome = VideoOutcome(entry.data_row_id, entry.name)
        self._report.videos.append(outcome)
        entry = replace(entry, first_row=len(dataset))
        for step in steps:
            if isinstance(step, VideoInfo):
                entry = replace(entry, height=step.height, width=step.width)
            elif not isinstance(step, VideoEnd):
                with dataset_errors(f"writing frames of video {entry.name}"):
                    writer.append(dataset, entry.video_idx, step)
                outcome.rows += len(step)
                bar.update(len(step))
            elif step.error is None:
                break
            else:
                if self._fail_on_error:
                    raise _of_data_row(step.error, entry.data_row_id) from step.error
                entry = replace(entry, problem=str(step.error))
                cut = isinstance(step.error, VideoDecodeError) and outcome.rows
                gap = outcome.gap(str(step.error), outcome.rows + 1 if cut else None)
                logger.warning("%s", gap)
                break
        rows = outcome.rows
        status: VideoStatus = "done" if entry.problem is None else "partial" if rows else "failed"
        return replace(entry, rows=rows, frame_count=rows, status=status)


def _of_data_row(error: VideoError, data_row_id: str) -> VideoError:
    """The same error with the data row named."""
    message = f"Data row {data_row_id}: {error}"
    if isinstance(error, VideoDecodeError):
        return VideoDecodeError(message, frames_decoded=error.frames_decoded)
    return type(error)(message)


@contextmanager
def uncommitted(dataset: deeplake.Dataset, meta: LabelboxMeta | None) -> Iterator[None]:
    """Take back what was not committed when an error passes.

    Deep Lake publishes uncommitted rows when a dataset object goes out of scope, and its rollback
    leaves the metadata as it is.
    """
    try:
        yield
    except BaseException:
        dataset.rollback()
        if meta is not None:
            meta.write(dataset)
        raise
