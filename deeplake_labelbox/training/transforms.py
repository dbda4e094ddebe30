"""Transforms of pictures or clips with their targets, without torchvision."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.samples import Transforms
from deeplake_labelbox.training.targets import Target
from deeplake_labelbox.training.tv import is_wrapped, map_target, wrap


class Compose:
    """Applies one transform after the other.

    Args:
        transforms: Functions of image and target that return both.

    Example:
        ```python
        from deeplake_labelbox.training import Compose, HorizontalFlip, Resize

        transforms = Compose(Resize((240, 320)), HorizontalFlip(p=0.5))
        ```
    """

    def __init__(self, *transforms: Transforms) -> None:
        self._transforms = transforms

    def __call__(self, image: torch.Tensor, target: Target) -> tuple[torch.Tensor, Target]:
        """Transform a picture or clip with its target."""
        for transform in self._transforms:
            image, target = transform(image, target)
        return image, target


class Resize:
    """Scales to a size, without keeping the aspect ratio.

    Pictures are averaged (bilinear, antialiased), masks keep their classes (nearest).

    Args:
        size: Height and width in pixels.

    Raises:
        ConfigurationError: If they are not above 0.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        if min(size) < 1:
            raise ConfigurationError(f"size is {size}; give a height and a width in pixels.")
        self._size = (int(size[0]), int(size[1]))

    def __call__(self, image: torch.Tensor, target: Target) -> tuple[torch.Tensor, Target]:
        """Transform a picture (C, H, W) or clip (T, C, H, W) with its target."""
        height, width = image.shape[-2:]
        scale = torch.tensor([self._size[1] / width, self._size[0] / height]).repeat(2)
        pixels = image.reshape(-1, *image.shape[-3:])
        scaled = interpolate(
            pixels.to(torch.float32),
            self._size,
            mode="bilinear",
            align_corners=False,
            antialias=True,
        )
        if not image.is_floating_point():
            scaled = scaled.round().clamp(0, 255)
        scaled = scaled.to(image.dtype).reshape(*image.shape[:-2], *self._size)
        changed = map_target(target, lambda boxes: boxes * scale, self._masks)
        return _wrapped_as(image, scaled, changed)

    def _masks(self, masks: torch.Tensor) -> torch.Tensor:
        rows = _nearest(masks.shape[-2], self._size[0])
        columns = _nearest(masks.shape[-1], self._size[1])
        return masks[..., rows, :][..., columns]


class HorizontalFlip:
    """Mirrors left and right at random; a clip as a whole.

    Args:
        p: The probability that a picture or clip is mirrored, 0 to 1.

    Raises:
        ConfigurationError: If ``p`` is not within 0 and 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ConfigurationError(f"p is {p}; a probability lies within 0 and 1.")
        self._p = p

    def __call__(self, image: torch.Tensor, target: Target) -> tuple[torch.Tensor, Target]:
        """Transform a picture (C, H, W) or clip (T, C, H, W) with its target."""
        # PyTorch seeds this generator in each worker.
        if float(torch.rand(())) >= self._p:
            return image, target
        width = image.shape[-1]

        def mirror(boxes: torch.Tensor) -> torch.Tensor:
            left, top, right, bottom = boxes.unbind(-1)
            return torch.stack([width - right, top, width - left, bottom], -1)

        changed = map_target(target, mirror, lambda masks: masks.flip(-1))
        return _wrapped_as(image, image.flip(-1), changed)


def _wrapped_as(
    before: torch.Tensor, image: torch.Tensor, target: Target
) -> tuple[torch.Tensor, Target]:
    """Keep the wrapping, without which transforms of torchvision that follow ignore the target."""
    return wrap(image, target) if is_wrapped(before) else (image, target)


def _nearest(old: int, new: int) -> torch.Tensor:
    """Return for each new pixel the old one in which its center lies."""
    return ((torch.arange(new) + 0.5) * old / new).long().clamp(max=old - 1)
