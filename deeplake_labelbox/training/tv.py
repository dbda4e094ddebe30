"""torchvision's tensors that know what they are, so that its v2 transforms change them together."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import torch

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.targets import Target


def use_tv_tensors(asked: bool | None) -> bool:  # noqa: FBT001 - a tri-state option passed on
    """Whether to wrap tensors: as asked, or whenever torchvision is installed.

    Raises:
        ConfigurationError: If it is asked for, but torchvision is not installed.
    """
    there = importlib.util.find_spec("torchvision") is not None
    if asked and not there:
        raise ConfigurationError(
            "tv_tensors=True needs torchvision, which is not installed; run: pip install "
            "torchvision, or leave tv_tensors out."
        )
    return there if asked is None else asked


def wrap(image: torch.Tensor, target: Target) -> tuple[torch.Tensor, Target]:
    """Wrap a picture (C, H, W) or clip (T, C, H, W), and the boxes and masks of its target.

    In the target of a clip, lists of boxes and masks are wrapped one by one.
    """
    tv_tensors: Any = importlib.import_module("torchvision.tv_tensors")
    size = (int(image.shape[-2]), int(image.shape[-1]))

    def boxes(value: torch.Tensor) -> Any:
        return tv_tensors.BoundingBoxes(
            value, format=tv_tensors.BoundingBoxFormat.XYXY, canvas_size=size
        )

    wrappers = {"boxes": boxes, "masks": tv_tensors.Mask, "semantic": tv_tensors.Mask}
    wrapped = dict(target)
    for key, wrapper in wrappers.items():
        if key in target:
            value = target[key]
            wrapped[key] = (
                [wrapper(v) for v in value] if isinstance(value, list) else wrapper(value)
            )
    return (tv_tensors.Video if image.ndim == 4 else tv_tensors.Image)(image), wrapped
