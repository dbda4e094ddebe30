"""Read the content of a page as JSON: an index, and the timeline and parts of each video.

The page's script loads them as ``index``, ``video-3`` and ``part-3-0``. A part is a clip with the
objects of its frames.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._pictures.clips import Clip, Size, frames_in_clip
from deeplake_labelbox._pictures.colors import Color, ink_on
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.frame_times import frame_times
from deeplake_labelbox._pictures.page_objects import page_objects
from deeplake_labelbox._pictures.timelines import (
    AnswerTimeline,
    TrackTimeline,
    VideoTimeline,
    object_answer_spans,
    read_timeline,
)
from deeplake_labelbox._pictures.video_selection import FrameRange, select_videos
from deeplake_labelbox._store.columns import column_kind, column_names
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox._store.videos import Video, recorded_meta

_TIMELINES_KEPT: Final = 32
_DATA_ROW_URL: Final = "https://app.labelbox.com/projects/{}/data-rows/{}"


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive frames of a video.

    Attributes:
        video: Index of the video on the page.
        number: Index of the part in the video.
        rows: (F,) rows of the frames.
        size: Size that the pictures are labeled in.
    """

    video: int
    number: int
    rows: NDArray[np.int64]
    size: Size

    @property
    def name(self) -> str:
        """Name of the part on the page."""
        return f"part-{self.video}-{self.number}"


