"""Compare two sets of labels of the same videos."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deeplake_labelbox._compare.differences import PairFinder, VideoDifferences, sorted_runs
from deeplake_labelbox._compare.matching import BoxPairs, TrackPairs
from deeplake_labelbox._compare.pictures import FramePictures
from deeplake_labelbox._compare.report import LabelComparison
from deeplake_labelbox._compare.sides import Labels, answered, labels_from, labels_of
from deeplake_labelbox._counts import counted, some_of
from deeplake_labelbox._evaluation.boxes import has_box
from deeplake_labelbox._evaluation.libraries import library
from deeplake_labelbox._evaluation.truth import Truth, open_labels
from deeplake_labelbox._formats.annotations import AnnotationSource
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource, labeled_size
from deeplake_labelbox._formats.frame_numbers import Numbering
from deeplake_labelbox._formats.registry import SourceFormat
from deeplake_labelbox._formats.sources import ReadOptions, Source, open_source
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox.errors import ConfigurationError

_CURRENT: Final = "current version"
_SELECTED: Final = "selected labels"


def compare_labels(
    dataset: DatasetLike,
    other: Source | None = None,
    *,
    versions: Sequence[str] = (),
    annotators: Sequence[str] = (),
    classes: Sequence[str] | None = None,
    videos: Sequence[str | int] | None = None,
    moved_below: float = 0.75,
    source_format: SourceFormat | None = None,
    mapping: Mapping[str, str] | None = None,
    data_rows: str | Mapping[str, str] | None = None,
    frame_step: int | None = None,
    first_number: int | None = None,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_token: str | None = None,
    progress: bool = True,
) -> LabelComparison:
    """Compare two sets of labels, frame by frame.

    Two versions are compared by track: an object is moved if its geometry differs. All other
    labels are compared by class and box, as in `evaluate`: objects are the same if their boxes
    overlap by at least half (IoU 0.5), and points and lines are left out. The answers of an object
    are compared if the object is on both sides.

    Args:
        dataset: A dataset made by this package, with labels applied.
        other: Another dataset, or predictions as for `evaluate`; by default ``dataset`` itself.
        versions: Versions of the first and of the second labels: a branch, a tag or an id. By
            default the open version.
        annotators: Annotators of the first and of the second labels (``label_selection="all"``);
            by default the shared labels.
        classes: Classes of the objects to compare; by default all.
        videos: Names, data row ids or ``video_idx`` of the videos to compare; by default all.
        moved_below: Overlap (IoU) of two boxes below which an object is moved. Not used between
            two versions.
        source_format: See `import_annotations`.
        mapping: Class or classification of ``dataset`` by its name in ``other``; an empty value
            leaves the class out.
        data_rows: See `evaluate`.
        frame_step: See `import_annotations`.
        first_number: See `import_annotations`.
        deeplake_creds: Credentials of the storage of datasets.
        deeplake_token: Token of Deep Lake's cloud.
        progress: Whether to show progress bars.

    Raises:
        ConfigurationError: If an argument is invalid, a version, annotator or video does not exist,
            no video is labeled on both sides, or the extra ``evaluate``, which matches boxes, is
            not installed.
        AnnotationSourceError: If the other labels cannot be read, or have no video of the dataset.
        DatasetError: If a dataset cannot be read.

    Example:
        ```python
        from deeplake_labelbox import compare_labels

        comparison = compare_labels("clips", versions=["run-6", "run-7"])
        print(comparison)
        comparison.write_page("changes.html")
        ```
    """
    _check(other, versions, annotators, moved_below)

    def opened(source: DatasetLike, side: int) -> LabeledDataset:
        version, annotator = _at(versions, side), _at(annotators, side)
        return open_labels(source, annotator, deeplake_creds, deeplake_token, version=version)

    first = opened(dataset, 0)
    wanted = None if videos is None else {first.video(name).data_row_id for name in videos}
    job = _Comparison(_names(dataset, other, versions, annotators), wanted, progress)
    if other is None and _at(annotators, 0) == _at(annotators, 1):
        found = job.by_track(first, opened(dataset, 1), classes)
    else:
        chosen = data_rows if isinstance(data_rows, Mapping) else None
        truth = Truth(first, chosen, classes, videos)
        options = ReadOptions(
            source_format=source_format,
            mapping=mapping or {},
            data_row=data_rows if isinstance(data_rows, str) else None,
            numbering=Numbering.checked(frame_step, first_number),
            video_length=truth.targets.video_length,
            creds=deeplake_creds,
            token=deeplake_token,
        )
        if other is None:
            other = opened(dataset, 1)
        elif isinstance(other, DatasetLike) and (_at(versions, 1) or _at(annotators, 1)):
            other = opened(other, 1)
        found = job.by_box(truth, open_source(other, options), options.mapping, moved_below)
    return LabelComparison(
        *job.names,
        tuple(video.totals for video in found),
        tuple(sorted_runs(found)),
        tuple(job.notes),
        FramePictures(first, {video.data_row_id: video for video in found}),
    )


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One call of `compare_labels`.

    Attributes:
        names: Names of the first and of the second labels.
        wanted: Data rows to compare; ``None`` for all.
        progress: Whether to show progress bars.
        notes: Sentences on what is not compared; the keys, each once.
    """

    names: tuple[str, str]
    wanted: Collection[str] | None
    progress: bool
    notes: dict[str, None] = field(default_factory=dict)

    def by_track(
        self, first: LabeledDataset, second: LabeledDataset, classes: Sequence[str] | None
    ) -> list[VideoDifferences]:
        """Compare two versions by track."""
        sides = (first, second)
        known = {n for side in sides for each in side.families.objects for n in each.class_names}
        if missing := [name for name in classes or () if name not in known]:
            raise ConfigurationError(
                f"`classes` names {missing[0]!r}; the classes of the dataset are "
                f"{', '.join(map(repr, sorted(known))) or 'none'}."
            )
        mine, theirs = (labels_of(each, progress=self.progress) for each in sides)
        wanted = known if classes is None else frozenset(classes)
        return list(self._videos(mine, theirs, lambda _: TrackPairs(wanted)))

    def by_box(
        self,
        truth: Truth,
        source: AnnotationSource,
        mapping: Mapping[str, str],
        moved_below: float,
    ) -> list[VideoDifferences]:
        """Compare with labels of another annotator, dataset or model, by box."""
        for needed in ("motmetrics", "pycocotools.mask"):
            library(needed)
        theirs = labels_from(source, truth, mapping, self._note, progress=self.progress)
        mine = labels_of(truth.labels, progress=self.progress)
        mine, theirs = (
            {key: each for key, each in side.items() if each.annotations.is_labeled}
            for side in (mine, theirs)
        )
        questions = None
        if not isinstance(source, DeepLakeSource):
            questions = answered(theirs)
            if lacking := sorted(answered(mine) - questions):
                unanswered = ", ".join(map(repr, lacking))
                self._note(f"Not compared, without answers in {self.names[1]}: {unanswered}.")
            drawn, found = (
                {track.class_name for each in side.values() for track in each.annotations.tracks}
                for side in (mine, theirs)
            )
            if absent := sorted((drawn & truth.kinds.keys()) - found):
                self._note(
                    f"There is no object of {', '.join(map(repr, absent))} in {self.names[1]}, so "
                    f"all of these count as removed; to leave them out, list the other `classes`."
                )
        unboxed = {
            t.kind for v in mine.values() for t in v.annotations.tracks if not has_box(t.kind)
        }
        if unboxed:
            self._note(f"Not compared, because they have no box: {', '.join(sorted(unboxed))}.")

        def pairs_of(key: str) -> BoxPairs:
            size = labeled_size(truth.labels.video(key))
            note = lambda what: self._note(f"{truth.names[key]}: {what}.")  # noqa: E731 - one line
            return BoxPairs(truth.kinds, size, moved_below, note)

        return list(self._videos(mine, theirs, pairs_of, questions))

    def _note(self, text: str) -> None:
        self.notes[text] = None

    def _videos(
        self,
        first: Labels,
        second: Labels,
        pairs_of: Callable[[str], PairFinder],
        questions: Collection[str] | None = None,
    ) -> Iterator[VideoDifferences]:
        """Yield the differences of each video that both sides have."""
        keys = [
            key
            for key in dict.fromkeys([*first, *second])
            if self.wanted is None or key in self.wanted
        ]
        only = [(first, second, self.names[1]), (second, first, self.names[0])]
        for having, lacking, name in only:
            if left_out := [
                having[key].name for key in keys if key in having and key not in lacking
            ]:
                self._note(f"Left out, not labeled in {name}: {some_of(left_out)}.")
        both = [key for key in keys if key in first and key in second]
        if not both:
            raise ConfigurationError(
                f"No video is labeled in both {self.names[0]} and {self.names[1]}, so there is "
                f"nothing to compare."
            )
        for key in with_progress(both, unit="video", desc="comparing", shown=self.progress):
            a, b = first[key], second[key]
            if single := len(a.frames ^ b.frames):
                self._note(
                    f"{a.name}: {counted(single, 'frame')} left out, which only one side has."
                )
            if beyond := b.beyond(a.frames | b.frames):
                self._note(
                    f"{a.name}: {counted(beyond, 'object')} of {self.names[1]} left out, in frames "
                    f"that the dataset does not have."
                )
            sides = (a.annotations, b.annotations)
            yield VideoDifferences.of(
                a.name, key, a.frames & b.frames, sides, pairs_of(key), questions
            )


