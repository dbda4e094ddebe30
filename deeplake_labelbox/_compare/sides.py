"""Read the labels of both sides of a comparison, by data row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deeplake_labelbox._counts import counted
from deeplake_labelbox._evaluation.boxes import has_box
from deeplake_labelbox._evaluation.comparison import other_size
from deeplake_labelbox._evaluation.truth import Truth
from deeplake_labelbox._formats.annotations import AnnotationSource, VideoAnnotations
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError


@dataclass(frozen=True, slots=True, eq=False)
class VideoLabels:
    """The labels of a video.

    Attributes:
        name: Its short name.
        frames: The frames that are known.
        annotations: The labels.
    """

    name: str
    frames: frozenset[int]
    annotations: VideoAnnotations

    def beyond(self, frames: Collection[int]) -> int:
        """Number of objects in other frames."""
        every = (frame for track in self.annotations.tracks for frame in track.frames.tolist())
        return sum(1 for frame in every if frame not in frames)


Labels = Mapping[str, VideoLabels]
"""The labels of videos by data row id."""


def labels_of(labels: LabeledDataset, *, progress: bool) -> Labels:
    """The labels of a dataset; empty ones if no labels were applied to it."""
    videos = labels.videos
    annotations: Iterable[VideoAnnotations] = [VideoAnnotations((v.data_row_id,)) for v in videos]
    if AppliedLabels.read(labels.dataset) is not None:
        annotations = DeepLakeSource(labels).videos(lambda _: None)
    told = with_progress(
        zip(videos, annotations, strict=True),
        total=len(videos),
        unit="video",
        desc="labels",
        shown=progress,
    )
    return {
        video.data_row_id: VideoLabels(video.short_name, frozenset(video.frames.tolist()), each)
        for video, each in told
    }


def labels_from(
    source: AnnotationSource,
    truth: Truth,
    mapping: Mapping[str, str],
    note: Callable[[str], None],
    *,
    progress: bool,
) -> Labels:
    """The labels of another source for the videos of a dataset.

    Args:
        source: The source.
        truth: The dataset.
        mapping: Class or classification of the dataset by its name in the source.
        note: Takes what is left out.
        progress: Whether to show a progress bar.

    Raises:
        AnnotationSourceError: If no video is in the dataset, or two are the same.
        ConfigurationError: If the mapping has a name that the source does not have.
    """
    found: dict[str, VideoLabels] = {}
    names: set[str] = set()
    missing: list[str] = []
    told = source.videos(lambda name: truth.kinds.get(mapping.get(name, name)))
    total = len(source) or None
    for video in with_progress(told, total=total, unit="video", desc="labels", shown=progress):
        names.update(_names(video))
        target = truth.targets.find(video.data_row)
        reason = target if isinstance(target, str) else other_size(video, target)
        if isinstance(target, str) or reason is not None:
            missing.append(f"{video.name} is left out: {reason}.")
            continue
        if target.data_row_id in found:
            raise AnnotationSourceError(
                f"Two videos of the second labels are one data row of the dataset, {target.name}; "
                f"compare one at a time."
            )
        for problem in _problems(video):
            note(f"{truth.names[target.data_row_id]}: {problem}")
        known = video.pictures if video.known_frames is None else video.known_frames
        if known is None:
            known = truth.labels.video(target.data_row_id).frames
        found[target.data_row_id] = VideoLabels(
            truth.names[target.data_row_id], frozenset(known.tolist()), _renamed(video, mapping)
        )
    _check_mapping(mapping, names | source.names)
    if missing and not found:
        raise AnnotationSourceError(
            f"No video of the second labels can be compared with the dataset. {missing[0]}"
        )
    for text in missing:
        note(text)
    for name, count in _unknown(found, truth).items():
        note(
            f"{counted(count, 'object')} of {name!r} left out: the dataset has no such class; map "
            f"it with `mapping`."
        )
    return found


def _check_mapping(mapping: Mapping[str, str], names: Collection[str]) -> None:
    if wrong := [name for name in mapping if name not in names]:
        raise ConfigurationError(
            f"`mapping` names {wrong[0]!r}, which the second labels do not have; they have "
            f"{', '.join(map(repr, sorted(names))) or 'no annotations'}."
        )


def _unknown(labels: Labels, truth: Truth) -> Counter[str]:
    """How many objects there are of each class that the dataset does not have."""
    counts: Counter[str] = Counter()
    for each in labels.values():
        for track in each.annotations.tracks:
            if track.class_name not in truth.all_classes and has_box(track.kind):
                counts[track.class_name] += len(track.frames)
    return counts


def answered(labels: Labels) -> frozenset[str]:
    """The classifications that have an answer somewhere."""
    return frozenset(name for each in labels.values() for name in _questions(each.annotations))


def _names(video: VideoAnnotations) -> Iterator[str]:
    yield from (track.class_name for track in video.tracks)
    yield from (item.class_name for item in video.refused)
    yield from _questions(video)


def _questions(video: VideoAnnotations) -> Iterator[str]:
    yield from video.frame_answers
    yield from video.global_answers
    for track in video.tracks:
        for answers in track.answers:
            yield from answers


def _problems(video: VideoAnnotations) -> Iterator[str]:
    for finding in video.findings:
        times = "" if finding.count == 1 else f" ({finding.count:,} times)"
        yield f"{finding.what}{times}."
    for item in video.refused:
        yield f"{item.class_name!r} {item.track}: {item.reason}."


def _renamed(video: VideoAnnotations, mapping: Mapping[str, str]) -> VideoAnnotations:
    """The video with the names of the dataset; what is mapped to nothing is left out."""

    def goals(named: Mapping[str, Any]) -> dict[str, Any]:
        goal = {name: mapping.get(name, name) for name in named}
        return {goal[name]: value for name, value in named.items() if goal[name]}

    if not mapping:
        return video
    tracks = (replace(t, class_name=mapping.get(t.class_name, t.class_name)) for t in video.tracks)
    return replace(
        video,
        tracks=[
            replace(track, answers=[goals(each) for each in track.answers])
            for track in tracks
            if track.class_name
        ],
        frame_answers=goals(video.frame_answers),
        global_answers=goals(video.global_answers),
    )
