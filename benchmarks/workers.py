"""How many Ray workers one driver feeds: measured here, simulated up to 256 workers.

``python -m benchmarks.workers --output workers.png`` measures on this machine what a frame and a
video of 720p cost a worker of one core and the driver, in seconds of CPU time, as PNG and as
packets. With these a job is simulated on 1 to 256 workers, and its rates are printed and drawn.

The driver counts as one core: it receives from Ray and writes, one step after the other. Downloads,
the network of the cluster and the disk take no time.
"""

from __future__ import annotations

import argparse
import heapq
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.clips import looped_clip, rescaled_clip
from benchmarks.measure import measure
from benchmarks.ray_sides import frames_of, prepared_steps
from deeplake_labelbox._jobs import ray_engine, ray_tasks
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.sections import sections_of

STORAGES: Final = {"png": "PNG", "video": "packets"}
WORKERS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_RATE: Final = 25  # frames/s of the videos
_VIDEOS: Final = 2000
_CLIPS: Final = (30, 120)  # frames of the videos that are measured: one, and it four times


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU time.

    Attributes:
        frame: Of each frame.
        video: Of each video, or section of one, besides.
    """

    frame: float
    video: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What frames of one storage cost.

    Attributes:
        worker: Fetching from the disk, decoding, encoding.
        driver: Receiving from Ray, appending, committing.
        sent: Frames of each object that a worker sends.
    """

    worker: Cost
    driver: Cost
    sent: int


@dataclass(frozen=True, slots=True)
class Job:
    """Videos to prepare.

    Attributes:
        what: What they are.
        lengths: Frames of each.
    """

    what: str
    lengths: Sequence[int]


def jobs() -> tuple[Job, Job]:
    """Videos of a minute, and videos of very different lengths."""
    random = np.random.default_rng(0)
    seconds = np.maximum(random.lognormal(np.log(30), 1.2, _VIDEOS), 2)
    mixed = (seconds * _RATE).astype(int).tolist()
    return Job("each of a minute", [60 * _RATE] * _VIDEOS), Job("of 2 s to 20 minutes", mixed)


def simulated(job: Job, costs: Costs, workers: int) -> float:
    """Frames per second of a job on so many workers.

    As in `RayEngine`: tasks start in order, at most ``2 * workers + 2`` of them are begun and not
    written, a task pauses while `_OBJECTS_WAITING` of its objects wait, and one driver writes in
    order. So each time follows from those before it.
    """
    tasks = [frames for length in job.lengths for frames in _tasks(length)]
    ahead = 2 * workers + 2
    free = [0.0] * workers  # when each worker is
    written: list[float] = []  # when each task was
    now = 0.0  # of the driver
    for number, frames in enumerate(tasks):
        begun = written[number - ahead] if number >= ahead else 0.0
        made = max(heapq.heappop(free), begun) + costs.worker.video
        taken: deque[float] = deque(maxlen=ray_tasks._OBJECTS_WAITING)  # noqa: SLF001 - simulated
        for first in range(0, frames, costs.sent):
            count = min(costs.sent, frames - first)
            if len(taken) == taken.maxlen:
                made = max(made, taken[0])
            made += count * costs.worker.frame
            taken.append(max(now, made))
            now = taken[-1] + count * costs.driver.frame
        heapq.heappush(free, made)
        now += costs.driver.video
        written.append(now)
    return sum(tasks) / now


def _tasks(length: int) -> list[int]:
    """Frames of the tasks of a video: of its sections, or of all of it."""
    least, most = ray_engine._SECTION_FRAMES, ray_engine._SECTIONS  # noqa: SLF001 - simulated
    sections = sections_of(FrameChoice(), length, least=least, most=most)
    if not sections:
        return [length]
    return [(section.end or length + 1) - section.first for section in sections]


