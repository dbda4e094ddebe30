"""Compute statistics of a dataset: frames, objects, tracks, and labels over time."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import write_json
from deeplake_labelbox._notebook_tables import table
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.timelines import TrackTimeline, VideoTimeline, read_timeline
from deeplake_labelbox._pictures.video_selection import select_videos
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._store.labeled_dataset import DatasetLike

_PARTS: Final = 48


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """Statistics of one class of objects over the whole dataset.

    Attributes:
        name: Name of the tool.
        kind: Kind of the tool.
        objects: Objects in all frames.
        frames: Frames with at least one object.
        tracks: Distinct track ids.
        key_frames: Objects that were drawn, not interpolated.
        track_length: Shortest, median and longest track, in frames; zeros without tracks.
    """

    name: str
    kind: str
    objects: int
    frames: int
    tracks: int
    key_frames: int
    track_length: tuple[int, float, int]


@dataclass(frozen=True, slots=True)
class VideoStatistics:
    """Statistics of one video.

    Attributes:
        name: The last part of its name, or more if other videos have the same.
        data_row_id: Its data row.
        frames: Number of its rows.
        is_labeled: Whether a label was applied to it.
        objects: Objects in all frames.
        tracks: Distinct track ids.
        frames_with_objects: Frames with at least one object.
        frames_with_answers: Frames in which a question is answered.
        coverage: Share of frames with an object or answer, in each of up to 48 equal parts.
        density: Objects per frame, in the same parts.
    """

    name: str
    data_row_id: str
    frames: int
    is_labeled: bool
    objects: int
    tracks: int
    frames_with_objects: int
    frames_with_answers: int
    coverage: tuple[float, ...]
    density: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DatasetStatistics:
    """Statistics of a dataset.

    Attributes:
        title: Name of its project.
        videos: The videos that have rows.
        classes: The classes of objects, in column order.
        answers: Number of frames with each answer, by question.
    """

    title: str
    videos: tuple[VideoStatistics, ...]
    classes: tuple[ClassStatistics, ...]
    answers: dict[str, dict[str, int]]

    @property
    def frames(self) -> int:
        """Number of rows of all videos."""
        return sum(video.frames for video in self.videos)

    @property
    def labeled_videos(self) -> int:
        """Number of videos to which a label was applied."""
        return sum(video.is_labeled for video in self.videos)

    def to_dict(self) -> dict[str, Any]:
        """Convert the statistics to JSON values."""
        return {"frames": self.frames, "labeled_videos": self.labeled_videos, **asdict(self)}

    def save(self, path: str | Path) -> None:
        """Write the statistics as JSON.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def _repr_html_(self) -> str:
        videos, frames = counted(len(self.videos), "video"), counted(self.frames, "frame")
        counts = f"{videos}, {self.labeled_videos} labeled, {frames}"
        classes = table(
            ("class", "kind", "objects", "frames", "tracks", "key frames", "median track"),
            [
                (c.name, c.kind, c.objects, c.frames, c.tracks, c.key_frames, c.track_length[1])
                for c in self.classes
            ],
        )
        videos = table(
            ("video", "frames", "objects", "tracks", "with objects", "with answers"),
            [
                (
                    video.name,
                    video.frames,
                    *(
                        (
                            video.objects,
                            video.tracks,
                            f"{video.frames_with_objects / video.frames:.0%}",
                            f"{video.frames_with_answers / video.frames:.0%}",
                        )
                        if video.is_labeled
                        else ("not labeled", "", "", "")
                    ),
                )
                for video in self.videos
            ],
        )
        title = html.escape(self.title)
        return f"<p><b>{title}</b>: {counts}</p>{classes if self.classes else ''}{videos}"


def dataset_statistics(
    ds: DatasetLike,
    *,
    videos: Sequence[str] | None = None,
    annotator: str | None = None,
    progress: bool = True,
) -> DatasetStatistics:
    """Count the labels of a dataset. Pictures and shapes are not read.

    Args:
        ds: A dataset made by this package, with or without labels: an open dataset, a
            `LabeledDataset` or a path.
        videos: Names, data row ids or ``video_idx`` of videos; by default all.
        annotator: Annotator whose labels are counted, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count.
        progress: Whether to show a progress bar.

    Raises:
        ConfigurationError: If the dataset has no rows, or there is no such video or annotator.

    Example:
        ```python
        import deeplake

        print(dataset_statistics(deeplake.open("clips"), videos=["crossing.mp4"]))
        ```
    """
    reader = AnnotationReader(ds, annotator)
    classes = {name: _Class(kind) for name, kind in reader.class_names.items()}
    answers: dict[str, dict[str, int]] = {}
    by_video = []
    chosen = select_videos(reader.dataset, videos)
    for video in with_progress(chosen, unit="video", desc="videos", shown=progress):
        timeline = read_timeline(reader, video)
        by_video.append(_video(timeline))
        for name, tracks in _by_class(timeline).items():
            classes.setdefault(name, _Class(tracks[0].kind)).add(timeline, tracks)
        place = {int(number): index for index, number in enumerate(video.frames)}
        for answer in timeline.answers:
            given = answers.setdefault(answer.question, {})
            for first, last, words in answer.spans:
                given[words] = given.get(words, 0) + place[last] - place[first] + 1
    title = reader.dataset.project_name or "Dataset"
    found = tuple(counts.statistics(name) for name, counts in classes.items())
    return DatasetStatistics(title, tuple(by_video), found, answers)


class _Class:
    """Counts the objects of a class over videos."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._frames = self._key_frames = self._objects = 0
        self._lengths: list[int] = []

    def add(self, timeline: VideoTimeline, tracks: Sequence[TrackTimeline]) -> None:
        there = np.zeros(len(timeline.video.frames), dtype=bool)
        for track in tracks:
            for first, last in track.spans:
                start = np.searchsorted(timeline.video.frames, first)
                there[start : np.searchsorted(timeline.video.frames, last) + 1] = True
            self._key_frames += len(track.key_frames)
            self._objects += track.rows
            if track.track_id is not None:
                self._lengths.append(track.rows)
        self._frames += int(there.sum())

    def statistics(self, name: str) -> ClassStatistics:
        lengths = self._lengths or [0]
        return ClassStatistics(
            name=name,
            kind=self._kind,
            objects=self._objects,
            frames=self._frames,
            tracks=len(self._lengths),
            key_frames=self._key_frames,
            track_length=(min(lengths), float(np.median(lengths)), max(lengths)),
        )


def _by_class(timeline: VideoTimeline) -> dict[str, list[TrackTimeline]]:
    tracks: dict[str, list[TrackTimeline]] = {}
    for track in timeline.tracks:
        tracks.setdefault(track.class_name, []).append(track)
    return tracks


def _video(timeline: VideoTimeline) -> VideoStatistics:
    video = timeline.video
    with_objects = timeline.objects > 0
    return VideoStatistics(
        name=video.short_name or "Frames",
        data_row_id=video.data_row_id,
        frames=len(video.rows),
        is_labeled=timeline.is_labeled,
        objects=int(timeline.objects.sum()),
        tracks=sum(track.track_id is not None for track in timeline.tracks),
        frames_with_objects=int(with_objects.sum()),
        frames_with_answers=int(timeline.answered.sum()),
        coverage=_means(with_objects | timeline.answered),
        density=_means(timeline.objects),
    )


def _means(values: NDArray[Any]) -> tuple[float, ...]:
    """Return the means of at most 48 equal parts."""
    parts = np.array_split(values.astype(np.float64), min(_PARTS, len(values)))
    return tuple(round(float(part.mean()), 4) for part in parts)
