"""RayEngine: the tasks of videos on the workers of a Ray cluster.

Each video is a task that yields its steps, small ones together, because each object of Ray costs
the driver time. Ray stops a task when `_OBJECTS_WAITING` of its objects wait, in the memory of its
machine, or on its disk. Steps are fetched in the order of the videos. A worker that dies costs its
video the current try: the writer takes its rows back, and another worker begins the video anew.
Ray's own retries would go on behind what was yielded, which a second try need not repeat.

A long video has a task for each of its sections, in their order, and one after the other is
written. Ray begins tasks in the order in which they were submitted, so a task that is waited for
never waits itself for cores that later ones hold. Where sections fail in any way but a lost worker,
the video starts again in one piece.
"""

from __future__ import annotations

import importlib
import logging
import platform
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from deeplake_labelbox._jobs.joined_sections import joined
from deeplake_labelbox._jobs.ray_cluster import RayCluster, check_versions, versions
from deeplake_labelbox._jobs.video_task import (
    Step,
    VideoEnd,
    VideoOpened,
    VideoRestarted,
    VideoTask,
)
from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox._video.access import UrlPresigner, url_scheme
from deeplake_labelbox._video.cores import limited_cores
from deeplake_labelbox._video.prefetch import in_background
from deeplake_labelbox.errors import ClusterError, ConfigurationError, WorkerLostError

logger = logging.getLogger(__name__)

# An object holds up to 17 MiB, so a video waits with up to 2 GiB.
_OBJECTS_WAITING: Final = 128
# Steps are sent when they have so many bytes, or took so many seconds.
_SENT_BYTES: Final = 1 << 20
_SENT_SECONDS: Final = 1.0
# Steps that wait here to be written.
_STEPS_AHEAD: Final = 4
_TRIES: Final = 4
# A section costs fetching the file once more, and reading it from its start.
_SECTION_FRAMES: Final = 5_000
_SECTIONS: Final = 16
# Of the next tasks, those that were lost start again early.
_LOOKED_AFTER: Final = 4
_SLOTS_KNOWN: Final = 1.0  # seconds until workers are counted again
_LOOK: Final = 0.2  # seconds until it is seen that the writer stopped