def _at(values: Sequence[str], side: int) -> str | None:
    return values[side] if side < len(values) else None


def _names(
    dataset: DatasetLike, other: Source | None, versions: Sequence[str], annotators: Sequence[str]
) -> tuple[str, str]:
    """Name the first and the second labels by their differences."""
    names: list[str] = []
    for side, (source, unnamed) in enumerate(((dataset, "dataset"), (other, "other labels"))):
        parts = []
        if other is not None:
            parts.append(Path(source).name if isinstance(source, str | Path) else unnamed)
        for values, default in ((annotators, _SELECTED), (versions, _CURRENT)):
            if values and (other is None or side < len(values)):
                parts.append(_at(values, side) or default)
        names.append(", ".join(parts))
    if names[0] == names[1] and isinstance(dataset, str | Path) and other is not None:
        return str(dataset), str(other)
    return names[0], names[1]


def _check(
    other: Source | None, versions: Sequence[str], annotators: Sequence[str], moved_below: float
) -> None:
    for name, values in (("versions", versions), ("annotators", annotators)):
        if len(values) > 2 or isinstance(values, str):
            raise ConfigurationError(
                f"`{name}` is {values!r}; give one or two: for the first and the second labels."
            )
        if len(values) == 2 and other is not None and not isinstance(other, DatasetLike):
            raise ConfigurationError(
                f"`{name}` has a second name, {values[1]!r}, but the other labels are not a "
                f"dataset; leave it out."
            )
    if other is None and not versions and not annotators:
        raise ConfigurationError(
            "There is nothing to compare the labels with; pass `other`, `versions` or `annotators`."
        )
    if not 0.5 <= moved_below <= 1:
        raise ConfigurationError(f"`moved_below` is {moved_below}; give an overlap from 0.5 to 1.")
