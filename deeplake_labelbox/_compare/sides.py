"""Read the labels of both sides of a comparison, by data row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deeplake_labelbox._counts import counted
from deeplake_labelbox._evaluation.boxes import has_box
from deeplake_labelbox._evaluation.truth import Truth
from deeplake_labelbox._formats.annotations import AnnotationSource, VideoAnnotations
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource
from deeplake_labelbox._formats.sources import check_mapping
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox.errors import AnnotationSourceError


@dataclass(frozen=True, slots=True, eq=False)
class VideoLabels:
    """The labels of a video.

    Attributes:
        name: Its short name.
        frames: Frames of the video that the source has.
        annotations: The labels.
    """

    name: str
    frames: frozenset[int]
    annotations: VideoAnnotations

    def beyond(self, frames: Collection[int]) -> int:
        """Count the objects in other frames."""
        every = (frame for track in self.annotations.tracks for frame in track.frames.tolist())
        return sum(1 for frame in every if frame not in frames)


Labels = Mapping[str, VideoLabels]
"""The labels of videos by data row id."""


def labels_of(labels: LabeledDataset, *, progress: bool) -> Labels:
    """Read the labels of a dataset; they are empty if none were applied to it."""
    videos = labels.videos
    annotations: Iterable[VideoAnnotations] = [VideoAnnotations((v.data_row_id,)) for v in videos]
    if AppliedLabels.read(labels.dataset) is not None:
        annotations = DeepLakeSource(labels).videos(lambda _: None)
    pairs = with_progress(
        zip(videos, annotations, strict=True),
        total=len(videos),
        unit="video",
        desc="labels",
        shown=progress,
    )
    return {
        video.data_row_id: VideoLabels(video.short_name, frozenset(video.frames.tolist()), each)
        for video, each in pairs
    }


def labels_from(
    source: AnnotationSource,
    truth: Truth,
    mapping: Mapping[str, str],
    note: Callable[[str], None],
    *,
    progress: bool,
) -> Labels:
    """Read the labels of another source for the videos of a dataset.

    Args:
        source: The source.
        truth: The dataset.
        mapping: Class or classification of the dataset by its name in the source.
        note: Receives a sentence on everything that is left out.
        progress: Whether to show a progress bar.

    Raises:
        AnnotationSourceError: If none of its videos is in the dataset, or two have the same data
            row.
        ConfigurationError: If the mapping has a name that the source does not have.
    """
    found: dict[str, VideoLabels] = {}
    names: set[str] = set()
    missing: list[str] = []
    videos = source.videos(lambda name: truth.kinds.get(mapping.get(name, name)))
    total = len(source) or None
    for video in with_progress(videos, total=total, unit="video", desc="labels", shown=progress):
        names.update(video.names, _questions(video))
        target = truth.targets.find(video.data_row)
        where = "the dataset"
        reason = target if isinstance(target, str) else video.why_other_size(target.size, where)
        if isinstance(target, str) or reason is not None:
            missing.append(f"{video.name} is left out: {reason}.")
            continue
        if target.data_row_id in found:
            raise AnnotationSourceError(
                f"Two videos of the second labels have the same data row of the dataset, "
                f"{target.name}; compare one at a time."
            )
        for problem in _problems(video):
            note(f"{truth.names[target.data_row_id]}: {problem}")
        known = video.pictures if video.known_frames is None else video.known_frames
        if known is None:
            known = truth.labels.video(target.data_row_id).frames
        found[target.data_row_id] = VideoLabels(
            truth.names[target.data_row_id], frozenset(known.tolist()), _renamed(video, mapping)
        )
    check_mapping(mapping, names | source.names, "the second labels do not have; they have")
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


def _unknown(labels: Labels, truth: Truth) -> Counter[str]:
    """Count the objects of each class that the dataset does not have."""
    counts: Counter[str] = Counter()
    for each in labels.values():
        for track in each.annotations.tracks:
            if track.class_name not in truth.all_classes and has_box(track.kind):
                counts[track.class_name] += len(track.frames)
    return counts


def answered(labels: Labels) -> frozenset[str]:
    """Return the classifications that have at least one answer."""
    return frozenset(name for each in labels.values() for name in _questions(each.annotations))


def _questions(video: VideoAnnotations) -> Iterator[str]:
    yield from video.frame_answers
    yield from video.global_answers
    for track in video.tracks:
        for answers in track.answers:
            yield from answers


def _problems(video: VideoAnnotations) -> Iterator[str]:
    for finding in video.findings:
        yield f"{finding}."
    for item in video.refused:
        yield f"{item.class_name!r} {item.track}: {item.reason}."


def _renamed(video: VideoAnnotations, mapping: Mapping[str, str]) -> VideoAnnotations:
    """Rename classes and classifications as in the dataset; leave out those with an empty name."""

    def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
        names = {name: mapping.get(name, name) for name in values}
        return {names[name]: value for name, value in values.items() if names[name]}

    if not mapping:
        return video
    tracks = (replace(t, class_name=mapping.get(t.class_name, t.class_name)) for t in video.tracks)
    return replace(
        video,
        tracks=[
            replace(track, answers=[renamed(each) for each in track.answers])
            for track in tracks
            if track.class_name
        ],
        frame_answers=renamed(video.frame_answers),
        global_answers=renamed(video.global_answers),
    )
