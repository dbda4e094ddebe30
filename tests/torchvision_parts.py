"""torchvision also where only its Python part can be loaded.

Its wheels on PyPI for Linux are compiled for PyTorch with CUDA. Beside PyTorch for CPUs their
compiled operators cannot be loaded, and the import ends at the first of them that is missing.
Transforms, tv_tensors and the losses of detection models need none of them, only that they are
declared.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

# Operators stay declared as long as this is there.
_declared: list[object] = []


@contextlib.contextmanager
def torchvision() -> Iterator[ModuleType | None]:
    """The package while the block runs; None if it is not installed."""
    _forget()
    if importlib.util.find_spec("torchvision") is None:
        yield None
        return
    try:
        package = importlib.import_module("torchvision")
    except RuntimeError:
        _declare()
        package = importlib.import_module("torchvision")
    yield package
    if _declared:
        # Other tests start processes, which cannot import it.
        _forget()
        sys.modules["torchvision"] = None  # type: ignore[assignment]  # not to be imported


def _declare() -> None:
    import torch  # noqa: PLC0415 - as torchvision needs it

    _forget()
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.append(library)


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
