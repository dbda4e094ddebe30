"""Read the common parts of YouTube-VIS and COCO JSON: entries, categories, boxes, masks, names.

A segmentation is run-length encoded ``{"size": [H, W], "counts": …}`` or a list of polygons
``[x, y, x, y, …]``; a box is [left, top, width, height]. Source: cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import SourceFinding
from deeplake_labelbox._formats.rle import MAX_PIXELS, decode_rle
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._model.json_values import as_list, as_mapping, as_text
from deeplake_labelbox._model.kinds.vertices import fill
from deeplake_labelbox.errors import AnnotationSourceError

Size = tuple[int, int]
"""Width and height in pixels."""

Entry = Mapping[str, Any]

# Larger numbers are not frame numbers.
_MAX_NUMBER: Final = 1 << 31

_MAX_DIGITS: Final = 30
# Video frames have no larger coordinates.
_MAX_COORDINATE: Final = 1e6

_LENGTHS: Final = ("length", "num_frames", "frame_count", "nframes")


class CocoJson:
    """A file of COCO or YouTube-VIS.

    Args:
        path: The file.

    Raises:
        AnnotationSourceError: If there is no such file, or it is of another format.

    Attributes:
        path: The file.
        annotations: Index in the file and content of each annotation.
        categories: Name by id.
        findings: What cannot be read.
        first_number: Number of a video's first frame, if `convert_dataset` wrote the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            content = json.loads(self.path.read_bytes())
        except FileNotFoundError as error:
            raise AnnotationSourceError(f"There is no file {path}.") from error
        except (OSError, ValueError, RecursionError) as error:
            raise AnnotationSourceError(f"{path} cannot be read as JSON ({error}).") from error
        if (
            not isinstance(content, dict)
            or "annotations" not in content
            or not {"videos", "images"} & content.keys()
        ):
            raise AnnotationSourceError(
                f"{path} is not a YouTube-VIS or COCO file; it needs 'annotations', 'categories', "
                f"and 'videos' or 'images'."
            )
        if content["annotations"] is None:
            raise AnnotationSourceError(
                f"{path} has no annotations (null), like the test sets of YouTube-VIS; pass a file "
                f"that has them."
            )
        self.findings: list[SourceFinding] = []
        self._content = content
        self.first_number = whole_number(as_mapping(content.get("info")).get("first_number"))
        self.annotations = self.entries("annotations")
        self.categories = {
            key: str(category["name"])
            for key, category in self.by_id("categories").items()
            if category.get("name") is not None
        }

    @property
    def has_images(self) -> bool:
        """Whether annotations are of images (COCO), not of videos (YouTube-VIS)."""
        if any("image_id" in annotation for _, annotation in self.annotations):
            return True
        return "videos" not in self._content

    def entries(self, name: str) -> list[tuple[int, Entry]]:
        """Return the objects of a list, each with its index."""
        entries = []
        for index, entry in enumerate(as_list(self._content.get(name))):
            if isinstance(entry, Mapping):
                entries.append((index, as_mapping(entry)))
            else:
                self.findings.append(
                    SourceFinding(f"{name}[{index}] of {self.path.name} is not an object")
                )
        return entries

    def by_id(self, name: str) -> dict[str, Entry]:
        """Return the objects of a list by id.

        Raises:
            AnnotationSourceError: If two have one id.
        """
        entries = self.entries(name)
        counts = Counter(_key(entry.get("id")) for _, entry in entries)
        if repeated := [key for key, count in counts.items() if count > 1]:
            raise AnnotationSourceError(
                f"{self.path} has {counts[repeated[0]]} {name} with the id {repeated[0]}; ids must "
                f"be unique."
            )
        return {_key(entry.get("id")): entry for _, entry in entries}

    def class_of(
        self,
        annotation: Entry,
        builder: TrackBuilder,
        track: str,
        where: str,
        doubt: str | None,
    ) -> str | None:
        """Return the class of an annotation; ``None`` if its object is refused.

        Args:
            annotation: The annotation.
            builder: Collects the objects.
            track: Identifies the object.
            where: Its place in the file, for messages.
            doubt: The reason to refuse all objects of its video, if there is one.
        """
        category = annotation.get("category_id")
        name = self.categories.get(_key(category))
        if name is None:
            reason = f"{where} has the category {category!r}, which is not listed"
            builder.refuse(f"category {category}", track, reason)
        elif doubt is not None:
            builder.refuse(name, track, doubt)
            return None
        return name


def referenced_id(entry: Entry, name: str) -> str:
    """Return the id of another entry to which an entry refers."""
    return _key(entry.get(name))


def _key(value: Any) -> str:
    """Convert an id to text: 4, 4.0 and "4" are the same."""
    number = whole_number(value)
    return as_text(value if number is None else number) or json.dumps(value, default=repr)


def size_of(entry: Entry) -> Size | None:
    """Return width and height of a video or image, if it has them."""
    sides = [whole_number(entry.get(name)) for name in ("width", "height")]
    return (sides[0], sides[1]) if sides[0] and sides[1] else None


