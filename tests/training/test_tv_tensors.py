"""What torchvision's v2 transforms are given, against a stand-in with torchvision's interface."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from deeplake_labelbox.errors import ConfigurationError

torch = pytest.importorskip("torch")

from deeplake_labelbox.training import ClipDataset, FrameDataset, collate  # noqa: E402 - torch

has_torchvision = importlib.util.find_spec("torchvision") is not None


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


@pytest.mark.skipif(has_torchvision, reason="torchvision is installed")
def test_asked_for_without_torchvision(small):
    with pytest.raises(ConfigurationError, match="needs torchvision"):
        FrameDataset(small, tv_tensors=True)
    image, _ = FrameDataset(small)[0]
    assert type(image) is torch.Tensor


@pytest.mark.skipif(not has_torchvision, reason="torchvision is not installed")
def test_transforms_and_models_of_torchvision(small):
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn  # noqa: PLC0415
    from torchvision.transforms import v2  # noqa: PLC0415 - optional

    transforms = v2.Compose([v2.RandomHorizontalFlip(p=1), v2.Resize((64, 64))])
    frames = FrameDataset(small, transforms=transforms)
    image, target = frames[0]
    assert image.shape == (3, 64, 64)
    assert target["boxes"].canvas_size == (64, 64)
    model = fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=len(frames.class_names)
    )
    images, targets = collate([frames[0], frames[7]])
    assert sum(model(images, targets).values()).isfinite()
