"""``labelbox_meta``: metadata of the project that a dataset was created from.

The dataset's metadata holds, under ``labelbox_meta``, the keys that `deeplake.integrations` writes
(``project_id``, ``type``, ``sources``, ``project_name``), and beside them ``options``, ``status``
and ``videos``: the data rows with their ``video_idx`` and outcome, as JSON text, because Deep
Lake's metadata turns numbers into floats and ``None`` into ``{}``.

If that is long, with more than about eighty videos, the status is kept under
``labelbox_meta_status`` and the data rows under ``labelbox_meta_videos_<n>``, and a long
``sources`` is left empty; see below.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import count
from typing import Any, Final, Literal

import deeplake

from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox.errors import DatasetMismatchError

KEY = "labelbox_meta"
STATUS_KEY = "labelbox_meta_status"

# Deep Lake 4.7.4 writes a value of more than some 24 KB as a checkpoint, and such a one loses the
# branches and tags that were made since the last (all but the newest), or leaves a log that takes a
# second and 2 GB of memory to read. So no value is long: entries have keys of their own, a few
# in each, and those that changed are written.
_ENTRIES_A_KEY: Final = 8
_MAX_LENGTH: Final = 16 << 10

Status = Literal["building", "placing", "complete"]
VideoStatus = Literal["pending", "done", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """One data row of the project, and the state of its video in the dataset.

    Attributes:
        data_row_id: Id of the data row.
        video_idx: Its number in the column ``video_idx``.
        name: External id, or the URL without its query, or the path.
        status: ``pending`` (not tried yet), ``done``, ``partial`` (frames are missing)
            or ``failed`` (no frame could be decoded).
        first_row: Row of its first frame at the time of writing.
        rows: Number of rows written.
        frame_count: Number of the last frame that could be decoded, with or without a row.
        height: Height of the frames in pixels, as displayed; 0 if none was decoded.
        width: Width of the frames in pixels, as displayed; 0 if none was decoded.
        problem: The problem with the video, if any.
        missing: First and last 1-based number of each run of frames before ``frame_count`` that
            could not be decoded.
        warnings: Unusual properties of the file that cause no gaps.
        chosen: First and last 1-based number, and step, of each run of frames that have rows;
            ``None`` if all frames have rows.
        source_height: Height of the video in pixels, as displayed, before it was scaled.
        source_width: Width of the video in pixels, as displayed, before it was scaled.
        sizes: First 1-based frame, width and height of each run of pictures of one size, if the
            size changes within the video; empty if all pictures have ``width`` and ``height``,
            which are those of the first. Labels are in pixels of the first size.
        recordings: Where the packets of its frames are stored (`PacketRows`), for every attempt
            that any version of the dataset may need; the last one belongs to its rows.
    """

    data_row_id: str
    video_idx: int
    name: str
    status: VideoStatus = "pending"
    first_row: int = 0
    rows: int = 0
    frame_count: int = 0
    height: int = 0
    width: int = 0
    problem: str | None = None
    missing: tuple[tuple[int, int], ...] = ()
    warnings: tuple[str, ...] = ()
    chosen: tuple[tuple[int, int, int], ...] | None = None
    source_height: int = 0
    source_width: int = 0
    sizes: tuple[tuple[int, int, int], ...] = ()
    recordings: tuple[int, ...] = ()

    def size_of(self, frame: int) -> tuple[int, int]:
        """Return height and width of the picture of a 1-based frame."""
        size = (self.height, self.width)
        for first, width, height in self.sizes:
            if frame >= first:
                size = (height, width)
        return size

    @property
    def scale(self) -> tuple[float, float]:
        """Factors that scale Labelbox's x and y to the frames."""
        if not self.source_width or not self.source_height:
            return 1.0, 1.0
        return self.width / self.source_width, self.height / self.source_height

    def untried(self) -> VideoEntry:
        """Return the entry as untried, but with its recordings, which earlier versions need."""
        known = self.data_row_id, self.video_idx, self.name
        return VideoEntry(*known, recordings=self.recordings)

    def to_json(self) -> dict[str, Any]:
        """Return the values that differ from their defaults, for the metadata."""
        return {
            item.name: value
            for item in fields(self)
            if (value := getattr(self, item.name)) != item.default
        }

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> VideoEntry:
        """Read an entry from the output of `to_json`."""
        lists: dict[str, Any] = {
            key: tuple(stored[key]) for key in ("warnings", "recordings") if key in stored
        }
        runs: dict[str, Any] = {
            key: tuple(map(tuple, stored[key]))
            for key in ("missing", "chosen", "sizes")
            if stored.get(key) is not None
        }
        return cls(**stored | lists | runs)


