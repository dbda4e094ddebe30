"""Read or compute the times of a video's frames."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.columns import column_kind, column_names
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.videos import Video

_USUAL_RATE: Final = 25.0
_LONGEST_PAUSE: Final = 60.0


def frame_times(dataset: LabeledDataset, video: Video) -> NDArray[np.float64]:
    """Return the time of each frame.

    Args:
        dataset: The dataset.
        video: Its frames, ascending.

    Returns:
        (R,) seconds, strictly ascending: those of the column ``timestamp``, or, if these are
        missing or do not ascend, computed from frame numbers and frame rate.
    """
    if "timestamp" in column_names(dataset.dataset):
        read = dataset.cells("timestamp", video.rows)
        times = np.asarray([np.nan if t is None else float(t) for t in read], dtype=np.float64)
        steps = np.diff(times)
        if np.isfinite(times).all() and ((steps > 0) & (steps < _LONGEST_PAUSE)).all():
            return times
    return (video.frames - 1) / frame_rate(dataset, video)


def frame_rate(dataset: LabeledDataset, video: Video) -> float:
    """Return frames per second according to Labelbox; 25 if unknown."""
    for name in column_names(dataset.dataset):
        if (
            name.rpartition("/")[2] == "frame_rate"
            and column_kind(dataset.dataset, name) == "row metadata"
        ):
            rate: Any = dataset.cells(name, video.rows[:1])[0]
            if rate is not None and np.isfinite(rate) and rate > 0:
                return float(rate)
    return _USUAL_RATE
