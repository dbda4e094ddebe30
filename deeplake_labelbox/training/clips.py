"""ClipDataset: clips of consecutive frames, for PyTorch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from deeplake_labelbox._store.frame_index import FrameIndex, Where
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.batches import stack_targets
from deeplake_labelbox.training.samples import Chosen, Sample, SampleReader, Transforms, Wanted
from deeplake_labelbox.training.transforms import Resize
from deeplake_labelbox.training.tv import use_tv_tensors, wrap

logger = logging.getLogger(__name__)


class ClipDataset(Dataset[Sample]):
    """Clips of a dataset as a map-style PyTorch dataset of ``(clip, target)``.

    A clip is (T, 3, H, W) of ``frames`` frames of one video, each ``stride`` frames after the one
    before; no clip crosses the end of a video or a gap in its rows. If the picture size changes
    within a clip, all of its frames get the size of the first. In the target, ``boxes``,
    ``labels``, ``track_ids`` and ``masks`` are lists of T tensors, one per frame; everything else
    is stacked, (T, ...). `FrameDataset` documents the keys and everything else.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        frames: Number of frames in a clip.
        stride: Distance of its frames; 2 takes every other frame.
        step: Distance of the first frames of clips; by default ``frames * stride``, so that clips
            do not share frames.
        objects: Names of columns of rectangles, masks or polygons.
        semantic: Names of columns of masks or polygons.
        classes: Names of columns of frame or global radio answers.
        multi_hot: Names of columns of frame or global checklist answers.
        where: A condition in TQL, a function of a row, or the view of a query, which all
            frames of a clip must meet.
        videos: Values of ``video_idx``, for example of `split_by_video`.
        labeled: Only clips of videos that have a label; if only ``classes`` is given, only those
            with an answer in every frame.
        key_frames: Only clips with a frame in which an object of the chosen columns (if none,
            of any) was drawn by hand, not interpolated.
        with_class: Only clips with an object or answer of one of these classes in some frame.
        transforms: Called once with the clip and its target, returns both.
        dtype: Of the clip: floating point from 0 to 1, or `torch.uint8` from 0 to 255.
        image_column: Name of the column of pictures; by default that of the `LabeledDataset`, or
            ``frames``.
        tv_tensors: Wrap clip, boxes and masks for torchvision's v2 transforms. By default if
            torchvision can be imported.

    Attributes:
        class_names: Name of each number in ``labels``; the first is ``__background__``.
        semantic_class_names: Name of each number in ``semantic``.
        answer_class_names: For each column of ``classes`` and ``multi_hot``, the name of each
            index.
        video_idx: (N,) int64, the video of each clip.
        frame_idx: (N, T) int64, the frames of each clip.

    Raises:
        ConfigurationError: If an option does not fit the dataset.
        DatasetMismatchError: If the rows do not identify their video and frame.

    Example:
        ```python
        import deeplake
        from torch.utils.data import DataLoader

        from deeplake_labelbox.training import ClipDataset, Resize, collate_stacked

        clips = ClipDataset(
            deeplake.open("clips"),
            frames=8,
            stride=2,
            classes=["weather"],
            labeled=True,
            transforms=Resize((48, 64)),
        )
        for pictures, target in DataLoader(clips, batch_size=4, collate_fn=collate_stacked):
            print(pictures.shape, target["weather"].shape)  # (4, 8, 3, 48, 64), (4, 8)
        ```
    """

    def __init__(
        self,
        dataset: DatasetLike,
        *,
        frames: int = 16,
        stride: int = 2,
        step: int | None = None,
        objects: Sequence[str] | None = None,
        semantic: Sequence[str] = (),
        classes: Sequence[str] = (),
        multi_hot: Sequence[str] = (),
        where: Where | None = None,
        videos: Iterable[int] | None = None,
        labeled: bool = False,
        key_frames: bool = False,
        with_class: Sequence[str] = (),
        transforms: Transforms | None = None,
        dtype: torch.dtype = torch.float32,
        image_column: str | None = None,
        tv_tensors: bool | None = None,
    ) -> None:
        for name, value in {"frames": frames, "stride": stride, "step": step}.items():
            if value is not None and value < 1:
                raise ConfigurationError(f"{name} is {value}; it must be 1 or more.")
        wanted = Wanted(objects, semantic, classes, multi_hot, image_column, dtype)
        self._reader = SampleReader(dataset, wanted)
        table, hits = self._reader.choose(Chosen(where, videos, labeled, key_frames, with_class))
        self._table = table
        self._clips = _clips(table, hits, frames, stride, step or frames * stride)
        if hits.any() and not len(self._clips):
            longest = int(np.bincount(table.video_idx).max())
            logger.warning(
                "There is no clip: a clip needs %d frames of a video with stride=%d, and the "
                "longest video has %d selected frames; give a smaller frames= or stride=.",
                frames,
                stride,
                longest,
            )
        self._transforms = transforms
        self._wraps = use_tv_tensors(tv_tensors)
        targets = self._reader.targets
        self.class_names = targets.objects.class_names
        self.semantic_class_names = targets.semantic.class_names
        self.answer_class_names = targets.answer_class_names
        self.video_idx = table.video_idx[self._clips[:, 0]]
        self.frame_idx = table.frame_idx[self._clips]

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self._clips)

    def __getitem__(self, index: int) -> Sample:
        """Return one clip."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Sample]:
        """Return several clips, read at once; PyTorch's `DataLoader` calls it for a batch."""
        clips = self._clips[np.asarray(indices, dtype=np.int64)]
        # Clips may share frames; each frame is read once.
        places, of_clips = np.unique(clips, return_inverse=True)
        frames = self._reader.read(self._table.take(places))
        samples = []
        for clip in of_clips.reshape(clips.shape):
            images, targets = zip(*_of_one_size([frames[place] for place in clip]), strict=True)
            image, target = torch.stack(images), stack_targets(targets)
            if self._wraps:
                image, target = wrap(image, target)
            samples.append(self._transforms(image, target) if self._transforms else (image, target))
        return samples


def _of_one_size(frames: list[Sample]) -> list[Sample]:
    """Resize the frames of a clip to the size of the first; a video may change its size."""
    size = frames[0][0].shape[-2:]
    if all(image.shape[-2:] == size for image, _ in frames):
        return frames
    return [Resize((size[0], size[1]))(image, target) for image, target in frames]


def _clips(
    table: FrameIndex, hits: NDArray[np.bool_], frames: int, stride: int, step: int
) -> NDArray[np.int64]:
    """Return the positions of each clip's frames in the table, (N, frames)."""
    clips = []
    for video in np.unique(table.video_idx):
        first, end = np.searchsorted(table.video_idx, [video, video + 1])
        numbers = table.frame_idx[first:end]
        place_of = {int(number): first + place for place, number in enumerate(numbers)}
        start, last = int(numbers[0]), int(numbers[-1])
        while start <= last:
            numbers_of_clip = range(start, start + stride * frames, stride)
            places = [place_of[n] for n in numbers_of_clip if n in place_of]
            if len(places) < frames:
                # After a gap the next clip starts at the first frame that exists.
                start = next((n for n in range(start + 1, last + 1) if n in place_of), last + 1)
                continue
            if hits[places].any():
                clips.append(places)
            start += step
    return np.array(clips, dtype=np.int64).reshape(-1, frames)
