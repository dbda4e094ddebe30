"""Read COCO JSON of video frames: an image for each frame, an annotation for each object in it.

``images`` have ``video_id`` and ``frame_id``, ``annotations`` have ``instance_id`` or ``track_id``.
Source: the format CocoVID of mmtracking, where ``frame_id`` counts from 0, and TAO, which calls it
``frame_index``. Converters of CenterTrack's family count ``frame_id`` from 1; the numbers in a file
show which one it is. `deeplake_labelbox.training.to_coco` writes such files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

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
    whole_number,
)
from deeplake_labelbox._formats.frame_numbers import frames_of_pictures
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._formats.youtube_vis.reader import YoutubeVisSource
from deeplake_labelbox._model.json_values import as_mapping, as_text
from deeplake_labelbox.errors import AnnotationSourceError

_FRAME_KEYS = ("frame_id", "frame_index")
_TRACK_KEYS = ("instance_id", "track_id")


@dataclass(slots=True)
class _CocoVideo:
    """The images and annotations of a video.

    Attributes:
        names: Names by which the video may be found.
        images: Images by id.
        annotations: Index and content of each annotation.
        declared: Number of its frames, if the file has it.
        size: Width and height, if the file has them.
    """

    names: tuple[str, ...]
    images: dict[str, Entry] = field(default_factory=dict)
    annotations: list[tuple[int, Entry]] = field(default_factory=list)
    declared: int | None = None
    size: Size | None = None


class CocoSource:
    """A JSON file of COCO whose images are frames of videos.

    Classes with a rectangle tool in the project get the boxes, other classes the masks, if there
    are any.

    Args:
        content: The file.
        options: Options for reading; a data row names the video of a file that has only one.

    Raises:
        AnnotationSourceError: If it has another format.
    """

    def __init__(self, content: CocoJson, options: ReadOptions) -> None:
        self._content = content
        self._options = options
        self._lost: list[tuple[int, Entry]] = []
        self._videos = self._read_videos()
        numbers = {key: _frame_numbers(video) for key, video in self._videos.items()}
        self._numbers = {key: found for key, (found, _) in numbers.items()}
        firsts = {first for _, first in numbers.values() if first is not None}
        if not firsts and any(0 in found for found in self._numbers.values() if found):
            firsts = {0}
        self._first = firsts.pop() if len(firsts) == 1 else None

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def names(self) -> frozenset[str]:
        """The classes that the file declares."""
        return frozenset(self._content.categories.values())

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video; annotations that cannot be read are refused.

        Raises:
            AnnotationSourceError: If the images of all annotations are missing.
        """
        if self._lost and len(self._lost) == len(self._content.annotations):
            raise AnnotationSourceError(
                f"{self._content.path}: none of the images to which its annotations refer is in "
                f"'images'."
            )
        findings = [
            SourceFinding(
                f"annotations[{index}] is of image {annotation.get('image_id')!r}, which is "
                f"not in 'images'"
            )
            for index, annotation in self._lost
        ]
        findings += self._content.findings
        for key, video in self._videos.items():
            yield self._video(key, video, kind_of, findings)
            findings = []

    def _read_videos(self) -> dict[str, _CocoVideo]:
        videos: dict[str, _CocoVideo] = {}
        listed = self._content.by_id("videos")
        images = self._content.by_id("images")
        video_of: dict[str, _CocoVideo] = {}
        for key, image in images.items():
            place, names = self._video_names(image, listed)
            if place not in videos:
                entry = as_mapping(listed.get(place))
                videos[place] = _CocoVideo(names, declared=length_of(entry), size=size_of(entry))
            video = video_of[key] = videos[place]
            video.images[key] = image
            video.size = video.size or size_of(image)
        for index, annotation in self._content.annotations:
            found = video_of.get(referenced_id(annotation, "image_id"))
            (self._lost if found is None else found.annotations).append((index, annotation))
        self._options.check_one_video(self._content.path, len(videos))
        if self._options.data_row is not None:
            for video in videos.values():
                video.names = (self._options.data_row,)
        elif not all(video.names for video in videos.values()):
            raise AnnotationSourceError(
                f"{self._content.path} does not name the video of its images: they have no "
                f"video_id and no folder. Name the data row with `data_rows`."
            )
        return videos

    @staticmethod
    def _video_names(image: Entry, listed: Mapping[str, Entry]) -> tuple[str, tuple[str, ...]]:
        """Return a key that identifies the video of an image, and its names."""
        folders = folders_of(str(image.get("file_name") or ""))
        if image.get("video_id") is None:
            return (f"folder {folders[0]}", tuple(folders)) if folders else ("", ())
        place = referenced_id(image, "video_id")
        video = as_mapping(listed.get(place))
        names = [as_text(video.get(key)) for key in ("name", "file_name")]
        found = tuple(dict.fromkeys(name for name in (*names, *folders) if name))
        # Only if there is no other name: an id may also be the name of another video.
        return place, found or (place,)

    def _video(
        self, key: str, video: _CocoVideo, kind_of: KindOf, findings: list[SourceFinding]
    ) -> VideoAnnotations:
        builder = TrackBuilder()
        try:
            frames = frames_of_pictures(
                self._numbers[key] or range(len(video.images)),
                self._options.video_length(video.names),
                given=self._options.numbering,
                first=self._first if self._numbers[key] else 0,
                declared=video.declared,
                counted=not self._numbers[key],
            ).tolist()
            doubt = None
        except ValueError as error:
            frames, doubt = [0] * len(video.images), str(error)
        frame_of = dict(zip(video.images, frames, strict=True))
        for index, annotation in video.annotations:
            self._add(builder, index, annotation, video, frame_of, doubt, kind_of)
        findings = [*findings, *builder.findings()]
        findings += note_crowds(annotation for _, annotation in video.annotations)
        return VideoAnnotations(
            data_row=video.names,
            tracks=builder.tracks(),
            pictures=None if doubt else np.array(sorted(frames), dtype=np.int64),
            size=video.size,
            findings=findings,
            refused=builder.refused(),
        )

    def _add(
        self,
        builder: TrackBuilder,
        index: int,
        annotation: Entry,
        video: _CocoVideo,
        frame_of: Mapping[str, int],
        doubt: str | None,
        kind_of: KindOf,
    ) -> None:
        """Add an annotation."""
        where = f"annotations[{index}] of {self._content.path.name}"
        track = _track(annotation) or f"annotation {annotation.get('id', index)}"
        name = self._content.class_of(annotation, builder, track, where, doubt)
        if name is None:
            return
        image = referenced_id(annotation, "image_id")
        shapes = (annotation.get("bbox"), annotation.get("segmentation"))
        boxes = kind_of(name) == "rectangle"
        size = size_of(video.images[image]) or video.size
        if size != video.size:
            kind: Any = "rectangle" if boxes or not shapes[1] else "raster-segmentation"
            reason = f"{where} is of an image whose size differs from the video's first image"
            builder.leave_out(name, kind, track, frame_of[image], reason)
            return
        key_frame = annotation.get("key_frame")
        add_shape(
            builder,
            name,
            track,
            frame_of[image],
            shapes,
            where=where,
            size=size,
            boxes=boxes,
            drawn=key_frame if isinstance(key_frame, bool) else None,
            score=score_of(annotation),
        )


