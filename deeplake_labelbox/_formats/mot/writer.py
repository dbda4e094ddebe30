"""Write the ground truth of a dataset in the format of MOTChallenge, for tracking evaluation.

Format: https://motchallenge.net/instructions and Milan et al., MOT16, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from deeplake_labelbox._formats.frame_numbers import format_frame_runs
from deeplake_labelbox._formats.written_frames import (
    CountedObjects,
    Notes,
    WrittenFrame,
    WrittenVideo,
    labeled_frames_of,
)
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import labeled_frames


@dataclass(frozen=True, slots=True)
class MotSequence:
    """The files of one video.

    Attributes:
        name: ``video_`` and the ``video_idx``, six digits.
        gt: Content of ``gt/gt.txt``: a line per object and frame, ``frame, id, left, top, width,
            height, 1, class, 1``. All positions and ids count from 1, as the format requires: an id
            is the track id plus 1, left and top are those of the dataset plus 1. The class is the
            number in ``labels``. Objects without an area within their frame are left out. If the
            picture size changes within the video, a box is in pixels of its own frame.
        seqinfo: Content of ``seqinfo.ini``. ``[Video]`` is an addition: the name, and if the
            picture size changes, the first frame of each size.
        labels: Content of ``gt/labels.txt``: the names of the classes from 1, one per line.
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
    """Make MOTChallenge ground truth of the labeled videos.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        columns: Names of columns of rectangles, masks or polygons; masks and polygons become the
            boxes around them. By default all columns of rectangles, or if there are none, all of
            masks and polygons.
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
    table = labeled_frames(labeled, videos, space)
    sequences = {}
    frames = labeled_frames_of(labeled, table, space)
    for video, own in groupby(frames, key=lambda frame: frame.video):
        truth = _GroundTruth()
        last = 0
        for frame in own:
            last = frame.frame_idx + 1
            truth.add(last, frame.objects)
        entry = video.entry
        info = _sequence_info(
            name=video.name,
            length=max(entry.frame_count, last),
            rate=video.rate,
            size=(entry.height, entry.width),
            title=entry.name,
            sizes=entry.sizes,
        )
        sequences[video.video_idx] = MotSequence(
            video.name, truth.text(), info, _label_names(space)
        )
    return sequences


class MotWriter:
    """Writes sequences with pictures: ``<part>/video_000000/img1/000001.png``, ``gt``, and so on.

    The pictures of a sequence are numbered consecutively, whatever their frames. If these differ,
    ``seqinfo.ini`` has the frames in an addition, ``[Video] frames=``. See `FormatWriter`.
    """

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None:
        self._folder = folder
        self._labels = _label_names(space)
        self._notes = notes
        self._sequence: _Sequence

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a sequence."""
        self._sequence = _Sequence(self._folder / part / video.name, video)
        (self._sequence.folder / "img1").mkdir(parents=True)
        (self._sequence.folder / "gt").mkdir()

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Add a picture."""
        sequence = self._sequence
        sequence.suffix = suffix
        sequence.frames.append(frame.frame_idx + 1)
        number = len(sequence.frames)
        if not sequence.sizes or sequence.sizes[-1][1:] != frame.size[::-1]:
            sequence.sizes.append((number, *frame.size[::-1]))
        sequence.truth.add(number, frame.objects)
        for objects, boxes in frame.objects:
            if objects.kind.detected_as != "box":
                self._notes["masks and polygons are written as the boxes around them"] += len(boxes)
        return sequence.folder / "img1" / f"{number:06d}{suffix}"

    def end(self) -> None:
        """Write the text files of the sequence."""
        sequence = self._sequence
        (sequence.folder / "gt" / "gt.txt").write_text(sequence.truth.text(), "utf-8")
        (sequence.folder / "gt" / "labels.txt").write_text(self._labels, "utf-8")
        (sequence.folder / "seqinfo.ini").write_text(sequence.info(), "utf-8")

    def finish(self) -> None:
        """Do nothing: each sequence is complete."""


class _GroundTruth:
    """The lines of ``gt.txt``."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, str]] = []

    def add(self, number: int, objects: CountedObjects) -> None:
        """Add the objects of the frame with this number, from 1."""
        for found, boxes in objects:
            tracks = found.track_ids.tolist()
            for box, label, track in zip(boxes.tolist(), found.labels, tracks, strict=True):
                self._lines.append((track, number, _line(number, track, box, int(label))))

    def text(self) -> str:
        # One track after the other, as in the files of MOTChallenge.
        return "".join(f"{line}\n" for _, _, line in sorted(self._lines))


@dataclass(slots=True)
class _Sequence:
    folder: Path
    video: WrittenVideo
    frames: list[int] = field(default_factory=list)
    sizes: list[tuple[int, int, int]] = field(default_factory=list)
    truth: _GroundTruth = field(default_factory=_GroundTruth)
    suffix: str = ".png"

    def info(self) -> str:
        video, numbers = self.video, self.frames
        rate, length = video.rate, len(numbers)
        if rate is not None and length > 1:
            rate *= (length - 1) / (numbers[-1] - numbers[0])
        return _sequence_info(
            name=video.name,
            length=length,
            rate=rate,
            size=self.sizes[0][:0:-1],
            title=video.entry.name,
            sizes=self.sizes if len(self.sizes) > 1 else (),
            frames="" if numbers == list(range(1, length + 1)) else format_frame_runs(numbers),
            suffix=self.suffix,
        )


def _line(number: int, track: int, box: list[float], label: int) -> str:
    left, top, right, bottom = box
    numbers = (left + 1, top + 1, right - left, bottom - top)
    texts = [f"{value:.3f}".rstrip("0").rstrip(".") for value in numbers]
    return f"{number},{track + 1},{','.join(texts)},1,{label},1"


def _label_names(space: LabelSpace) -> str:
    return "".join(f"{name}\n" for name in space.class_names[1:])


def _sequence_info(
    *,
    name: str,
    length: int,
    rate: float | None,
    size: tuple[int, int],
    title: str,
    sizes: Sequence[tuple[int, int, int]],
    frames: str = "",
    suffix: str = ".png",
) -> str:
    """Return the content of ``seqinfo.ini``."""
    sequence = {
        "name": name,
        "imDir": "img1",
        **({} if rate is None else {"frameRate": f"{rate:.6g}"}),
        "seqLength": length,
        "imWidth": size[1],
        "imHeight": size[0],
        "imExt": suffix,
    }
    changes = " ".join(f"{first}:{width}x{height}" for first, width, height in sizes)
    video = {"name": title, "sizes": changes, "frames": frames}
    lines = ["[Sequence]", *(f"{key}={value}" for key, value in sequence.items())]
    lines += ["[Video]", *(f"{key}={value}" for key, value in video.items() if value)]
    return "".join(f"{line}\n" for line in lines)