@dataclass(frozen=True, slots=True)
class LabelboxMeta:
    """The project that a dataset was made from.

    Attributes:
        project_id: Id of the project.
        project_name: Its name.
        status: ``building`` until every data row was tried, ``complete`` afterwards; ``placing``
            while a complete dataset takes the place of another one.
        videos: The data rows, in the order of ``video_idx``.
        options: Options of selecting and storing frames that differ from the defaults: JSON text
            with sorted keys. All videos of a dataset have the same options.
    """

    project_id: str
    project_name: str
    status: Status = "building"
    videos: tuple[VideoEntry, ...] = ()
    options: str = "{}"

    @classmethod
    def read(cls, dataset: ReadableDataset) -> LabelboxMeta:
        """Read the metadata of a dataset.

        Raises:
            DatasetMismatchError: If the dataset was not made by this package.
        """
        check_maker(dataset)
        stored: dict[str, Any] = dict(dataset.metadata[KEY]) if KEY in dataset.metadata else {}
        if "options" in stored and "videos" not in stored and STATUS_KEY not in dataset.metadata:
            raise DatasetMismatchError(
                f"{KEY!r} was copied from a dataset with many videos, but the other keys of its "
                f"metadata are missing; copy all of them: for key in source.metadata.keys(): if "
                f'key.startswith("{KEY}"): target.metadata[key] = source.metadata[key].'
            )
        try:
            if "videos" in stored or STATUS_KEY not in dataset.metadata:
                status, texts = stored["status"], [stored["videos"]]
            else:
                status = dataset.metadata[STATUS_KEY]
                texts = [dataset.metadata[key] for key in _entry_keys(dataset)]
            entries = [entry for text in texts for entry in json.loads(text)]
            return cls(
                project_id=stored["project_id"],
                project_name=stored["project_name"],
                status=status,
                videos=tuple(VideoEntry.of_json(entry) for entry in entries),
                options=stored.get("options", "{}"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetMismatchError(
                f"The dataset's metadata has no {KEY!r}, which identifies its rows; create the "
                f"dataset with create_dataset_from_video_annotation_project of this package."
            ) from error

    @property
    def is_whole(self) -> bool:
        """Whether every frame of every data row is stored; otherwise a build can be resumed."""
        return self.status == "complete" and all(video.status == "done" for video in self.videos)

    @property
    def pending(self) -> tuple[VideoEntry, ...]:
        """The data rows that were not tried yet."""
        return tuple(video for video in self.videos if video.status == "pending")

    def write(self, dataset: deeplake.Dataset) -> None:
        """Write the changes to the metadata of a dataset; the next commit publishes them."""
        sources = [video.name for video in self.videos]
        if len(json.dumps(sources)) > _MAX_LENGTH:
            sources = []
        head = {
            "project_id": self.project_id,
            "type": "video",
            "sources": sources,
            "project_name": self.project_name,
            "options": self.options,
        }
        whole = head | {"status": self.status, "videos": _as_text(self.videos)}
        wanted: dict[str, Any] = {KEY: whole}
        if len(json.dumps(whole)) > _MAX_LENGTH:
            starts = range(0, len(self.videos), _ENTRIES_A_KEY)
            wanted = {
                _entry_key(number): _as_text(self.videos[start : start + _ENTRIES_A_KEY])
                for number, start in enumerate(starts)
            }
            wanted |= {STATUS_KEY: self.status, KEY: head}
        # All at once: reading one key takes Deep Lake about as long as reading all.
        known = dataset.metadata.to_dict()
        for key, value in wanted.items():
            if key not in known or known[key] != value:
                dataset.metadata[key] = value

    def with_video(self, entry: VideoEntry) -> LabelboxMeta:
        """Return the metadata with the entry of one ``video_idx`` replaced."""
        videos = list(self.videos)
        videos[entry.video_idx] = entry
        return replace(self, videos=tuple(videos))

    def with_data_rows(self, data_rows: Sequence[tuple[str, str]]) -> LabelboxMeta:
        """Return the metadata with new data rows (id, name) appended as pending."""
        known = {video.data_row_id for video in self.videos}
        videos = list(self.videos)
        for data_row_id, name in data_rows:
            if data_row_id not in known:
                known.add(data_row_id)
                videos.append(VideoEntry(data_row_id, len(videos), name))
        return replace(self, videos=tuple(videos))

    def entry(self, data_row_id: str) -> VideoEntry | None:
        """Return the entry of a data row, or ``None``."""
        return next((v for v in self.videos if v.data_row_id == data_row_id), None)


def check_maker(dataset: ReadableDataset | deeplake.DatasetView) -> None:
    """Refuse a dataset of `deeplake.integrations`, whose rows cannot be identified.

    Its rows are numbered by declared frame counts. If a video was cut or missing, all rows after it
    have the wrong video, and nothing shows whether there is such a video.

    Raises:
        DatasetMismatchError: If `deeplake.integrations` made the dataset.
    """
    metadata: Any = getattr(dataset, "metadata", {})  # a view has none
    if KEY not in metadata:
        return
    stored = dict(metadata[KEY])
    if "options" not in stored and "videos" not in stored and STATUS_KEY not in metadata:
        project = stored.get("project_id") or "PROJECT_ID"
        raise DatasetMismatchError(
            f"The dataset was made by deeplake.integrations, which does not record the video of "
            f"each row, so create it again at another path: deeplake-labelbox create "
            f"{project} NEW_DATASET (in Python: create_dataset_from_video_annotation_project)."
        )


def _as_text(entries: Sequence[VideoEntry]) -> str:
    return f"[{', '.join(map(_as_json, entries))}]"


def _entry_key(number: int) -> str:
    return f"{KEY}_videos_{number}"


def _entry_keys(dataset: ReadableDataset) -> Iterator[str]:
    for number in count():
        # A key that was rolled back is empty, because Deep Lake cannot delete it.
        if _entry_key(number) not in dataset.metadata or not dataset.metadata[_entry_key(number)]:
            return
        yield _entry_key(number)


@lru_cache(maxsize=1 << 16)
def _as_json(entry: VideoEntry) -> str:
    return json.dumps(entry.to_json())