class PageContent:
    """Reads the content of a page.

    Args:
        ds: The dataset.
        videos: Names, data row ids or ``video_idx`` of videos; ``None`` for all.
        frames: First and last frame number; ``None`` for all.
        colors: Colors by class name, instead of the ontology's.
        image_column: Column of the pictures; ``None`` for ``frames``.
        annotator: Annotator whose labels to show; ``None`` for the labels that count, and also
            those of each annotator with columns.

    Attributes:
        reader: Reads the labels that are shown first.
        videos: The videos.
        layers: Reader of the labels of each annotator, by name; "" for the labels that count.

    Raises:
        ConfigurationError: If there is no such video, frame, column or annotator.
    """

    def __init__(
        self,
        ds: DatasetLike,
        *,
        videos: Sequence[str] | None = None,
        frames: FrameRange | None = None,
        colors: Mapping[str, str] | None = None,
        image_column: str | None = None,
        annotator: str | None = None,
    ) -> None:
        self.reader = AnnotationReader(ds, annotator, image_column)
        dataset = self.reader.dataset
        self.videos = select_videos(dataset, videos, frames)
        self.layers = {dataset.annotator or "": self.reader}
        if dataset.annotator is None:
            self.layers |= {name: AnnotationReader(dataset, name) for name in dataset.annotators}
        self._colors = colors
        self._timelines: dict[int, list[VideoTimeline]] = {}
        self._sizes: dict[int, Size] = {}

    def keep(self, videos: int, frames: int) -> None:
        """Limit the number of videos and frames; keep at least one video, labeled ones first."""
        labeled = [
            v for v, is_labeled in zip(self.videos, self._labeled[0], strict=True) if is_labeled
        ]
        count = min(videos, len(self.videos))
        among = labeled if len(labeled) >= count else self.videos
        while True:
            places = np.linspace(0, len(among) - 1, count).round().astype(int)
            kept = [among[place] for place in places]
            if count == 1 or sum(len(video.rows) for video in kept) <= frames:
                break
            count -= 1
            among = labeled if len(labeled) >= count else self.videos
        if len(kept) < len(self.videos):
            self.videos = kept
            vars(self).pop("_labeled")

    @property
    def title(self) -> str:
        """The name of the project."""
        return self.reader.dataset.project_name or "Dataset"

    def index(self) -> dict[str, Any]:
        """Return what the page needs at its start."""
        palette = self.reader.palette(self._colors)
        meta = recorded_meta(self.reader.dataset.dataset)
        return {
            "title": self.title,
            "classes": [_class(name, color) for name, color in palette.items()],
            "layers": list(self.layers),
            "videos": [
                {
                    "name": video.short_name or "Frames",
                    "rows": len(video.rows),
                    "isLabeled": self._labeled[0][number],
                    "annotators": self._annotators(number),
                    "link": _link(meta.project_id if meta else "", video),
                }
                for number, video in enumerate(self.videos)
            ],
        }

    def video(self, number: int) -> dict[str, Any]:
        """Return the timeline of a video, and its number of frames per part."""
        video = self.videos[number]
        return {
            "part": frames_in_clip(self.size(number)),
            "numbers": video.frames.tolist(),
            "times": [round(float(t), 3) for t in frame_times(self.reader.dataset, video)],
            "layers": [
                {
                    "isLabeled": timeline.is_labeled,
                    "tracks": [_track(track) for track in timeline.tracks],
                    "answers": list(map(_answer, timeline.answers)),
                    "objectAnswers": list(map(_answer, object_answer_spans(reader, video))),
                }
                for reader, timeline in zip(
                    self.layers.values(), self._timelines_of(number), strict=True
                )
            ],
        }

    def parts(self, number: int) -> Iterator[Part]:
        """Yield the parts of a video."""
        rows, size = self.videos[number].rows, self.size(number)
        length = frames_in_clip(size)
        for place, start in enumerate(range(0, len(rows), length)):
            yield Part(number, place, rows[start : start + length], size)

    def objects(self, part: Part, width: int) -> dict[str, Any]:
        """Return the objects of a part, in pixels of its size.

        Args:
            part: The part.
            width: Greatest width of masks in pixels.
        """
        return page_objects(
            list(self.layers.values()), self._timelines_of(part.video), part.rows, width
        )

    def pictures(self, part: Part) -> list[NDArray[np.uint8]]:
        """Return the pictures of a part, as stored."""
        return list(self.reader.dataset.frames.read(part.rows))

    def shown_sizes(self, part: Part, pictures: Sequence[NDArray[np.uint8]]) -> list[Size]:
        """Return the size that each frame is labeled in, or one size for all."""
        if self.videos[part.video].size is not None:
            return [part.size]
        sizes = [(picture.shape[1], picture.shape[0]) for picture in pictures]
        return sizes if len(set(sizes)) > 1 else sizes[:1]

    def size(self, number: int) -> Size:
        """Return the size that a video is labeled in: that of its first picture."""
        if number not in self._sizes:
            video = self.videos[number]
            height, width = video.size or self.reader.dataset.frames[int(video.rows[0])].shape[:2]
            self._sizes[number] = (width, height)
        return self._sizes[number]

    @cached_property
    def _labeled(self) -> list[list[bool]]:
        """Whether each video has a label, by layer."""
        return [reader.labeled(self.videos) for reader in self.layers.values()]

    @cached_property
    def _creators(self) -> list[str]:
        """Creator of the label that counts, by video; empty if unknown."""
        dataset = self.reader.dataset
        firsts = np.array([video.rows[0] for video in self.videos], dtype=np.int64)
        for name in column_names(dataset.dataset):
            if (
                name.rpartition("/")[2] == "label_creator"
                and column_kind(dataset.dataset, name) == "row metadata"
            ):
                return [str(creator or "") for creator in dataset.cells(name, firsts)]
        return [""] * len(firsts)

    def _annotators(self, number: int) -> list[str]:
        """Return the annotators of a video, as far as they are known."""
        layers = zip(self.layers, self._labeled, strict=True)
        own = {name for name, labeled in layers if name and labeled[number]}
        return sorted(own or filter(None, [self._creators[number]]))

    def _timelines_of(self, number: int) -> list[VideoTimeline]:
        if number not in self._timelines:
            if len(self._timelines) >= _TIMELINES_KEPT:
                self._timelines.clear()
            video = self.videos[number]
            self._timelines[number] = [read_timeline(r, video) for r in self.layers.values()]
        return self._timelines[number]


def clip_of_part(clip: Clip, sizes: Sequence[Size]) -> dict[str, Any]:
    """Convert a clip to the form that the page's script reads."""
    return {
        "codec": clip.codec,
        "size": clip.size,
        "packets": clip.packets,
        "clip": base64.b64encode(clip.data).decode(),
        "sizes": sizes,
    }


def _class(name: str, color: Color) -> dict[str, str]:
    return {"name": name, "color": _hex(color), "ink": _hex(ink_on(color))}


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _link(project: str, video: Video) -> str:
    if not project or not video.data_row_id:
        return ""
    ids = quote(project, safe=""), quote(video.data_row_id, safe="")
    return _DATA_ROW_URL.format(*ids)


def _track(track: TrackTimeline) -> dict[str, Any]:
    return {
        "c": track.class_name,
        "t": track.kind,
        "i": track.track_id,
        "spans": track.spans,
        "keys": track.key_frames,
    }


def _answer(answer: AnswerTimeline) -> dict[str, Any]:
    return {"question": answer.question, "spans": answer.spans}
