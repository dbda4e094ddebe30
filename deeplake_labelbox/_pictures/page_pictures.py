"""The frames of a page: JPEG pictures and the objects over them, within a limit of bytes."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm.auto import tqdm

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader, ShownObject
from deeplake_labelbox._store.videos import Video
from deeplake_labelbox._video.encodings import encode_jpeg
from deeplake_labelbox.errors import ConfigurationError

_QUALITY: Final = 78
_DIGITS: Final = 1  # of coordinates, in pixels of the stored frame


@dataclass(frozen=True, slots=True)
class PageFrame:
    """A frame on the page.

    Attributes:
        place: Its index among the frames of its video.
        size: Width and height of the stored frame; shapes are in these pixels.
        picture: A JPEG file, base64.
        objects: The objects as the page's script reads them; of masks ``m`` is a key of ``masks``.
        masks: The masks: left, top, width, height and a PNG file as base64, by their hash.
    """

    place: int
    size: tuple[int, int]
    picture: str
    objects: list[dict[str, Any]]
    masks: Mapping[str, list[Any]]

    @property
    def bytes(self) -> int:
        """Greatest number of bytes that it takes on the page."""
        return len(self.picture) + len(json.dumps(self.objects)) + 160


@dataclass(slots=True)
class PageFrames:
    """As many frames as fit: all, or every second, every fourth, and so on.

    Args:
        videos: The videos, their frames in ascending order.
        max_bytes: Bytes that the frames may take.

    Attributes:
        step: Every ``step``-th frame of each video is there.
        frames: The frames by video.
    """

    videos: Sequence[Video]
    max_bytes: int
    step: int = 1
    frames: list[list[PageFrame]] = field(default_factory=list)

    def read(
        self,
        reader: AnnotationReader,
        width: int,
        *,
        progress: bool,
    ) -> None:
        """Read the frames.

        Raises:
            ConfigurationError: If one frame of each video does not fit.
        """
        self.frames = [[] for _ in self.videos]
        used, known = 0, set[str]()
        total = sum(len(video.rows) for video in self.videos)
        with tqdm(total=total, unit="frame", desc="page", disable=not progress) as bar:
            for number, video in enumerate(self.videos):
                for place in range(len(video.rows)):
                    bar.update()
                    if place % self.step:
                        continue
                    row = int(video.rows[place])
                    frame = _page_frame(reader, row, place, width)
                    self.frames[number].append(frame)
                    new = frame.masks.keys() - known
                    known |= new
                    used += frame.bytes + sum(_bytes(frame.masks[key]) for key in new)
                    while used > self.max_bytes:
                        self._thin_out()
                        masks = self.masks()
                        known = set(masks)
                        used = sum(frame.bytes for found in self.frames for frame in found)
                        used += sum(map(_bytes, masks.values()))

    def masks(self) -> dict[str, list[Any]]:
        """All masks, each once: those that hold over many frames do not repeat."""
        return {key: mask for video in self.frames for f in video for key, mask in f.masks.items()}

    def _thin_out(self) -> None:
        if all(len(video) <= 1 for video in self.frames):
            count = len(self.videos)
            raise ConfigurationError(
                f"A frame of each of {count} videos takes more than {self.max_bytes} bytes; pass "
                f"a larger `max_bytes`, fewer `videos` or a smaller `width`."
            )
        self.step *= 2
        self.frames = [
            [frame for frame in video if frame.place % self.step == 0] for video in self.frames
        ]


def _bytes(mask: Sequence[Any]) -> int:
    return len(mask[-1]) + 80


def _page_frame(
    reader: AnnotationReader,
    row: int,
    place: int,
    width: int,
) -> PageFrame:
    stored = reader.picture(row)
    scale = min(1.0, width / stored.width)
    size = (max(1, round(stored.width * scale)), max(1, round(stored.height * scale)))
    picture = stored.resize(size, Image.Resampling.LANCZOS) if scale < 1 else stored
    jpeg = encode_jpeg(np.asarray(picture), _QUALITY, subsampling="4:2:0")
    masks: dict[str, list[Any]] = {}
    objects = []
    for item in reader.read(row).objects:
        entry: dict[str, Any] = {"c": item.class_name, "t": item.kind}
        if item.track_id is not None:
            entry["i"] = item.track_id
        if item.is_key_frame:
            entry["k"] = 1
        if item.answers:
            entry["a"] = [[answer.question, answer.answer] for answer in item.answers]
        if GEOMETRIES[item.kind].is_mask:
            mask = _mask(item, size)
            if mask is None:
                continue
            key = hashlib.sha256(json.dumps(mask).encode()).hexdigest()
            masks[key] = mask
            entry["m"] = key
        else:
            entry["s"] = _numbers(item.shape)
        objects.append(entry)
    return PageFrame(place, stored.size, base64.b64encode(jpeg).decode(), objects, masks)


def _mask(item: ShownObject, size: tuple[int, int]) -> list[Any] | None:
    """Left, top, width and height in pixels of the stored frame, and a PNG of what is inside."""
    mask: NDArray[np.bool_] = np.asarray(item.shape, dtype=bool)
    height, width = mask.shape
    if (width, height) != size:
        whole = Image.fromarray(mask.astype(np.uint8) * 255)
        mask = np.asarray(whole.resize(size, Image.Resampling.BILINEAR)) >= 128
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    image = Image.fromarray(mask[top:bottom, left:right].astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    file = io.BytesIO()
    image.save(file, "PNG", bits=1, transparency=0, optimize=True)
    across, down = width / size[0], height / size[1]
    box = [left * across, top * down, (right - left) * across, (bottom - top) * down]
    return [*(round(float(v), _DIGITS) for v in box), base64.b64encode(file.getvalue()).decode()]


def _numbers(shape: NDArray[Any]) -> list[float | int]:
    """The coordinates of a shape as a flat list; not finite ones, which JSON lacks, as 0."""
    numbers = np.nan_to_num(np.asarray(shape, dtype=np.float64)).reshape(-1)
    rounded = (round(float(number), _DIGITS) for number in numbers)
    return [int(number) if number.is_integer() else number for number in rounded]
