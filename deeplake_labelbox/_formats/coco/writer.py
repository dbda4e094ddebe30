"""Write the ground truth of a dataset as COCO detection JSON, for evaluation tools.

Format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.written_frames import (
    Notes,
    WrittenFrame,
    WrittenVideo,
    labeled_frames_of,
)
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._store.frame_index import Where, image_id
from deeplake_labelbox._store.frame_objects import FrameObjects
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import labeled_frames


def to_coco(
    dataset: DatasetLike,
    columns: Sequence[str] | None = None,
    *,
    videos: Iterable[int] | None = None,
    where: Where | None = None,
) -> dict[str, Any]:
    """Make COCO detection JSON of the labeled frames.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        columns: Names of columns of rectangles, masks or polygons. By default all columns of
            rectangles, or if there are none, all of masks and polygons.
        videos: Values of ``video_idx``; by default all.
        where: Condition for frames: TQL, a function of a row, or the view of a query.

    Returns:
        A dict for `json.dump`. ``images``: ``id`` is the ``image_id`` of `FrameDataset`'s
        targets; ``file_name`` is ``<video_idx>/<frame from 1, 6 digits>.png``, a name
        without a file. ``annotations``:
        ``category_id`` is the number in ``labels``; ``bbox`` is left, top, width, height as in
        the dataset, not clipped at the edges; objects without an area within their frame are left
        out, as by `FrameDataset`, and logged once. If the picture size changes within a video,
        each image has its own size, and its annotations are in pixels of that size;
        ``segmentation`` is a list of one polygon [x, y, x, y, …] for polygons, an uncompressed
        run-length encoding ``{"size": [H, W], "counts": [...]}`` for masks (column by column,
        beginning with a run of 0), and missing for rectangles; ``track_id`` and ``key_frame`` are
        additions that tools ignore. ``videos`` is as in COCO-like video formats: ``id`` is
        ``video_idx``, ``length`` the number of frames of the video.

    Raises:
        ConfigurationError: If an argument does not fit the dataset.
        DatasetMismatchError: If the dataset was not made by this package.

    Example:
        ```python
        import json
        from pathlib import Path

        import deeplake

        from deeplake_labelbox.training import to_coco

        coco = to_coco(deeplake.open("clips"), ["person"])
        Path("ground_truth.json").write_text(json.dumps(coco))
        ```
    """
    labeled = LabeledDataset.of(dataset)
    space = LabelSpace.of(labeled, columns)
    table = labeled_frames(labeled, videos, space)
    if where is not None:
        table = table.take(table.where(labeled.dataset, where))
    content = CocoContent(space, labeled.project_name)
    for frame in labeled_frames_of(labeled, table, space):
        content.add(frame, f"{frame.video.video_idx}/{frame.frame_idx + 1:06d}.png")
    return content.as_json()


class CocoContent:
    """The content of a file, collected frame by frame.

    Args:
        space: The classes and columns.
        description: Description in the file.
    """

    def __init__(self, space: LabelSpace, description: str | None = None) -> None:
        self._space = space
        self._description = description
        self._videos: dict[int, dict[str, Any]] = {}
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, frame: WrittenFrame, file_name: str) -> None:
        """Add a frame and the name of its picture."""
        entry = frame.video.entry
        self._videos.setdefault(
            entry.video_idx,
            {"id": entry.video_idx, "name": entry.name, "length": entry.frame_count},
        )
        image = int(image_id(entry.video_idx, frame.frame_idx))
        self._images.append(
            {
                "id": image,
                "width": frame.size[1],
                "height": frame.size[0],
                "file_name": file_name,
                "video_id": entry.video_idx,
                "frame_id": frame.frame_idx,
            }
        )
        for objects, boxes in frame.objects:
            for annotation in _annotations(objects, boxes):
                number = len(self._annotations) + 1
                self._annotations.append({"id": number, "image_id": image, **annotation})

    def as_json(self) -> dict[str, Any]:
        """Return the whole content, for `json.dump`."""
        return {
            "info": {"description": self._description},
            "videos": list(self._videos.values()),
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories_of(self._space),
        }


class CocoWriter:
    """Writes ``<part>/video_000000/000001.png`` and ``annotations/instances_<part>.json``.

    See `FormatWriter`.
    """

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None:  # noqa: ARG002 - it holds all objects
        self._folder = folder
        self._space = space
        self._parts: dict[str, CocoContent] = {}
        self._place: tuple[str, str]

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a video."""
        self._parts.setdefault(part, CocoContent(self._space))
        self._place = (part, video.name)
        (self._folder / part / video.name).mkdir(parents=True)

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Add an image and its annotations."""
        part, video = self._place
        name = f"{video}/{frame.frame_idx + 1:06d}{suffix}"
        self._parts[part].add(frame, name)
        return self._folder / part / name

    def end(self) -> None:
        """Do nothing: files are written by part."""

    def finish(self) -> None:
        """Write the file of each part."""
        (self._folder / "annotations").mkdir()
        for part, content in self._parts.items():
            path = self._folder / "annotations" / f"instances_{part}.json"
            path.write_text(json.dumps(content.as_json()), "utf-8")


def categories_of(space: LabelSpace) -> list[dict[str, Any]]:
    """Return the classes in the form of COCO."""
    return [{"id": number, "name": name} for number, name in enumerate(space.class_names) if number]


def run_length(mask: NDArray[Any]) -> dict[str, list[int]]:
    """Encode an (H, W) mask in COCO's uncompressed run-length encoding.

    Runs go down the columns, one column after the other, and begin with a run of 0, which has
    length 0 if the first pixel is set.
    """
    pixels = np.asarray(mask, dtype=bool).ravel(order="F")
    ends = np.flatnonzero(np.diff(pixels)) + 1
    runs = np.diff(np.concatenate([[0], ends, [len(pixels)]])).tolist()
    return {"size": [*mask.shape], "counts": [0, *runs] if pixels[:1].any() else runs}


def shapes_of(objects: FrameObjects, boxes: NDArray[np.float32]) -> Iterator[dict[str, Any]]:
    """Yield ``bbox``, ``area`` and, for masks and polygons, ``segmentation`` of each object."""
    keys_of = ANNOTATIONS[objects.kind.name]
    for shape, (left, top, right, bottom) in zip(objects.shapes, boxes.tolist(), strict=True):
        area = (right - left) * (bottom - top)
        yield {"bbox": [left, top, right - left, bottom - top], "area": area, **keys_of(shape)}


def _annotations(objects: FrameObjects, boxes: NDArray[np.float32]) -> Iterator[dict[str, Any]]:
    for index, shape in enumerate(shapes_of(objects, boxes)):
        yield {
            "category_id": int(objects.labels[index]),
            **shape,
            "iscrowd": 0,
            "track_id": int(objects.track_ids[index]),
            "key_frame": bool(objects.key_frames[index]),
        }


def _of_box(box: NDArray[np.float32]) -> dict[str, Any]:
    return {"bbox": [round(float(value), 3) for value in box]}


def _of_polygon(vertices: NDArray[np.float32]) -> dict[str, Any]:
    x, y = vertices[:, 0].astype(float), vertices[:, 1].astype(float)
    # Tools read four numbers as a box.
    corners = vertices if len(vertices) > 2 else np.resize(vertices, (3, 2))
    return {
        "segmentation": [[round(float(value), 3) for value in corners.ravel()]],
        "area": abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2,
    }


def _of_mask(mask: NDArray[np.bool_]) -> dict[str, Any]:
    return {"segmentation": run_length(mask), "area": int(mask.sum())}


ANNOTATIONS: Final[Mapping[ToolKind, Callable[[NDArray[Any]], dict[str, Any]]]] = {
    "rectangle": _of_box,
    "polygon": _of_polygon,
    "raster-segmentation": _of_mask,
}
"""The keys of a shape in an annotation, by kind; points and lines have no area to evaluate."""
