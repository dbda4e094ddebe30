"""Models learn from the sample project: their loss falls."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs torch
from torch.utils.data import DataLoader  # noqa: E402 - needs torch

from deeplake_labelbox.training import (  # noqa: E402 - needs torch
    FrameDataset,
    Resize,
    collate,
    collate_stacked,
)


def test_a_frame_classifier_learns(sample):
    torch.manual_seed(0)
    frames = FrameDataset(sample, classes=["weather"], labeled=True, transforms=Resize((48, 64)))
    loader = DataLoader(frames, batch_size=16, shuffle=True, collate_fn=collate_stacked)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 48 * 64, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        for images, targets in loader:
            loss = nn.functional.cross_entropy(model(images), targets["weather"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert sum(losses[-3:]) < sum(losses[:3]) * 0.7


def test_a_detector_learns(sample):
    """One box a cell: whether an object's center lies in it, of which class, and its box."""
    torch.manual_seed(0)
    size, cells = (96, 128), (6, 8)
    frames = FrameDataset(sample, labeled=True, transforms=Resize(size))
    loader = DataLoader(frames, batch_size=16, shuffle=True, collate_fn=collate)
    classes = len(frames.class_names)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 4, 4), nn.ReLU(), nn.Conv2d(16, 32, 4, 4), nn.ReLU(),
        nn.Conv2d(32, classes + 4, 3, 1, 1),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(4):
        for images, targets in loader:
            grid = model(torch.stack(images)).permute(0, 2, 3, 1)
            labels = torch.zeros(len(images), *cells, dtype=torch.int64)
            boxes, places = [], []
            for number, target in enumerate(targets):
                centers = (target["boxes"][:, :2] + target["boxes"][:, 2:]) / 2
                for box, label, (x, y) in zip(
                    target["boxes"], target["labels"], centers, strict=True
                ):
                    place = (number, min(int(y // 16), 5), min(int(x // 16), 7))
                    labels[place] = label
                    boxes.append(box / 128)
                    places.append(place)
            loss = nn.functional.cross_entropy(
                grid[..., :classes].flatten(0, 2), labels.flatten()
            ) + nn.functional.l1_loss(
                torch.stack([grid[place][classes:] for place in places]), torch.stack(boxes)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert sum(losses[-3:]) < sum(losses[:3]) * 0.7
