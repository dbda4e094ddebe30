"""RayTask: the task of a video or a section on a worker of a Ray cluster.

It yields its steps, small ones together, because each object of Ray costs the driver time. Ray
stops it when `_OBJECTS_WAITING` of its objects wait, in the memory of its machine, or on its disk.
A worker that dies costs the task the current try: the writer takes its rows back, and another
worker begins it anew. Ray's own retries would go on behind what was yielded, which a second try
need not repeat.

Ray begins tasks of one function in the order in which they were submitted. So a task whose steps
are waited for is never behind later ones that hold all cores until it is written. What is submitted
out of this order needs no free cores: a further try, and the task of a video whose sections are
decoded before it.
"""

from __future__ import annotations

import importlib
import logging
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from deeplake_labelbox._jobs.ray_cluster import RayCluster, check_versions, versions
from deeplake_labelbox._jobs.video_task import (
    Step,
    VideoEnd,
    VideoOpened,
    VideoRestarted,
    VideoTask,
)
from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox._video.cores import limited_cores
from deeplake_labelbox._video.decoded_frames import DecodedFrames
from deeplake_labelbox.errors import ClusterError, WorkerLostError

logger = logging.getLogger(__name__)

# An object holds up to 17 MiB, so a task waits with up to 2 GiB.
_OBJECTS_WAITING: Final = 128
# Steps are sent when they have so many bytes, or took so many seconds.
_SENT_BYTES: Final = 1 << 20
_SENT_SECONDS: Final = 1.0
_TRIES: Final = 4
LOOK: Final = 0.2
"""Seconds until it is seen that the writer stopped."""


class StoppedError(Exception):
    """The writer stopped."""


def ray_function() -> Any:
    """What `RayTask` runs; made once, as Ray sends each one that is made to the cluster."""
    return importlib.import_module("ray").remote(
        num_returns="streaming",
        max_retries=0,
        _generator_backpressure_num_objects=_OBJECTS_WAITING,
    )(_work)


