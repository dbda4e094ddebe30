"""Write masks as PNG pictures with a palette, in the layout of DAVIS 2017.

``JPEGImages/480p/<video>/00000.jpg`` and ``Annotations/480p/<video>/00000.png``, whose pixels are
numbers of objects from 1, 0 for none; ``ImageSets/2017/<part>.txt`` lists the videos of a part.
``semantics.json``, like ``davis2017_semantics.json``, has the class of each object. Source: J.
Pont-Tuset et al., "The 2017 DAVIS Challenge", arXiv 1704.00675, and davischallenge.org.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from deeplake_labelbox._formats.written_frames import Notes, WrittenFrame, WrittenVideo
from deeplake_labelbox._store.label_space import LabelSpace

# The layout's name of the folder, whatever the size of the pictures.
_RESOLUTION: Final = "480p"
_MOST_OBJECTS: Final = 255


class MaskWriter:
    """Writes videos with a mask picture for each frame. See `FormatWriter`."""

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None:
        self._folder = folder
        self._space = space
        self._notes = notes
        self._parts: dict[str, list[str]] = {}
        self._semantics: dict[str, dict[str, str]] = {}
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._name = ""

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a video."""
        self._name = video.name
        self._parts.setdefault(part, []).append(video.name)
        self._semantics[video.name] = {}
        self._numbers = {}
        for kind in ("JPEGImages", "Annotations"):
            self._path(kind).mkdir(parents=True)

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Write the masks of a frame; later objects cover earlier ones."""
        pixels = np.zeros(frame.size, dtype=np.uint8)
        hidden = 0
        for objects, _ in frame.objects:
            masks = objects.masks(*frame.size).view(np.bool_)
            numbers = zip(objects.track_ids.tolist(), objects.labels.tolist(), strict=True)
            for (track, label), mask in zip(numbers, masks, strict=True):
                number = self._number((objects.column.family.column, track, label))
                if number is None:
                    continue
                hidden += bool(pixels[mask].any())
                pixels[mask] = number
        if hidden:
            self._notes["objects cover others, which lose these pixels"] += hidden
        image = Image.fromarray(pixels, "P")
        image.putpalette(_palette())
        image.save(self._path("Annotations") / f"{frame.frame_idx:05d}.png", compress_level=1)
        return self._path("JPEGImages") / f"{frame.frame_idx:05d}{suffix}"

    def end(self) -> None:
        """Do nothing: all files of the video are written."""

    def finish(self) -> None:
        """Write the lists of videos and the classes."""
        lists = self._folder / "ImageSets" / "2017"
        lists.mkdir(parents=True)
        for part, names in self._parts.items():
            (lists / f"{part}.txt").write_text("".join(f"{name}\n" for name in names), "utf-8")
        text = json.dumps(self._semantics, indent=2, ensure_ascii=False)
        (self._folder / "semantics.json").write_text(text, "utf-8")

    def _number(self, key: tuple[str, int, int]) -> int | None:
        if key not in self._numbers:
            if len(self._numbers) == _MOST_OBJECTS:
                what = f"a video can have {_MOST_OBJECTS} objects; later ones are left out"
                self._notes[what] += 1
                return None
            self._numbers[key] = len(self._numbers) + 1
            name = self._space.class_names[key[2]]
            self._semantics[self._name][str(self._numbers[key])] = name
        return self._numbers[key]

    def _path(self, kind: str) -> Path:
        return self._folder / kind / _RESOLUTION / self._name


def _palette() -> list[int]:
    """Return the colors of PASCAL VOC and DAVIS: a number's bits, spread over the channels."""
    colors = np.zeros((256, 3), dtype=np.int64)
    numbers = np.arange(256)
    for bit in range(8):
        for channel in range(3):
            colors[:, channel] |= ((numbers >> (3 * bit + channel)) & 1) << (7 - bit)
    return [int(value) for value in colors.ravel()]
