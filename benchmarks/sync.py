"""What a sync costs: one of many videos relabelled, and nothing changed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.clips import tiny_clip
from benchmarks.projects import BOXES, box_track
from deeplake_labelbox import (
    ProjectExporter,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    sync_dataset,
)

if TYPE_CHECKING:
    from benchmarks.bench import Bench, Row

_TRACKS = 50
_FRAMES = 300


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
    client = bench.box.client()
    dataset, _ = create_dataset_from_video_annotation_project(
        str(bench.folder / f"sync-{bench.count()}"),
        project.id,
        None,
        lb_client=client,
        progress=False,
    )
    whole, one, none, asked = [], [], [], []
    for number in range(bench.repeats):
        whole.append(_seconds(lambda: _apply_all(project.id, dataset, client)))
        for turn in range(2):
            # The first brings what happened in the last minutes out of sight.
            later = datetime.now(UTC) + timedelta(hours=2 * number + turn + 1)
            changed = rows[2 * number + turn]
            changed.update_label(changed.labels[0], _tracks(number + 1), updated_at=later)
            seconds = _seconds(lambda: _sync(dataset, client))
        one.append(seconds)
        none.append(_seconds(lambda: _sync(dataset, client)))
        asked.append(_seconds(partial(_ask, client, project.id, later)))
    all_, changed_, same, request = map(statistics.median, (whole, one, none, asked))
    yield row(f"apply the labels of {videos} videos", "s", all_)
    yield row("sync, 1 of them changed", "s", changed_)
    yield row("apply all / sync of 1", "", all_ / changed_)
    yield row("sync, nothing changed", "s", same)
    yield row("the project and the export request alone", "s", request)
    yield row("share of them in a sync with nothing changed", "", request / same)


def _tracks(shift: int) -> list[dict[str, Any]]:
    return [
        {**box_track(track + shift, _FRAMES, 10), "uuid": str(track)} for track in range(_TRACKS)
    ]


def _apply_all(project_id: str, dataset: Any, client: Any) -> None:
    converter_for_video_project_with_id(
        project_id, lambda _: dataset, None, lb_client=client, progress=False
    ).dataset_with_applied_annotations()


def _sync(dataset: Any, client: Any) -> None:
    sync_dataset(dataset, lb_client=client, progress=False)


def _ask(client: Any, project_id: str, since: datetime) -> None:
    exporter = ProjectExporter(client, project_id)
    exporter.project.ontology()
    exporter.export(filters={"last_activity_at": (since, None)}, progress=False)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
