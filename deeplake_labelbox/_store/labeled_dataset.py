"""LabeledDataset: read a dataset of this package."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._notebook_tables import table
from deeplake_labelbox._store.annotators import annotators
from deeplake_labelbox._store.answers import Answers
from deeplake_labelbox._store.branches import open_version
from deeplake_labelbox._store.cells import Readable, Rows, read_cells
from deeplake_labelbox._store.columns import ReadableDataset, has_identity_columns
from deeplake_labelbox._store.families import Families
from deeplake_labelbox._store.frame_index import FrameIndex, Where
from deeplake_labelbox._store.frames.registry import (
    PICTURES,
    FrameStorage,
    StorageOptions,
    frame_reader,
)
from deeplake_labelbox._store.frames.sequence import Frames
from deeplake_labelbox._store.labelbox_meta import KEY, VideoEntry
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox._store.objects import FamilyObjects, Objects
from deeplake_labelbox._store.source import DatasetSource
from deeplake_labelbox._store.videos import (
    Video,
    entries_of,
    find_video,
    recorded_meta,
    resized_videos,
    videos_of,
)
from deeplake_labelbox._video.resize import Resize, check_resize, resized
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

RowSelection = int | slice | Sequence[int] | NDArray[Any] | Video
"""Rows by number, by slice, as a list or array, or those of a video."""


class LabeledDataset:
    """The frames, objects and answers of a dataset.

    Row numbers are those of the Deep Lake dataset; `rows_of` and `where` return them ordered by
    video and frame. A `LabeledDataset` can be pickled and used in forked or spawned processes: each
    process opens the dataset itself, at the same version.

    Args:
        source: A path or URL, an open dataset on any branch or version, or the view of a query,
            which cannot be pickled; rows are then those of the view.
        annotator: Annotator whose labels to read, from their own columns
            (``label_selection="all"``); by default the shared labels.
        version: The branch, tag or version id to read; by default the version of an open dataset,
            or the last commit of ``main`` at a path. Not for a view.
        creds: Credentials of the storage, as `deeplake.open` takes them.
        token: Token of Deep Lake's cloud.
        image_column: Name of the column of pictures, if a data filler wrote another one.
        resize: Scale frames to this longest side in pixels (smaller ones stay as they are), or to
            exactly (width, height). `objects` and training targets are scaled alike; columns of
            the dataset stay as they are.

    Attributes:
        frames: The pixels: ``frames[i]`` is (H, W, 3) uint8 RGB, ``frames[a:b]`` and
            ``frames[[i, j]]`` are lists of such arrays.
        annotator: Annotator whose labels are read; ``None`` for the shared labels.
        image_column: Name of the column of pictures.
        resize: The size that frames are scaled to.

    Raises:
        ConfigurationError: If the annotator or version does not exist, or the dataset lacks the
            sizes of its videos, which ``resize`` needs.
        DatasetNotFoundError: If there is no dataset at the path.
        DatasetError: If Deep Lake cannot open it.

    Example:
        ```python
        from deeplake_labelbox import LabeledDataset

        clips = LabeledDataset("clips")
        print(clips)
        rows = clips.rows_of("crossing.mp4")
        frame = clips.frames[rows[0]]
        objects = clips.objects(rows)
        print(frame.shape, objects.boxes, objects.class_names, objects.track_ids)
        print(clips.answers(rows)["weather"].words)
        for row in clips.where('shape("car/car")[0] > 1'):
            print(row, clips.objects(row, columns=["car/car"]).boxes)
        ```
    """

    def __init__(
        self,
        source: str | Path | Readable,
        *,
        annotator: str | None = None,
        version: str | None = None,
        creds: Mapping[str, str] | None = None,
        token: str | None = None,
        image_column: str = PICTURES,
        resize: Resize | None = None,
    ) -> None:
        if isinstance(source, str | Path):
            source = DatasetLocation.of(source, creds, token=token).open()
        if version is not None:
            if not isinstance(source, ReadableDataset):
                raise ConfigurationError(
                    "A view has no other versions; query the version that you need, and pass only "
                    "that view."
                )
            source = open_version(source, version)[1]
        self._source = DatasetSource(source)
        self.image_column = image_column
        self.annotator = annotator
        check_resize(resize)
        self.resize = resize
        self.families = Families.of(self.dataset, annotator)

    @classmethod
    def of(
        cls,
        source: DatasetLike,
        *,
        annotator: str | None = None,
        image_column: str | None = None,
    ) -> LabeledDataset:
        """Return a `LabeledDataset` unchanged, or create one from a path, open dataset or view.

        Args:
            source: The dataset.
            annotator: Annotator whose labels to read, instead of that of ``source``.
            image_column: Name of the column of pictures, instead of that of ``source``.

        Raises:
            ConfigurationError: See `LabeledDataset`.
            DatasetNotFoundError: If there is no dataset at the path.
            DatasetError: If Deep Lake cannot open it.
        """
        if not isinstance(source, LabeledDataset):
            return cls(source, annotator=annotator, image_column=image_column or PICTURES)
        annotator, image_column = (
            annotator or source.annotator,
            image_column or source.image_column,
        )
        if (annotator, image_column) == (source.annotator, source.image_column):
            return source
        return cls(
            source.dataset, annotator=annotator, image_column=image_column, resize=source.resize
        )

    @property
    def is_view(self) -> bool:
        """Whether it reads the view of a query."""
        return self._source.is_view

    @property
    def dataset(self) -> ReadableDataset:
        """The Deep Lake dataset of this process."""
        return self._source.dataset

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.dataset)

    @cached_property
    def frames(self) -> Frames:
        """The pixels of the rows.

        Raises:
            ConfigurationError: If there is no such column of pictures.
        """
        reader = frame_reader(self.dataset, self.image_column)
        return Frames(self._source, reader, self.resize)

    @cached_property
    def index(self) -> FrameIndex:
        """The frame of each row.

        Raises:
            DatasetMismatchError: If rows do not have the numbers of their video and frame.
        """
        return FrameIndex.of(self.dataset)

    @cached_property
    def videos(self) -> tuple[Video, ...]:
        """The videos that have rows, in the order of ``video_idx``."""
        return videos_of(self.dataset)

    @property
    def project_name(self) -> str | None:
        """Name of its project; ``None`` if the dataset does not have it."""
        metadata: Any = getattr(self.dataset, "metadata", {})  # a view has none
        meta: Any = metadata[KEY] if KEY in metadata else {}  # noqa: SIM401 - it has no get
        return str(meta["project_name"]) if "project_name" in meta else None

    @cached_property
    def labeled_sizes(self) -> dict[int, tuple[int, int]]:
        """Height and width of the frames that labels refer to, by ``video_idx``.

        With ``resize``, all videos are included, otherwise those whose picture size changes. Labels
        of other videos are in pixels of their frames.
        """
        videos: Iterable[VideoEntry] = (
            resized_videos(self.dataset) if self.resize is None else self._sized_videos.values()
        )
        return {video.video_idx: (video.height, video.width) for video in videos}

    @cached_property
    def _sized_videos(self) -> dict[int, VideoEntry]:
        videos = entries_of(self.dataset)
        if not videos or not has_identity_columns(self.dataset):
            raise ConfigurationError(
                "The dataset does not have the sizes of its videos, so labels could not be scaled "
                "with frames; leave `resize` out, and scale both yourself."
            )
        return {video.video_idx: video for video in videos if video.height}

    def sizes_of(self, rows: Rows) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Return height and width that the labels of rows refer to, and of their resized frames."""
        sizes = []
        for cells in zip(*(self.cells(c, rows) for c in ("video_idx", "frame_idx")), strict=True):
            number, frame = (int(np.reshape(cell, -1)[0]) for cell in cells)
            video = self._sized_videos.get(number)
            if video is None:
                raise DatasetMismatchError(
                    f"The dataset does not have the size of its video_idx {number}, so its labels "
                    f"could not be scaled; leave its rows out with `where`."
                )
            height, width = video.size_of(frame + 1)
            shown = resized(width, height, self.resize)
            sizes.append(((video.height, video.width), (shown[1], shown[0])))
        return sizes

    @property
    def annotators(self) -> tuple[str, ...]:
        """The annotators with columns of their own, in alphabetical order."""
        return annotators(self.dataset)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes of objects, in the order of the columns."""
        return self.families.class_names

    def video(self, name: str | int) -> Video:
        """Find a video.

        Args:
            name: Its whole name or the last parts of it, its data row id, or its ``video_idx``.

        Raises:
            ConfigurationError: If there is no such video, or several.
        """
        return find_video(self.videos, name)

    def rows_of(self, video: str | int | Video) -> Rows:
        """Return the rows of a video, ordered by frame.

        Args:
            video: A `Video`, or its name, data row id or ``video_idx``; see `video`.

        Raises:
            ConfigurationError: If there is no such video, or several.
        """
        return video.rows if isinstance(video, Video) else self.video(video).rows

    def where(self, condition: Where, *, videos: Iterable[int] | None = None) -> Rows:
        """Select rows, ordered by video and frame.

        Args:
            condition: A TQL expression, such as ``"contains(weather, 0)"``; a function of a row,
                such as ``lambda row: len(row["car"]) > 1``; or the view of a query.
            videos: Values of ``video_idx`` to select from; by default all.

        Returns:
            (N,) int64 row numbers.

        Raises:
            ConfigurationError: If TQL does not accept the expression, or a video has no rows.
            DatasetMismatchError: If rows do not have the numbers of their video and frame.
        """
        index = self.index.of_videos(videos)
        return index.rows[index.where(self.dataset, condition)]

    def objects(
        self, rows: RowSelection = slice(None), columns: Sequence[str] | None = None
    ) -> Objects:
        """Read objects.

        Args:
            rows: The rows; by default all.
            columns: Names of geometry columns; by default all.

        Raises:
            ConfigurationError: If there is no such row or column.
        """
        chosen = self._rows(rows)
        families = [
            family
            for family in self.families.objects
            if columns is None or family.name in columns or family.column in columns
        ]
        names = {name for family in families for name in (family.name, family.column)}
        if columns is not None and (missing := [name for name in columns if name not in names]):
            known = ", ".join(family.name for family in self.families.objects)
            raise ConfigurationError(
                f"The dataset has no geometry column {missing[0]!r}; it has {known or 'none'}."
            )
        sizes_of = None if self.resize is None else self.sizes_of
        return Objects([FamilyObjects(f, chosen, self.cells, sizes_of) for f in families])

    def answers(self, rows: RowSelection = slice(None)) -> dict[str, Answers]:
        """Read the answers to frame and global classifications.

        Args:
            rows: The rows; by default all.

        Returns:
            The answers of each column, by its name.

        Raises:
            ConfigurationError: If there is no such row.
        """
        chosen = self._rows(rows)
        return {
            family.name: Answers(family, self.cells(family.column, chosen))
            for family in self.families.answers
        }

    def to_ray_data(self, rows: RowSelection | None = None) -> Any:
        """Return the frames and labels as a dataset of Ray Data, whose workers read them.

        A row has ``image`` (H, W, 3) uint8, ``row``, ``video_idx`` and ``frame_idx``; for its K
        objects ``boxes`` (K, 4) float32 left, top, width, height, ``classes``, K names, and
        ``track_ids`` (K,) int64; and the text of each answer, in a column of its name. A block has
        rows of one video, and with ``frame_storage="video"`` of one group of pictures.

        Args:
            rows: The rows; by default all, ordered by video and frame.

        Returns:
            A `ray.data.Dataset`.

        Raises:
            ConfigurationError: If Ray Data is not installed, there is no such row, or answers have
                the name of one of these columns.
            DatasetMismatchError: If the rows do not identify their video and frame.
        """
        from deeplake_labelbox._store.ray_rows import ray_rows  # noqa: PLC0415 - seldom used

        return ray_rows(self, self.index.rows if rows is None else self._rows(rows))

    def cells(self, column: str, rows: Rows) -> list[Any]:
        """Read the cells of any column, in the order of rows; ``None`` for cells never written.

        Raises:
            DatasetError: If Deep Lake cannot read.
        """
        return read_cells(self.dataset, column, rows)

    def copy(
        self,
        path: str | Path,
        *,
        where: Where | None = None,
        frame_storage: FrameStorage | None = None,
        jpeg_quality: int | None = None,
        resize: Resize | None = None,
        overwrite: bool = False,
        creds: Mapping[str, str] | None = None,
        token: str | None = None,
        progress: bool = True,
    ) -> LabeledDataset:
        """Copy the dataset, or a part of it, with its labels; the copy can be synced too.

        The copy has one row per frame, ordered by video and frame, and one commit. Branches, tags
        and earlier versions are not copied. A sync of the copy treats the rows that were left out
        as deleted rows.

        Args:
            path: Path of the copy.
            where: The rows to copy, see `where`; by default all.
            frame_storage: How frames are stored: ``"png"`` or ``"jpg"``, as a column ``frames`` of
                pictures; or ``"video"``, if this dataset stores packets, with the packets that the
                rows need. By default as in this dataset.
            jpeg_quality: 1 to 100, for frames that are encoded as JPEG; by default as in this
                dataset, or 95. JPEG files that are not resized are copied unchanged.
            resize: Size of frames and labels in the copy; by default that of `LabeledDataset`. Not
                with ``"video"``.
            overwrite: Replace a dataset at the path.
            creds: Credentials of the storage.
            token: Token of Deep Lake's cloud.
            progress: Whether to show a progress bar.

        Returns:
            The copy.

        Raises:
            ConfigurationError: If frames cannot be stored in this way, or ``where`` is not a
                condition.
            DatasetExistsError: If something is at the path, and ``overwrite`` is not set.
            DatasetError: If Deep Lake cannot read or write.

        Example:
            ```python
            from deeplake_labelbox import LabeledDataset

            rainy = LabeledDataset("clips").copy(
                "rainy", where="contains(weather, 1)", frame_storage="jpg", progress=False
            )
            print(rainy, rainy.dataset["frames"][0].shape)
            ```
        """
        from deeplake_labelbox._store.copying import DatasetCopy  # noqa: PLC0415 - needs this class

        source = self
        if resize is not None and resize != self.resize:
            source = LabeledDataset(self.dataset, image_column=self.image_column, resize=resize)
        index = self.index
        if where is not None:
            index = index.take(index.where(self.dataset, where))
        meta = recorded_meta(self.dataset)
        storage = StorageOptions() if meta is None else StorageOptions.of(json.loads(meta.options))
        wanted = storage.frame_storage if frame_storage is None else frame_storage
        if wanted != storage.frame_storage or source.resize is not None:
            quality = storage.jpeg_quality if jpeg_quality is None else jpeg_quality
            storage = replace(storage, frame_storage=wanted, jpeg_quality=quality)
        copied = DatasetCopy(source, index, storage, progress).write(
            DatasetLocation.of(path, creds, token=token), overwrite=overwrite
        )
        return LabeledDataset(copied, annotator=self.annotator)

    def _rows(self, rows: RowSelection) -> Rows:
        if isinstance(rows, Video):
            return rows.rows
        count = len(self)
        if isinstance(rows, slice):
            return np.arange(count, dtype=np.int64)[rows]
        chosen = np.atleast_1d(np.asarray(rows, dtype=np.int64))
        if len(chosen) and not -count <= chosen.min() <= chosen.max() < count:
            raise ConfigurationError(
                f"There is no row {chosen[np.argmax(np.abs(chosen))]}; the dataset has "
                f"{counted(count, 'row')}, counted from 0."
            )
        return chosen % count if count else chosen

    def __getstate__(self) -> dict[str, Any]:
        # Another process reads the frames and videos of rows if it needs them.
        return {key: value for key, value in vars(self).items() if key not in ("index", "videos")}

    def _counts(self) -> str:
        return f"{counted(len(self.videos), 'video')}, {counted(len(self), 'frame')}"

    def __repr__(self) -> str:
        """Videos, rows and columns, one line each."""
        lines = [f"LabeledDataset: {self._counts()}"]
        lines += [
            f"  {family.name}: {family.kind} ({', '.join(family.class_names)})"
            for family in self.families.objects
        ]
        lines += [
            f"  {family.name}: {', '.join(family.class_names) or 'text'}"
            for family in self.families.answers
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        columns: list[tuple[str, str, str]] = [
            *((f.name, f.kind, ", ".join(f.class_names)) for f in self.families.objects),
            *((f.name, f.kind, ", ".join(f.class_names)) for f in self.families.answers),
        ]
        videos = [(v.video_idx, v.name, len(v), v.data_row_id) for v in self.videos]
        return (
            f"<p><b>LabeledDataset</b>: {self._counts()}</p>"
            f"{table(('column', 'kind', 'classes'), columns)}"
            f"{table(('video_idx', 'video', 'frames', 'data row'), videos)}"
        )


DatasetLike = LabeledDataset | str | Path | Readable
"""What `LabeledDataset.of` takes."""