class RayTask:
    """A task that a worker runs; it starts again when the worker is lost.

    Args:
        name: Its name, which the dashboard of Ray shows.
        task: A `VideoTask`, pickled.
        function: See `ray_function`.
        cluster: Where it runs.
        whole: Whether it prepares a whole video.
        queues: Whether its first try waits for free cores.
        decoded: Name and pickled `VideoTask` of each section that is decoded before it.
    """

    def __init__(
        self,
        name: str,
        task: bytes,
        function: Any,
        cluster: RayCluster,
        *,
        whole: bool,
        queues: bool = True,
        decoded: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        self._ray = importlib.import_module("ray")
        self._name = name
        self._task = task
        self._function = function
        self._cluster = cluster
        self._whole = whole
        self._queues = queues and not decoded
        self._tries = 0
        self._decoded = [_RayDecoding(*section, function, cluster) for section in decoded]
        self._begin()

    def _begin(self) -> None:
        self._tries += 1
        cores = self._cluster.cores if self._queues and self._tries == 1 else 0
        # After lost sections, the last try decodes the video itself.
        decoded = [section.result() for section in self._decoded if self._tries < _TRIES]
        self._steps = self._function.options(name=self._name, num_cpus=cores).remote(
            _prepare, self._task, self._cluster.cores, versions(), *decoded
        )

    def steps(self, stopped: threading.Event) -> Iterator[Step]:
        """Yield its steps, with `VideoRestarted` where those before do not count."""
        while True:
            try:
                yield from self._steps_of_try(stopped)
            except self._ray.exceptions.RayError as error:
                lost = _lost_worker(error)
                if lost is None:
                    raise task_cause(error) from error
                yield VideoRestarted()
                if not self._begin_anew(lost):
                    yield VideoEnd(self._error(lost), whole=self._whole)
                    return
            else:
                return

    def look_after(self) -> None:
        """Begin it anew if its worker was lost, while others are written."""
        done = self._steps.completed()
        if not self._ray.wait([done], timeout=0, fetch_local=False)[0]:
            return
        try:
            self._ray.get(done)
        except self._ray.exceptions.RayError as error:
            if (lost := _lost_worker(error)) is not None:  # all else is raised in its turn
                self._begin_anew(lost)

    def cancel(self) -> None:
        """Stop its task."""
        self._ray.cancel(self._steps, force=True)
        for section in self._decoded:
            section.cancel()

    def _steps_of_try(self, stopped: threading.Event) -> Iterator[Step]:
        begun = False
        while True:
            while not self._ray.wait([self._steps], timeout=LOOK)[0]:
                if stopped.is_set():
                    raise StoppedError
            host, steps = self._ray.get(next(self._steps))
            if not begun:
                begun = True
                logger.info("%s is prepared on %s", self._name, host)
            yield from steps
            if isinstance(steps[-1], VideoEnd):
                return

    def _begin_anew(self, error: Exception) -> bool:
        """Whether there was a try left."""
        self._cluster.slots()  # raises where the whole cluster is gone
        if self._tries >= _TRIES:
            return False
        what = type(error).__name__
        logger.warning(
            "%s starts again (try %d of %d): %s", self._name, self._tries + 1, _TRIES, what
        )
        self._begin()
        return True

    def _error(self, error: Exception) -> WorkerLostError:
        return WorkerLostError(
            f"The Ray workers that prepared {self._name} were lost {_TRIES} times, at last with "
            f"{type(error).__name__}: {clean(str(error))}"
        )


class _RayDecoding:
    """A section that a worker decodes for the task of its video.

    Args:
        name: Its name, which the dashboard of Ray shows.
        task: A `VideoTask`, pickled.
        function: See `ray_function`.
        cluster: Where it runs.
    """

    def __init__(self, name: str, task: bytes, function: Any, cluster: RayCluster) -> None:
        self._ray = importlib.import_module("ray")
        self._name = name
        self._task = task
        self._function = function
        self._cluster = cluster
        self._result = self._begin(cluster.cores)

    def result(self) -> Any:
        """A reference to what it finds; it begins anew if its worker was lost."""
        if self._ray.wait([self._result], timeout=0, fetch_local=False)[0]:
            try:
                self._ray.get(self._result)
            except self._ray.exceptions.RayError as error:
                if _lost_worker(error) is not None:
                    logger.warning("%s is decoded again: %s", self._name, type(error).__name__)
                    self._result = self._begin(0)
        return self._result

    def cancel(self) -> None:
        """Stop its task."""
        self._ray.cancel(self._result, force=True)

    def _begin(self, cores: int) -> Any:
        # Of a generator, Ray takes two values or more.
        two = {"num_returns": 2, "_generator_backpressure_num_objects": None}
        return self._function.options(name=self._name, num_cpus=cores, **two).remote(
            _decode, self._task, self._cluster.cores, versions()
        )[1]


def _work(part: Callable[..., Iterator[Any]], *args: Any) -> Iterator[Any]:
    """What Ray runs: `_prepare` or `_decode`."""
    yield from part(*args)


def _prepare(
    task: bytes,
    cores: int,
    driver_versions: dict[str, str | None],
    *decoded: DecodedFrames | None,
) -> Iterator[tuple[str, list[Step]]]:
    """What a worker does: it yields its host, and steps that are sent together."""
    host = platform.node()
    check_versions(host, versions(), driver_versions)
    found: VideoTask = importlib.import_module("ray.cloudpickle").loads(task)
    steps: list[Step] = []
    size, until = 0, time.monotonic() + _SENT_SECONDS
    with limited_cores(cores):
        for step in found.run(decoded):
            steps.append(step)
            if not isinstance(step, VideoOpened | VideoRestarted | VideoEnd):
                size += found.store.size_of(step)
            is_last = isinstance(step, VideoEnd)
            if is_last or size >= _SENT_BYTES or time.monotonic() >= until:
                yield host, steps
                steps, size, until = [], 0, time.monotonic() + _SENT_SECONDS


def _decode(
    task: bytes, cores: int, driver_versions: dict[str, str | None]
) -> Iterator[str | DecodedFrames | None]:
    """What a worker does for a section that is only decoded: it yields its host, and the frames."""
    host = platform.node()
    check_versions(host, versions(), driver_versions)
    found: VideoTask = importlib.import_module("ray.cloudpickle").loads(task)
    yield host
    with limited_cores(cores):
        yield found.decode()


def _lost_worker(error: Any) -> Exception | None:
    """How a worker was lost, that of a task or of a section that it waits for; None if none was."""
    exceptions = importlib.import_module("ray").exceptions
    cause = error.cause if isinstance(error, exceptions.RayTaskError) else error
    return cause if isinstance(cause, exceptions.RayError) else None


def task_cause(error: Any) -> BaseException:
    """What a task raised, as it would be raised here."""
    cause = error.cause
    return cause if isinstance(cause, BaseException) else ClusterError(clean(str(error)))
