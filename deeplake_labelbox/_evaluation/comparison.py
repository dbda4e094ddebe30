"""Match the videos of predictions to those of a dataset, and compare their boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted, some_of
from deeplake_labelbox._evaluation.boxes import NO_BOXES, Boxes, boxes_by_class, has_box, has_mask
from deeplake_labelbox._evaluation.tracking import TrackErrors, track_errors
from deeplake_labelbox._evaluation.truth import Truth
from deeplake_labelbox._formats.annotations import AnnotationSource, VideoAnnotations
from deeplake_labelbox._formats.deep_lake.reader import labeled_size
from deeplake_labelbox._formats.sources import check_mapping
from deeplake_labelbox._imports.targets import Target
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._store.videos import Video
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A video and its boxes.

    Attributes:
        video: The video.
        frames: Number of its frames that were compared.
        truth: Boxes of the dataset, by class.
        found: Predicted boxes, by class.
        errors: Errors by class, for the classes that have boxes.
    """

    video: Video
    frames: int
    truth: Mapping[str, Boxes]
    found: Mapping[str, Boxes]
    errors: dict[str, TrackErrors] = field(default_factory=dict)

    @property
    def sides(self) -> tuple[Mapping[str, Boxes], Mapping[str, Boxes]]:
        """Boxes of the dataset and of the predictions."""
        return self.truth, self.found


@dataclass(frozen=True, slots=True, eq=False)
class _VideoPredictions:
    """The predictions of one video."""

    name: str
    frames: NDArray[np.int64] | None
    boxes: Mapping[str, Boxes]


