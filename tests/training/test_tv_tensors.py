"""What torchvision's v2 transforms are given, against a stand-in with torchvision's interface."""

import importlib.util
import logging
import sys
from types import ModuleType, SimpleNamespace

import pytest

from deeplake_labelbox.errors import ConfigurationError

torch = pytest.importorskip("torch")

from deeplake_labelbox.training import ClipDataset, FrameDataset  # noqa: E402 - torch


@pytest.fixture
def tv_tensors(monkeypatch):
    """``torchvision.tv_tensors`` as documented: subclasses of tensors, made of a tensor."""

    class TVTensor(torch.Tensor):
        def __new__(cls, data, **options):
            tensor = torch.as_tensor(data).as_subclass(cls)
            tensor.options = options
            return tensor

    names = ("Image", "Video", "Mask", "BoundingBoxes")
    module = ModuleType("torchvision.tv_tensors")
    for name in names:
        setattr(module, name, type(name, (TVTensor,), {}))
    module.BoundingBoxFormat = SimpleNamespace(XYXY="XYXY")
    package = ModuleType("torchvision")
    package.__spec__ = importlib.util.spec_from_loader("torchvision", None)
    package.tv_tensors = module
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.tv_tensors", module)
    return module


def test_frames_are_wrapped_before_transforms(small, tv_tensors):
    seen = []

    def note(image, target):
        seen.append((type(image), type(target["boxes"]), type(target["masks"])))
        return image, target

    frames = FrameDataset(small, objects=["road"], semantic=["road"], transforms=note)
    image, target = frames[7]
    assert seen == [(tv_tensors.Image, tv_tensors.BoundingBoxes, tv_tensors.Mask)]
    assert target["boxes"].options == {"format": "XYXY", "canvas_size": (24, 16)}
    assert isinstance(target["semantic"], tv_tensors.Mask)
    assert type(target["labels"]) is torch.Tensor
    assert tuple(image.shape) == (3, 24, 16)


def test_clips_are_wrapped_as_videos(small, tv_tensors):
    clip, target = ClipDataset(small, frames=2, stride=1, objects=["road"])[0]
    assert isinstance(clip, tv_tensors.Video)
    assert [type(boxes) for boxes in target["boxes"]] == [tv_tensors.BoundingBoxes] * 2
    assert [type(masks) for masks in target["masks"]] == [tv_tensors.Mask] * 2


def test_not_wrapped_if_not_wanted(small, tv_tensors):
    image, target = FrameDataset(small, tv_tensors=False)[0]
    assert type(image) is type(target["boxes"]) is torch.Tensor
    assert not isinstance(image, tv_tensors.Image)


@pytest.fixture(params=["is missing", "cannot be imported"])
def no_torchvision(request, monkeypatch, tmp_path):
    """No torchvision, or one that was built for another PyTorch."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    if request.param == "is missing":
        monkeypatch.setitem(sys.modules, "torchvision", None)
        return "needs torchvision, which is not installed"
    (tmp_path / "torchvision").mkdir()
    fault = 'raise RuntimeError("operator torchvision::nms does not exist")'
    (tmp_path / "torchvision" / "__init__.py").write_text(fault)
    monkeypatch.syspath_prepend(tmp_path)
    return r"torchvision::nms does not exist\); install the build of torchvision that fits PyTorch"


def test_asked_for_without_torchvision(small, no_torchvision):
    with pytest.raises(ConfigurationError, match=no_torchvision):
        FrameDataset(small, tv_tensors=True)


def test_plain_tensors_without_torchvision(small, no_torchvision, caplog):
    with caplog.at_level(logging.WARNING, "deeplake_labelbox.training"):
        image, target = FrameDataset(small)[0]
    assert type(image) is type(target["boxes"]) is torch.Tensor
    assert [no_torchvision.partition(" ")[0] in line for line in caplog.messages] == [True] * (
        "nms" in no_torchvision
    )
