"""Register the annotation formats: how to recognize, read and write each, and its help text.

A new format needs a file or folder with its reader or writer, and a line in `FORMATS`. A format's
own code is imported only when it is used, so the command line starts quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from pathlib import Path

    from deeplake_labelbox._formats.annotations import AnnotationSource
    from deeplake_labelbox._formats.sources import ReadOptions
    from deeplake_labelbox._formats.written_frames import FormatWriter, Notes
    from deeplake_labelbox._store.label_space import LabelSpace

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
    "yolo",
]
"""The keys of `FORMATS` that can be read."""

TargetFormat: TypeAlias = Literal["mot", "youtube-vis", "coco", "cvat", "yolo", "masks"]
"""The keys of `FORMATS` that can be written."""

Shape: TypeAlias = Literal["box", "mask"]
"""The values of `GeometryKind.detected_as`."""

Read: TypeAlias = "Callable[[str, ReadOptions], AnnotationSource]"
"""Reads the annotations at a path."""


Write: TypeAlias = "Callable[[Path, LabelSpace, Notes], FormatWriter]"
"""Creates a writer for a folder; see `FormatWriter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """An annotation format.

    Attributes:
        title: Its name in sentences.
        source: Short description of its path, for the command line; empty for variants of another
            format, and if it cannot be read.
        columns: The columns of a variant, for the command line.
        suffixes: File endings that identify it.
        patterns: Patterns of files in a folder that identify it.
        is_numbered: Whether the numbers of its frames may need `Numbering`.
        reader: Module, and function or class, that opens a path; see `Read`. Empty if it
            cannot be read.
        target: Short description of the written files, for the command line.
        shapes: The shapes that can be written: boxes, or masks (with polygons). The default is
            the first one that the dataset has.
        lacks: What it cannot express about objects.
        picture_suffix: The only ending of its pictures, if there is one.
        writer: Module and class that writes it; see `Write`. Empty if it cannot be written.
    """

    title: str
    source: str = ""
    columns: str = ""
    suffixes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    is_numbered: bool = False
    reader: str = ""
    target: str = ""
    shapes: tuple[Shape, ...] = ()
    lacks: str = ""
    picture_suffix: str | None = None
    writer: str = ""

    def read(self) -> Read:
        """Import the reader."""
        found: Read = _load(self.reader)
        return found

    def write(self) -> Write:
        """Import the writer."""
        found: Write = _load(self.writer)
        return found


_MOT_READER: Final = "mot.reader:MotSource"
_MOT_FILES: Final = (
    *("gt.txt", "gt/gt.txt", "*/gt.txt", "*/gt/gt.txt", "*/*/gt/gt.txt"),
    *("det.txt", "det/det.txt", "*/det.txt", "*/det/det.txt", "*/*/det/det.txt"),
)
_MOT_VARIANTS: Final = {
    "mot17": "flag, class of MOTChallenge, visibility",
    "mot15": "confidence, x, y, z; all are pedestrians",
    "visdrone": "score, category, truncation, occlusion",
    "uavdt": "out-of-view, occlusion, category",
    "mot-numbers": "flag, class number; map the classes by 'class 1' …",
}

FORMATS: Final[Mapping[str, Format]] = {
    "deep-lake": Format(
        title="Deep Lake",
        source="a Deep Lake dataset with labels",
        reader="deep_lake.reader:open_dataset",
    ),
    "mot": Format(
        title="MOT",
        source="a MOTChallenge .txt file or folder of sequences",
        columns="accepts only files whose columns are certain; the other variants state them",
        suffixes=(".txt", ".csv"),
        patterns=_MOT_FILES,
        is_numbered=True,
        reader=_MOT_READER,
        target="MOTChallenge sequences with gt.txt, labels.txt and seqinfo.ini",
        shapes=("box", "mask"),
        lacks="key frames",
        writer="mot.writer:MotWriter",
    ),
    **{
        name: Format(title="MOT", columns=columns, is_numbered=True, reader=_MOT_READER)
        for name, columns in _MOT_VARIANTS.items()
    },
    "youtube-vis": Format(
        title="YouTube-VIS",
        source="a YouTube-VIS .json",
        suffixes=(".json",),
        is_numbered=True,
        reader="coco.reader:open_json",
        target="JPEGImages and an instances.json of masks by track",
        shapes=("mask", "box"),
        lacks="key frames",
        writer="youtube_vis.writer:YoutubeVisWriter",
    ),
    "coco": Format(
        title="COCO",
        source="a COCO .json of video frames",
        is_numbered=True,
        reader="coco.reader:open_json",
        target="images and an instances_train.json of boxes or masks",
        shapes=("box", "mask"),
        writer="coco.writer:CocoWriter",
    ),
    "cvat": Format(
        title="CVAT",
        source="a .xml of CVAT for video or a folder of them",
        suffixes=(".xml",),
        patterns=("annotations.xml", "*/annotations.xml", "*/*/annotations.xml"),
        reader="cvat.reader:open_cvat",
        target="images and an annotations.xml of CVAT for video",
        shapes=("box", "mask"),
        writer="cvat.writer:CvatWriter",
    ),
    "yolo": Format(
        title="YOLO",
        source="a data.yaml of YOLO or its folder",
        suffixes=(".yaml", ".yml"),
        patterns=("data.yaml",),
        is_numbered=True,
        reader="yolo.reader:YoloSource",
        target="images, labels and the data.yaml of Ultralytics, to detect or segment",
        shapes=("box", "mask"),
        lacks="tracks and key frames",
        writer="yolo.writer:YoloWriter",
    ),
    "masks": Format(
        title="DAVIS",
        target="a PNG with a palette for each frame, as in DAVIS",
        shapes=("mask",),
        lacks="key frames",
        picture_suffix=".jpg",
        writer="masks:MaskWriter",
    ),
}


def source_formats() -> tuple[SourceFormat, ...]:
    """Return the names of the formats that can be read."""
    return cast("tuple[SourceFormat, ...]", tuple(n for n, f in FORMATS.items() if f.reader))


def target_formats() -> tuple[TargetFormat, ...]:
    """Return the names of the formats that can be written."""
    return cast("tuple[TargetFormat, ...]", tuple(n for n, f in FORMATS.items() if f.writer))


def accepted_sources() -> str:
    """Return the paths that can be read, in words."""
    return listed([known.source for known in FORMATS.values() if known.source], "or")


def numbered_formats() -> str:
    """Return the formats whose frames may need `Numbering`, in words."""
    return listed(dict.fromkeys(f.title for f in FORMATS.values() if f.is_numbered), "and")


def listed(words: Iterable[str], last: str) -> str:
    """Join words to a list: ``a, b and c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)
