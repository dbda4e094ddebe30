"""What a sync costs: one of many videos relabeled, and nothing changed.

The work is done in a process of its own, as it is in life: the Labelbox here holds the labels of
all videos as Python objects, which the garbage collector goes through at the cost of whoever shares
the process. Times are the least of all repeats, on the clock and of the processor.

A sync opens the dataset, looks again before it commits, and commits; with each, Deep Lake 4.7.4
goes through all cells that were ever updated, as those of labels are. This grows with the rows, the
request does not: so videos of two lengths are measured, of 10 and of 33 seconds.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from benchmarks.clips import tiny_clip
from benchmarks.projects import BOXES, box_track

if TYPE_CHECKING:
    from benchmarks.bench import Bench, Row

_TRACKS = 50
_FRAMES = (300, 1_000)

Seconds = tuple[float, float]
"""On the clock, and of the processor."""


def measure_sync(bench: Bench, row: Callable[..., Row]) -> Iterator[Row]:
    """Apply all labels of many videos; then sync with one changed, and with none.

    The activity of each change is later than all before, as it is when labeling goes on for days.
    """
    for frames in _FRAMES[:1] if bench.quick else _FRAMES:
        yield from _measure(bench, row, 20 if bench.quick else 200, frames)


def _measure(bench: Bench, row: Callable[..., Row], videos: int, length: int) -> Iterator[Row]:
    project = bench.box.add_project(f"Sync of {length}", BOXES)
    clip = tiny_clip(bench.folder / f"sync-{length}.mp4", length).read_bytes()
    rows = []
    for number in range(videos):
        rows.append(project.add_video(clip, external_id=f"{number}.mp4"))
        rows[-1].add_label(_tracks(0, length))
    frames, path = (str(bench.folder / f"sync-{bench.count()}") for _ in range(2))
    keys = {
        "api_key": bench.box.api_key,
        "endpoint": bench.box.endpoint,
        "rest_endpoint": bench.box.rest_endpoint,
    }
    found: dict[str, list[Seconds]] = {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:

        def measured(
            what: str, work: Callable[..., object], *arguments: Any, where: str = path
        ) -> None:
            run = process.submit(_measured, work, keys, project.id, where, *arguments)
            found.setdefault(what, []).append(run.result())

        measured("frames", _make_frames, where=frames)
        for number in range(bench.repeats):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(frames, path)
            measured("all", _apply_all)
            for turn in range(2):
                # The first brings what happened in the last minutes out of sight.
                later = datetime.now(UTC) + timedelta(hours=2 * number + turn + 1)
                changed = rows[2 * number + turn]
                again = _tracks(number + 1, length)
                changed.update_label(changed.labels[0], again, updated_at=later)
                measured("one" if turn else "before", _sync)
            measured("none", _sync)
            measured("asked", _ask, later)
            measured("opened", _open)
    least = {kind: tuple(map(min, zip(*runs, strict=True))) for kind, runs in found.items()}
    what = f"{videos} videos of {length} frames"
    for place, clock in enumerate(("", ", processor")):
        whole, one, none, asked, opened = (
            least[kind][place] for kind in ("all", "one", "none", "asked", "opened")
        )
        yield row(f"{what}: apply all labels{clock}", "s", whole)
        yield row(f"{what}: sync, 1 video changed{clock}", "s", one)
        yield row(f"{what}: apply all / sync of 1{clock}", "", whole / one)
        yield row(f"{what}: sync, nothing changed{clock}", "s", none)
        yield row(f"{what}: the project and the export request alone{clock}", "s", asked)
        yield row(f"{what}: opening the dataset alone{clock}", "s", opened)
        share = (asked + opened) / none
        yield row(f"{what}: share of both in a sync with nothing changed{clock}", "", share)


def _tracks(shift: int, frames: int) -> list[dict[str, Any]]:
    return [
        {**box_track(track + shift, frames, 10), "uuid": str(track)} for track in range(_TRACKS)
    ]


# --- in the process of its own -------------------------------------------------------------------


def _measured(
    work: Callable[..., object], keys: dict[str, str], project_id: str, *arguments: Any
) -> Seconds:
    from labelbox import Client  # noqa: PLC0415 - imported in the measured process only

    client = Client(**keys)
    begun, used = time.perf_counter(), time.process_time()
    work(client, project_id, *arguments)
    return time.perf_counter() - begun, time.process_time() - used


def _make_frames(client: Any, project_id: str, path: str) -> None:
    import deeplake_labelbox as verbs  # noqa: PLC0415 - imported in the measured process only

    verbs.create_dataset_from_video_annotation_project(
        path, project_id, None, lb_client=client, progress=False
    )


def _apply_all(client: Any, project_id: str, path: str) -> None:
    import deeplake  # noqa: PLC0415 - imported in the measured process only

    import deeplake_labelbox as verbs  # noqa: PLC0415 - the same

    verbs.converter_for_video_project_with_id(
        project_id, lambda _: deeplake.open(path), None, lb_client=client, progress=False
    ).dataset_with_applied_annotations()


def _sync(client: Any, _: str, path: str) -> None:
    import deeplake_labelbox as verbs  # noqa: PLC0415 - imported in the measured process only

    verbs.sync_dataset(path, lb_client=client, progress=False)


def _open(_: Any, __: str, path: str) -> None:
    import deeplake  # noqa: PLC0415 - imported in the measured process only

    deeplake.open(path)


def _ask(client: Any, project_id: str, _: str, since: datetime) -> None:
    import deeplake_labelbox as verbs  # noqa: PLC0415 - imported in the measured process only

    exporter = verbs.ProjectExporter(client, project_id)
    exporter.project.ontology()
    exporter.export(filters={"last_activity_at": (since, None)}, progress=False)