def measured(storage: str, folder: Path) -> Costs:
    """What frames cost on this machine, from videos of two lengths.

    The worker runs without Ray. The driver is fed through Ray, by two workers that only send.
    """
    short = rescaled_clip(folder / "short.mp4", "720p", _CLIPS[0])
    long = looped_clip(folder / "long.mp4", short, _CLIPS[1] // _CLIPS[0])

    def cost(work: str, videos: int) -> Cost:
        seconds = []
        for clip in (short, long):
            settings = {"clip": str(clip), "storage": storage, "videos": videos, "workers": 2}
            with tempfile.TemporaryDirectory(dir=folder) as path:
                run = measure(work, "Ray", {"path": f"{path}/dataset", **settings})
            seconds.append(run.cpu_seconds / videos)
        return _line(_CLIPS, seconds)

    worker = cost("task", 10)
    driver = cost("driver", 100 if storage == "video" else 10)
    sent = _sent(str(long), storage, worker)
    return Costs(worker, driver, sent)


def _sent(clip: str, storage: Any, worker: Cost) -> int:
    """Frames of each object, which are those of a step or more."""
    steps = [step for step in prepared_steps(clip, storage) if frames_of(step)]
    store = StorageOptions(frame_storage=storage).store(batch_size=100)
    frame_bytes = sum(map(store.size_of, steps)) / sum(map(frames_of, steps))
    by_size = ray_tasks._SENT_BYTES / frame_bytes  # noqa: SLF001 - simulated
    by_time = ray_tasks._SENT_SECONDS / worker.frame  # noqa: SLF001 - simulated
    return max(*map(frames_of, steps), int(min(by_size, by_time)))


def _line(frames: Sequence[int], seconds: Sequence[float]) -> Cost:
    """The cost of a frame and of a video, where videos of two lengths took so long."""
    slope = (seconds[1] - seconds[0]) / (frames[1] - frames[0])
    return Cost(slope, max(seconds[0] - slope * frames[0], 0.0))


def main() -> None:
    """Measure, simulate, print, and draw if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--output", type=Path, help="the plot to write, as PNG")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        costs = {name: measured(name, Path(folder)) for name in STORAGES}
    for storage, cost in costs.items():
        console.print(
            f"{STORAGES[storage]}, 720p: a worker prepares {1 / cost.worker.frame:,.0f} frames/s "
            f"and takes {1000 * cost.worker.video:.1f} ms for each video; the driver writes "
            f"{1 / cost.driver.frame:,.0f} and takes {1000 * cost.driver.video:.1f} ms; "
            f"{cost.sent} frames an object"
        )
    rates = {
        (storage, job.what): [simulated(job, cost, workers) for workers in WORKERS]
        for storage, cost in costs.items()
        for job in jobs()
    }
    table = Table(title=f"Simulated frames/s of {_VIDEOS:,} videos of 720p")
    table.add_column("workers of one core", justify="right")
    for storage, what in rates:
        table.add_column(f"{STORAGES[storage]}, {what}", justify="right")
    for place, workers in enumerate(WORKERS):
        table.add_row(str(workers), *(f"{each[place]:,.0f}" for each in rates.values()))
    console.print(table)
    if arguments.output is not None:
        _plot(costs, rates, arguments.output)


def _plot(costs: dict[str, Costs], rates: dict[tuple[str, str], list[float]], path: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - only the plot needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    figure, panels = plt.subplots(1, len(costs), figsize=(10, 4), layout="constrained")
    for axes, (storage, cost) in zip(panels, costs.items(), strict=True):
        one = 1 / cost.worker.frame
        limit = 1 / cost.driver.frame
        axes.plot(WORKERS, [one * w for w in WORKERS], ":", color="gray", label="workers alone")
        axes.axhline(limit, linestyle="--", color="gray", label="driver alone")
        for (name, what), values in rates.items():
            if name == storage:
                axes.plot(WORKERS, values, "o-", label=f"videos {what}", markersize=4)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(WORKERS, [str(w) for w in WORKERS])
        low, high = one / 1.5, limit * 2
        ticks = [m * 10**e for e in range(6) for m in (1, 2, 5) if low < m * 10**e < high]
        axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
        axes.set_ylim(low, high)
        axes.set_title(f"{STORAGES[storage]}, 720p")
        axes.set_xlabel("workers of one core")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0].set_ylabel("frames/s")
    lines = panels[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