class RayEngine:
    """Runs each task on a worker of a Ray cluster.

    Args:
        address: See `RayCluster`.
        cores: Cores of a task.

    Raises:
        ConfigurationError: If an argument cannot be used, or Ray is not installed.
    """

    def __init__(self, address: str, cores: int) -> None:
        self._cluster = RayCluster(address, cores)

    def connect(self, url_presigner: UrlPresigner | None) -> None:
        """Connect to the cluster, and check that its workers can run tasks.

        Raises:
            ClusterError: If they cannot, or the cluster cannot be reached.
            ConfigurationError: If the presigner cannot be sent to workers.
        """
        self._cluster.connect(_pickled(url_presigner))

    def close(self) -> None:
        """Disconnect from the cluster."""
        self._cluster.close()

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks, in their order; closing it stops the tasks.

        Raises:
            ClusterError: If the cluster is gone, or a worker has other versions.
        """
        self._cluster.connect()
        stopped = threading.Event()
        sent = [_SentVideo.of(_with_whole_path(task)) for task in tasks]
        run = _relayed if self._cluster.is_remote else _steps
        steps = run(sent, self._cluster, stopped)
        with closing(in_background(steps, ahead=_STEPS_AHEAD)) as waiting:
            try:
                yield from waiting
            finally:
                stopped.set()


@dataclass(frozen=True, slots=True)
class _SentVideo:
    """A video as it travels.

    Attributes:
        name: Its name.
        task: Its `VideoTask`, pickled.
        sections: Name and pickled `VideoTask` of each of its sections, if it is long.
    """

    name: str
    task: bytes
    sections: list[tuple[str, bytes]]

    @classmethod
    def of(cls, task: VideoTask) -> _SentVideo:
        """Pickle the tasks of a video."""
        sections = task.in_sections(least=_SECTION_FRAMES, most=_SECTIONS)
        return cls(task.name, _pickled(task), [(part.name, _pickled(part)) for part in sections])


class _StoppedError(Exception):
    """The writer stopped."""


def _with_whole_path(task: VideoTask) -> VideoTask:
    """The same task for a process that works in another folder."""
    if url_scheme(task.source):
        return task
    return replace(task, source=str(Path(task.source).absolute()))


def _pickled(sent: VideoTask | UrlPresigner | None) -> bytes:
    try:
        # Functions of a script or notebook go along whole.
        pickled: bytes = importlib.import_module("ray.cloudpickle").dumps(sent)
    except Exception as error:  # whatever the objects that it holds raise
        raise ConfigurationError(
            f"`url_presigner` cannot be sent to Ray workers: {type(error).__name__}. Make it a "
            f"function that holds no open connections, but makes them when it is called."
        ) from error
    return pickled


def _steps(
    videos: list[_SentVideo], cluster: RayCluster, stopped: threading.Event
) -> Iterator[Step]:
    waiting = iter(videos)
    begun: deque[_RayVideo] = deque()
    function = importlib.import_module("ray").remote(
        num_returns="streaming",
        max_retries=0,
        _generator_backpressure_num_objects=_OBJECTS_WAITING,
    )(_prepare)
    most, until = 0, 0.0
    try:
        while True:
            if time.monotonic() >= until:
                most, until = 2 * cluster.slots() + 2, time.monotonic() + _SLOTS_KNOWN
                for task in [task for video in begun for task in video.tasks][1:_LOOKED_AFTER]:
                    task.look_after()
            while sum(len(video.tasks) for video in begun) < most:
                if (sent := next(waiting, None)) is None:
                    break
                begun.append(_RayVideo(sent, function, cluster, stopped))
            if not begun:
                return
            if (step := next(begun[0].steps, None)) is None:
                begun.popleft()
            else:
                yield step
    except _StoppedError:
        return
    finally:
        for video in begun:
            video.cancel()


class _RayVideo:
    """A video that workers prepare, in sections if it is long.

    Args:
        sent: The video.
        function: `_prepare`, which Ray runs.
        cluster: Where it runs.
        stopped: Set when the writer stops.

    Attributes:
        tasks: Those whose steps are still to come.
        steps: The steps of the video.
    """

    def __init__(
        self, sent: _SentVideo, function: Any, cluster: RayCluster, stopped: threading.Event
    ) -> None:
        self._sent = sent
        self._function = function
        self._cluster = cluster
        self._stopped = stopped
        tasks = sent.sections or [(sent.name, sent.task)]
        self.tasks = deque(
            _RayTask(name, task, function, cluster, whole=not sent.sections) for name, task in tasks
        )
        self.steps = self._joined()

    def cancel(self) -> None:
        """Stop its tasks."""
        for task in self.tasks:
            task.cancel()

    def _joined(self) -> Iterator[Step]:
        if not (yield from joined(self._of_each_task())):
            logger.warning("%s starts again, in one piece", self._sent.name)
            self.cancel()
            yield VideoRestarted()
            name, task = self._sent.name, self._sent.task
            whole = _RayTask(name, task, self._function, self._cluster, whole=True, queues=False)
            self.tasks = deque([whole])
            yield from joined(self._of_each_task())
        self.tasks.clear()

    def _of_each_task(self) -> Iterator[Iterator[Step]]:
        while self.tasks:
            yield self.tasks[0].steps(self._stopped)
            self.tasks.popleft()


class _RayTask:
    """A task that a worker runs; it starts again when the worker is lost.

    Args:
        name: Its name, which the dashboard of Ray shows.
        task: A `VideoTask`, pickled.
        function: `_prepare`, which Ray runs.
        cluster: Where it runs.
        whole: Whether it prepares a whole video.
        queues: Whether its first try waits for free cores.
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
    ) -> None:
        self._ray = importlib.import_module("ray")
        self._name = name
        self._task = task
        self._function = function
        self._cluster = cluster
        self._whole = whole
        self._queues = queues
        self._tries = 0
        self._begin()

    def _begin(self) -> None:
        self._tries += 1
        # A further try needs no free cores: those of all workers may be taken by tasks that wait
        # until this video is written.
        cores = self._cluster.cores if self._queues and self._tries == 1 else 0
        self._steps = self._function.options(name=self._name, num_cpus=cores).remote(
            self._task, self._cluster.cores, versions()
        )

    def steps(self, stopped: threading.Event) -> Iterator[Step]:
        """Yield its steps, with `VideoRestarted` where those before do not count."""
        while True:
            try:
                yield from self._steps_of_try(stopped)
            except self._ray.exceptions.RayTaskError as error:
                raise _cause(error) from error
            except self._ray.exceptions.RayError as error:
                yield VideoRestarted()
                if not self._begin_anew(error):
                    yield VideoEnd(self._error(error), whole=self._whole)
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
        except self._ray.exceptions.RayTaskError:
            return  # raised in its turn
        except self._ray.exceptions.RayError as error:
            self._begin_anew(error)

    def cancel(self) -> None:
        """Stop its task."""
        self._ray.cancel(self._steps, force=True)

    def _steps_of_try(self, stopped: threading.Event) -> Iterator[Step]:
        begun = False
        while True:
            while not self._ray.wait([self._steps], timeout=_LOOK)[0]:
                if stopped.is_set():
                    raise _StoppedError
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


