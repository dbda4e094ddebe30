"""Wrap samples in torchvision's tv_tensors: its v2 transforms then change picture and target."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from typing import Any

import torch

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.targets import Target

_logger = logging.getLogger(__name__)


def use_tv_tensors(requested: bool | None) -> bool:  # noqa: FBT001 - a tri-state option passed on
    """Return whether to wrap tensors: as requested, by default if torchvision can be imported.

    Raises:
        ConfigurationError: If it is requested, but torchvision cannot be imported.
    """
    if requested is False:
        return False
    try:
        importlib.import_module("torchvision.tv_tensors")
    except ModuleNotFoundError as error:
        if requested:
            raise ConfigurationError(
                "tv_tensors=True needs torchvision, which is not installed; run: pip install "
                "torchvision, or leave tv_tensors out."
            ) from error
        return False
    except (ImportError, OSError, RuntimeError) as error:
        # This happens if torchvision was built for another PyTorch, for example one for CPUs only.
        if requested:
            raise ConfigurationError(
                f"tv_tensors=True needs torchvision, which cannot be imported ({error}); install "
                f"the build of torchvision that fits PyTorch {torch.__version__}."
            ) from error
        _logger.warning(
            "torchvision cannot be imported (%s), so samples are plain tensors; install the build "
            "of torchvision that fits PyTorch %s.",
            error,
            torch.__version__,
        )
        return False
    return True


def is_wrapped(image: torch.Tensor) -> bool:
    """Return whether a picture or clip is one of torchvision's tv_tensors."""
    tv_tensors: Any = sys.modules.get("torchvision.tv_tensors")
    return tv_tensors is not None and isinstance(image, (tv_tensors.Image, tv_tensors.Video))


def wrap(image: torch.Tensor, target: Target) -> tuple[torch.Tensor, Target]:
    """Wrap a picture (C, H, W) or clip (T, C, H, W), and the boxes and masks of its target."""
    tv_tensors: Any = importlib.import_module("torchvision.tv_tensors")
    size = (int(image.shape[-2]), int(image.shape[-1]))

    def boxes(value: torch.Tensor) -> Any:
        return tv_tensors.BoundingBoxes(
            value, format=tv_tensors.BoundingBoxFormat.XYXY, canvas_size=size
        )

    wrapped = map_target(target, boxes, tv_tensors.Mask)
    return (tv_tensors.Video if image.ndim == 4 else tv_tensors.Image)(image), wrapped


def map_target(
    target: Target,
    boxes: Callable[[torch.Tensor], torch.Tensor],
    masks: Callable[[torch.Tensor], torch.Tensor],
) -> Target:
    """Change the boxes and masks of a target; those of a clip, which are lists, one by one."""
    changed = dict(target)
    for key, change in {"boxes": boxes, "masks": masks, "semantic": masks}.items():
        if key in target:
            value = target[key]
            changed[key] = list(map(change, value)) if isinstance(value, list) else change(value)
    return changed
