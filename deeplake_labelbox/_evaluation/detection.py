"""Average precision, by pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from deeplake_labelbox._evaluation.boxes import Boxes
from deeplake_labelbox._evaluation.libraries import library

ClassBoxes = Mapping[str, Boxes]

_DECIMALS = 6  # pycocotools divides by a little more than the number of predictions


def average_precision(
    videos: Sequence[tuple[ClassBoxes, ClassBoxes]],
    classes: Sequence[str],
    shape: Literal["bbox", "segm"] = "bbox",
) -> dict[str, tuple[float, float]]:
    """Return the average precision of each class: the mean over IoU 0.5 to 0.95, and at IoU 0.5.

    Args:
        videos: Boxes of the dataset and predicted boxes of each video, by class.
        classes: The classes.
        shape: Whether boxes or masks are compared; for masks, every object must have one.

    Returns:
        Both rates by class; classes without an object in the dataset are left out.
    """
    coco, evaluation = library("pycocotools.coco").COCO, library("pycocotools.cocoeval").COCOeval
    images: dict[tuple[int, int], int] = {}
    for number, sides in enumerate(videos):
        frames = [boxes.frames for side in sides for boxes in side.values()]
        for frame in np.unique(np.concatenate([np.zeros(0, np.int64), *frames])).tolist():
            images[number, frame] = len(images) + 1
    made, most = [], 1
    for side in (0, 1):
        entries: list[dict[str, Any]] = []
        for number, sides in enumerate(videos):
            for category, name in enumerate(classes, start=1):
                boxes = sides[side].get(name)
                if boxes is None or not len(boxes):
                    continue
                most = max(most, int(np.unique(boxes.frames, return_counts=True)[1].max()))
                for frame, _, box, score, mask in zip(
                    *(each.tolist() for each in boxes.arrays), strict=True
                ):
                    entry = {"image_id": images[number, frame], "category_id": category}
                    area = {"bbox": box, "area": box[2] * box[3], "iscrowd": 0}
                    area |= {} if shape == "bbox" else {"segmentation": mask}
                    entries.append({"id": len(entries) + 1, **entry, **area, "score": score})
        made.append(entries)
    if not images:
        return {}
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its steps
        sets = []
        for entries in made:
            each = coco()
            each.dataset = {
                # Required, but not used: the masks have their own size.
                "images": [{"id": n, "height": 0, "width": 0} for n in images.values()],
                "categories": [{"id": n, "name": name} for n, name in enumerate(classes, start=1)],
                "annotations": entries,
            }
            each.createIndex()
            sets.append(each)
        run = evaluation(*sets, shape)
        run.params.areaRng, run.params.areaRngLbl = [[0, float("inf")]], ["all"]
        run.params.maxDets = [most]
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][..., 0, 0]  # of IoU, recall, class; -1 without an object
    return {
        name: (
            round(float(precision[:, :, place].mean()), _DECIMALS),
            round(float(precision[0, :, place].mean()), _DECIMALS),
        )
        for place, name in enumerate(classes)
        if (precision[:, :, place] > -1).all()
    }
