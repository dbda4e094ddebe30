"""Store frames as the video's own packets, unchanged, and decode them when they are read."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import deeplake
import numpy as np
from deeplake import types
from numpy.typing import NDArray

from deeplake_labelbox._store.appending import append_rows
from deeplake_labelbox._store.cells import Readable, read_cells
from deeplake_labelbox._store.frames.packet_rows import (
    PacketRows,
    PacketWriter,
    create_packet_rows,
)
from deeplake_labelbox._store.frames.pictures import PictureReader
from deeplake_labelbox._store.frames.registry import KEEPS_SIZE, PICTURES, StorageOptions
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox._store.videos import entries_of
from deeplake_labelbox._video.opened import OpenedVideo, WantedFrames
from deeplake_labelbox._video.packet_decoder import PacketDecoder
from deeplake_labelbox._video.packet_index import PacketIndex
from deeplake_labelbox._video.packet_recorder import PacketRecorder
from deeplake_labelbox.errors import ConfigurationError, DatasetError, VideoDecodeError

if TYPE_CHECKING:
    from deeplake_labelbox._store.frames.sequence import Frames
    from deeplake_labelbox._store.frames.store import FrameReader, SectionTasks

# Bytes of packets that are appended at a time.
_BATCH_BYTES: Final = 16 << 20
# Bytes of decoded frames of several videos to collect before the first is yielded.
_PIXEL_BYTES: Final = 128 << 20
_DECODERS_KEPT: Final = 512

_UNVERIFIED: Final = (
    "its packets were copied without decoding them, so damage inside of its pictures was not "
    "looked for"
)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedFrames:
    """Frames that become rows, and the packets that they are decoded from.

    Attributes:
        recording: Unique number of this recording of the video.
        groups: Number and concatenated packets of each group of pictures.
        indices: (N,) int32, 0-based, in the order in which the decoder emits frames.
        timestamps: (N,) float64 seconds from the first frame.
        index: The index to decode all groups of the recording; set only in its last batch.
        verified: Whether the order of frames comes from a decoder.
    """

    recording: int
    groups: list[tuple[int, bytes]]
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]
    index: bytes | None = None
    verified: bool = True

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.indices)


@dataclass(slots=True)
class PacketStore:
    """Stores ``frame_idx``, ``video_idx`` and ``timestamp``, and packets in ``<path>/videos``.

    Attributes:
        storage: The options.
        batch_size: Rows appended at a time; a group of pictures may have more.
    """

    columns: ClassVar[tuple[str, ...]] = ("frame_idx", "video_idx", "timestamp")
    keeps_size: ClassVar[bool] = True

    storage: StorageOptions
    batch_size: int
    _writer: PacketWriter | None = field(default=None, init=False, repr=False)

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that the metadata of a dataset records."""
        return self.storage.recorded()

    @property
    def section_tasks(self) -> SectionTasks | None:
        """``"decode"`` to verify the frames of sections; otherwise ``None``."""
        return "decode" if self.storage.verify_frames else None

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns, and create the dataset of packets."""
        dataset.add_column("frame_idx", types.Int32())
        dataset.add_column("video_idx", types.Int32())
        dataset.add_column("timestamp", types.Float64())
        create_packet_rows(dataset)

    def prepare(self, video: OpenedVideo, wanted: WantedFrames) -> Iterator[RecordedFrames]:
        """Read the packets of the groups of pictures that have wanted frames."""
        recorder = PacketRecorder(video, wanted.choice, verify=self.storage.verify_frames)
        empty = np.zeros(0, np.int32), np.zeros(0, np.float64)
        batch = RecordedFrames(secrets.randbits(62), [], *empty)
        any_rows, error = False, None
        try:
            for group in recorder:
                batch.groups.append((group.group, group.data))
                batch = replace(
                    batch,
                    indices=np.concatenate([batch.indices, group.indices]),
                    timestamps=np.concatenate([batch.timestamps, group.timestamps]),
                )
                any_rows = any_rows or len(batch) > 0
                if len(batch) >= self.batch_size or self.size_of(batch) >= _BATCH_BYTES:
                    yield batch
                    batch = RecordedFrames(batch.recording, [], *empty)
        except VideoDecodeError as raised:
            error = raised
        if any_rows:
            index = recorder.index
            yield replace(batch, index=index.to_bytes(), verified=index.verified)
        if error is not None:
            raise error

    def size_of(self, batch: RecordedFrames) -> int:
        """Return the number of bytes of its packets."""
        return sum(len(packets) for _, packets in batch.groups)

    def append(
        self, dataset: deeplake.Dataset, entry: VideoEntry, batch: RecordedFrames
    ) -> VideoEntry:
        """Append the packets, and one row per frame."""
        if self._writer is None:
            self._writer = PacketWriter(dataset)
        self._writer.append(entry.data_row_id, batch.recording, batch.groups, batch.index)
        columns: dict[str, NDArray[Any]] = {
            "frame_idx": batch.indices,
            "video_idx": np.full(len(batch), entry.video_idx, dtype=np.int32),
            "timestamp": batch.timestamps,
        }
        if len(batch):
            with dataset_errors(f"appending frames of video {entry.video_idx}"):
                append_rows(dataset, columns)
        if batch.index is None:
            return entry
        unverified = () if batch.verified else (_UNVERIFIED,)
        return replace(
            entry,
            recordings=(*entry.recordings, batch.recording),
            warnings=(*entry.warnings, *unverified),
        )

    def publish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
        """Commit the packets of recordings that entries refer to, and delete all others."""
        if self._writer is None:
            self._writer = PacketWriter(dataset)
        needed = {number for entry in meta.videos for number in entry.recordings}
        if self._writer.is_new:
            # Any branch may need recordings that earlier runs wrote.
            needed |= _needed_by_branches(DatasetLocation.of_dataset(dataset))
        self._writer.publish(needed)

    def discard(self) -> None:
        """Roll back packets that were not published."""
        if self._writer is not None:
            self._writer.discard()

    def transfer(
        self,
        frames: Frames,
        entry: VideoEntry,
        rows: NDArray[np.int64],  # noqa: ARG002 - the protocol of `FrameStore`
        indices: NDArray[np.int32],
        timestamps: NDArray[np.float64],
    ) -> Iterator[RecordedFrames]:
        """Copy the groups of pictures that the frames need from another dataset of packets."""
        reader = frames.reader
        if not isinstance(reader, PacketReader):
            raise ConfigurationError(
                "Frames that are stored as pictures cannot become a video again; make the dataset "
                "of its project with `frame_storage='video'`, or copy it as png or jpg."
            )
        if frames.resize is not None:
            raise ConfigurationError(KEEPS_SIZE)
        index, groups = reader.recorded(entry.video_idx, indices)
        batch = RecordedFrames(secrets.randbits(62), [], indices[:0], timestamps[:0])
        for group in groups:
            batch.groups.append(group)
            if self.size_of(batch) >= _BATCH_BYTES:
                yield batch
                batch = replace(batch, groups=[])
        yield replace(batch, indices=indices, timestamps=timestamps, index=index.to_bytes())

    @staticmethod
    def reader(dataset: Readable, column: str) -> FrameReader:
        """Return a reader of the packets, or of a column of pictures that the user added."""
        if column != PICTURES or column in {c.name for c in dataset.schema.columns}:
            return PictureReader(dataset, column)
        return PacketReader(dataset)

    def __getstate__(self) -> tuple[StorageOptions, int]:
        """Leave out the writer, which stays in its process."""
        return self.storage, self.batch_size

    def __setstate__(self, state: tuple[StorageOptions, int]) -> None:
        self.storage, self.batch_size = state
        self._writer = None


def _needed_by_branches(location: DatasetLocation) -> set[int]:
    """Return the recordings that the current entries of any branch refer to."""
    latest = location.open_to_read()
    with dataset_errors(f"reading the branches of {location}"):
        branches = [latest.branches[name].open() for name in latest.branches.names()]
    entries = (entry for branch in branches for entry in entries_of(branch))
    return {number for entry in entries for number in entry.recordings}


class PacketReader:
    """Decodes the frames of rows; ``video_idx`` and ``frame_idx`` identify each frame.

    Args:
        dataset: The dataset, or the view of a query.

    Raises:
        ConfigurationError: If a column that identifies the video and frame of a row is missing.
        DatasetError: If the dataset of packets is missing.
    """

    def __init__(self, dataset: Readable) -> None:
        names = {column.name for column in dataset.schema.columns}
        if missing := {"video_idx", "frame_idx"} - names:
            raise ConfigurationError(
                f"Frames are decoded by the columns video_idx and frame_idx, and {min(missing)!r} "
                f"is not there; select both in the query."
            )
        self._location = DatasetLocation.of_dataset(dataset)
        self._refresh(dataset)

    def _refresh(self, dataset: Readable) -> None:
        self._entries = {entry.video_idx: entry for entry in entries_of(dataset)}
        self._packets = PacketRows(self._location.nested)
        self._decoders: OrderedDict[int, PacketDecoder] = OrderedDict()

    def read(self, dataset: Readable, rows: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames of rows, each as a new (H, W, 3) uint8 RGB array.

        Raises:
            DatasetError: If a frame cannot be read or decoded.
        """
        chosen = np.asarray(rows, np.int64)
        videos, frames = self._places(dataset, chosen)
        runs = np.split(np.arange(len(chosen)), np.flatnonzero(np.diff(videos)) + 1)
        if len(runs) == len(np.unique(videos)):
            for run in runs:
                yield from self._decoded(int(videos[run[0]]), frames[run])
            return
        sizes = (self._decoder(video).index.size for video in np.unique(videos).tolist())
        count = max(_PIXEL_BYTES // max(3 * width * height for width, height in sizes), 1)
        for start in range(0, len(chosen), count):
            part = slice(start, start + count)
            yield from self._gathered(videos[part], frames[part])

    def spans(self, dataset: Readable, rows: Sequence[int]) -> NDArray[np.int64]:
        """Return a number for each row, the same for rows in one group of pictures."""
        chosen = np.asarray(rows, np.int64)
        videos, frames = self._places(dataset, chosen)
        found = videos << 32
        for video in np.unique(videos).tolist():
            own = videos == video
            index = self._decoder(video).index
            found[own] |= index.starts[index.check(frames[own])]
        return found

    def _places(
        self, dataset: Readable, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the videos and frame numbers of rows."""
        videos, frames = (
            np.asarray(read_cells(dataset, name, rows), np.int64).reshape(-1)
            for name in ("video_idx", "frame_idx")
        )
        self._check(dataset, videos, rows)
        return videos, frames

    def recorded(
        self, video: int, frames: NDArray[np.int32]
    ) -> tuple[PacketIndex, Iterator[tuple[int, bytes]]]:
        """Return the index and the groups of pictures that some frames of a video need.

        Raises:
            DatasetError: If a frame is not stored.
        """
        index, recording = self._decoder(video).index, self._entries[video].recordings[-1]
        numbers = index.groups_of(frames)
        stored = np.zeros_like(index.stored)
        stored[numbers] = True
        groups = ((n, self._packets.group(recording, n)) for n in numbers.tolist())
        return replace(index, stored=stored), groups

    def _gathered(
        self, videos: NDArray[np.int64], frames: NDArray[np.int64]
    ) -> Iterator[NDArray[np.uint8]]:
        """Decode frames of several videos, one video at a time; yield them in the given order."""
        places = {int(video): np.flatnonzero(videos == video) for video in np.unique(videos)}
        groups: list[tuple[int, int]] = []
        for video, found in places.items():
            index, recording = self._decoder(video).index, self._entries[video].recordings[-1]
            groups += [(recording, number) for number in index.groups_of(frames[found]).tolist()]
        self._packets.keep(groups)
        pictures: dict[int, NDArray[np.uint8]] = {}
        for video, found in places.items():
            decoded = self._decoded(video, frames[found])
            pictures.update(zip(found.tolist(), decoded, strict=True))
        for place in range(len(videos)):
            yield pictures.pop(place)

    def _decoded(self, video: int, frames: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
        try:
            yield from self._decoder(video).read(frames.tolist())
        except DatasetError as error:
            entry = self._entries[video]
            raise DatasetError(f"{entry.name} (data row {entry.data_row_id}): {error}") from error

    def _decoder(self, video: int) -> PacketDecoder:
        recording = self._entries[video].recordings[-1]
        found = self._decoders.get(recording)
        if found is None:
            index = PacketIndex.from_bytes(self._packets.index(recording))
            fetch = partial(self._packets.group, recording)
            found = self._decoders[recording] = PacketDecoder(index, fetch)
            while len(self._decoders) > _DECODERS_KEPT:
                self._decoders.popitem(last=False)
        return found

    def _check(self, dataset: Readable, videos: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Check that the packets exist; look again once, as they may be new."""
        for attempt in range(2):
            lacking = [video for video in np.unique(videos).tolist() if not self._has(video)]
            if not lacking:
                return
            if not attempt:
                self._refresh(dataset)
        row = int(rows[np.flatnonzero(videos == lacking[0])[0]])
        raise DatasetError(
            f"Row {row} is of video_idx {lacking[0]}, whose packets are not in "
            f"{self._location.nested}; leave it out with `where`, or make the dataset again."
        )

    def _has(self, video: int) -> bool:
        entry = self._entries.get(video)
        return (
            entry is not None and bool(entry.recordings) and entry.recordings[-1] in self._packets
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_decoders": OrderedDict()}
