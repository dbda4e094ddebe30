"""Write videos with pictures in the layout of YouTube-VIS; see the reader for the format."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deeplake_labelbox._formats.coco.writer import categories_of, shapes_of
from deeplake_labelbox._formats.written_frames import Notes, WrittenFrame, WrittenVideo
from deeplake_labelbox._store.label_space import LabelSpace

_LISTS = {"segmentations": "segmentation", "bboxes": "bbox", "areas": "area"}


@dataclass(slots=True)
class _Part:
    videos: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)


class YoutubeVisWriter:
    """Writes ``<part>/JPEGImages/video_000000/00000.png`` and ``<part>/instances.json``.

    The number of a picture is that of its frame, from 0. See `FormatWriter`.
    """

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None:
        self._folder = folder
        self._space = space
        self._notes = notes
        self._parts: dict[str, _Part] = {}
        self._part = _Part()
        self._pictures: Path
        self._video: dict[str, Any] = {}
        self._tracks: dict[tuple[str, int, int], dict[str, Any]] = {}

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a video."""
        self._part = self._parts.setdefault(part, _Part())
        self._pictures = self._folder / part / "JPEGImages" / video.name
        self._pictures.mkdir(parents=True)
        self._tracks = {}
        self._video = {"id": video.video_idx, "name": video.entry.name, "file_names": []}
        self._part.videos.append(self._video)

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Add a picture."""
        names: list[str] = self._video["file_names"]
        if not names:
            self._video |= {"width": frame.size[1], "height": frame.size[0]}
        place = len(names)
        path = self._pictures / f"{frame.frame_idx:05d}{suffix}"
        names.append(f"{path.parent.name}/{path.name}")
        if frame.size != (self._video["height"], self._video["width"]):
            lost = sum(len(boxes) for _, boxes in frame.objects)
            self._notes["pictures have another size than the first of their video"] += lost
            return path
        for objects, boxes in frame.objects:
            if objects.kind.detected_as == "box":
                self._notes["boxes have no mask, which most tools of the format need"] += len(boxes)
            numbers = zip(objects.track_ids.tolist(), objects.labels.tolist(), strict=True)
            for (track, label), shape in zip(numbers, shapes_of(objects, boxes), strict=True):
                key = (objects.column.family.column, track, label)
                lists = self._tracks.setdefault(key, {name: [] for name in _LISTS})
                for name, own in _LISTS.items():
                    lists[name] += [None] * (place - len(lists[name]))
                    if len(lists[name]) > place:
                        self._notes["a track is in the frame twice; the first one is used"] += 1
                        break
                    lists[name].append(shape.get(own))
        return path

    def end(self) -> None:
        """Write the tracks of the video."""
        length = len(self._video["file_names"])
        self._video["length"] = length
        for (_, _, label), lists in self._tracks.items():
            for name in _LISTS:
                lists[name] += [None] * (length - len(lists[name]))
            self._part.annotations.append(
                {
                    "video_id": self._video["id"],
                    "category_id": label,
                    "iscrowd": 0,
                    "width": self._video["width"],
                    "height": self._video["height"],
                    "length": length,
                    **lists,
                }
            )

    def finish(self) -> None:
        """Write the file of each part."""
        for name, part in self._parts.items():
            for number, annotation in enumerate(part.annotations, 1):
                annotation["id"] = number
            content = {
                "info": {"description": None, "first_number": 0},
                "videos": part.videos,
                "annotations": part.annotations,
                "categories": categories_of(self._space),
            }
            (self._folder / name / "instances.json").write_text(json.dumps(content), "utf-8")
