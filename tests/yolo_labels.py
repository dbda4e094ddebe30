"""Read YOLO labels without this package, in the layout that Ultralytics documents."""

import re
from pathlib import Path

import numpy as np
from PIL import Image


def read_yolo(folder):
    """``{(part, picture): [(class name, (n, 2) numbers in pixels)]}`` by ``data.yaml``."""
    lines = (folder / "data.yaml").read_text("utf-8").splitlines()
    names = [found[1] for line in lines if (found := re.fullmatch(r'  \d+: "(.*)"', line))]
    parts = [line.split(": ") for line in lines if re.match("(train|val|test): ", line)]
    labels = {}
    for part, pictures in parts:
        for picture in sorted((folder / pictures).iterdir()):
            with Image.open(picture) as image:
                size = np.array(image.size)
            text = Path(str(picture.with_suffix(".txt")).replace("/images/", "/labels/"))
            found = labels.setdefault((part, picture.stem), [])
            for line in text.read_text("utf-8").splitlines():
                number, *values = line.split()
                found.append((names[int(number)], np.array(values, float).reshape(-1, 2) * size))
    return labels


def fill(corners, shape):
    """Fill a polygon whose sides are horizontal, vertical or diagonal, with its border."""
    inside = np.zeros(shape, dtype=bool)
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    sides = list(zip(corners, np.roll(corners, -1, axis=0), strict=True))
    for (x0, y0), (x1, y1) in sides:
        if y0 != y1:
            crosses = (ys >= min(y0, y1)) & (ys < max(y0, y1))
            inside ^= crosses & (xs < x0 + (ys - y0) * (x1 - x0) / (y1 - y0))
    for (x0, y0), (x1, y1) in sides:
        count = max(abs(x1 - x0), abs(y1 - y0)) + 1
        way = np.linspace((x0, y0), (x1, y1), count).round().astype(int)
        inside[way[:, 1], way[:, 0]] = True
    return inside
