"""Compare two sets of labels of the same videos."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tqdm.auto import tqdm

from deeplake_labelbox._compare.differences import VideoDifferences, pairs_by_track, sorted_runs
from deeplake_labelbox._compare.pictures import FramePictures
from deeplake_labelbox._compare.report import LabelComparison
from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import VideoAnnotations
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox.errors import ConfigurationError

_CURRENT: Final = "current version"


def compare_labels(
    dataset: DatasetLike,
    *,
    versions: Sequence[str] = (),
    videos: Sequence[str | int] | None = None,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_token: str | None = None,
    progress: bool = True,
) -> LabelComparison:
    """Compare the labels of two versions of a dataset, frame by frame.

    Objects are the same if they have the same track; they are moved if their geometry is not equal.
    `diff_labels` tells the differences by object instead.

    Args:
        dataset: A dataset made by this package, with labels applied.
        versions: The first version and the second; by default the second is that of ``dataset``.
            Each is the name of a branch or tag, or the id of a version.
        videos: Names, data row ids or ``video_idx`` of the videos that are compared.
        deeplake_creds: Credentials of the dataset's storage.
        deeplake_token: Token of Deep Lake's cloud.
        progress: Whether to show progress bars.

    Raises:
        ConfigurationError: If an argument cannot be used, or there is no such version or video.
        DatasetError: If the dataset cannot be read.

    Example:
        ```python
        from deeplake_labelbox import compare_labels

        comparison = compare_labels("clips", versions=["run-6", "run-7"])
        print(comparison)
        comparison.write_page("changes.html")
        ```
    """
    if not 1 <= len(versions) <= 2:
        raise ConfigurationError(
            f"`versions` names {counted(len(versions), 'version')}; name one, which is compared "
            f"with the dataset as it is, or two."
        )
    if isinstance(dataset, str | Path):
        dataset = DatasetLocation.of(dataset, deeplake_creds, token=deeplake_token).open_to_read()
    opened = LabeledDataset.of(dataset)
    chosen = [_at_version(opened, name) for name in versions]
    sides = [_read(each, progress=progress) for each in (*chosen, opened)[:2]]
    names = (*versions, _CURRENT)
    wanted = None if videos is None else {opened.video(name).data_row_id for name in videos}
    found, notes = _compare(sides[0], sides[1], names, wanted, progress=progress)
    return LabelComparison(
        names[0],
        names[1],
        tuple(video.totals for video in found),
        tuple(sorted_runs(found)),
        tuple(notes),
        FramePictures(chosen[0], {video.data_row_id: video for video in found}),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    """The labels of a video.

    Attributes:
        name: Its short name.
        frames: Its frames.
        annotations: The labels.
    """

    name: str
    frames: frozenset[int]
    annotations: VideoAnnotations


def _at_version(opened: LabeledDataset, name: str) -> LabeledDataset:
    return LabeledDataset(
        opened.dataset,
        annotator=opened.annotator,
        version=name,
        image_column=opened.image_column,
    )


def _read(labels: LabeledDataset, *, progress: bool) -> dict[str, _Labels]:
    """The labels of a dataset by data row id; none if no labels were applied to it."""
    videos = labels.videos
    annotations: Iterable[VideoAnnotations] = [VideoAnnotations((v.data_row_id,)) for v in videos]
    if AppliedLabels.read(labels.dataset) is not None:
        annotations = DeepLakeSource(labels).videos(lambda _: None)
    told = tqdm(
        zip(videos, annotations, strict=True),
        total=len(videos),
        unit="video",
        desc="labels",
        disable=not progress,
    )
    return {
        video.data_row_id: _Labels(video.short_name, frozenset(video.frames.tolist()), each)
        for video, each in told
    }


def _compare(
    first: Mapping[str, _Labels],
    second: Mapping[str, _Labels],
    names: Sequence[str],
    wanted: Collection[str] | None,
    *,
    progress: bool,
) -> tuple[list[VideoDifferences], list[str]]:
    """The differences of the videos that both have, and notes about others."""
    notes = []
    found = []
    for data_row_id in tqdm(
        dict.fromkeys([*first, *second]), unit="video", desc="comparing", disable=not progress
    ):
        if wanted is not None and data_row_id not in wanted:
            continue
        a, b = first.get(data_row_id), second.get(data_row_id)
        if a is None or b is None:
            there, other = (a, names[1]) if b is None else (b, names[0])
            assert there is not None  # noqa: S101 - one of both has it
            notes.append(f"{there.name} is left out: there is no such video in {other}.")
            continue
        if lacking := len(a.frames ^ b.frames):
            notes.append(f"{counted(lacking, 'frame')} of {a.name} left out: only one has them.")
        found.append(
            VideoDifferences.of(
                a.name,
                data_row_id,
                a.frames & b.frames,
                (a.annotations, b.annotations),
                pairs_by_track,
            )
        )
    return found, notes
