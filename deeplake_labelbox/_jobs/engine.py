"""Engines run the tasks of videos."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Protocol

from deeplake_labelbox._jobs.video_task import Step, VideoTask
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.encoder import kept_encoder_threads
from deeplake_labelbox._video.prefetch import in_background, opened_ahead
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import ConfigurationError

# Number of videos that are fetched while another one is decoded.
_VIDEOS_AHEAD = 2
# Number of steps that may wait to be written.
_STEPS_AHEAD = 4


class Engine(Protocol):
    """Runs tasks, some of them in advance, in bounded memory."""

    def connect(self, url_presigner: UrlPresigner | None) -> None:
        """Check that tasks with this presigner can run, before anything is written."""

    def close(self) -> None:
        """Release the resources of `connect` and `run`."""

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks in order; closing the generator stops the tasks."""


class ThreadEngine:
    """Runs tasks in threads: videos are fetched ahead, and decoded while others are written."""

    def connect(self, url_presigner: UrlPresigner | None) -> None:
        """Do nothing: threads are always available."""

    def close(self) -> None:
        """Do nothing: the threads end with each run."""

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks in order; closing the generator stops the tasks."""
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


def engine_of(ray_address: str | None, ray_cpus: int, *, fills: bool) -> Engine:
    """Return the engine that the user chose: threads, or Ray at an address.

    Args:
        ray_address: See `RayCluster`; ``None`` uses threads.
        ray_cpus: Cores of a Ray worker for each video.
        fills: Whether a data filler writes the rows.

    Raises:
        ConfigurationError: If an argument cannot be used, or Ray is not installed.
    """
    if ray_address is None:
        return ThreadEngine()
    if fills:
        raise ConfigurationError(
            "`data_filler` takes decoded frames, which Ray workers do not send; leave "
            "`ray_address` out with it."
        )
    from deeplake_labelbox._jobs.ray_engine import RayEngine  # noqa: PLC0415 - seldom used

    return RayEngine(ray_address, ray_cpus)
