"""Open the source of an import: a dataset, a path, plain annotations or detections."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import deeplake

from deeplake_labelbox._formats.annotations import AnnotationSource, PlainAnnotation
from deeplake_labelbox._formats.frame_numbers import LengthOf, Numbering, unknown_length
from deeplake_labelbox._formats.plain import PlainSource
from deeplake_labelbox._formats.registry import (
    FORMATS,
    SourceFormat,
    accepted_sources,
    listed,
    numbered_formats,
    source_formats,
)
from deeplake_labelbox._formats.supervision import (
    FrameDetections,
    SupervisionSource,
    are_detections,
)
from deeplake_labelbox._store.cells import Readable
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.layout import GroupMapping
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

Source = (
    str
    | os.PathLike[str]
    | LabeledDataset
    | deeplake.Dataset
    | deeplake.ReadOnlyDataset
    | Iterable[PlainAnnotation]
    | FrameDetections
    | Mapping[str, FrameDetections]
)
"""A source for `import_annotations`."""

_JSON_FILES = ("*.json", "*/*.json")  # of COCO and YouTube-VIS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Options for reading annotations.

    Attributes:
        source_format: Format of a path; ``None`` detects it from the ending and the files.
        mapping: Tool or classification of the project by column or by name in the source.
        group_mapping: See `DeepLakeSource`.
        data_row: The video of a source that has only one.
        numbering: The numbering of numbered frames.
        video_length: Returns the lengths of the project's videos; called while reading.
        creds: Credentials of the dataset's storage.
        token: Token of Deep Lake's cloud.
    """

    source_format: SourceFormat | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    group_mapping: GroupMapping | None = None
    data_row: str | None = None
    numbering: Numbering = Numbering()  # noqa: RUF009 - it is frozen
    video_length: LengthOf = unknown_length
    creds: Mapping[str, str] | None = None
    token: str | None = None

    def check_one_video(self, path: str | Path, count: int) -> None:
        """Check the number of videos of a source if one data row is named.

        Raises:
            AnnotationSourceError: If it has several.
        """
        if self.data_row is not None and count > 1:
            raise AnnotationSourceError(
                f"`data_rows` names one data row, but {path} has {count} videos; name one for each "
                f"with `data_rows={{'VIDEO': ID}}`, or leave it out."
            )


def check_mapping(
    mapping: Mapping[str, str], names: Collection[str], lacking: str, end: str = ""
) -> None:
    """Check that a source has all mapped names.

    Args:
        mapping: The mapping.
        names: The names that the source has.
        lacking: Words for the message, such as "the source does not have; it has".
        end: A sentence at the end of the message.

    Raises:
        ConfigurationError: If one is missing.
    """
    if missing := [name for name in mapping if name not in names]:
        raise ConfigurationError(
            f"`mapping` names {missing[0]!r}, which {lacking} "
            f"{', '.join(map(repr, sorted(names))) or 'no annotations'}. {end}".rstrip()
        )


def open_source(source: Source, options: ReadOptions) -> AnnotationSource:
    """Open a source of annotations.

    Args:
        source: A dataset; the path of a dataset or file; plain annotations; or detections of
            supervision.
        options: Options for reading.

    Raises:
        AnnotationSourceError: If the source cannot be read.
        ConfigurationError: If the format is unknown, or ``numbering`` is given for a source whose
            frames have their own numbers.
        DatasetError: If the dataset cannot be opened.
    """
    if options.source_format is not None and options.source_format not in source_formats():
        raise ConfigurationError(
            f"`source_format` {options.source_format!r} is unknown; the formats are "
            f"{', '.join(source_formats())}."
        )
    chosen: SourceFormat | None = None
    opened: Any = source
    if isinstance(source, str | os.PathLike):
        opened = os.fspath(source)
        chosen = options.source_format or _format_of(opened)
        if chosen != "deep-lake" and "://" not in opened and not Path(opened).exists():
            raise AnnotationSourceError(f"There is no file {opened}; check the path.")
    elif isinstance(source, LabeledDataset | Readable):
        chosen = "deep-lake"
    numbered = chosen is not None and FORMATS[chosen].is_numbered
    if options.numbering != Numbering() and not numbered:
        raise ConfigurationError(
            f"`frame_step` and `first_number` are for files of {numbered_formats()}; other sources "
            f"have their own frame numbers."
        )
    if chosen is not None:
        return FORMATS[chosen].read()(opened, replace(options, source_format=chosen))
    return _open_iterable(source, options)


def _open_iterable(source: Any, options: ReadOptions) -> AnnotationSource:
    """Open annotations or detections that are in memory or generated."""
    given = start = source
    if isinstance(source, Iterator):
        start = list(islice(source, 1))
        given = chain(start, source)
    if are_detections(start):
        return SupervisionSource(given, data_row=options.data_row)
    if not isinstance(source, Mapping | bytes) and hasattr(source, "__iter__"):
        return PlainSource(given, data_row=options.data_row)
    raise ConfigurationError(
        f"Annotations cannot be read from a {type(source).__name__}; pass a dataset, a path, or an "
        f"iterable of annotations or detections."
    )


def _format_of(location: str) -> SourceFormat:
    if "://" in location:
        return "deep-lake"
    path = Path(location)
    if path.is_dir():
        if DatasetLocation.of(location).exists():
            return "deep-lake"
        return _format_of_folder(path)
    for name in source_formats():
        if path.suffix.lower() in FORMATS[name].suffixes:
            return name
    if not path.exists():
        return "deep-lake"
    raise AnnotationSourceError(
        f"The format of {path} cannot be detected from its ending; pass `source_format`."
    )


def _format_of_folder(path: Path) -> SourceFormat:
    found = [
        name
        for name in source_formats()
        if any(any(path.glob(pattern)) for pattern in FORMATS[name].patterns)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise AnnotationSourceError(
            f"The folder {path} has files of {listed(found, 'and')}; pass `source_format`."
        )
    try:
        is_empty = not any(path.iterdir())
    except OSError as error:
        raise AnnotationSourceError(
            f"The folder {path} cannot be read: {error.strerror}; check your rights to it."
        ) from error
    if is_empty:
        raise AnnotationSourceError(f"The folder {path} is empty; pass {accepted_sources()}.")
    known = dict.fromkeys(Path(each).name for f in FORMATS.values() for each in f.patterns)
    other = next((file for name in _JSON_FILES for file in sorted(path.glob(name))), None)
    such_as = "" if other is None else f"one of its files, such as {other}, or "
    raise AnnotationSourceError(
        f"The folder {path} has no {listed(known, 'or')}; pass {such_as}{accepted_sources()}."
    )
