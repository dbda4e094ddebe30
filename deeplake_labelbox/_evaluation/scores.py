"""Rates and worst frames of videos that were compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from deeplake_labelbox._evaluation.boxes import NO_BOXES
from deeplake_labelbox._evaluation.comparison import Compared
from deeplake_labelbox._evaluation.detection import average_precision
from deeplake_labelbox._evaluation.evaluation import Evaluation, EvaluationScore, FrameErrors

_DECIMALS: Final = 6


def evaluation_of(
    compared: Sequence[Compared],
    classes: Sequence[str],
    worst_frames: int,
    notes: Sequence[str],
) -> Evaluation:
    """The rates of videos.

    Args:
        compared: The videos.
        classes: The classes of which either side has objects.
        worst_frames: How many frames with errors are listed.
        notes: What was not compared, and why.
    """
    precision = average_precision([(each.truth, each.found) for each in compared], classes)
    return Evaluation(
        frames=sum(each.frames for each in compared),
        overall=_score("all", compared, classes, precision),
        classes=tuple(_score(name, compared, [name], precision) for name in classes),
        videos=tuple(
            _score(
                each.video.short_name,
                [each],
                classes,
                average_precision([(each.truth, each.found)], classes),
            )
            for each in compared
        ),
        worst_frames=tuple(_worst(compared)[:worst_frames]),
        notes=tuple(notes),
    )


def _score(
    name: str,
    compared: Sequence[Compared],
    classes: Sequence[str],
    precision: Mapping[str, tuple[float, float]],
) -> EvaluationScore:
    rates = [precision[each] for each in classes if each in precision]
    objects, predictions = (
        sum(len(side.get(each, NO_BOXES)) for side in sides for each in classes)
        for sides in ([c.truth for c in compared], [c.found for c in compared])
    )
    errors = [c.errors[each] for c in compared for each in classes if each in c.errors]
    missed, false, switches = (
        sum(map(len, each))
        for each in (
            [e.missed for e in errors],
            [e.false for e in errors],
            [e.switched for e in errors],
        )
    )
    same = [e.same for e in errors if e.same is not None]
    has_tracks = len(same) == len(errors)
    return EvaluationScore(
        name=name,
        objects=objects,
        predictions=predictions,
        missed=missed,
        false=false,
        switches=switches,
        map=_mean([rate for rate, _ in rates]),
        ap50=_mean([rate for _, rate in rates]),
        mota=_share(objects - missed - false - switches, objects) if has_tracks else None,
        idf1=_share(2 * sum(same), objects + predictions) if has_tracks else None,
    )


def _mean(rates: Sequence[float]) -> float | None:
    return _share(sum(rates), len(rates))


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, _DECIMALS) if whole else None


def _worst(compared: Sequence[Compared]) -> list[FrameErrors]:
    """The frames with errors, most errors first."""
    found = []
    for each in compared:
        frames: dict[int, tuple[list[str], list[str], list[str]]] = {}
        for name, errors in each.errors.items():
            for place, numbers in enumerate((errors.missed, errors.false, errors.switched)):
                for frame in numbers.tolist():
                    frames.setdefault(frame, ([], [], []))[place].append(name)
        found += [
            FrameErrors(
                each.video.short_name, each.video.data_row_id, frame, *map(tuple, frames[frame])
            )
            for frame in sorted(frames)
        ]
    return sorted(found, key=len, reverse=True)
