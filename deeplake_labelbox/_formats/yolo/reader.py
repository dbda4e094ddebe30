"""Read labels of YOLO; see `yolo.writer` for the layout.

The name of a picture has its video and frame: ``crossing_000012.jpg`` is frame 12 of ``crossing``.
`YoloWriter` stores the names of its videos in ``data.yaml``, and numbers their frames from 1. Boxes
and outlines have no tracks, so each is a separate object. Predictions may have a confidence after
the other numbers, as Ultralytics writes it with ``save_conf``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import KindOf, SourceFinding, VideoAnnotations
from deeplake_labelbox._formats.frame_numbers import Numbering, frames_of_pictures
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._model.json_values import as_mapping
from deeplake_labelbox.errors import AnnotationSourceError

_PARTS = ("train", "val", "test", "minival")
_PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_NUMBERED = re.compile(r"(.*?)[-_. ]*(\d+)")
_MAX_DIGITS = 9
_BOX_NUMBERS = 4
_FEWEST_NUMBERS = 6


class YoloSource:
    """Pictures and labels that a ``data.yaml`` names.

    Args:
        path: The ``data.yaml``, or its folder.
        options: Options for reading; the numbering is that of the names of the pictures, and a data
            row names the video if all pictures are of the same video.

    Raises:
        AnnotationSourceError: If there is no such file, it has another format, or its pictures
            do not name their videos.
    """

    def __init__(self, path: str | Path, options: ReadOptions) -> None:
        self._path = Path(path) / "data.yaml" if Path(path).is_dir() else Path(path)
        self._options = options
        content = _load(self._path)
        self._class_names = _class_names(content.get("names"), self._path)
        if "kpt_shape" in content:
            raise AnnotationSourceError(
                f"{self._path} has poses (kpt_shape), whose lines are neither boxes nor outlines; "
                f"convert them to boxes."
            )
        self._own = {str(k): str(v) for k, v in as_mapping(content.get("videos")).items()}
        self._videos: dict[str, list[tuple[int, Path]]] = {}
        for picture in self._pictures(content):
            name, number = self._place(picture, options.data_row)
            self._videos.setdefault(name, []).append((number, picture))
        options.check_one_video(self._path, len(self._videos))

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def names(self) -> frozenset[str]:
        """The classes that the file declares."""
        return frozenset(self._class_names.values())

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video.

        Raises:
            AnnotationSourceError: If a picture cannot be read.
        """
        for name, pictures in self._videos.items():
            yield self._video(name, sorted(pictures), kind_of)

    def _video(
        self, name: str, pictures: Sequence[tuple[int, Path]], kind_of: KindOf
    ) -> VideoAnnotations:
        names = (self._options.data_row or self._own.get(name, name),)
        numbers = [number for number, _ in pictures]
        builder, doubt, frames = TrackBuilder(), None, numbers
        numbering = self._options.numbering
        if name not in self._own or numbering != Numbering():
            try:
                frames = frames_of_pictures(
                    numbers, self._options.video_length(names), given=numbering
                ).tolist()
            except ValueError as error:
                doubt = str(error)
        findings: list[SourceFinding] = []
        sizes = {_size(picture) for _, picture in pictures}
        if len(sizes) > 1:
            doubt = "its pictures have different sizes, but those of a video have the same"
        size = min(sizes)
        for frame, (_, picture) in zip(frames, pictures, strict=True):
            for line, text in enumerate(_lines(picture), 1):
                track = f"{picture.stem} line {line}"
                try:
                    class_name, values, score = self._read(text)
                except ValueError as error:
                    what = f"line {line} of {_label(picture).name} {error}"
                    findings.append(SourceFinding(what, frame if doubt is None else None))
                    continue
                if doubt is not None:
                    builder.refuse(class_name, track, doubt)
                    continue
                corners = values.reshape(-1, 2) * size
                if len(values) == _BOX_NUMBERS:
                    box = (*(corners[0] - corners[1] / 2), *corners[1])
                    builder.add(class_name, "rectangle", track, frame, box, score=score)
                elif kind_of(class_name) == "rectangle":
                    low, high = corners.min(axis=0), corners.max(axis=0)
                    box = (*low, *(high - low))
                    builder.add(class_name, "rectangle", track, frame, box, score=score)
                else:
                    builder.add(class_name, "polygon", track, frame, corners, score=score)
        return VideoAnnotations(
            data_row=names,
            tracks=builder.tracks(),
            pictures=np.array(frames, dtype=np.int64) if doubt is None else None,
            size=size,
            findings=(*findings, *builder.findings()),
            refused=builder.refused(),
        )

    def _read(self, text: str) -> tuple[str, Any, float | None]:
        """Parse the class, the numbers and the confidence of a line.

        Raises:
            ValueError: If it is not a label.
        """
        first, *rest = text.split()
        try:
            number, values = int(first), np.array(rest, dtype=np.float64)
        except ValueError as error:
            raise ValueError("is not a class and numbers") from error
        if number not in self._class_names:
            raise ValueError(f"has class {number}, which {self._path.name} does not name")
        score = None
        if len(values) > _BOX_NUMBERS and len(values) % 2 and 0 <= values[-1] <= 1:
            values, score = values[:-1], float(values[-1])
        outline = len(values) >= _FEWEST_NUMBERS and len(values) % 2 == 0
        if not (len(values) == _BOX_NUMBERS or outline):
            numbers = counted(len(values), "number")
            raise ValueError(f"has {numbers}, which is neither a box nor an outline")
        if not all(map(math.isfinite, values)):
            raise ValueError("has a number that is not finite")
        return self._class_names[number], values, score

    def _pictures(self, content: Mapping[str, Any]) -> list[Path]:
        """Find the pictures of all parts, each once."""
        root = self._path.parent / str(content.get("path") or "")
        found: dict[Path, None] = {}
        for part in _PARTS:
            places = content.get(part) or ()
            for place in (places,) if isinstance(places, str) else places:
                folder = root / str(place)
                if not folder.is_dir():
                    raise AnnotationSourceError(
                        f"{self._path} names the pictures {folder} of {part!r}, which is not a "
                        f"folder; correct its path."
                    )
                files = sorted(folder.rglob("*"))
                found |= dict.fromkeys(f for f in files if f.suffix.lower() in _PICTURES)
        if not found:
            raise AnnotationSourceError(
                f"{self._path} names no pictures; their sizes and numbers are needed to place the "
                f"labels."
            )
        return list(found)

    def _place(self, picture: Path, data_row: str | None) -> tuple[str, int]:
        """Return the video and the number of a picture."""
        found = _NUMBERED.fullmatch(picture.stem)
        if found is None or len(found[2]) > _MAX_DIGITS or not (found[1] or data_row):
            raise AnnotationSourceError(
                f"The name of {picture} does not give its video and frame; name it like "
                f"crossing_000012.jpg, or pass `data_rows` if all pictures are of one video."
            )
        return found[1], int(found[2])


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except FileNotFoundError as error:
        raise AnnotationSourceError(f"There is no file {path}.") from error
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise AnnotationSourceError(f"{path} cannot be read as YAML ({why}).") from error
    if not isinstance(content, Mapping) or "names" not in content:
        raise AnnotationSourceError(
            f"{path} is not a data.yaml of YOLO; it needs 'names' and the folders of 'train' or "
            f"'val'."
        )
    return content


def _class_names(names: Any, path: Path) -> dict[int, str]:
    if isinstance(names, Sequence) and not isinstance(names, str):
        return dict(enumerate(map(str, names)))
    if isinstance(names, Mapping) and all(isinstance(number, int) for number in names):
        return {number: str(name) for number, name in names.items()}
    raise AnnotationSourceError(
        f"{path} has 'names' that are neither a list nor names by number from 0."
    )


def _label(picture: Path) -> Path:
    """Find the text of a picture as Ultralytics does: ``labels`` instead of the last ``images``."""
    parts = list(picture.parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _lines(picture: Path) -> list[str]:
    """Read the lines of a picture's labels; none if there is no text, because it has no object."""
    label = _label(picture)
    try:
        return [line for line in label.read_text("utf-8-sig").splitlines() if line.strip()]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationSourceError(f"{label} cannot be read ({error}).") from error


def _size(picture: Path) -> tuple[int, int]:
    try:
        with Image.open(picture) as image:
            return image.size
    except OSError as error:
        raise AnnotationSourceError(f"The picture {picture} cannot be read ({error}).") from error
