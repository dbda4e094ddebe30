"""The ground truth of a dataset in the format of MOTChallenge, for tracking evaluation.

Format: https://motchallenge.net/instructions and Milan et al., MOT16, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.frame_index import FrameIndex
from deeplake_labelbox._store.frame_objects import ObjectCounter, read_objects
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import labeled_frames
from deeplake_labelbox._store.videos import read_meta

# Rows read at a time: masks of 1080p take some 10 MB a row.
_ROWS = 64


@dataclass(frozen=True, slots=True)
class MotSequence:
    """One video.

    Attributes:
        name: ``video_`` and the ``video_idx``, six digits.
        gt: Content of ``gt/gt.txt``: a line per object and frame, ``frame, id, left, top, width,
            height, 1, class, 1``. All positions and ids count from 1, as the format has it: an id
            is the track id plus 1, left and top are those of the dataset plus 1. The class is the
            number in ``labels``. Objects without an area within their frame are left out. Where
            the picture size changes within the video, a box is in pixels of its own frame.
        seqinfo: Content of ``seqinfo.ini``. ``[Video]`` is an addition: the name, and where the
            picture size changes, each first frame with its size.
        labels: Content of ``gt/labels.txt``: the names of the classes from 1, one a line.
    """

    name: str
    gt: str
    seqinfo: str
    labels: str = ""


def to_mot(
    dataset: DatasetLike,
    columns: Sequence[str] | None = None,
    *,
    videos: Iterable[int] | None = None,
) -> dict[int, MotSequence]:
    """Make MOTChallenge ground truth of the videos that are labeled.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        columns: Names of columns of rectangles, masks or polygons; of the latter two, the boxes
            around them. By default all columns of rectangles, or if there are none, all of masks
            and polygons.
        videos: Values of ``video_idx``; by default all.

    Returns:
        A sequence for each ``video_idx``.

    Raises:
        ConfigurationError: If an argument does not fit the dataset.
        DatasetMismatchError: If the dataset was not made by this package.

    Example:
        ```python
        from pathlib import Path

        import deeplake

        from deeplake_labelbox.training import to_mot

        for sequence in to_mot(deeplake.open("clips"), ["person"]).values():
            folder = Path("mot") / sequence.name
            (folder / "gt").mkdir(parents=True)
            (folder / "gt" / "gt.txt").write_text(sequence.gt)
            (folder / "gt" / "labels.txt").write_text(sequence.labels, "utf-8")
            (folder / "seqinfo.ini").write_text(sequence.seqinfo, "utf-8")
        ```
    """
    labeled = LabeledDataset.of(dataset)
    space = LabelSpace.of(labeled, columns)
    entries = {entry.video_idx: entry for entry in read_meta(labeled.dataset).videos}
    table = labeled_frames(labeled, videos, space)
    sequences, counter = {}, ObjectCounter()
    for video in np.unique(table.video_idx).tolist():
        own = table.take(table.video_idx == video)
        entry = entries[video]
        name = f"video_{video:06d}"
        length = max(entry.frame_count, int(own.frame_idx[-1]) + 1)
        info = _seqinfo(name, length, _frame_rate(labeled, own), (entry.height, entry.width))
        info += f"[Video]\nname={entry.name}\n"
        if entry.sizes:
            runs = (f"{first}:{width}x{height}" for first, width, height in entry.sizes)
            info += f"sizes={' '.join(runs)}\n"
        labels = "".join(f"{name}\n" for name in space.class_names[1:])
        truth = _ground_truth(labeled, own, space, entry, counter)
        sequences[video] = MotSequence(name, truth, info, labels)
    return sequences


def _ground_truth(
    dataset: LabeledDataset,
    table: FrameIndex,
    space: LabelSpace,
    entry: VideoEntry,
    counter: ObjectCounter,
) -> str:
    lines = []
    for start in range(0, len(table), _ROWS):
        part = table.take(np.arange(start, min(start + _ROWS, len(table))))
        found = read_objects(dataset, part.rows, space)
        for frame, in_frame in zip(part.frame_idx.tolist(), found, strict=True):
            place = (entry.video_idx, frame)
            labeled, size = (entry.height, entry.width), entry.size_of(frame + 1)
            for objects, boxes in counter.counted(in_frame, place, labeled, size):
                tracks = objects.track_ids.tolist()
                for box, label, track in zip(boxes.tolist(), objects.labels, tracks, strict=True):
                    lines.append((track, frame, _line(frame, track, box, int(label))))
    # As in the files of MOTChallenge: one track after the other.
    return "".join(f"{line}\n" for _, _, line in sorted(lines))


def _line(frame: int, track: int, box: list[float], label: int) -> str:
    left, top, right, bottom = box
    numbers = (left + 1, top + 1, right - left, bottom - top)
    texts = [f"{number:.3f}".rstrip("0").rstrip(".") for number in numbers]
    return f"{frame + 1},{track + 1},{','.join(texts)},1,{label},1"


def _seqinfo(name: str, length: int, rate: float | None, size: tuple[int, int]) -> str:
    entries = {
        "name": name,
        "imDir": "img1",
        **({} if rate is None else {"frameRate": f"{rate:.6g}"}),
        "seqLength": length,
        "imWidth": size[1],
        "imHeight": size[0],
        "imExt": ".png",
    }
    return "[Sequence]\n" + "".join(f"{key}={value}\n" for key, value in entries.items())


def _frame_rate(dataset: LabeledDataset, table: FrameIndex) -> float | None:
    """Frames per second, by the timestamps of the first and the last frame."""
    if "timestamp" not in column_names(dataset.dataset) or len(table) < 2:
        return None
    ends = dataset.cells("timestamp", table.rows[[0, -1]])
    first, last = np.asarray(ends, dtype=float).reshape(-1)
    return float(np.ptp(table.frame_idx)) / (last - first) if last > first else None