class Comparison:
    """One call of `evaluate`.

    Args:
        truth: The labels of the dataset.
        mapping: Class of the dataset by its name in the predictions.

    Attributes:
        classes: Classes that have objects on either side; set by `compare`.
    """

    def __init__(self, truth: Truth, mapping: Mapping[str, str]) -> None:
        self.classes: list[str] = []
        self._truth = truth
        self._mapping = mapping
        self._found: dict[str, _VideoPredictions] = {}
        self._notes: dict[str, None] = {}
        self._unknown: Counter[str] = Counter()
        self._left_out: dict[tuple[str, str], Counter[str]] = {}
        self._without_score = 0
        self._masked: set[str] = set()
        self._unlabeled: set[str] = set()

    @property
    def notes(self) -> list[str]:
        """What was not compared, and why."""
        return [f"{note}." for note in self._notes]

    def read(self, source: AnnotationSource, *, progress: bool) -> None:
        """Read the predictions.

        Raises:
            AnnotationSourceError: If none of their videos or classes are in the dataset, or they
                have no boxes.
            ConfigurationError: If the mapping has a name that they do not have.
        """
        names: set[str] = set()
        missing: dict[str, str] = {}
        unlabeled: list[str] = []
        boxes, common = 0, 0
        wanted = self._truth.wanted
        for video in with_progress(
            source.videos(self._kind_of),
            total=len(source) or None,
            unit="video",
            desc="predictions",
            shown=progress,
        ):
            names |= video.names
            target = self._target(video)
            if isinstance(target, str):
                missing.setdefault(video.name, target)
                continue
            common += 1
            if wanted is not None and target.data_row_id not in wanted:
                continue
            if not video.is_labeled:
                unlabeled.append(self._truth.names[target.data_row_id])
                self._unlabeled.add(target.data_row_id)
                continue
            boxes += self._add(video, target)
        lacking = "the predictions do not have; they have"
        check_mapping(self._mapping, names | source.names, lacking)
        if missing and not common:
            raise AnnotationSourceError(self._truth.targets.no_match("predictions", missing))
        # A model may have found nothing in videos that the caller names.
        if not boxes and wanted is None:
            raise AnnotationSourceError(self._no_boxes())
        self._note_missing(missing)
        if unlabeled:
            self._note(f"Without a label in the predictions and left out: {some_of(unlabeled)}")
        for name, count in self._unknown.items():
            self._note(
                f"{counted(count, 'prediction')} of {name!r} left out: the dataset has no boxes "
                f"of this class; map it with `mapping={{{name!r}: CLASS}}`"
            )

    def compare(self, *, progress: bool) -> list[Compared]:
        """Read the labels of the dataset and compare.

        Raises:
            ConfigurationError: If no video that the predictions have is labeled, or none of them
                has a box.
        """
        compared = list(self._videos(progress=progress))
        kinds = self._truth.kinds
        if not compared:
            notes = "".join(f" {note}" for note in self.notes)
            raise ConfigurationError(
                f"No video is labeled in both the dataset and the predictions, so there is nothing "
                f"to compare.{notes}"
            )
        if not any(map(len, (boxes for each in compared for boxes in each.truth.values()))):
            raise ConfigurationError(
                f"The dataset has no box of {', '.join(map(repr, kinds))} in the "
                f"{counted(len(compared), 'labeled video')} that the predictions have, so there is "
                f"nothing to compare."
            )
        every = [each for video in compared for side in video.sides for each in side.items()]
        found = {name for name, boxes in every if len(boxes)}
        self.classes = [name for name in kinds if name in found]
        self._note_left_out(compared)
        self._note_scores(compared)
        has_tracks = self._has_tracks(compared)
        for each in with_progress(compared, unit="video", desc="comparing", shown=progress):
            for name in self.classes:
                truth, predicted = (side.get(name, NO_BOXES) for side in each.sides)
                if len(truth) or len(predicted):
                    each.errors[name] = track_errors(truth, predicted, has_tracks=has_tracks)
        return compared

    def _note(self, what: str) -> None:
        self._notes[what] = None

    def _note_findings(self, name: str, video: VideoAnnotations) -> None:
        for finding in video.findings:
            self._note(f"{name}: {finding}")
        for item in video.refused:
            self._note(f"{name}: {item.class_name!r} {item.track}: {item.reason}")

    def _leave_out(self, count: int, unit: str, why: str, video: Video) -> None:
        if count:
            self._left_out.setdefault((unit, why), Counter())[video.short_name] += count

    def _mapped(self, name: str) -> str:
        return self._mapping.get(name, name)

    def _kind_of(self, name: str) -> str | None:
        return self._truth.kinds.get(self._mapped(name))

    def _target(self, video: VideoAnnotations) -> Target | str:
        """Return the data row of the dataset, or the reason why there is none.

        Raises:
            AnnotationSourceError: If another video of the predictions has the same data row.
        """
        target = self._truth.targets.find(video.data_row)
        if isinstance(target, str):
            return target
        if (other := self._found.get(target.data_row_id)) is not None:
            raise AnnotationSourceError(
                f"The videos {other.name!r} and {video.name!r} of the predictions have the same "
                f"data row of the dataset, {target.name}; evaluate one at a time."
            )
        return video.why_other_size(target.size, "the dataset") or target

    def _add(self, video: VideoAnnotations, target: Target) -> int:
        """Add the predictions of a video; return how many have a class of the dataset."""
        name = f"{self._truth.names[target.data_row_id]}, predictions"
        self._note_findings(name, video)
        count = 0
        drawn = [track for track in video.tracks if has_box(track.kind)]
        if others := sum(len(t.frames) for t in video.tracks if not has_box(t.kind)):
            self._note(f"{name}: {counted(others, 'point or line', 'points and lines')} left out")
        for track in drawn:
            if class_name := self._mapped(track.class_name):
                is_known = class_name in self._truth.all_classes
                count += is_known * len(track.frames)
                self._unknown[track.class_name] += (not is_known) * len(track.frames)
                scored = 0 if track.scores is None else int(np.isfinite(track.scores).sum())
                self._without_score += is_known * (len(track.frames) - scored)
        self._unknown = +self._unknown
        boxes = boxes_by_class(
            drawn,
            self._mapped,
            self._truth.kinds,
            target.size,
            lambda what: self._note(f"{name}: {what}"),
            {each for each, kind in self._truth.kinds.items() if has_mask(kind)},
        )
        self._masked.update(
            name for name, each in boxes.items() if any(mask is not None for mask in each.masks)
        )
        frames = video.pictures if video.known_frames is None else video.known_frames
        self._found[target.data_row_id] = _VideoPredictions(video.name, frames, boxes)
        return count

    def _videos(self, *, progress: bool) -> Iterator[Compared]:
        """Yield the videos that both sides have, or that the caller names."""
        missing, unlabeled = [], []
        wanted = self._truth.wanted
        videos = self._truth.labels.videos
        for video, labels in with_progress(
            zip(videos, self._truth.source.videos(self._kind_of), strict=True),
            total=len(videos),
            unit="video",
            desc="labels",
            shown=progress,
        ):
            found = self._found.get(video.data_row_id)
            if wanted is not None and video.data_row_id not in wanted:
                continue
            if labels.is_labeled and (found is not None or wanted is not None):
                yield self._pair(video, labels, found)
            elif labels.is_labeled and video.data_row_id not in self._unlabeled:
                missing.append(video.short_name)
            elif found is not None or wanted is not None:
                unlabeled.append(video.short_name)
        if missing:
            self._note(f"Without predictions and left out: {some_of(missing)}")
        if unlabeled:
            self._note(f"Without a label in the dataset and left out: {some_of(unlabeled)}")

    def _pair(
        self, video: Video, labels: VideoAnnotations, found: _VideoPredictions | None
    ) -> Compared:
        self._note_findings(video.short_name, labels)
        truth = boxes_by_class(
            labels.tracks,
            lambda name: name,
            self._truth.kinds,
            labeled_size(video),
            lambda what: self._note(f"{video.short_name}: {what}"),
            self._masked,
        )
        frames = video.frames
        every = {} if found is None else found.boxes
        predicted = _within(every, frames)
        beyond = _count(every) - _count(predicted)
        self._leave_out(beyond, "prediction", "in frames that the dataset does not have", video)
        if found is not None and found.frames is not None:
            frames = np.intersect1d(frames, found.frames)
            lacking = len(video.frames) - len(frames)
            self._leave_out(lacking, "frame", "which the predictions do not have", video)
            pictured = _within(predicted, frames)
            # Such as boxes that were interpolated between two pictures.
            between = _count(predicted) - _count(pictured)
            self._leave_out(between, "prediction", "in frames without a picture", video)
            predicted = pictured
        return Compared(video, len(frames), _within(truth, frames), predicted)

    def _note_missing(self, missing: Mapping[str, str]) -> None:
        for name, reason in list(missing.items())[:_SHOWN]:
            self._note(f"The predictions of {name} are left out: {reason}")
        if (more := len(missing) - _SHOWN) > 0:
            self._note(f"The predictions of {counted(more, 'more video')} are also left out")

    def _note_left_out(self, compared: Sequence[Compared]) -> None:
        found = {name for each in compared for name, boxes in each.found.items() if len(boxes)}
        if lacking := [repr(name) for name in self.classes if name not in found]:
            self._note(
                f"There is no prediction of {', '.join(lacking)}, so all of these objects are "
                f"missed; to leave them out, list the other `classes`"
            )
        for (unit, why), counts in self._left_out.items():
            total = counted(counts.total(), unit)
            self._note(f"{total} left out, {why}: {some_of(list(counts))}")

    def _note_scores(self, compared: Sequence[Compared]) -> None:
        scores = [boxes.scores for each in compared for boxes in each.found.values()]
        if len(np.unique(np.concatenate(scores) if scores else scores)) == 1:
            self._note(
                "The predictions have no scores, or all have the same score, so mAP depends on the "
                "order of videos and frames"
            )
        elif self._without_score:
            self._note(
                f"{counted(self._without_score, 'prediction')} without a score; 1.0 was used"
            )

    def _has_tracks(self, compared: Sequence[Compared]) -> bool:
        """Whether predicted boxes are linked to tracks, as the boxes of the dataset are."""
        of_truth, of_found = (
            max(
                (
                    int(np.unique(boxes.tracks, return_counts=True)[1].max(initial=0))
                    for each in compared
                    for boxes in each.sides[side].values()
                ),
                default=0,
            )
            for side in (0, 1)
        )
        if of_truth > 1 == of_found:
            self._note(
                "No track of the predictions is longer than one frame, so MOTA and IDF1 are left "
                "out"
            )
            return False
        return True

    def _no_boxes(self) -> str:
        if self._unknown:
            return (
                f"The predictions have no class of the dataset: they have "
                f"{', '.join(map(repr, self._unknown))}, and the dataset has "
                f"{', '.join(map(repr, sorted(self._truth.all_classes)))}; pass `mapping`."
            )
        return (
            "The predictions have no boxes, masks or polygons; check the file and its format. If "
            "the model found nothing, name the `videos` that it has seen."
        )


def _within(boxes: Mapping[str, Boxes], frames: NDArray[np.int64]) -> dict[str, Boxes]:
    """Select the boxes in some frames, by class."""
    return {name: each.take(np.isin(each.frames, frames)) for name, each in boxes.items()}


def _count(boxes: Mapping[str, Boxes]) -> int:
    return sum(map(len, boxes.values()))
