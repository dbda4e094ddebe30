"""Convert a dataset to the format of another tool, with pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted, repeated, some_of
from deeplake_labelbox._files import WrittenBeside, check_free_folder, new_folder, written_beside
from deeplake_labelbox._formats.registry import (
    FORMATS,
    Format,
    Shape,
    TargetFormat,
    listed,
    target_formats,
)
from deeplake_labelbox._formats.written_frames import (
    ROWS,
    FormatWriter,
    Notes,
    WrittenFrame,
    WrittenVideo,
    written_videos,
)
from deeplake_labelbox._jobs.conversion import ConversionReport
from deeplake_labelbox._jobs.picture_files import PictureFile, PictureFiles
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._progress import ProgressBar, progress_bar
from deeplake_labelbox._store.families import ObjectFamily
from deeplake_labelbox._store.frame_index import FrameIndex, Where
from deeplake_labelbox._store.frame_objects import FrameObjects, ObjectCounter, read_objects
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import labeled_frames
from deeplake_labelbox._store.objects import FamilyObjects
from deeplake_labelbox._store.splits import check_shares, split_videos
from deeplake_labelbox._video.encoder import kept_encoder_threads
from deeplake_labelbox._video.resize import Resize, check_resize
from deeplake_labelbox.errors import ConfigurationError

Split = Sequence[float] | Mapping[str, float]
"""Shares of the videos: for ``train``, ``val`` and ``test`` in this order, or by name."""

_PARTS: Final = ("train", "val", "test")
_SHAPES: Final[Mapping[Shape, tuple[str, ...]]] = {
    "box": ("rectangles",),
    "mask": ("masks", "polygons"),
}


def convert_dataset(
    dataset: DatasetLike,
    output: str | Path,
    to: TargetFormat,
    *,
    split: Split | None = None,
    seed: int = 0,
    columns: Sequence[str] | None = None,
    mapping: Mapping[str, str] | None = None,
    videos: Iterable[int] | None = None,
    where: Where | None = None,
    only_labeled: bool = False,
    stride: int = 1,
    annotator: str | None = None,
    resize: Resize | None = None,
    progress: bool = True,
) -> ConversionReport:
    """Convert a dataset to a folder of pictures and labels that another tool can read.

    Pictures that are stored as PNG or JPEG are copied. Resized and other pictures are encoded: as
    PNG if the dataset has PNG, else as JPEG of quality 95. Videos without a label are left out.
    Frames without an object in labeled videos are written as negative examples. The folder appears
    only when all of it is written.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        output: The folder to write, which must not exist, or be empty.
        to: The format. ``"yolo"``: Ultralytics, to detect; or to segment, if all columns are of
            masks or polygons. ``"coco"``: an image per frame. ``"mot"``: MOTChallenge sequences.
            ``"youtube-vis"``: videos with a mask or box per track and frame. ``"cvat"``: a task of
            CVAT for video for each video, with tracks of boxes or polygons. ``"masks"``: a PNG with
            a palette for each frame, in the layout of DAVIS.
        split: Shares of the videos for the parts ``train``, ``val`` and ``test``, like ``[0.8, 0.1,
            0.1]``, or shares by name; each video is in one part. By default all are in ``train``.
        seed: The same seed gives the same parts of the same videos.
        columns: Columns of rectangles, masks or polygons. By default all columns of rectangles, or
            if there are none, of masks and polygons; the reverse for ``"youtube-vis"`` and
            ``"masks"``.
        mapping: Class in the format by class in the dataset; an empty name leaves a class out.
        videos: Values of ``video_idx``; by default all.
        where: Condition for frames: a TQL expression, a function of a row, or the view of a query.
        only_labeled: Only frames with an object.
        stride: Only every n-th of the frames that a video has in the dataset, from the first one.
        annotator: Annotator whose labels to write, if annotators have columns of their own; by
            default the shared labels.
        resize: Longest side of the pictures in pixels, or their width and height.
        progress: Whether to show a progress bar.

    Returns:
        What was written, and what was not.

    Raises:
        ConfigurationError: If an argument is invalid, the dataset has nothing that the format can
            hold, or the folder cannot be written; no files are left behind.
        DatasetMismatchError: If the dataset was not made by this package.
        DatasetError: If Deep Lake cannot read.

    Example:
        ```python
        from deeplake_labelbox import convert_dataset

        report = convert_dataset("clips", "yolo-clips", "yolo", columns=["person"], seed=1)
        print(report)
        ```
    """
    known = _format(to)
    videos = None if videos is None else list(videos)
    parts = _parts(split)
    check_shares(parts, argument="split")
    check_resize(resize)
    if stride < 1:
        raise ConfigurationError(f"`stride` is {stride!r}; give 1 or more frames.")
    check_free_folder(output)
    labeled = LabeledDataset.of(dataset, annotator=annotator)
    space = _space(labeled, known, columns)
    notes = _unwritten(labeled, known, space)
    if mapping:
        space = space.mapped(mapping)
    table = labeled_frames(labeled, videos, space)
    notes += _without_label(labeled, table, videos)
    chosen = table.take(_every(table, stride))
    if where is not None:
        chosen = chosen.take(chosen.where(labeled.dataset, where))
    with_objects = _with_objects(labeled, chosen, space)
    if len(chosen) and not with_objects.any():
        raise ConfigurationError(_without_objects(labeled, known, space))
    if only_labeled:
        chosen = chosen.take(with_objects)
    groups = split_videos(chosen.video_idx, parts, seed=seed)
    if empty := [name for name, group in groups.items() if not group]:
        raise ConfigurationError(
            "There is no frame to write: no frame of a labeled video meets the conditions."
            if not len(chosen)
            else f"There are {counted(len(np.unique(chosen.video_idx)), 'video')} for "
            f"{counted(len(parts), 'part')}, so {empty[0]!r} gets none; a video is never divided. "
            f"Give a split with fewer parts."
        )
    known_videos = written_videos(labeled, chosen)
    found: Notes = Counter()
    with (
        new_folder(output) as folder,
        progress_bar(total=len(chosen), unit="frame", desc="convert", shown=progress) as bar,
        kept_encoder_threads(),
        written_beside() as written,
    ):
        writer = known.write()(folder, space, found)
        files = PictureFiles(labeled, resize, known.picture_suffix)
        writing = _FrameWriting(labeled, space, writer, files, written, bar, notes=found)
        for part, group in groups.items():
            for video in group:
                writing.write(part, chosen.take(chosen.video_idx == video), known_videos[video])
        writer.finish()
    names = {video.video_idx: video.short_name for video in labeled.videos}
    return ConversionReport(
        path=Path(output),
        title=known.title,
        parts={part: tuple(names[video] for video in group) for part, group in groups.items()},
        frames={part: len(chosen.of_videos(group)) for part, group in groups.items()},
        objects=dict(writing.objects),
        notes=(
            *notes,
            *(repeated(what, count) for what, count in found.items() if count),
        ),
    )


@dataclass(slots=True)
class _FrameWriting:
    """Writes frames, one video at a time."""

    dataset: LabeledDataset
    space: LabelSpace
    writer: FormatWriter
    files: PictureFiles
    written: WrittenBeside
    bar: ProgressBar
    objects: Counter[str] = field(default_factory=Counter)
    notes: Notes = field(default_factory=Counter)
    counter: ObjectCounter = field(default_factory=lambda: ObjectCounter(quiet=True))

    def write(self, part: str, table: FrameIndex, video: WrittenVideo) -> None:
        """Write the frames of a video."""
        self.writer.start(part, video)
        for start in range(0, len(table), ROWS):
            block = table.take(np.arange(start, min(start + ROWS, len(table))))
            found = read_objects(self.dataset, block.rows, self.space)
            files = self.files.read(block.rows)
            for frame_idx, objects, file in zip(
                block.frame_idx.tolist(), found, files, strict=True
            ):
                frame = self._frame(video, frame_idx, objects, file)
                self.written.write(self.writer.add(frame, file.suffix), file.content)
                self.bar.update()
        self.writer.end()

    def _frame(
        self, video: WrittenVideo, frame_idx: int, found: list[FrameObjects], file: PictureFile
    ) -> WrittenFrame:
        entry = video.entry
        # Labels are in pixels of the first frame of their video.
        drawn_on = (entry.height, entry.width) if entry.height else file.size
        chosen = [objects.take(objects.labels > 0) for objects in found]
        place = (entry.video_idx, frame_idx)
        shown = self.counter.counted(chosen, place, drawn_on, file.size)
        outside = sum(len(objects.chosen) for objects in chosen)
        outside -= sum(len(boxes) for _, boxes in shown)
        if outside:
            self.notes["objects with no area inside the picture are left out"] += outside
        for objects, _ in shown:
            self.objects.update(self.space.class_names[label] for label in objects.labels.tolist())
        return WrittenFrame(video, frame_idx, file.size, shown)


def _format(to: str) -> Format:
    if to not in target_formats():
        names = listed(map(repr, target_formats()), "or")
        raise ConfigurationError(f"`to` is {to!r}; give {names}.")
    return FORMATS[to]


def _parts(split: Split | None) -> dict[str, float]:
    if split is None:
        return {_PARTS[0]: 1.0}
    if isinstance(split, Mapping):
        if unknown := [name for name in split if name not in _PARTS]:
            raise ConfigurationError(
                f"The split has a part {unknown[0]!r}; parts are {listed(_PARTS, 'and')}."
            )
        return dict(split)
    if not 1 <= len(split) <= len(_PARTS):
        raise ConfigurationError(
            f"`split` is {split!r}; give shares for {listed(_PARTS, 'and')}, like [0.8, 0.1, 0.1]."
        )
    return dict(zip(_PARTS, split, strict=False))


def _space(dataset: LabeledDataset, known: Format, columns: Sequence[str] | None) -> LabelSpace:
    """Return the columns to write.

    Raises:
        ConfigurationError: If there are none, or the format does not hold them.
    """
    held = listed([word for shape in known.shapes for word in _SHAPES[shape]], "or")
    if columns is not None:
        space = LabelSpace.of(dataset, columns)
        for column in space.columns:
            if _shape(column.family) not in known.shapes:
                raise ConfigurationError(
                    f"Column {column.family.column!r} ({column.family.kind}) cannot be written; "
                    f"{known.title} holds {held}."
                )
        return space
    for shape in known.shapes:
        if names := [f.column for f in dataset.families.objects if _shape(f) == shape]:
            return LabelSpace.of(dataset, names)
    there = [f"{family.name} ({family.kind})" for family in dataset.families.objects]
    raise ConfigurationError(
        f"The dataset has no {held}, which {known.title} needs; its columns of objects are: "
        f"{', '.join(there) or 'none (apply labels to the dataset first)'}."
    )


def _shape(family: ObjectFamily) -> Shape | None:
    return GEOMETRIES[family.kind].detected_as


def _unwritten(dataset: LabeledDataset, known: Format, space: LabelSpace) -> list[str]:
    """Return a note on each part of the dataset that is not written."""
    notes = []
    written = {column.family.column for column in space.columns}
    for family in dataset.families.objects:
        if family.column in written:
            continue
        if _shape(family) in known.shapes:
            why = "name it in `columns` to write it"
        elif _shape(family) is None:
            why = "a conversion writes rectangles, masks and polygons"
        else:
            why = f"{known.title} does not hold such objects"
        notes.append(f"the column {family.name!r} ({family.kind}) is not written: {why}")
    answers = [family.name for family in dataset.families.answers]
    answers += [found.column for column in space.columns for found in column.family.answers]
    if answers:
        notes.append(f"answers are not written: {', '.join(answers)}")
    if known.lacks:
        notes.append(f"{known.title} does not hold {known.lacks}")
    return notes


def _without_label(
    dataset: LabeledDataset, table: FrameIndex, videos: Iterable[int] | None
) -> list[str]:
    wanted = set(np.unique(dataset.index.video_idx).tolist() if videos is None else videos)
    wanted -= set(np.unique(table.video_idx).tolist())
    names = [video.short_name for video in dataset.videos if video.video_idx in wanted]
    if not names:
        return []
    return [f"{counted(len(names), 'video')} without a label left out: {some_of(names)}"]


def _without_objects(dataset: LabeledDataset, known: Format, space: LabelSpace) -> str:
    written = [column.family.name for column in space.columns]
    others = [
        family.name
        for family in dataset.families.objects
        if _shape(family) in known.shapes and family.name not in written
    ]
    hint = f"; `columns` may name others: {', '.join(others)}" if others else ""
    return f"No frame to write shows an object of {listed(map(repr, written), 'or')}{hint}."


def _every(table: FrameIndex, stride: int) -> NDArray[np.bool_]:
    """Return which frames are every n-th frame of their video."""
    _, first, length = np.unique(table.video_idx, return_index=True, return_counts=True)
    places = np.arange(len(table)) - np.repeat(first, length)
    chosen: NDArray[np.bool_] = places % stride == 0
    return chosen


def _with_objects(
    dataset: LabeledDataset, table: FrameIndex, space: LabelSpace
) -> NDArray[np.bool_]:
    """Return which frames have an object of a class that is written."""
    found = np.zeros(len(table), dtype=np.bool_)
    for column in space.columns:
        objects = FamilyObjects(column.family, table.rows, dataset.cells)
        is_written = np.asarray(column.classes, np.int64)[objects.class_ids] > 0
        found[objects.places[is_written]] = True
    return found