def _prepare(
    task: bytes, cores: int, driver_versions: dict[str, str | None]
) -> Iterator[tuple[str, list[Step]]]:
    """What a worker does: it yields its host, and steps that are sent together."""
    host = platform.node()
    check_versions(host, versions(), driver_versions)
    found: VideoTask = importlib.import_module("ray.cloudpickle").loads(task)
    steps: list[Step] = []
    size, until = 0, time.monotonic() + _SENT_SECONDS
    with limited_cores(cores):
        for step in found.run():
            steps.append(step)
            if not isinstance(step, VideoOpened | VideoRestarted | VideoEnd):
                size += found.store.size_of(step)
            is_last = isinstance(step, VideoEnd)
            if is_last or size >= _SENT_BYTES or time.monotonic() >= until:
                yield host, steps
                steps, size, until = [], 0, time.monotonic() + _SENT_SECONDS


def _cause(error: Any) -> BaseException:
    """What a task raised, as it would be raised here."""
    cause = error.cause
    return cause if isinstance(cause, BaseException) else ClusterError(clean(str(error)))


class _Relay:
    """Runs tasks from inside of the cluster, for a driver outside, which cannot stream them."""

    def __init__(self, videos: list[_SentVideo], cores: int) -> None:
        self._stopped = threading.Event()
        self._steps = _steps(videos, RayCluster("auto", cores), self._stopped)

    def next(self) -> Step | None:
        """The next step; ``None`` after the last."""
        return next(self._steps, None)


def _relayed(
    videos: list[_SentVideo], cluster: RayCluster, stopped: threading.Event
) -> Iterator[Step]:
    ray = importlib.import_module("ray")
    relay = ray.remote(num_cpus=0)(_Relay).remote(videos, cluster.cores)
    try:
        asked = deque(relay.next.remote() for _ in range(_STEPS_AHEAD))
        while True:
            while not ray.wait([asked[0]], timeout=_LOOK)[0]:
                if stopped.is_set():
                    return
            step = ray.get(asked.popleft())
            if step is None:
                return
            asked.append(relay.next.remote())
            yield step
    except ray.exceptions.RayTaskError as error:
        raise _cause(error) from error
    except (ray.exceptions.RayError, ConnectionError) as error:  # the second of Ray's client
        raise ClusterError(
            f"The Ray cluster {cluster.address!r} lost the process that runs the job: "
            f"{clean(str(error)).rstrip('.')}. Call again: what is committed is not done twice."
        ) from error
    finally:
        # Ray's client without a connection raises a bare Exception or an AssertionError.
        with suppress(Exception):
            ray.kill(relay)
