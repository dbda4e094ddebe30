"""The ways to store frames; the user chooses one, and the dataset's metadata records it.

A new storage needs a file with its `RecordedStore`, a line in `STORAGES`, and its name in
`FrameStorage`. Nothing here imports Deep Lake, so that the command line starts quickly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from deeplake_labelbox.errors import ConfigurationError, DatasetError

if TYPE_CHECKING:
    from deeplake_labelbox._store.cells import Readable
    from deeplake_labelbox._store.frames.store import FrameReader, RecordedStore

FrameStorage: TypeAlias = Literal["png", "jpg", "video"]
"""A way to store frames; the keys of `STORAGES`."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A way to store frames.

    Attributes:
        store: Module and class of its `RecordedStore`.
        summary: Its advantage, in a few words for the command line.
        bytes_a_pixel: Bytes per pixel: the mean of real clips of 144 to 720 rows; a video with much
            or little detail takes up to half more or less. ``None``: as many bytes as the video
            itself.
        options: The fields of `StorageOptions` that it uses.
    """

    store: str
    summary: str
    bytes_a_pixel: float | None
    options: tuple[str, ...] = ()

    def load(self) -> type[RecordedStore[Any]]:
        """Import the store's class."""
        module, _, name = self.store.partition(".")
        found: type[RecordedStore[Any]] = getattr(import_module(f"{__package__}.{module}"), name)
        return found


PICTURES: Final = "frames"
"""The column of frames that are stored as pictures."""

KEEPS_SIZE: Final = (
    "resize cannot be used with this storage of frames, which keeps the packets of the videos; "
    "scale frames when they are read, with LabeledDataset(..., resize=), or store them as png or "
    "jpg."
)

DEFAULT: Final[FrameStorage] = "png"
STORAGES: Final[Mapping[FrameStorage, Storage]] = {
    "png": Storage("pictures.PictureStore", "keeps every pixel", 1.2),
    "jpg": Storage("pictures.PictureStore", "is smaller and faster", 0.3, ("jpeg_quality",)),
    "video": Storage("packets.PacketStore", "keeps the video itself, decoded when read", None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOptions:
    """How frames are stored.

    Attributes:
        frame_storage: One of `STORAGES`.
        jpeg_quality: 1 to 100; only for ``"jpg"``.
        verify_frames: Whether to decode copied videos once to find damage; not recorded.

    Raises:
        ConfigurationError: If there is no such storage, or a value is out of range.
    """

    frame_storage: FrameStorage = DEFAULT
    jpeg_quality: int = 95
    verify_frames: bool = True

    def __post_init__(self) -> None:
        if self.frame_storage not in STORAGES:
            names = " or ".join(map(repr, STORAGES))
            raise ConfigurationError(f"`frame_storage` is {self.frame_storage!r}; give {names}.")
        if not 1 <= self.jpeg_quality <= 100:
            raise ConfigurationError(f"`jpeg_quality` is {self.jpeg_quality}; give 1 to 100.")

    def recorded(self) -> dict[str, Any]:
        """Return the options to record in the metadata; empty for the default storage."""
        if self.frame_storage == DEFAULT:
            return {}
        kept = ("frame_storage", *STORAGES[self.frame_storage].options)
        return {name: getattr(self, name) for name in kept}

    @classmethod
    def of(cls, recorded: Mapping[str, Any]) -> StorageOptions:
        """Read options that `recorded` returned; other keys are ignored.

        Raises:
            DatasetError: If this version does not know the storage.
        """
        name = recorded.get("frame_storage", DEFAULT)
        if name not in STORAGES:
            raise DatasetError(
                f"The dataset stores frames as {name!r}, which this version of deeplake-labelbox "
                f"does not know; install the version that made it, or a later one."
            )
        own = STORAGES[name].options
        return cls(frame_storage=name, **{key: recorded[key] for key in own if key in recorded})

    def store(self, *, batch_size: int) -> RecordedStore[Any]:
        """Create the store.

        Args:
            batch_size: Maximum number of rows appended at a time.
        """
        return STORAGES[self.frame_storage].load()(self, batch_size)


def frame_reader(dataset: Readable, column: str) -> FrameReader:
    """Return a reader for the storage that is recorded in a dataset's metadata.

    Args:
        dataset: The dataset, or the view of a query, which uses the storage of its dataset. Without
            metadata, frames are pictures.
        column: The column of pictures.

    Raises:
        ConfigurationError: If there is no such column of pictures.
        DatasetError: If this version does not know the storage.
    """
    from deeplake_labelbox._store.videos import recorded_meta  # noqa: PLC0415 - imports Deep Lake

    # A view that has the column needs no metadata, and may combine several datasets.
    is_picture = not hasattr(dataset, "metadata") and column in {
        found.name for found in dataset.schema.columns
    }
    meta = None if is_picture else recorded_meta(dataset)
    options = StorageOptions() if meta is None else StorageOptions.of(json.loads(meta.options))
    return STORAGES[options.frame_storage].load().reader(dataset, column)
