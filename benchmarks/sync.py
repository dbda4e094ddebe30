"""What a sync costs: one of many videos relabelled, and nothing changed.

The work is done in a process of its own, as it is in life: the Labelbox here holds the labels of
all videos as Python objects, which the garbage collector goes through at the cost of whoever shares
the process. Times are the least of all repeats, on the clock and of the processor.
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
_FRAMES = 300

Seconds = tuple[float, float]
"""On the clock, and of the processor."""


def measure_sync(bench: Bench, row: Callable[..., Row]) -> Iterator[Row]:
    """Apply all labels of many videos; then sync with one changed, and with none.

    The activity of each change is later than all before, as it is when labelling goes on for days.
    """
    videos = 20 if bench.quick else 200
    project = bench.box.add_project("Sync", BOXES)
    clip = tiny_clip(bench.folder / "sync.mp4", _FRAMES).read_bytes()
    rows = []
    for number in range(videos):
        rows.append(project.add_video(clip, external_id=f"{number}.mp4"))
        rows[-1].add_label(_tracks(0))
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
                changed.update_label(changed.labels[0], _tracks(number + 1), updated_at=later)
                measured("one" if turn else "before", _sync)
            measured("none", _sync)
            measured("asked", _ask, later)
            measured("opened", _open)
    least = {what: tuple(map(min, zip(*runs, strict=True))) for what, runs in found.items()}
    for place, clock in enumerate(("", ", processor")):
        whole, one, none, asked, opened = (
            least[what][place] for what in ("all", "one", "none", "asked", "opened")
        )
        yield row(f"apply the labels of {videos} videos{clock}", "s", whole)
        yield row(f"sync, 1 of them changed{clock}", "s", one)
        yield row(f"apply all / sync of 1{clock}", "", whole / one)
        yield row(f"sync, nothing changed{clock}", "s", none)
        yield row(f"the project and the export request alone{clock}", "s", asked)
        yield row(f"opening the dataset alone{clock}", "s", opened)
        yield row(
            f"share of both in a sync with nothing changed{clock}", "", (asked + opened) / none
        )


def _tracks(shift: int) -> list[dict[str, Any]]:
    return [
        {**box_track(track + shift, _FRAMES, 10), "uuid": str(track)} for track in range(_TRACKS)
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
