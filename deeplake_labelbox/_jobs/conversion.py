"""The result of a conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deeplake_labelbox._counts import counted


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """The result of `convert_dataset`.

    Attributes:
        path: The folder.
        title: Name of the format.
        parts: Names of the videos of each part.
        frames: Number of frames of each part.
        objects: Number of objects over all frames, by class.
        notes: Sentences on what was not written, or was written in another way.
    """

    path: Path
    title: str
    parts: Mapping[str, tuple[str, ...]]
    frames: Mapping[str, int]
    objects: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What was written, in one sentence."""
        parts = ", ".join(
            f"{name} with {counted(self.frames[name], 'frame')} of {counted(len(videos), 'video')}"
            for name, videos in self.parts.items()
        )
        objects = ", ".join(f"{count:,} {name}" for name, count in self.objects.items())
        return f"{self.title} in {self.path}: {parts}; objects: {objects or 'none'}"

    def __str__(self) -> str:
        """The summary, and a line for each note."""
        return "\n".join([self.summary, *self.notes])
