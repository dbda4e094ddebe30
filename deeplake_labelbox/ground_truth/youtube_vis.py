"""COCO-style JSON of videos, as YouTube-VIS has it.

``videos`` (``id``, ``width``, ``height``, ``length``, ``file_names``), ``categories`` (``id``,
``name``) and ``annotations``, one an object: ``video_id``, ``category_id``, and per frame a
``segmentations`` entry (run-length encoded, polygons, or null) and a ``bboxes`` entry ([left, top,
width, height] or null). Entry ``i`` belongs to the i-th of ``file_names``. Source: L. Yang, Y. Fan
and N. Xu, "Video Instance Segmentation", ICCV 2019, and the format page of youtube-vos.org.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox.errors import AnnotationSourceError
from deeplake_labelbox.ground_truth.annotations import KindOf, VideoAnnotations
from deeplake_labelbox.ground_truth.rle import decode_rle
from deeplake_labelbox.ground_truth.tracks import TrackBuilder
from deeplake_labelbox.project.json_values import as_list, as_mapping


class YoutubeVisSource:
    """A JSON file of YouTube-VIS.

    A class that is drawn with a rectangle tool in the project gets the boxes, any other the masks.

    Args:
        path: The file.
        data_row: The video, where the file has one only.

    Raises:
        AnnotationSourceError: If there is no such file, or it is of another format.
    """

    def __init__(self, path: str | Path, *, data_row: str | None = None) -> None:
        self._path = Path(path)
        try:
            content = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise AnnotationSourceError(f"{path} cannot be read as JSON ({error}).") from error
        if not isinstance(content, dict) or not {"videos", "annotations"} <= content.keys():
            raise AnnotationSourceError(
                f"{path} is no YouTube-VIS file; it needs 'videos', 'categories', 'annotations'."
            )
        if content["annotations"] is None:
            raise AnnotationSourceError(
                f"{path} has no annotations (null), as the test sets of YouTube-VIS; pass one that "
                f"has."
            )
        self._videos = self._entries(content, "videos")
        self._annotations = self._entries(content, "annotations")
        self._names = {
            category.get("id"): str(category.get("name"))
            for category in self._entries(content, "categories")
        }
        if data_row is not None and len(self._videos) > 1:
            raise AnnotationSourceError(
                f"{path} has {len(self._videos)} videos, but one data row is named; leave it out."
            )
        self._data_row = data_row

    def __len__(self) -> int:
        return len(self._videos)

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video.

        Raises:
            AnnotationSourceError: If an annotation cannot be read; it names file and annotation.
        """
        by_video: dict[Any, list[tuple[int, Mapping[str, Any]]]] = {}
        for index, annotation in enumerate(self._annotations):
            by_video.setdefault(annotation.get("video_id"), []).append((index, annotation))
        if unknown := by_video.keys() - {video.get("id") for video in self._videos}:
            raise AnnotationSourceError(
                f"{self._path} annotates video {min(map(str, unknown))}, which is not in its "
                f"'videos'."
            )
        for index, video in enumerate(self._videos):
            yield self._video(index, video, by_video.get(video.get("id"), []), kind_of)

    def _video(
        self,
        index: int,
        video: Mapping[str, Any],
        annotations: list[tuple[int, Mapping[str, Any]]],
        kind_of: KindOf,
    ) -> VideoAnnotations:
        try:
            size = (int(video["width"]), int(video["height"]))
            files = [str(name) for name in as_list(video.get("file_names"))]
        except (KeyError, TypeError, ValueError) as error:
            raise self._refusal(f"videos[{index}]", "has no width and height") from error
        names = [str(video["name"])] if video.get("name") else []
        names += [str(PurePosixPath(files[0]).parent)] if files and "/" in files[0] else []
        names.append(str(video.get("id")))
        builder = TrackBuilder()
        for number, annotation in annotations:
            self._add(builder, number, annotation, size, kind_of)
        return VideoAnnotations(
            data_row=(self._data_row,) if self._data_row else tuple(names),
            tracks=builder.tracks(),
            size=size,
            findings=builder.findings(),
        )

    def _add(
        self,
        builder: TrackBuilder,
        number: int,
        annotation: Mapping[str, Any],
        size: tuple[int, int],
        kind_of: KindOf,
    ) -> None:
        where = f"annotations[{number}]"
        category = annotation.get("category_id")
        if category not in self._names:
            raise self._refusal(where, f"has the category {category!r}, which is not listed")
        name, track = self._names[category], str(annotation.get("id", number))
        boxes = as_list(annotation.get("bboxes"))
        segmentations = as_list(annotation.get("segmentations"))
        if kind_of(name) == "rectangle" or not segmentations:
            for frame, box in enumerate(boxes, 1):
                if box is not None:
                    builder.add(name, "rectangle", track, frame, self._box(where, frame, box))
            return
        for frame, segmentation in enumerate(segmentations, 1):
            if segmentation is not None:
                pixels = partial(self._pixels, where, frame, segmentation, size)
                builder.add(name, "raster-segmentation", track, frame, pixels)

    def _box(self, where: str, frame: int, box: Any) -> tuple[float, ...]:
        try:
            left, top, width, height = (float(number) for number in box)
        except (TypeError, ValueError) as error:
            raise self._refusal(
                where, f"has a box in frame {frame} that is not [left, top, width, height]"
            ) from error
        if not np.isfinite([left, top, width, height]).all():
            raise self._refusal(where, f"has a box in frame {frame} that is not finite")
        return left, top, width, height

    def _pixels(
        self, where: str, frame: int, segmentation: Any, size: tuple[int, int]
    ) -> NDArray[np.bool_]:
        width, height = size
        try:
            if isinstance(segmentation, Mapping):
                pixels = decode_rle(segmentation)
            else:
                pixels = _filled(segmentation, width, height)
        except (TypeError, ValueError, IndexError) as error:
            raise self._refusal(
                where, f"has a mask in frame {frame} that cannot be read ({error})"
            ) from error
        if pixels.shape != (height, width):
            raise self._refusal(
                where,
                f"has a mask of {pixels.shape[1]} x {pixels.shape[0]} pixels in frame {frame}, the "
                f"video has {width} x {height}",
            )
        return pixels

    def _entries(self, content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        entries = as_list(content.get(key))
        for index, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                raise self._refusal(f"{key}[{index}]", "is not an object")
        return [as_mapping(entry) for entry in entries]

    def _refusal(self, where: str, fault: str) -> AnnotationSourceError:
        return AnnotationSourceError(f"In {self._path}, {where} {fault}.")


def _filled(polygons: Any, width: int, height: int) -> NDArray[np.bool_]:
    """Polygons, each ``[x, y, x, y, ...]``, filled as Pillow fills them."""
    image = Image.new("1", (width, height))
    draw = ImageDraw.Draw(image)
    for polygon in polygons:
        corners = np.array(polygon, dtype=np.float64).reshape(-1, 2)
        if len(corners) < 3 or not np.isfinite(corners).all():
            raise ValueError("a polygon has at least three finite corners")
        draw.polygon([(x, y) for x, y in corners.tolist()], fill=1)
    return np.asarray(image, dtype=np.bool_)
