"""Combine samples into batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.samples import Sample
from deeplake_labelbox.training.targets import Target

_RAGGED = ("boxes", "labels", "track_ids", "masks")


def collate(batch: Iterable[Sample]) -> tuple[list[torch.Tensor], list[Target]]:
    """A ``collate_fn`` that keeps lists, for torchvision's detection models.

    Returns:
        N images, which may differ in size, and N targets.
    """
    samples = list(batch)
    return [image for image, _ in samples], [target for _, target in samples]


def collate_stacked(batch: Iterable[Sample]) -> tuple[torch.Tensor, Target]:
    """A ``collate_fn`` that stacks: for classification, segmentation and clips.

    Returns:
        The images (N, 3, H, W), or clips (N, T, 3, H, W), and one target, in which ``boxes``,
        ``labels``, ``track_ids`` and ``masks`` are lists of N, everything else is (N, ...).

    Raises:
        ConfigurationError: If the images differ in size.
    """
    images, targets = collate(batch)
    sizes = {tuple(image.shape) for image in images}
    if len(sizes) > 1:
        raise ConfigurationError(
            f"The pictures of a batch differ in size ({', '.join(map(str, sorted(sizes)))}) and "
            f"cannot be stacked; give them one size with transforms=Resize((height, width)), or "
            f"use collate."
        )
    return torch.stack(images), stack_targets(targets)


def stack_targets(targets: Sequence[Target]) -> Target:
    """Combine targets: list the entries that differ in length, and stack the others."""
    return {
        key: [target[key] for target in targets]
        if key in _RAGGED
        else torch.stack([target[key] for target in targets])
        for key in targets[0]
    }
