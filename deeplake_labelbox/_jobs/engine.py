"""Engines run the tasks of videos."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Protocol

from deeplake_labelbox._jobs.video_task import Step, VideoTask
from deeplake_labelbox._video.encoder import kept_encoder_threads
from deeplake_labelbox._video.prefetch import in_background, opened_ahead
from deeplake_labelbox._video.transport import Transport

# Number of videos that are fetched while another one is decoded.
_VIDEOS_AHEAD = 2
# Number of steps that may wait to be written.
_STEPS_AHEAD = 4


class Engine(Protocol):
    """Runs tasks, some of them ahead, in bounded memory."""

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks, in their order; closing it stops the tasks."""


class ThreadEngine:
    """Runs tasks in threads: videos are fetched ahead, and decoded while others are written."""

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks, in their order; closing it stops the tasks."""
        with closing(in_background(self._steps(tasks), ahead=_STEPS_AHEAD)) as steps:
            yield from steps

    def _steps(self, tasks: Iterable[VideoTask]) -> Iterator[Step]:
        tasks = list(tasks)
        with (
            kept_encoder_threads(),
            Transport() as transport,
            closing(
                opened_ahead((task.open(transport) for task in tasks), ahead=_VIDEOS_AHEAD)
            ) as opened,
        ):
            for task, video in zip(tasks, opened, strict=True):
                yield from task.steps(video)