def length_of(entry: Entry) -> int | None:
    """Return the number of frames of a video, if it has one."""
    return next((n for n in (whole_number(entry.get(key)) for key in _LENGTHS) if n), None)


def whole_number(value: Any) -> int | None:
    """Return a whole number from 0 on; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and 0 <= value < _MAX_NUMBER else None


def number_in(file_name: str) -> int | None:
    """Return the last number in the name of a picture."""
    numbers = re.findall(r"\d+", PurePosixPath(file_name.replace("\\", "/")).stem)
    if not numbers or len(numbers[-1]) > _MAX_DIGITS:
        return None
    return whole_number(int(numbers[-1]))


def all_or_none(numbers: Iterable[int | None]) -> list[int] | None:
    """Return the numbers; ``None`` if one is missing, or there are none."""
    found = list(numbers)
    return None if not found or None in found else cast("list[int]", found)


def folders_of(file_name: str) -> list[str]:
    """Return the names that a picture's folders give to its video, the innermost first."""
    parts = PurePosixPath(file_name.replace("\\", "/")).parts[:-1]
    folder = PurePosixPath(*parts)
    names = [str(folder), *reversed(parts)] if parts else []
    return [name for name in dict.fromkeys(names) if name not in ("img1", "JPEGImages", "/")]


def score_of(annotation: Entry) -> float | None:
    """Return the score of an annotation, if it has one."""
    score: Any = annotation.get("score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    return float(score) if is_number and math.isfinite(score) else None


def note_crowds(annotations: Iterable[Entry]) -> list[SourceFinding]:
    """Return a note about annotations of crowds, if there are any."""
    count = sum(annotation.get("iscrowd") == 1 for annotation in annotations)
    what = f"{counted(count, 'annotation')} of crowds (iscrowd) imported as one object each"
    return [SourceFinding(what, is_note=True)] if count else []


def add_shape(
    builder: TrackBuilder,
    name: str,
    track: str,
    frame: int,
    shapes: tuple[Any, Any],
    *,
    where: str,
    size: Size | None,
    boxes: bool,
    drawn: bool | None = None,
    score: float | None = None,
) -> None:
    """Add the box or the mask of an object in a frame.

    Args:
        builder: Collects the objects.
        name: The class.
        track: Identifies the object.
        frame: 1-based frame number.
        shapes: Its box and its segmentation, as in the file.
        where: Its place in the file, for messages.
        size: Size of the picture; ``None`` if unknown.
        boxes: Whether to add its box; otherwise its mask, or its box if it has no mask.
        drawn: Whether a person drew it in this frame; ``None`` if unknown.
        score: Confidence of a model; ``None`` if unknown.
    """
    known: Any = {"drawn": drawn, "score": score}
    box, segmentation = shapes
    has_mask = segmentation not in (None, [])
    if has_mask and not boxes:
        pixels = partial(_pixels, segmentation, size)
        builder.add(name, "raster-segmentation", track, frame, pixels, **known)
        return
    try:
        builder.add(name, "rectangle", track, frame, _box(box, has_mask=has_mask), **known)
    except ValueError as error:
        builder.leave_out(name, "rectangle", track, frame, f"{where} {error}")


def _box(box: Any, *, has_mask: bool) -> tuple[float, ...]:
    if box is None:
        raise ValueError(
            "has a mask but no box, and the project's tool draws boxes"
            if has_mask
            else "has neither a box nor a mask"
        )
    try:
        left, top, width, height = (float(number) for number in box)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("has a box that is not [left, top, width, height]") from error
    if not all(map(math.isfinite, (left, top, width, height))):
        raise ValueError("has a box that is not finite")
    return left, top, width, height


def _pixels(segmentation: Any, size: Size | None) -> NDArray[np.bool_]:
    """Decode a segmentation.

    Raises:
        ValueError: If it cannot be decoded.
    """
    if isinstance(segmentation, Mapping):
        pixels = decode_rle(segmentation)
        if size is not None and pixels.shape != (size[1], size[0]):
            raise ValueError(
                f"it has {pixels.shape[1]} x {pixels.shape[0]} pixels, but the video has "
                f"{size[0]} x {size[1]}"
            )
        return pixels
    if size is None:
        raise ValueError("polygons need the width and height of the picture")
    return _fill(segmentation, size)


def _fill(polygons: Any, size: Size) -> NDArray[np.bool_]:
    """Fill polygons, each ``[x, y, x, y, ...]``."""
    if not isinstance(polygons, Sequence) or isinstance(polygons, str):
        raise ValueError("it is neither run-length encoded nor a list of polygons")  # noqa: TRY004 - a fault of the file
    if size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f"{size[0]} x {size[1]} pixels are too many for a video frame")
    shapes = []
    for polygon in polygons:
        try:
            corners = np.array(polygon, dtype=np.float64).reshape(-1, 2)
        except (TypeError, ValueError) as error:
            raise ValueError("a polygon must be [x, y, x, y, …]") from error
        if len(corners) < 3 or not (np.abs(corners) <= _MAX_COORDINATE).all():
            raise ValueError("a polygon needs at least three finite corners")
        shapes.append(corners)
    return fill(shapes, size)
