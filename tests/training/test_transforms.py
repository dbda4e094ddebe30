"""Transforms and collate functions: pictures and targets stay together."""

import pytest

from deeplake_labelbox.errors import ConfigurationError

torch = pytest.importorskip("torch")

from deeplake_labelbox.training import (  # noqa: E402 - needs torch
    ClipDataset,
    Compose,
    FrameDataset,
    HorizontalFlip,
    Resize,
    collate,
    collate_stacked,
)


def boxes_of_masks(masks):
    """The boxes around masks, by another way than the package's."""
    boxes = []
    for mask in masks:
        rows, columns = torch.nonzero(mask, as_tuple=True)
        boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    return torch.tensor(boxes, dtype=torch.float32)


def test_resizing_scales_boxes_and_masks_with_the_picture(small):
    options = {"objects": ["road", "zone"], "semantic": ["road"]}
    image, target = FrameDataset(small, transforms=Resize((40, 90)), **options)[1]
    _, plain = FrameDataset(small, **options)[1]
    assert image.shape == (3, 40, 90)
    assert target["masks"].shape == (2, 40, 90)
    assert target["semantic"].shape == (40, 90)
    assert torch.equal(target["boxes"], plain["boxes"] * torch.tensor([3, 2, 3, 2]))
    # The picture is 20 x 30: pixels become blocks of 2 x 3, so that masks stay exact.
    assert torch.equal(boxes_of_masks(target["masks"])[0], target["boxes"][0])
    assert int(target["masks"][0].sum()) == 6 * int(plain["masks"][0].sum())
    assert (target["semantic"].dtype, target["masks"].dtype) == (torch.int64, torch.uint8)
    assert torch.equal(target["labels"], plain["labels"])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_resizing_keeps_colors_and_dtype(dtype):
    image = torch.full((3, 10, 20), 200, dtype=torch.uint8).to(dtype)
    scaled, _ = Resize((7, 5))(image, {})
    assert scaled.dtype == dtype
    assert torch.allclose(scaled.float(), torch.tensor(200.0))


def test_shrinking_averages():
    image = torch.zeros(1, 8, 8)
    image[:, ::2, ::2] = image[:, 1::2, 1::2] = 1
    scaled, _ = Resize((2, 2))(image, {})
    assert torch.allclose(scaled, torch.tensor(0.5), atol=0.05)


def test_mirroring_moves_boxes_and_masks_with_the_picture(small):
    options = {"objects": ["road", "zone"], "semantic": ["road"]}
    image, target = FrameDataset(small, transforms=HorizontalFlip(p=1), **options)[1]
    original, plain = FrameDataset(small, **options)[1]
    assert torch.equal(image, original.flip(-1))
    assert torch.equal(target["semantic"], plain["semantic"].flip(-1))
    assert torch.equal(boxes_of_masks(target["masks"])[0], target["boxes"][0])
    twice, again = HorizontalFlip(p=1)(image, target)
    assert torch.equal(twice, original)
    assert all(torch.equal(again[key], plain[key]) for key in plain)


def test_mirroring_is_at_random_and_never_for_0():
    torch.manual_seed(0)
    image = torch.arange(4.0).reshape(1, 1, 4)
    flip = HorizontalFlip()
    mirrored = [bool(flip(image, {})[0][0, 0, 0] == 3) for _ in range(100)]
    assert 20 < sum(mirrored) < 80
    assert not any(bool(HorizontalFlip(p=0)(image, {})[0][0, 0, 0] == 3) for _ in range(20))


def test_transforms_of_clips_and_one_after_the_other(small):
    transforms = Compose(Resize((10, 15)), HorizontalFlip(p=1))
    clip, target = ClipDataset(small, frames=2, stride=1, transforms=transforms)[0]
    plain_clip, plain = ClipDataset(small, frames=2, stride=1)[0]
    assert clip.shape == (2, 3, 10, 15)
    assert plain_clip.shape == (2, 3, 20, 30)
    for boxes, old in zip(target["boxes"], plain["boxes"], strict=True):
        expected = torch.stack(
            [15 - old[:, 2] / 2, old[:, 1] / 2, 15 - old[:, 0] / 2, old[:, 3] / 2]
        )
        assert torch.equal(boxes, expected.T)


@pytest.mark.parametrize(
    "make", [lambda: Resize((0, 5)), lambda: HorizontalFlip(p=2), lambda: HorizontalFlip(p=-1)]
)
def test_impossible_transforms_are_refused(make):
    with pytest.raises(ConfigurationError):
        make()


def test_collate_keeps_lists(small):
    images, targets = collate(FrameDataset(small)[index] for index in (0, 7))
    assert [tuple(image.shape) for image in images] == [(3, 20, 30), (3, 24, 16)]
    assert [int(target["video_idx"]) for target in targets] == [0, 1]


def test_collate_stacked_stacks_all_but_objects(small):
    frames = FrameDataset(small, objects=["car"], multi_hot=["events"])
    images, target = collate_stacked([frames[0], frames[3]])
    assert images.shape == (2, 3, 20, 30)
    assert target["events"].tolist() == [[0, 0, 0], [1, 0, 1]]
    assert target["frame_idx"].tolist() == [0, 3]
    assert [boxes.shape for boxes in target["boxes"]] == [(1, 4), (1, 4)]
    clips = ClipDataset(small, frames=2, stride=1, videos=[0], classes="weather")
    images, target = collate_stacked([clips[0], clips[1]])
    assert images.shape == (2, 2, 3, 20, 30)
    assert target["weather"].tolist() == [[0, 0], [1, 1]]


def test_pictures_of_different_size_cannot_be_stacked(small):
    frames = FrameDataset(small)
    with pytest.raises(ConfigurationError, match=r"differ in size .*Resize.*collate"):
        collate_stacked([frames[0], frames[7]])
