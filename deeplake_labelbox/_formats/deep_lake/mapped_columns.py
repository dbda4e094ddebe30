"""Read any Deep Lake dataset; the user maps columns to classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import AnswerValue, KindOf, VideoAnnotations
from deeplake_labelbox._formats.deep_lake.answers import spans_of
from deeplake_labelbox._formats.deep_lake.cells import MaskCells, as_written
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._store.column_types import GEOMETRY_TYPES, geometry_kind, type_name
from deeplake_labelbox._store.columns import has_identity_columns, read_class_names
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox.errors import AnnotationSourceError

_ANSWERS = ("ClassLabel", "Text")
_TRACK_IDS = "_track_ids"


class MappedColumnsSource:
    """A dataset with a row per frame.

    The type of a column decides its content: BoundingBox (left, top, width, height in pixels),
    Point, Polygon (read as polylines) and BinaryMask (H, W, K) are objects, ClassLabel and Text
    are answers to frame or global classifications. The column ``<name>_track_ids``, or else
    ``track_ids``, has the tracks of the objects; without either, each object in each frame is a
    separate track. The columns ``video_idx`` and ``frame_idx`` (from 0) give video and frame;
    without them, all rows are one video.

    Args:
        dataset: The dataset.
        mapping: Tool or classification of the project by column. Only these columns are read;
            their names are the names of the classes.

    Raises:
        AnnotationSourceError: If a column does not exist, or its type cannot hold labels.
    """

    def __init__(self, dataset: DatasetLike, mapping: Mapping[str, str]) -> None:
        self._labels = LabeledDataset.of(dataset)
        types = {column.name: column.dtype for column in self._labels.dataset.schema.columns}
        self._names = list(types)
        self._mapped = frozenset(mapping)
        self._kinds: dict[str, ToolKind | None] = {}
        for name, mapped in mapping.items():
            if name not in self._names:
                raise AnnotationSourceError(
                    f"The dataset has no column {name!r}; it has {', '.join(self._names)}."
                )
            if not mapped:
                continue
            self._kinds[name] = geometry_kind(types[name])
            found = type_name(types[name])
            if self._kinds[name] is None and found not in _ANSWERS:
                readable = ", ".join((*GEOMETRY_TYPES, *_ANSWERS))
                raise AnnotationSourceError(
                    f"The column {name!r} is of type {found or types[name]}; columns of "
                    f"{readable} can be imported."
                )

    def __len__(self) -> int:
        return 0

    @property
    def names(self) -> frozenset[str]:
        """The mapped columns."""
        return self._mapped

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - columns have one geometry
        """Yield the annotations of each video.

        Raises:
            AnnotationSourceError: If track ids do not fit their objects.
            DatasetError: If Deep Lake cannot read.
        """
        if not len(self._labels):
            return
        if not has_identity_columns(self._labels.dataset):
            rows = np.arange(len(self._labels), dtype=np.int64)
            yield self._video("0", rows + 1, rows)
            return
        index = self._labels.index
        for video in np.unique(index.video_idx):
            own = index.take(index.video_idx == video)
            yield self._video(str(video), own.frame_idx + 1, own.rows)

    def _video(
        self, name: str, frames: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> VideoAnnotations:
        builder = TrackBuilder()
        frame_answers = {}
        for column, kind in self._kinds.items():
            if kind is not None:
                self._add_objects(builder, column, kind, frames, rows)
                continue
            names = read_class_names(self._labels.dataset, column)
            cells = self._labels.cells(column, rows)
            answers = [_answer(column, cell, names) for cell in cells]
            if spans := spans_of(frames, answers):
                frame_answers[column] = spans
        return VideoAnnotations(
            data_row=(name,),
            tracks=builder.tracks(),
            frame_answers=frame_answers,
            known_frames=frames,
            findings=builder.findings(),
        )

    def _add_objects(
        self,
        builder: TrackBuilder,
        column: str,
        kind: ToolKind,
        frames: NDArray[np.int64],
        rows: NDArray[np.int64],
    ) -> None:
        masks = MaskCells(self._labels, column)
        ids = next((n for n in (f"{column}{_TRACK_IDS}", "track_ids") if n in self._names), None)
        numbers = None if ids is None else self._labels.cells(ids, rows)
        for index, (frame, row) in enumerate(zip(frames.tolist(), rows.tolist(), strict=True)):
            (cell,) = self._labels.cells(column, rows[index : index + 1])
            if cell is None:
                continue
            count = GEOMETRIES[kind].count(cell)
            tracks = [f"{frame}-{k}" for k in range(count)]
            if numbers is not None:
                tracks = [str(number) for number in np.asarray(numbers[index]).reshape(-1)]
                if len(tracks) != count:
                    raise AnnotationSourceError(
                        f"Row {row} has {counted(count, 'object')} in {column!r}, but "
                        f"{counted(len(tracks), 'track id')} in {ids!r}."
                    )
            for k, track in enumerate(tracks):
                value: Any = masks.source(row, k)
                if not GEOMETRIES[kind].is_mask:
                    value = as_written(np.asarray(cell[k]))
                builder.add(column, kind, f"{column}/{track}", frame, value)


def _answer(column: str, cell: Any, class_names: tuple[str, ...]) -> AnswerValue | None:
    if cell is None or isinstance(cell, str):
        return cell or None
    numbers = [int(number) for number in np.asarray(cell).reshape(-1) if number >= 0]
    try:
        chosen = [class_names[number] for number in numbers]
    except IndexError as error:
        raise AnnotationSourceError(
            f"The column {column!r} has class {max(numbers)}, but only {len(class_names)} class "
            f"names; set its metadata 'class_names'."
        ) from error
    return chosen or None
