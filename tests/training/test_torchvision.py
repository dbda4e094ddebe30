"""torchvision's own transforms and models take what the datasets give."""

import importlib

import pytest
import torchvision_parts
from training_datasets import SIZES, picture

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader  # noqa: E402 - torch

from deeplake_labelbox.training import (  # noqa: E402 - torch
    ClipDataset,
    Compose,
    FrameDataset,
    HorizontalFlip,
    Resize,
    collate,
    collate_stacked,
)


@pytest.fixture(scope="module")
def torchvision():
    with torchvision_parts.torchvision() as package:
        if package is None:
            pytest.skip("torchvision is not installed")
        yield package


@pytest.fixture(scope="module")
def v2(torchvision):
    return importlib.import_module(f"{torchvision.__name__}.transforms.v2")


@pytest.fixture(scope="module")
def tv_tensors(torchvision):
    return importlib.import_module(f"{torchvision.__name__}.tv_tensors")


def pixels(video, frame):
    return torch.from_numpy(picture(video, frame)).permute(2, 0, 1)


def test_pictures_boxes_and_masks_move_together(small, v2, tv_tensors):
    flipped = FrameDataset(
        small,
        objects=["road"],
        semantic=["road"],
        dtype=torch.uint8,
        transforms=v2.RandomHorizontalFlip(p=1),
    )
    plain = FrameDataset(
        small, objects=["road"], semantic=["road"], dtype=torch.uint8, tv_tensors=False
    )
    (image, target), (before, expected) = flipped[0], plain[0]
    assert type(image) is tv_tensors.Image
    assert torch.equal(image, pixels(0, 0).flip(-1))
    width = before.shape[-1]
    left, top, right, bottom = expected["boxes"][0].tolist()
    assert target["boxes"].tolist() == [[width - right, top, width - left, bottom]]
    assert torch.equal(target["masks"], expected["masks"].flip(-1))
    assert torch.equal(target["semantic"], expected["semantic"].flip(-1))
    assert target["semantic"].dtype == torch.int64
    for key in ("labels", "track_ids", "image_id"):
        assert torch.equal(target[key], expected[key])


def test_a_picture_is_cropped_and_its_objects_with_it(small, v2):
    def labels_of(sample):
        return sample[1]["labels"], sample[1]["track_ids"]

    def crop(image, target):
        return v2.functional.crop(image, 0, 8, 20, 20), {
            **target,
            "boxes": v2.functional.crop(target["boxes"], 0, 8, 20, 20),
        }

    drop = v2.SanitizeBoundingBoxes(labels_getter=labels_of)
    frames = FrameDataset(
        small, objects=["car/car", "thing"], transforms=lambda *sample: drop(*crop(*sample))
    )
    # The car at -4 to 4 and the person at 2 to 6 lie left of 8.
    _, target = frames[0]
    assert target["boxes"].shape == (0, 4)
    assert target["labels"].shape == target["track_ids"].shape == (0,)


def test_the_usual_transforms_of_detection(small, v2):
    transforms = v2.Compose(
        [
            v2.RandomPhotometricDistort(p=1),
            v2.RandomZoomOut(fill={torch.Tensor: 0, "others": 0}, p=1),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(p=0.5),
            v2.RandomAffine(degrees=5),
            v2.Resize((32, 32)),
            v2.SanitizeBoundingBoxes(
                labels_getter=lambda sample: (sample[1]["labels"], sample[1]["track_ids"])
            ),
            v2.ToDtype(torch.float32, scale=True),
            v2.ToPureTensor(),
        ]
    )
    frames = FrameDataset(small, objects=["road"], dtype=torch.uint8, transforms=transforms)
    for image, target in frames:
        assert type(image) is type(target["boxes"]) is torch.Tensor
        assert image.shape == (3, 32, 32)
        assert 0 <= image.min() <= image.max() <= 1
        count = len(target["boxes"])
        assert target["masks"].shape == (count, 32, 32)
        assert len(target["labels"]) == len(target["track_ids"]) == count


def test_our_transforms_and_theirs_in_a_row(small, v2, tv_tensors):
    both = Compose(Resize((40, 60)), HorizontalFlip(p=1), v2.RandomHorizontalFlip(p=1))
    frames = FrameDataset(small, objects=["road"], transforms=both)
    resized = FrameDataset(small, objects=["road"], transforms=Resize((40, 60)), tv_tensors=False)
    (image, target), (expected_image, expected) = frames[0], resized[0]
    # Mirrored twice.
    assert torch.equal(image, expected_image)
    assert torch.equal(target["boxes"], expected["boxes"])
    assert torch.equal(target["masks"], expected["masks"])
    assert isinstance(image, tv_tensors.Image)
    assert target["boxes"].canvas_size == (40, 60)


def test_a_clip_is_transformed_as_a_whole(small, v2, tv_tensors):
    clips = ClipDataset(
        small,
        frames=3,
        stride=1,
        objects=["car/car"],
        dtype=torch.uint8,
        transforms=v2.Compose([v2.RandomHorizontalFlip(p=1), v2.Resize((40, 60))]),
    )
    clip, target = clips[0]
    assert isinstance(clip, tv_tensors.Video)
    assert clip.shape == (3, 3, 40, 60)
    # Twice the size, mirrored: the car moves right by a pixel, so now left by two.
    assert [boxes[0].tolist() for boxes in target["boxes"]] == [
        [52.0, 10.0, 60.0, 22.0],
        [50.0, 10.0, 60.0, 22.0],
        [48.0, 10.0, 60.0, 22.0],
    ]


def test_batches_of_workers(small, v2, tv_tensors):
    # Forked, as a spawned process may lack the compiled part.
    options = {"num_workers": 1, "multiprocessing_context": "fork", "batch_size": 4}
    frames = FrameDataset(small, videos=[0], transforms=v2.Resize((8, 12)))
    images, targets = next(iter(DataLoader(frames, collate_fn=collate, **options)))
    assert [type(image) for image in images] == [tv_tensors.Image] * 4
    assert [target["boxes"].canvas_size for target in targets] == [(8, 12)] * 4
    stacked, target = next(iter(DataLoader(frames, collate_fn=collate_stacked, **options)))
    assert stacked.shape == (4, 3, 8, 12)
    assert len(target["boxes"]) == 4


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("ssdlite320_mobilenet_v3_large", {}),
        ("retinanet_resnet50_fpn", {"min_size": 64, "max_size": 96}),
    ],
)
def test_detection_models_learn_from_a_batch(small, torchvision, model, size):
    frames = FrameDataset(small, objects=["car/car", "thing"], labeled=True)
    loader = DataLoader(frames, batch_size=2, collate_fn=collate)
    images, targets = next(iter(loader))
    assert {tuple(image.shape[1:]) for image in images} == {SIZES[0]}
    detector = getattr(torchvision.models.detection, model)(
        weights=None, weights_backbone=None, num_classes=len(frames.class_names), **size
    )
    losses = detector(images, targets)
    loss = sum(losses.values())
    assert loss.isfinite()
    assert loss > 0
    loss.backward()


def test_masks_train_mask_r_cnn(small, torchvision):
    if not torchvision.extension._has_ops():
        pytest.skip("the compiled part of torchvision cannot be loaded")
    frames = FrameDataset(small, objects=["road"], labeled=True)
    detector = torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=len(frames.class_names), min_size=64
    )
    losses = detector(*collate([frames[0], frames[7]]))
    assert "loss_mask" in losses
    assert sum(losses.values()).isfinite()
