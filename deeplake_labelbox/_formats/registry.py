"""The formats of annotations: what a path is recognized by, what reads it, what help says of it.

A new format needs a file, or a folder, with what reads or writes it, and a line in `FORMATS`.
Nothing here imports a format's own code, so that the command line starts quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from deeplake_labelbox._formats.annotations import AnnotationSource
    from deeplake_labelbox._formats.sources import ReadOptions

SourceFormat: TypeAlias = Literal[
    "deep-lake",
    "mot",
    "mot17",
    "mot15",
    "visdrone",
    "uavdt",
    "mot-numbers",
    "youtube-vis",
    "coco",
    "cvat",
]
"""The keys of `FORMATS` that can be read."""

Read: TypeAlias = "Callable[[str, ReadOptions], AnnotationSource]"
"""Reads the annotations at a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format.

    Attributes:
        title: Its name in sentences.
        source: What a path of it is, in a few words for the command line; empty for variants of
            another format.
        columns: What the columns of a variant are, for the command line.
        suffixes: Endings of files that tell it.
        is_folder: Whether a folder that nothing else tells is one of it.
        reader: Module and function, or method, that opens a path; see `Read`.
        is_numbered: Whether the numbers of its frames may need `Numbering`.
    """

    title: str
    source: str = ""
    columns: str = ""
    suffixes: tuple[str, ...] = ()
    is_folder: bool = False
    reader: str = ""
    is_numbered: bool = False

    def read(self) -> Read:
        """Import what opens a path."""
        opens: Read = _load(self.reader)
        return opens


_MOT_READER: Final = "mot.reader:MotSource.open"
_MOT_VARIANTS: Final[Mapping[SourceFormat, str]] = {
    "mot17": "flag, class of MOTChallenge, visibility",
    "mot15": "confidence, x, y, z; all are pedestrians",
    "visdrone": "score, category, truncation, occlusion",
    "uavdt": "out-of-view, occlusion, category",
    "mot-numbers": "flag, class number; map the classes by 'class 1' …",
}

FORMATS: Final[Mapping[SourceFormat, Format]] = {
    "deep-lake": Format(
        title="Deep Lake",
        source="a Deep Lake dataset with labels",
        reader="deep_lake.reader:open_dataset",
    ),
    "mot": Format(
        title="MOT",
        source="a MOTChallenge .txt file or folder of sequences",
        columns="takes only files that are sure of their columns; the others say what these are",
        suffixes=(".txt", ".csv"),
        is_folder=True,
        reader=_MOT_READER,
        is_numbered=True,
    ),
    **{
        name: Format(title="MOT", columns=columns, reader=_MOT_READER, is_numbered=True)
        for name, columns in _MOT_VARIANTS.items()
    },
    "youtube-vis": Format(
        title="YouTube-VIS",
        source="a YouTube-VIS .json",
        suffixes=(".json",),
        reader="coco.reader:open_json",
        is_numbered=True,
    ),
    "coco": Format(
        title="COCO",
        source="a COCO .json of video frames",
        reader="coco.reader:open_json",
        is_numbered=True,
    ),
    "cvat": Format(
        title="CVAT",
        source="a .xml of CVAT for video",
        suffixes=(".xml",),
        reader="cvat.reader:CvatSource.open",
    ),
}


def numbered_formats() -> str:
    """The formats whose frames may need `Numbering`, in words."""
    return listed(dict.fromkeys(f.title for f in FORMATS.values() if f.is_numbered), "and")


def listed(words: Iterable[str], last: str) -> str:
    """Words as a list: ``a, b and c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def _load(place: str) -> Any:
    module, _, names = place.partition(":")
    found: Any = import_module(f"{__package__}.{module}")
    for name in names.split("."):
        found = getattr(found, name)
    return found
