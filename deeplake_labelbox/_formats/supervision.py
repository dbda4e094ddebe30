"""Read detections of supervision (roboflow.com): the output of a model or tracker, by frame.

``tracker_id`` identifies the object, ``data["class_name"]`` is its class, ``confidence`` its score;
boxes are left, top, right and bottom in pixels. Source:
supervision.roboflow.com/latest/detection/core.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import KindOf, VideoAnnotations
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox.errors import AnnotationSourceError

FrameDetections = Mapping[int, Any] | Iterable[Any]
"""``supervision.Detections`` by frame from 1, or in the order of the frames."""


def is_detections(value: object) -> bool:
    """Return whether a value is ``supervision.Detections``; the package need not be installed."""
    return all(hasattr(value, name) for name in ("xyxy", "mask", "class_id", "tracker_id", "data"))


def are_detections(value: object) -> bool:
    """Return whether `SupervisionSource` can read a value, judged by its first entry."""
    if not isinstance(value, Mapping):
        return isinstance(value, Sequence) and len(value) > 0 and is_detections(value[0])
    found = next(iter(value.values()), None)
    is_of_video = isinstance(found, Iterable) and not isinstance(found, str | bytes)
    return is_of_video or is_detections(found)


class SupervisionSource:
    """Detections of the frames of videos.

    An object is visible only in the frames of its detections. Without ``tracker_id``, each
    detection is a separate object. Detections with masks are masks, unless the project's tool for
    the class draws rectangles.

    Args:
        detections: Detections of one video by frame; or of several by data row (id, global key or
            external id).
        data_row: The video, if there is only one.

    Raises:
        AnnotationSourceError: If no video is named.
    """

    def __init__(
        self,
        detections: FrameDetections | Mapping[str, FrameDetections],
        *,
        data_row: str | None = None,
    ) -> None:
        given: Any = detections
        by_video = isinstance(given, Mapping) and not any(map(is_detections, given.values()))
        self._videos: Mapping[Any, Any] = given if by_video else {data_row: given}
        if data_row is None and not by_video:
            raise AnnotationSourceError(
                "The detections do not name their video; name it with `data_rows='VIDEO'`, or pass "
                "a dict from data row to the detections of its frames."
            )
        if data_row is not None and by_video:
            raise AnnotationSourceError(
                "The detections name their videos, but one data row is named as well; leave it out."
            )

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def names(self) -> frozenset[str]:
        """Empty: nothing is declared beyond the detections."""
        return frozenset()

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video.

        Raises:
            AnnotationSourceError: If an entry is not detections, a frame number is invalid, or
                detections have no classes.
        """
        for data_row, detections in self._videos.items():
            builder = TrackBuilder()
            size: tuple[int, int] | None = None
            frames = []
            for frame, found in _frames(data_row, detections):
                frames.append(frame)
                place = f"frame {frame} of {data_row!r}"
                size = _add(builder, found, frame, place, kind_of) or size
            yield VideoAnnotations(
                data_row=(data_row,),
                tracks=builder.tracks(),
                pictures=np.array(sorted(frames), dtype=np.int64),
                size=size,
                findings=builder.findings(),
            )


def _frames(data_row: str, detections: Any) -> Iterator[tuple[int, Any]]:
    entries = detections.items() if isinstance(detections, Mapping) else enumerate(detections, 1)
    for frame, found in entries:
        if isinstance(frame, bool) or not isinstance(frame, int | np.integer) or frame < 1:
            raise AnnotationSourceError(
                f"The detections of {data_row!r} have the frame {frame!r}; frames are whole "
                f"numbers from 1."
            )
        if not is_detections(found):
            raise AnnotationSourceError(
                f"Frame {frame} of {data_row!r} has a {type(found).__name__}; give "
                f"supervision.Detections for each frame."
            )
        yield int(frame), found


def _add(
    builder: TrackBuilder, found: Any, frame: int, place: str, kind_of: KindOf
) -> tuple[int, int] | None:
    """Add the objects of a frame; return the size of its picture, if it has masks."""
    names = _class_names(found, place)
    numbers = found.tracker_id
    size = None
    for index, (name, corners) in enumerate(
        zip(names, np.asarray(found.xyxy, np.float64), strict=True)
    ):
        track = f"{frame}-{index + 1}" if numbers is None else str(int(numbers[index]))
        score = None if found.confidence is None else float(found.confidence[index])
        if found.mask is None or kind_of(name) == "rectangle":
            box = (*corners[:2], *(corners[2:] - corners[:2]))
            builder.add(name, "rectangle", track, frame, box, score=score)
        else:
            size = (int(found.mask.shape[2]), int(found.mask.shape[1]))
            pixels = partial(_pixels, found.mask, index)
            builder.add(name, "raster-segmentation", track, frame, pixels, score=score)
    return size


def _pixels(masks: Any, index: int) -> NDArray[np.bool_]:
    return np.asarray(masks[index], dtype=np.bool_)


def _class_names(found: Any, place: str) -> list[str]:
    names = found.data.get("class_name")
    if names is not None:
        return [str(name) for name in names]
    if len(found.xyxy) and found.class_id is None:
        raise AnnotationSourceError(
            f"The detections in {place} have neither a class_name in their data nor a class_id."
        )
    return [f"class {int(number)}" for number in (found.class_id if len(found.xyxy) else ())]
