"""Compute the rates and find the worst frames of compared videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from deeplake_labelbox._evaluation.boxes import NO_BOXES
from deeplake_labelbox._evaluation.comparison import Compared
from deeplake_labelbox._evaluation.detection import average_precision
from deeplake_labelbox._evaluation.evaluation import Evaluation, EvaluationScore
from deeplake_labelbox._evaluation.frame_errors import FrameBox, FrameErrors

_DECIMALS: Final = 6
_Precision = tuple[Mapping[str, tuple[float, float]], Mapping[str, tuple[float, float]]]


def evaluation_of(
    compared: Sequence[Compared],
    classes: Sequence[str],
    worst_frames: int,
    notes: Sequence[str],
) -> Evaluation:
    """Return the evaluation of compared videos.

    Args:
        compared: The videos.
        classes: Classes that have objects on either side.
        worst_frames: Number of frames with errors to list.
        notes: What was not compared, and why.
    """
    precision = _precision(compared, classes)
    return Evaluation(
        frames=sum(each.frames for each in compared),
        overall=_score("all", compared, classes, precision),
        classes=tuple(_score(name, compared, [name], precision) for name in classes),
        videos=tuple(
            _score(
                each.video.short_name,
                [each],
                classes,
                _precision([each], classes),
            )
            for each in compared
        ),
        worst_frames=tuple(_worst(compared, worst_frames)),
        notes=tuple(notes),
    )


def _precision(compared: Sequence[Compared], classes: Sequence[str]) -> _Precision:
    """Return the average precision of boxes, and of masks if all objects of a class have one."""
    videos = [(each.truth, each.found) for each in compared]
    with_masks = []
    for name in classes:
        truth, found = (
            [mask for sides in videos for mask in sides[side].get(name, NO_BOXES).masks]
            for side in (0, 1)
        )
        if truth and found and None not in (*truth, *found):
            with_masks.append(name)
    masked = [({n: side[n] for n in with_masks if n in side} for side in sides) for sides in videos]
    return (
        average_precision(videos, classes),
        average_precision([(truth, found) for truth, found in masked], with_masks, "segm"),
    )


def _score(
    name: str,
    compared: Sequence[Compared],
    classes: Sequence[str],
    precision: _Precision,
) -> EvaluationScore:
    rates, of_masks = (
        [of_class[each] for each in classes if each in of_class] for of_class in precision
    )
    objects, predictions = (
        sum(len(side.get(each, NO_BOXES)) for side in sides for each in classes)
        for sides in ([c.truth for c in compared], [c.found for c in compared])
    )
    errors = [c.errors[each] for c in compared for each in classes if each in c.errors]
    of_truth = Counter(state for e in errors for state in e.of_truth.tolist())
    false = sum(int((e.of_found == "false").sum()) for e in errors)
    missed, switches = of_truth["missed"], of_truth["switched"]
    same = [e.same for e in errors if e.same is not None]
    has_tracks = len(same) == len(errors)
    return EvaluationScore(
        name=name,
        objects=objects,
        predictions=predictions,
        missed=missed,
        false=false,
        id_switches=switches,
        map=_mean([rate for rate, _ in rates]),
        ap50=_mean([rate for _, rate in rates]),
        mask_map=_mean([rate for rate, _ in of_masks]),
        mask_ap50=_mean([rate for _, rate in of_masks]),
        mota=_share(objects - missed - false - switches, objects) if has_tracks else None,
        idf1=_share(2 * sum(same), objects + predictions) if has_tracks else None,
    )


def _mean(rates: Sequence[float]) -> float | None:
    return _share(sum(rates), len(rates))


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, _DECIMALS) if whole else None


def _worst(compared: Sequence[Compared], most: int) -> list[FrameErrors]:
    """Return the frames with most errors, worst first."""
    counts: Counter[tuple[int, int]] = Counter()
    for number, video in enumerate(compared):
        for name, errors in video.errors.items():
            truth, found = (side.get(name, NO_BOXES) for side in video.sides)
            wrong = truth.frames[errors.of_truth != "right"]
            false = found.frames[errors.of_found == "false"]
            counts.update((number, frame) for frame in (*wrong.tolist(), *false.tolist()))
    order = sorted(counts, key=lambda key: (-counts[key], key))
    return [_frame_errors(compared[number], frame) for number, frame in order[:most]]


def _frame_errors(video: Compared, frame: int) -> FrameErrors:
    objects: list[FrameBox] = []
    predictions: list[FrameBox] = []
    for name, errors in video.errors.items():
        truth, found = (side.get(name, NO_BOXES) for side in video.sides)
        for place in np.flatnonzero(truth.frames == frame).tolist():
            box = tuple(truth.boxes[place].tolist())
            objects.append(FrameBox(name, str(errors.of_truth[place]), box))
        for place in np.flatnonzero(found.frames == frame).tolist():
            box, score = tuple(found.boxes[place].tolist()), float(found.scores[place])
            predictions.append(FrameBox(name, str(errors.of_found[place]), box, score))
    return FrameErrors(
        video.video.short_name,
        video.video.data_row_id,
        frame,
        tuple(objects),
        tuple(predictions),
    )
