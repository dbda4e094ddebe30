"""Append the frames of videos as rows: tasks prepare them, and one writer appends them in order."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import deeplake
import numpy as np

from deeplake_labelbox._jobs.engine import Engine
from deeplake_labelbox._jobs.video_task import (
    Step,
    VideoEnd,
    VideoOpened,
    VideoRestarted,
    VideoTask,
)
from deeplake_labelbox._progress import ProgressBar, progress_bar
from deeplake_labelbox._store.frame_selection import FrameSelection
from deeplake_labelbox._store.frames.registry import KEEPS_SIZE
from deeplake_labelbox._store.frames.store import FrameStore, PreparedFrames
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry, VideoStatus
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._store.resume import delete_rows
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.checks import (
    declared_frames,
    frames_missing,
    size_changes,
    warnings_of,
)
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.frame_choice import FrameChoice, runs_of
from deeplake_labelbox._video.opened import WantedFrames
from deeplake_labelbox._video.resize import Resize, resized
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError, VideoError
from deeplake_labelbox.report import Report, VideoOutcome

logger = logging.getLogger(__name__)

_NAME_SHOWN = 16  # characters, beside a progress bar


@dataclass(frozen=True, slots=True)
class PendingVideo:
    """A video to append; see `VideoAppender.pending`.

    Attributes:
        entry: The entry of the video in the dataset's metadata.
        source: Its path or URL.
        media: Its ``media_attributes`` in the export.
        choice: The frames that are wanted.
    """

    entry: VideoEntry
    source: str
    media: Mapping[str, Any] | None
    choice: FrameChoice


@dataclass(frozen=True, slots=True)
class Appended:
    """A video whose frames were appended, as far as they could be decoded.

    Attributes:
        entry: Its entry for the metadata.
        size: Bytes that were passed to Deep Lake.
    """

    entry: VideoEntry
    size: int


class VideoAppender:
    """Appends the frames of videos to a dataset, without a commit.

    Args:
        project_id: The Labelbox project.
        store: Stores the frames.
        selection: Which frames become rows, and at which size.
        fail_on_error: Raise at the first video that cannot be fully decoded, instead of going on.
        url_presigner: Gives access to private URLs.
        batch_size: Maximum number of frames to decode before they are written.
        progress: Whether to show a progress bar.
        report: The report to fill with the outcomes.
        engine: Runs the tasks that prepare frames.

    Attributes:
        options: The options that shape the rows, as JSON; a build can only be resumed with the
            same options.

    Raises:
        ConfigurationError: If frames cannot be scaled.
    """

    def __init__(
        self,
        project_id: str,
        store: FrameStore[Any],
        *,
        selection: FrameSelection,
        fail_on_error: bool,
        url_presigner: UrlPresigner | None,
        batch_size: int,
        progress: bool,
        report: Report,
        engine: Engine,
    ) -> None:
        if store.keeps_size and selection.resize is not None:
            raise ConfigurationError(KEEPS_SIZE)
        self._project_id = project_id
        self._store = store
        self._selection = selection
        self._fail_on_error = fail_on_error
        self._url_presigner = url_presigner
        self._batch_size = batch_size
        self._progress = progress
        self._report = report
        self._engine = engine
        self.options = json.dumps({**store.options, **selection.options()}, sort_keys=True)

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns of frames to a new dataset."""
        self._store.create_columns(dataset)

    def publish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
        """Commit the data outside the rows, before the rows; see `FrameStore.publish`."""
        self._store.publish(dataset, meta)

    def discard(self) -> None:
        """Roll back what was not published."""
        self._store.discard()

    def pending(self, entry: VideoEntry, row: Mapping[str, Any]) -> PendingVideo:
        """Collect the data needed to append a video, without the labels of its row.

        Args:
            entry: The entry of the video in the dataset's metadata.
            row: Its row of the export.
        """
        return PendingVideo(
            entry,
            str(row["data_row"]["row_data"]),
            row.get("media_attributes"),
            self._selection.choice(row, self._project_id),
        )

    def append(
        self,
        dataset: deeplake.Dataset,
        videos: Sequence[PendingVideo],
        files: WrittenFiles,
        *,
        done: int = 0,
        total: int | None = None,
    ) -> Generator[Appended]:
        """Append videos one by one; the next videos are decoded meanwhile.

        Args:
            dataset: The dataset.
            videos: The videos, see `pending`.
            files: Checks that the disk has room.
            done: Frames that the progress bar starts with.
            total: Frames that it ends with, if known.

        Yields:
            The outcome of each video, in order. The caller may commit after each.

        Raises:
            VideoError: If ``fail_on_error``, for the first video that cannot be fully decoded.
            DatasetError: If Deep Lake fails.
        """
        with (
            closing(self._engine.run([self._task(video) for video in videos])) as steps,
            progress_bar(
                total=total if self._selection.keeps_all else None,
                initial=done,
                unit="frame",
                shown=self._progress,
                desc="frames",
            ) as bar,
        ):
            for video in videos:
                bar.set_postfix_str(_short(video.entry.name), refresh=False)
                yield self._append_video(dataset, video, steps, files, bar)

    def _task(self, video: PendingVideo) -> VideoTask:
        wanted = WantedFrames(
            choice=video.choice, resize=self._selection.resize, batch_size=self._batch_size
        )
        return VideoTask(
            video.source,
            wanted,
            self._store,
            self._url_presigner,
            name=video.entry.name,
            frames=declared_frames(video.media),
        )

    def _append_video(
        self,
        dataset: deeplake.Dataset,
        video: PendingVideo,
        steps: Iterator[Step],
        files: WrittenFiles,
        bar: ProgressBar,
    ) -> Appended:
        known = video.entry
        outcome = VideoOutcome(known.data_row_id, known.name)
        self._report.videos.append(outcome)
        fresh = entry = replace(known.untried(), first_row=len(dataset))
        size = 0
        numbers: list[int] = []
        for step in steps:
            if isinstance(step, VideoOpened):
                entry = _with_size(entry, step.info, self._selection.resize)
                outcome.warnings = warnings_of(step.info, step.scan, video.media)
            elif isinstance(step, VideoRestarted):
                with dataset_errors(f"deleting the rows of video {entry.name}"):
                    delete_rows(dataset, np.arange(entry.first_row + step.rows, len(dataset)))
                bar.update(step.rows - outcome.rows)
                entry, size, outcome.rows = fresh, 0, step.rows
                outcome.warnings.clear()
                del numbers[step.rows :]
            elif not isinstance(step, VideoEnd):
                size += self._check_room(step, files)
                entry = self._store.append(dataset, entry, step)
                outcome.rows += len(step)
                numbers += (step.indices + 1).tolist()
                bar.update(len(step))
            else:
                entry = replace(entry, frame_count=step.frame_count)
                outcome.warnings += entry.warnings
                source = (entry.source_width, entry.source_height)
                if any(run[1:] != source for run in step.sizes):
                    outcome.warnings.append(size_changes(source, step.sizes))
                    if self._selection.resize is None:
                        entry = replace(entry, sizes=step.sizes)
                if step.error is not None and self._fail_on_error:
                    raise _of_data_row(step.error, entry.data_row_id) from step.error
                if step.error is not None:
                    entry = _with_problem(entry, outcome, step.error)
                break
        if not self._selection.keeps_all:
            entry = replace(entry, chosen=runs_of(numbers))
        rows = outcome.rows
        status: VideoStatus = "done" if entry.problem is None else "partial" if rows else "failed"
        entry = replace(entry, rows=rows, warnings=tuple(outcome.warnings), status=status)
        return Appended(entry, size)

    def _check_room(self, frames: PreparedFrames, files: WrittenFiles) -> int:
        """Check that the disk has room for frames, and return their size in bytes."""
        size = self._store.size_of(frames)
        if size:
            files.check_room(size)
        return size


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
    """Report the frames that could not be decoded, and add them to the entry."""
    damaged = isinstance(error, VideoDecodeError) and outcome.rows > 0
    missing = error.missing if damaged and isinstance(error, VideoDecodeError) else ()
    first = missing[0][0] if missing else entry.frame_count + 1 if damaged else None
    logger.warning("%s", outcome.gap(str(error), first, missing[0][1] if missing else None))
    for start, end in missing[1:]:
        logger.warning("%s", outcome.gap(frames_missing(start, end), start, end))
    within = tuple(run for run in missing if run[1] < entry.frame_count)
    return replace(entry, problem=str(error), missing=within)


def _of_data_row(error: VideoError, data_row_id: str) -> VideoError:
    """Return the same error with the data row in its message."""
    message = f"Data row {data_row_id}: {error}"
    if isinstance(error, VideoDecodeError):
        return VideoDecodeError(message, frames_decoded=error.frames_decoded, missing=error.missing)
    return type(error)(message)


def _short(name: str) -> str:
    """Shorten a name to fit beside a progress bar at 80 columns."""
    name = name.rpartition("/")[2]
    return name if len(name) <= _NAME_SHOWN else f"…{name[1 - _NAME_SHOWN :]}"
