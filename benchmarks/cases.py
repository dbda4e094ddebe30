"""The cases by name. Each runs both sides in turn, several times, and gives medians."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench, Row
from benchmarks.convert_cases import conversion
from benchmarks.frame_cases import end_to_end, first_frame, growth, real_clips, selection
from benchmarks.label_cases import imports, labels, masks
from benchmarks.page_cases import page
from benchmarks.ray_cases import ray
from benchmarks.s3_cases import reading_s3
from benchmarks.storage_cases import storages
from benchmarks.sync import measure_sync
from benchmarks.video_cases import video_storage


def sync(bench: Bench) -> Iterator[Row]:
    """Labels fetched again into a dataset that has them."""
    yield from measure_sync(bench, Row)


CASES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "end-to-end": end_to_end,
    "real-clips": real_clips,
    "storages": storages,
    "video-storage": video_storage,
    "s3": reading_s3,
    "labels": labels,
    "masks": masks,
    "import": imports,
    "selection": selection,
    "first-frame": first_frame,
    "growth": growth,
    "sync": sync,
    "page": page,
    "convert": conversion,
    "ray": ray,
}
