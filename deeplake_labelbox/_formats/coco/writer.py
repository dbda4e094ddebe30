"""The ground truth of a dataset as COCO detection JSON, for evaluation tools.

Format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._store.frame_index import Where, image_id
from deeplake_labelbox._store.frame_objects import FrameObjects, ObjectCounter, read_objects
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import labeled_frames
from deeplake_labelbox._store.videos import read_meta

# Rows read at a time: masks of 1080p take some 10 MB a row.
_ROWS = 64


def to_coco(
    dataset: DatasetLike,
    columns: Sequence[str] | None = None,
    *,
    videos: Iterable[int] | None = None,
    where: Where | None = None,
) -> dict[str, Any]:
    """Make COCO detection JSON of the frames that are labeled.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        columns: Names of columns of rectangles, masks or polygons. By default all columns of
            rectangles, or if there are none, all of masks and polygons.
        videos: Values of ``video_idx``; by default all.
        where: A condition in TQL, a function of a row, or the view of a query, that frames have to
            meet.

    Returns:
        A dict that `json.dump` takes. ``images``: ``id`` is the ``image_id`` of `FrameDataset`'s
        targets; ``file_name`` is ``<video_idx>/<frame from 1, 6 digits>.png``, a name
        without a file. ``annotations``:
        ``category_id`` is the number in ``labels``; ``bbox`` is left, top, width, height as in
        the dataset, not cut at the edges; objects without an area within their frame are left
        out, as by `FrameDataset`, and logged once. Where the picture size changes within a video,
        each image has its own size, and what is in it is in pixels of that; ``segmentation``
        is for polygons a list of one polygon [x, y, x, y, …], for
        masks an uncompressed run-length encoding ``{"size": [H, W], "counts": [...]}``
        (column by column, beginning with a run of 0), and for rectangles missing; ``track_id``
        and ``key_frame`` are additions that tools pass over. ``videos`` is as in COCO-like
        video formats: ``id`` is ``video_idx``, ``length`` the number of frames of the video.

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
    meta = read_meta(labeled.dataset)
    entries = {entry.video_idx: entry for entry in meta.videos}
    table = labeled_frames(labeled, videos, space)
    if where is not None:
        table = table.take(table.where(labeled.dataset, where))
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    counter = ObjectCounter()
    for frame, (video, number) in enumerate(zip(table.video_idx, table.frame_idx, strict=True)):
        if frame % _ROWS == 0:
            found = read_objects(labeled, table.rows[frame : frame + _ROWS], space)
        entry = entries[int(video)]
        own = entry.size_of(int(number) + 1)
        images.append(
            {
                "id": int(image_id(video, number)),
                "width": own[1],
                "height": own[0],
                "file_name": f"{video}/{number + 1:06d}.png",
                "video_id": int(video),
                "frame_id": int(number),
            }
        )
        counted = counter.counted(
            found[frame % _ROWS], (int(video), int(number)), (entry.height, entry.width), own
        )
        for objects, boxes in counted:
            for annotation in _annotations(objects, boxes):
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": images[-1]["id"], **annotation}
                )
    return {
        "info": {"description": meta.project_name},
        "videos": [
            {
                "id": int(video),
                "name": entries[int(video)].name,
                "length": entries[int(video)].frame_count,
            }
            for video in np.unique(table.video_idx)
        ],
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": number, "name": name} for number, name in enumerate(space.class_names) if number
        ],
    }


def run_length(mask: NDArray[Any]) -> dict[str, list[int]]:
    """COCO's uncompressed run-length encoding of an (H, W) mask.

    Runs go down the columns, one column after the other, and begin with a run of 0, which is of
    length 0 where the first pixel is set.
    """
    pixels = np.asarray(mask, dtype=bool).ravel(order="F")
    ends = np.flatnonzero(np.diff(pixels)) + 1
    runs = np.diff(np.concatenate([[0], ends, [len(pixels)]])).tolist()
    return {"size": [*mask.shape], "counts": [0, *runs] if pixels[:1].any() else runs}


def _annotations(objects: FrameObjects, boxes: NDArray[np.float32]) -> Iterator[dict[str, Any]]:
    for index, (left, top, right, bottom) in enumerate(boxes.tolist()):
        shape = objects.shapes[index]
        annotation = {
            "category_id": int(objects.labels[index]),
            "bbox": [left, top, right - left, bottom - top],
            "area": (right - left) * (bottom - top),
            "iscrowd": 0,
            "track_id": int(objects.track_ids[index]),
            "key_frame": bool(objects.key_frames[index]),
        }
        annotation |= ANNOTATIONS[objects.kind.name](shape)
        yield annotation


def _of_box(box: NDArray[np.float32]) -> dict[str, Any]:
    return {"bbox": [round(float(value), 3) for value in box]}


def _of_polygon(vertices: NDArray[np.float32]) -> dict[str, Any]:
    x, y = vertices[:, 0].astype(float), vertices[:, 1].astype(float)
    return {
        "segmentation": [[round(float(value), 3) for value in vertices.ravel()]],
        "area": abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2,
    }


def _of_mask(mask: NDArray[np.bool_]) -> dict[str, Any]:
    return {"segmentation": run_length(mask), "area": int(mask.sum())}


ANNOTATIONS: Final[Mapping[ToolKind, Callable[[NDArray[Any]], dict[str, Any]]]] = {
    "rectangle": _of_box,
    "polygon": _of_polygon,
    "raster-segmentation": _of_mask,
}
"""What an annotation says of a shape, by kind; points and lines have no area to evaluate."""
