"""Read YouTube-VIS: COCO-style JSON of videos.

``videos`` (``id``, ``width``, ``height``, ``length``, ``file_names``), ``categories`` (``id``,
``name``) and ``annotations``, one per object: ``video_id``, ``category_id``, and per picture a
``segmentations`` entry (run-length encoded, polygons, or null) and a ``bboxes`` entry ([left, top,
width, height] or null). Entry ``i`` belongs to the i-th of ``file_names``, whose number gives the
frame. Source: L. Yang, Y. Fan and N. Xu, "Video Instance Segmentation", ICCV 2019, and the format
page of youtube-vos.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import KindOf, SourceFinding, VideoAnnotations
from deeplake_labelbox._formats.coco_json import (
    CocoJson,
    Entry,
    Size,
    add_shape,
    all_or_none,
    folders_of,
    length_of,
    note_crowds,
    number_in,
    referenced_id,
    score_of,
    size_of,
)
from deeplake_labelbox._formats.frame_numbers import frames_of_pictures
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._model.json_values import as_list, as_text

_LISTS = ("segmentations", "bboxes")


class YoutubeVisSource:
    """A JSON file of YouTube-VIS.

    Classes with a rectangle tool in the project get the boxes, other classes the masks.

    Args:
        content: The file.
        options: Options for reading; the numbering is that of ``file_names``, and a data row names
            the video of a file that has only one.

    Raises:
        AnnotationSourceError: If it has another format.
    """

    def __init__(self, content: CocoJson, options: ReadOptions) -> None:
        self._content = content
        self._options = options
        self._videos = content.by_id("videos")
        options.check_one_video(content.path, len(self._videos))
        numbers = [_numbers(video) for video in self._videos.values()]
        self._first = content.first_number
        if self._first is None and any(0 in found for found in numbers if found is not None):
            self._first = 0

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def names(self) -> frozenset[str]:
        """The classes that the file declares."""
        return frozenset(self._content.categories.values())

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video; annotations that cannot be read are refused."""
        by_video: dict[str, list[tuple[int, Entry]]] = {key: [] for key in self._videos}
        for index, annotation in self._content.annotations:
            by_video.setdefault(referenced_id(annotation, "video_id"), []).append(
                (index, annotation)
            )
        findings = self._content.findings
        for key, own in by_video.items():
            yield self._video(key, own, kind_of, findings)
            findings = []

    def _video(
        self,
        key: str,
        annotations: list[tuple[int, Entry]],
        kind_of: KindOf,
        findings: list[SourceFinding],
    ) -> VideoAnnotations:
        video = self._videos.get(key)
        builder = TrackBuilder()
        names: tuple[str, ...] = (key,)
        size = None
        frames: NDArray[np.int64] | str = f"its video {key} is not in 'videos'"
        if video is not None:
            names = (self._options.data_row,) if self._options.data_row else _names(video)
            size = size_of(video)
            frames = self._frames(video, annotations, names)
        for index, annotation in annotations:
            self._add(builder, index, annotation, frames, size, kind_of)
        findings = [*findings, *builder.findings()]
        findings += note_crowds(annotation for _, annotation in annotations)
        return VideoAnnotations(
            data_row=names,
            tracks=builder.tracks(),
            pictures=None if isinstance(frames, str) else np.sort(frames),
            size=size,
            findings=findings,
            refused=builder.refused(),
        )

    def _frames(
        self, video: Entry, annotations: list[tuple[int, Entry]], names: tuple[str, ...]
    ) -> NDArray[np.int64] | str:
        """Return the frame of each picture of a video, or why it is ambiguous."""
        numbers = _numbers(video)
        first = self._first
        counted = numbers is None
        if numbers is None:
            # Without numbers, the pictures are counted.
            listed = [len(as_list(a.get(name))) for _, a in annotations for name in _LISTS]
            count = (
                len(as_list(video.get("file_names"))) or length_of(video) or max(listed, default=0)
            )
            numbers, first = list(range(count)), 0
        try:
            return frames_of_pictures(
                numbers,
                self._options.video_length(names),
                given=self._options.numbering,
                first=first,
                counted=counted,
            )
        except ValueError as error:
            return str(error)

    def _add(
        self,
        builder: TrackBuilder,
        index: int,
        annotation: Entry,
        frames: NDArray[np.int64] | str,
        size: Size | None,
        kind_of: KindOf,
    ) -> None:
        where = f"annotations[{index}] of {self._content.path.name}"
        track = as_text(annotation.get("id")) or str(index)
        doubt = frames if isinstance(frames, str) else None
        name = self._content.class_of(annotation, builder, track, where, doubt)
        if name is None or isinstance(frames, str):
            return
        lists = [as_list(annotation.get(key)) for key in _LISTS]
        for key, values in zip(_LISTS, lists, strict=True):
            if values and len(values) != len(frames):
                reason = f"has {len(values)} {key}, but its video has {len(frames)} pictures"
                builder.refuse(name, track, f"{where} {reason}")
                return
        empty: list[Any] = [None] * len(frames)
        segmentations, bboxes = (values or empty for values in lists)
        boxes = kind_of(name) == "rectangle" or not any(segmentations)
        shown = False
        for frame, segmentation, box in zip(frames.tolist(), segmentations, bboxes, strict=True):
            shape = segmentation if not boxes or box is None else box
            if shape is None or shape == []:
                continue
            shown = True
            add_shape(
                builder,
                name,
                track,
                frame,
                (box, segmentation),
                where=where,
                size=size,
                boxes=boxes,
                score=score_of(annotation),
            )
        if not shown:
            builder.refuse(name, track, f"{where} is in no picture")


def _names(video: Entry) -> tuple[str, ...]:
    files = [str(name) for name in as_list(video.get("file_names"))]
    names = [as_text(video.get("name")), *folders_of(files[0] if files else "")]
    found = tuple(dict.fromkeys(name for name in names if name))
    # Only if there is no other name: an id may also be the name of another video.
    return found or (referenced_id(video, "id"),)


def _numbers(video: Entry) -> list[int] | None:
    """Return the numbers in the names of a video's pictures; ``None`` if one has none."""
    return all_or_none(number_in(str(name)) for name in as_list(video.get("file_names")))
