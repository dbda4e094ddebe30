"""FrameDataset: frames with their targets, for PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from deeplake_labelbox._store.frame_index import FrameIndex, Where
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox.training.samples import Chosen, Sample, SampleReader, Transforms, Wanted
from deeplake_labelbox.training.tv import use_tv_tensors, wrap


class FrameDataset(Dataset[Sample]):
    """The frames of a dataset as a map-style PyTorch dataset of ``(image, target)``.

    The image is (3, H, W). The target is a dict without any ``None``:

    - ``image_id``, ``video_idx``, ``frame_idx``: int64 scalars; they identify the frame.
    - with ``objects``: ``boxes`` (K, 4) float32, left, top, right, bottom in pixels, cut to the
      picture; ``labels`` (K,) int64 from 1 on, 0 is the background; ``track_ids`` (K,) int64; if
      the columns are of masks or polygons, ``masks`` (K, H, W) uint8. Objects entirely
      outside the picture are left out. This is what torchvision's detection models take.
    - with ``semantic``: ``semantic`` (H, W) int64, the class of each pixel, 0 is the background;
      where objects overlap, it is the class of the later one.
    - for each column of ``classes``: the class index, int64 from 0 on, -100 without an answer
      (`torch.nn.CrossEntropyLoss` ignores it).
    - for each column of ``multi_hot``: (classes,) float32 of 0 and 1.

    Videos without a label read as empty; ``labeled`` leaves them out. Frames are in the order of
    ``video_idx`` and ``frame_idx``. They are read in bulk. Workers, forked or spawned, each open
    the dataset at the same version. Datasets in memory (``mem://``) need ``num_workers=0``.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        objects: Names of columns of rectangles, masks or polygons, which share one numbering of
            classes. By default all columns of rectangles, or if there are none, all of masks and
            polygons; none if ``semantic``, ``classes`` or ``multi_hot`` are given. If annotators
            have columns of their own, the shared ones; name ``ada@company.com/car`` for Ada's.
        semantic: Names of columns of masks or polygons.
        classes: Names of columns of frame or global radio answers.
        multi_hot: Names of columns of frame or global checklist answers.
        where: A condition in TQL, ``"video_idx < 3"``, or a function of a row,
            ``lambda row: len(row["car"]) > 1``, or the view of a query.
        videos: Values of ``video_idx``, for example of `split_by_video`.
        labeled: Only frames of videos that have a label; if only ``classes`` is given, only those
            with an answer.
        key_frames: Only frames in which an object of the chosen columns (if none, of any) was
            drawn by hand, not interpolated.
        with_class: Only frames with an object or answer of one of these classes.
        transforms: Called with image and target, returns both. With torchvision: its v2
            transforms; ``SanitizeBoundingBoxes`` drops ``track_ids`` with the boxes if its
            ``labels_getter`` is ``lambda sample: (sample[1]["labels"], sample[1]["track_ids"])``.
            See `Resize` and `HorizontalFlip` for some that need no torchvision.
        dtype: Type of the image: floating point from 0 to 1, or `torch.uint8` from 0 to 255.
        image_column: Name of the column of pictures; by default that of the `LabeledDataset`, or
            ``frames``.
        tv_tensors: Wrap image, boxes and masks for torchvision's v2 transforms. By default if
            torchvision can be imported.

    Attributes:
        class_names: Name of each number in ``labels``; the first is ``__background__``.
        semantic_class_names: Name of each number in ``semantic``.
        answer_class_names: For each column of ``classes`` and ``multi_hot``, the name of each
            index.
        frames: The rows, ``video_idx`` and ``frame_idx`` of each item, as arrays.

    Raises:
        ConfigurationError: If an option does not fit the dataset.
        DatasetMismatchError: If the rows do not identify their video and frame.

    Example:
        ```python
        import deeplake
        from torch.utils.data import DataLoader

        from deeplake_labelbox.training import FrameDataset, HorizontalFlip, collate, split_by_video

        dataset = deeplake.open("clips")
        parts = split_by_video(dataset, {"train": 0.8, "val": 0.2}, labeled=True)
        train = FrameDataset(
            dataset, objects=["person"], videos=parts["train"], transforms=HorizontalFlip()
        )
        for images, targets in DataLoader(train, batch_size=8, shuffle=True, collate_fn=collate):
            print(images[0].shape, targets[0]["boxes"], targets[0]["labels"])
        ```
    """

    def __init__(
        self,
        dataset: DatasetLike,
        *,
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
        wanted = Wanted(objects, semantic, classes, multi_hot, image_column, dtype)
        self._reader = SampleReader(dataset, wanted)
        table, hits = self._reader.choose(Chosen(where, videos, labeled, key_frames, with_class))
        self.frames: FrameIndex = table.take(hits)
        self._transforms = transforms
        self._wraps = use_tv_tensors(tv_tensors)
        targets = self._reader.targets
        self.class_names = targets.objects.class_names
        self.semantic_class_names = targets.semantic.class_names
        self.answer_class_names = targets.answer_class_names

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)

    def blocks(self) -> list[NDArray[np.int64]]:
        """Return the indices of all frames, in blocks that are fastest to read in order.

        See `BlockBatchSampler`. With ``frame_storage="video"``, a block is a group of pictures.

        Returns:
            (K,) int64 each, ascending.

        Raises:
            DatasetError: If Deep Lake cannot read how a frame is stored.
        """
        return self._reader.blocks(self.frames)

    def __getitem__(self, index: int) -> Sample:
        """Return one frame."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Sample]:
        """Return several frames, read at once; PyTorch's `DataLoader` calls it for a batch."""
        chosen = np.arange(len(self))[np.asarray(indices, dtype=np.int64)]
        samples = []
        for sample in self._reader.read(self.frames.take(chosen)):
            image, target = wrap(*sample) if self._wraps else sample
            samples.append(self._transforms(image, target) if self._transforms else (image, target))
        return samples
