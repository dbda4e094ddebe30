"""What is to be imported, told by what it is: a dataset, a file, or plain annotations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, cast, get_args

import deeplake

from deeplake_labelbox._formats.annotations import AnnotationSource, PlainAnnotation
from deeplake_labelbox._formats.coco.reader import CocoSource
from deeplake_labelbox._formats.coco_json import CocoJson
from deeplake_labelbox._formats.cvat.reader import CvatSource
from deeplake_labelbox._formats.deep_lake.mapped_columns import MappedColumnsSource
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource
from deeplake_labelbox._formats.frame_numbers import LengthOf, Numbering, unknown_length
from deeplake_labelbox._formats.mot.reader import MotSource
from deeplake_labelbox._formats.mot.variants import MotFormat
from deeplake_labelbox._formats.plain import PlainSource
from deeplake_labelbox._formats.youtube_vis import YoutubeVisSource
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.labelbox_meta import KEY
from deeplake_labelbox._store.layout import GroupMapping
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

SourceFormat = Literal[
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
"""Formats of paths; those after ``mot`` are its variants, see `mot_variants`."""

_BY_ENDING: Final[Mapping[str, SourceFormat]] = {
    ".txt": "mot",
    ".csv": "mot",
    ".json": "youtube-vis",
    ".xml": "cvat",
}

Source = (
    str | os.PathLike[str] | deeplake.Dataset | deeplake.ReadOnlyDataset | Iterable[PlainAnnotation]
)
"""What `import_annotations` takes."""


def open_source(
    source: Source,
    *,
    source_format: SourceFormat | None = None,
    mapping: Mapping[str, str] | None = None,
    group_mapping: GroupMapping | None = None,
    data_row: str | None = None,
    numbering: Numbering = Numbering(),  # noqa: B008 - it is frozen
    video_length: LengthOf = unknown_length,
    creds: Mapping[str, str] | None = None,
    token: str | None = None,
) -> tuple[AnnotationSource, Mapping[str, str]]:
    """Open a source of annotations.

    Args:
        source: A dataset; the path of a dataset or file; or plain annotations.
        source_format: Format of a path; ``None`` tells it by the ending, and by what is there.
        mapping: Tool or classification of the project by column or by name in the source.
        group_mapping: See `DeepLakeSource`.
        data_row: The video of a file that has one only.
        numbering: How a file of MOT, YouTube-VIS or COCO numbers frames.
        video_length: The lengths of the project's videos; called when the source is read.
        creds: Credentials of the dataset's storage.
        token: Token of Deep Lake's cloud.

    Returns:
        The source, and what is left of ``mapping`` to apply to the names that it gives.

    Raises:
        AnnotationSourceError: If the source cannot be read.
        ConfigurationError: If ``source_format`` is unknown, or ``numbering`` is given for a
            source whose frames have their own numbers.
        DatasetError: If the dataset cannot be opened.
    """
    if source_format is not None and source_format not in get_args(SourceFormat):
        raise ConfigurationError(
            f"The format {source_format!r} is unknown; the formats are "
            f"{', '.join(get_args(SourceFormat))}."
        )
    names = mapping or {}
    if isinstance(source, str | os.PathLike):
        location = os.fspath(source)
        chosen = source_format or _format_of(location)
        if chosen != "deep-lake" and "://" not in location and not Path(location).exists():
            raise AnnotationSourceError(f"There is no file {location}; check the path.")
        if chosen != "deep-lake":
            if chosen == "cvat":
                _refuse_numbering(numbering)
                return CvatSource(location, data_row=data_row), names
            if chosen in ("youtube-vis", "coco"):
                content = CocoJson(location)
                kind = CocoSource if content.has_images else YoutubeVisSource
                opened = kind(
                    content, data_row=data_row, numbering=numbering, video_length=video_length
                )
                return opened, names
            return MotSource(
                location,
                data_row=data_row,
                variant=cast("MotFormat", chosen),
                mapped=names,
                numbering=numbering,
                length_of=video_length,
            ), names
        at = DatasetLocation.of(location, creds, token=token)
        if not at.exists():
            raise AnnotationSourceError(
                f"There is no Deep Lake dataset at {at}; pass a dataset, a MOTChallenge .txt, a "
                f"YouTube-VIS or COCO .json or a CVAT .xml, or say its format."
            )
        with dataset_errors(f"opening the dataset at {at}"):
            source = deeplake.open_read_only(at.path, creds=at.creds, token=at.token)
    _refuse_numbering(numbering)
    if isinstance(source, deeplake.Dataset | deeplake.ReadOnlyDataset):
        return _dataset_source(source, names, group_mapping)
    if not isinstance(source, Mapping | bytes) and hasattr(source, "__iter__"):
        return PlainSource(source, data_row=data_row), names
    raise ConfigurationError(
        f"Annotations cannot be read from a {type(source).__name__}; pass a dataset, a path, or an "
        f"iterable of annotations."
    )


def _refuse_numbering(numbering: Numbering) -> None:
    if numbering != Numbering():
        raise ConfigurationError(
            "frame_step and first_number are for files of MOT, YouTube-VIS and COCO; the frames of "
            "other sources have their own numbers."
        )


def _dataset_source(
    source: deeplake.Dataset | deeplake.ReadOnlyDataset,
    mapping: Mapping[str, str],
    group_mapping: GroupMapping | None,
) -> tuple[AnnotationSource, Mapping[str, str]]:
    # A read-only dataset has all that reading needs, though it is no subclass.
    dataset = cast("deeplake.Dataset", source)
    if KEY in dataset.metadata or AppliedLabels.read(dataset) is not None:
        left_out = frozenset(name for name, goal in mapping.items() if not goal)
        return DeepLakeSource(dataset, left_out=left_out, group_mapping=group_mapping), mapping
    if not mapping:
        raise AnnotationSourceError(
            "The dataset was not made by this package; say which column holds which tool or "
            "classification with mapping={column: name}."
        )
    return MappedColumnsSource(dataset, mapping), {}


def _format_of(location: str) -> SourceFormat:
    if "://" in location:
        return "deep-lake"
    path = Path(location)
    if path.is_dir():
        is_dataset = DatasetLocation.of(location).exists()
        return "deep-lake" if is_dataset else "mot"
    if path.suffix.lower() not in _BY_ENDING:
        if not path.exists():
            return "deep-lake"
        raise AnnotationSourceError(
            f"The format of {path} cannot be told from its ending; say it with source_format "
            f"(--format on the command line)."
        )
    return _BY_ENDING[path.suffix.lower()]
