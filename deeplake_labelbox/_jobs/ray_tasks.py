"""RayTask: the task of a video or a section on a worker of a Ray cluster.

It yields its steps, small ones together, because each Ray object costs the driver time. Ray pauses
it while `_OBJECTS_WAITING` of its objects wait, in the memory or on the disk of its machine. If its
worker dies, the writer deletes the rows of the current try, and another worker starts the task
again. Ray's own retries are off: they would continue after the objects that were already yielded,
but a second try may yield different ones.

Ray starts the tasks of one function in the order of their submission. So the task that the writer
waits for is never queued behind later tasks, which keep all cores until it is written. Tasks that
are submitted out of this order need no free cores: further tries, and the task of a video whose
sections are decoded before it.
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

# An object has up to 17 MiB, so up to 2 GiB of a task wait.
_OBJECTS_WAITING: Final = 128
# Steps are sent once they have this many bytes, or took this many seconds.
_SENT_BYTES: Final = 1 << 20
_SENT_SECONDS: Final = 1.0
_TRIES: Final = 4
LOOK: Final = 0.2
"""Seconds between checks whether the writer stopped."""


class StoppedError(Exception):
    """The writer stopped."""


def ray_function() -> Any:
    """Make the function that `RayTask` runs, only once: Ray sends each new one to the cluster."""
    return importlib.import_module("ray").remote(
        num_returns="streaming",
        max_retries=0,
        _generator_backpressure_num_objects=_OBJECTS_WAITING,
    )(_work)


class RayTask:
    """A task that a worker runs; it starts again if the worker is lost.

    Args:
        name: Its name in Ray's dashboard.
        task: A `VideoTask`, pickled.
        function: See `ray_function`.
        cluster: The cluster that runs it.
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
        # The last try decodes the video itself, in case sections were lost.
        decoded = [section.result() for section in self._decoded if self._tries < _TRIES]
        self._steps = self._function.options(name=self._name, num_cpus=cores).remote(
            _prepare, self._task, self._cluster.cores, versions(), *decoded
        )

    def steps(self, stopped: threading.Event) -> Iterator[Step]:
        """Yield its steps; after `VideoRestarted`, its earlier steps are no longer valid."""
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
        """Restart it if its worker was lost, while other tasks are written."""
        done = self._steps.completed()
        if not self._ray.wait([done], timeout=0, fetch_local=False)[0]:
            return
        try:
            self._ray.get(done)
        except self._ray.exceptions.RayError as error:
            if (lost := _lost_worker(error)) is not None:  # `steps` raises all others
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
        """Start another try; return False if none is left."""
        self._cluster.slots()  # raises if the whole cluster is gone
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
        name: Its name in Ray's dashboard.
        task: A `VideoTask`, pickled.
        function: See `ray_function`.
        cluster: The cluster that runs it.
    """

    def __init__(self, name: str, task: bytes, function: Any, cluster: RayCluster) -> None:
        self._ray = importlib.import_module("ray")
        self._name = name
        self._task = task
        self._function = function
        self._cluster = cluster
        self._result = self._begin(cluster.cores)

    def result(self) -> Any:
        """Return a reference to its result; restart it if its worker was lost."""
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
        # Ray requires at least two return values of a generator.
        two = {"num_returns": 2, "_generator_backpressure_num_objects": None}
        return self._function.options(name=self._name, num_cpus=cores, **two).remote(
            _decode, self._task, self._cluster.cores, versions()
        )[1]


def _work(part: Callable[..., Iterator[Any]], *args: Any) -> Iterator[Any]:
    """Run `_prepare` or `_decode` on a worker."""
    yield from part(*args)


def _prepare(
    task: bytes,
    cores: int,
    driver_versions: dict[str, str | None],
    *decoded: DecodedFrames | None,
) -> Iterator[tuple[str, list[Step]]]:
    """Prepare frames on a worker; yield its host, and steps that are sent together."""
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
    """Decode a section on a worker; yield its host, and then the frames."""
    host = platform.node()
    check_versions(host, versions(), driver_versions)
    found: VideoTask = importlib.import_module("ray.cloudpickle").loads(task)
    yield host
    with limited_cores(cores):
        yield found.decode()


def _lost_worker(error: Any) -> Exception | None:
    """Return the error of a lost worker, of a task or a section that it waits for, or None."""
    exceptions = importlib.import_module("ray").exceptions
    cause = error.cause if isinstance(error, exceptions.RayTaskError) else error
    return cause if isinstance(cause, exceptions.RayError) else None


def task_cause(error: Any) -> BaseException:
    """Return the error that a task raised, to be raised here."""
    cause = error.cause
    return cause if isinstance(cause, BaseException) else ClusterError(clean(str(error)))
