"""RayEngine: run the tasks of videos on the workers of a Ray cluster.

Each video is a task, and the steps are fetched in the order of the videos (`ray_tasks`). A long
video has a task for each of its sections, in order. These tasks either prepare rows, which are
written section by section, or only decode, and then one task records the whole video with their
results. If the sections cannot be joined, the video is prepared again in one piece.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from deeplake_labelbox._jobs.joined_sections import joined
from deeplake_labelbox._jobs.ray_cluster import RayCluster
from deeplake_labelbox._jobs.ray_tasks import (
    LOOK,
    RayTask,
    StoppedError,
    ray_function,
    task_cause,
)
from deeplake_labelbox._jobs.video_task import Step, VideoRestarted, VideoTask
from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox._video.access import UrlPresigner, url_scheme
from deeplake_labelbox._video.prefetch import in_background
from deeplake_labelbox.errors import ClusterError, ConfigurationError

logger = logging.getLogger(__name__)

# Number of steps that may wait here to be written.
_STEPS_AHEAD: Final = 4
# For each section, the file is fetched once more, and read from its start.
_SECTION_FRAMES: Final = 2_000
_SECTIONS: Final = 16
# Among the first few tasks, those whose worker was lost are restarted early.
_LOOKED_AFTER: Final = 4
_SLOTS_KNOWN: Final = 1.0  # seconds until workers are counted again


class RayEngine:
    """Runs each task on a worker of a Ray cluster.

    Args:
        address: See `RayCluster`.
        cores: Cores for each task.

    Raises:
        ConfigurationError: If an argument cannot be used, or Ray is not installed.
    """

    def __init__(self, address: str, cores: int) -> None:
        self._cluster = RayCluster(address, cores)

    def connect(self, url_presigner: UrlPresigner | None) -> None:
        """Connect to the cluster, and check that its workers can run tasks.

        Raises:
            ClusterError: If workers cannot run tasks, or the cluster cannot be reached.
            ConfigurationError: If the presigner cannot be sent to workers.
        """
        self._cluster.connect(_pickled(url_presigner))

    def close(self) -> None:
        """Disconnect from the cluster."""
        self._cluster.close()

    def run(self, tasks: Iterable[VideoTask]) -> Generator[Step]:
        """Yield the steps of all tasks in order; closing the generator stops the tasks.

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
    """A video with its pickled tasks.

    Attributes:
        name: Its name.
        task: Its `VideoTask`, pickled.
        sections: Name and pickled `VideoTask` of each of its sections, if it is long.
        decodes: Whether the sections are only decoded, before the task of the whole video.
    """

    name: str
    task: bytes
    sections: list[tuple[str, bytes]]
    decodes: bool

    @classmethod
    def of(cls, task: VideoTask) -> _SentVideo:
        """Pickle the tasks of a video."""
        sections = task.in_sections(least=_SECTION_FRAMES, most=_SECTIONS)
        pickled = [(part.name, _pickled(part)) for part in sections]
        decodes = bool(sections) and task.store.section_tasks == "decode"
        return cls(task.name, _pickled(task), pickled, decodes)


def _with_whole_path(task: VideoTask) -> VideoTask:
    """Return the task with an absolute path, for processes that work in another folder."""
    if url_scheme(task.source):
        return task
    return replace(task, source=str(Path(task.source).absolute()))


def _pickled(sent: VideoTask | UrlPresigner | None) -> bytes:
    try:
        # Functions of a script or notebook are pickled with their code.
        pickled: bytes = importlib.import_module("ray.cloudpickle").dumps(sent)
    except Exception as error:  # pickling may raise anything
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
    function = ray_function()
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
    except StoppedError:
        return
    finally:
        for video in begun:
            video.cancel()


class _RayVideo:
    """A video that workers prepare, in sections if it is long.

    Args:
        sent: The video.
        function: See `ray_function`.
        cluster: The cluster that runs it.
        stopped: Set when the writer stops.

    Attributes:
        tasks: Tasks whose steps are not all yielded yet.
        steps: The steps of the video.
    """

    def __init__(
        self, sent: _SentVideo, function: Any, cluster: RayCluster, stopped: threading.Event
    ) -> None:
        self._sent = sent
        self._function = function
        self._cluster = cluster
        self._stopped = stopped
        whole = sent.decodes or not sent.sections
        tasks = [(sent.name, sent.task)] if whole else sent.sections
        decoded = sent.sections if sent.decodes else ()
        if sent.sections:
            logger.info("%s is prepared in %d sections", sent.name, len(sent.sections))
        self.tasks = deque(
            RayTask(name, task, function, cluster, whole=whole, decoded=decoded)
            for name, task in tasks
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
            whole = RayTask(name, task, self._function, self._cluster, whole=True, queues=False)
            self.tasks = deque([whole])
            yield from joined(self._of_each_task())
        self.tasks.clear()

    def _of_each_task(self) -> Iterator[Iterator[Step]]:
        while self.tasks:
            yield self.tasks[0].steps(self._stopped)
            self.tasks.popleft()


class _Relay:
    """Runs tasks from inside the cluster for a driver outside, which cannot stream them."""

    def __init__(self, videos: list[_SentVideo], cores: int) -> None:
        self._stopped = threading.Event()
        self._steps = _steps(videos, RayCluster("auto", cores), self._stopped)

    def next(self) -> Step | None:
        """Return the next step; ``None`` after the last."""
        return next(self._steps, None)


def _relayed(
    videos: list[_SentVideo], cluster: RayCluster, stopped: threading.Event
) -> Iterator[Step]:
    ray = importlib.import_module("ray")
    relay = ray.remote(num_cpus=0)(_Relay).remote(videos, cluster.cores)
    try:
        asked = deque(relay.next.remote() for _ in range(_STEPS_AHEAD))
        while True:
            while not ray.wait([asked[0]], timeout=LOOK)[0]:
                if stopped.is_set():
                    return
            step = ray.get(asked.popleft())
            if step is None:
                return
            asked.append(relay.next.remote())
            yield step
    except ray.exceptions.RayTaskError as error:
        raise task_cause(error) from error
    except (ray.exceptions.RayError, ConnectionError) as error:  # the latter from Ray's client
        raise ClusterError(
            f"The Ray cluster {cluster.address!r} lost the process that runs the job: "
            f"{clean(str(error)).rstrip('.')}. Call again: what is committed is not done twice."
        ) from error
    finally:
        # Ray's client without a connection raises a bare Exception or an AssertionError.
        with suppress(Exception):
            ray.kill(relay)