def open_json(path: str, options: ReadOptions) -> CocoSource | YoutubeVisSource:
    """Open a file of COCO or YouTube-VIS, as its content decides; see `Read`."""
    content = CocoJson(path)
    kind = CocoSource if content.has_images else YoutubeVisSource
    return kind(content, options)


def _track(annotation: Entry) -> str | None:
    """Return the track of an annotation; ``None`` if it has none."""
    attributes = as_mapping(annotation.get("attributes"))
    for source in (annotation, attributes):
        for key in _TRACK_KEYS:
            track = as_text(source.get(key))
            if track is not None:
                return None if track.startswith("-") else track
    return None


def _frame_numbers(video: _CocoVideo) -> tuple[list[int] | None, int | None]:
    """Return the number of each image, and the number of a video's first frame if known.

    An image may have a number in its entry and one in its file name. If the latter is one more in
    all images, the entries count from 0. If the entries only count the images, the numbers in the
    file names are used.
    """
    images = list(video.images.values())
    stated = all_or_none(map(_stated, images))
    named = all_or_none(number_in(str(image.get("file_name") or "")) for image in images)
    if stated is None or named is None:
        return (named if stated is None else stated), None
    apart = {name - number for name, number in zip(named, stated, strict=True)}
    if apart == {1}:
        return stated, 0
    if apart == {-1}:
        return stated, 1
    counts_images = max(stated) - min(stated) == len(set(stated)) - 1
    in_order = sorted(range(len(images)), key=stated.__getitem__)
    ascending = sorted(set(named)) == [named[place] for place in in_order]
    return (named if len(apart) > 1 and counts_images and ascending else stated), None


def _stated(image: Entry) -> int | None:
    numbers = (whole_number(image.get(key)) for key in _FRAME_KEYS)
    return next((number for number in numbers if number is not None), None)
