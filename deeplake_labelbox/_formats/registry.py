"""The formats of annotations: how a path is recognized, what reads it, and its text in the help.

A new format needs a file or folder with its reader or writer, and a line in `FORMATS`.
Nothing here imports a format's own code, so that the command line starts quickly.
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
"""Makes what writes into a folder; see `FormatWriter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format.

    Attributes:
        title: Its name in sentences.
        source: What its path is, in a few words for the command line; empty for variants of
            another format, and if it cannot be read.
        columns: What the columns of a variant are, for the command line.
        suffixes: File endings that identify it.
        marks: Patterns of files in a folder that tell it.
        is_folder: Whether a folder is taken for it if nothing else identifies the folder.
        is_numbered: Whether the numbers of its frames may need `Numbering`.
        reader: Module, and function or class, that opens a path; see `Read`. Empty if it
            cannot be read.
        target: What is written, in a few words for the command line.
        shapes: The shapes that can be written: boxes, or masks (with polygons). The default is
            the first one that the dataset has.
        lacks: What it cannot hold about these objects.
        picture_suffix: The only ending of its pictures, if there is one.
        writer: Module and class that writes it; see `Write`. Empty if it cannot be written.
    """

    title: str
    source: str = ""
    columns: str = ""
    suffixes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    is_folder: bool = False
    is_numbered: bool = False
    reader: str = ""
    target: str = ""
    shapes: tuple[Shape, ...] = ()
    lacks: str = ""
    picture_suffix: str | None = None
    writer: str = ""

    def read(self) -> Read:
        """Import what opens a path."""
        found: Read = _load(self.reader)
        return found

    def write(self) -> Write:
        """Import what writes into a folder."""
        found: Write = _load(self.writer)
        return found


_MOT_READER: Final = "mot.reader:MotSource"
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
        columns="takes only files that are sure of their columns; the others say what these are",
        suffixes=(".txt", ".csv"),
        is_folder=True,
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
        marks=("annotations.xml", "*/annotations.xml"),
        reader="cvat.folder:open_cvat",
        target="images and an annotations.xml of CVAT for video",
        shapes=("box", "mask"),
        writer="cvat.writer:CvatWriter",
    ),
    "yolo": Format(
        title="YOLO",
        source="a data.yaml of YOLO or its folder",
        suffixes=(".yaml", ".yml"),
        marks=("data.yaml",),
        is_numbered=True,
        reader="yolo.reader:YoloSource",
        target="images, labels and the data.yaml of Ultralytics, to detect or segment",
        shapes=("box", "mask"),
        lacks="tracks and key frames",
        writer="yolo.writer:YoloWriter",
    ),
    "masks": Format(
        title="DAVIS",
        target="a PNG with a palette for each frame, as DAVIS has them",
        shapes=("mask",),
        lacks="key frames",
        picture_suffix=".jpg",
        writer="masks:MaskWriter",
    ),
}


def source_formats() -> tuple[SourceFormat, ...]:
    """Names of the formats that can be read."""
    return cast("tuple[SourceFormat, ...]", tuple(n for n, f in FORMATS.items() if f.reader))


def target_formats() -> tuple[TargetFormat, ...]:
    """Names of the formats that can be written."""
    return cast("tuple[TargetFormat, ...]", tuple(n for n, f in FORMATS.items() if f.writer))


def numbered_formats() -> str:
    """The formats whose frames may need `Numbering`, in words."""
    return listed(dict.fromkeys(f.title for f in FORMATS.values() if f.is_numbered), "and")


def listed(words: Iterable[str], last: str) -> str:
    """Words as a list: ``a, b and c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)
