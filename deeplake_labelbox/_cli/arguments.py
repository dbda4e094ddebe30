"""Parse arguments of the command line to values of the library, before any work starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from deeplake_labelbox.errors import ConfigurationError, GroupMappingError, OntologyError

if TYPE_CHECKING:
    from deeplake_labelbox._model.ontology import Ontology
    from deeplake_labelbox._store.row_metadata import RowDetail
    from deeplake_labelbox._video.access import UrlPresigner


def read_groups(pairs: Sequence[str] | None) -> dict[str, str]:
    """Parse the group mapping of ``KIND=NAME`` options.

    Raises:
        GroupMappingError: If one is not a pair, is given twice, or has an unknown kind.
    """
    from deeplake_labelbox._store.layout import check_group_mapping  # noqa: PLC0415 - imports deeplake

    groups: dict[str, str] = {}
    for pair in pairs or ():
        kind, equals, name = pair.partition("=")
        if not equals:
            raise GroupMappingError(
                f"--group {pair!r} has no '='; write KIND=NAME, like raster-segmentation=mask."
            )
        if kind in groups:
            raise GroupMappingError(f"--group is given twice for {kind!r}; give it once per kind.")
        groups[kind] = name
    return check_group_mapping(groups)


def read_details(names: Sequence[str] | None) -> tuple[RowDetail, ...]:
    """Check the names of ``--row-detail`` options.

    Raises:
        ConfigurationError: If one is unknown.
    """
    from deeplake_labelbox._store.row_metadata import check_row_details  # noqa: PLC0415 - imports deeplake

    return check_row_details(names or ())


def read_pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    """Parse the pairs of an option like ``--map NAME=VALUE``.

    Raises:
        ConfigurationError: If one is not a pair, or a name is given twice.
    """
    pairs: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.rpartition("=")
        if not equals or not name:
            raise ConfigurationError(f"{option} {text!r} is not NAME=VALUE, like cars=car.")
        if name in pairs:
            raise ConfigurationError(f"{option} is given twice for {name!r}; give it once.")
        pairs[name] = value
    return pairs


def read_data_rows(texts: Sequence[str] | None) -> str | dict[str, str] | None:
    """Parse ``--data-row [VIDEO=]KEY`` options: the keys by video, or one key without a video.

    Raises:
        ConfigurationError: If one of several is not a pair, or a video is given twice.
    """
    if texts and len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    return read_pairs("--data-row", texts) or None


def read_creds(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Parse the storage credentials of ``KEY=VALUE`` options.

    Raises:
        ConfigurationError: If one is not a pair. The message omits its text, a possible secret.
    """
    creds: dict[str, str] = {}
    for number, pair in enumerate(pairs or (), start=1):
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ConfigurationError(
                f"--creds number {number} is not KEY=VALUE, like aws_region=us-east-1."
            )
        creds[key] = value
    return creds or None


def read_presigner(cloud: Literal["s3", "gcs", "azure"] | None) -> UrlPresigner | None:
    """Create the presigner of a ``--sign`` option.

    Raises:
        ConfigurationError: If its extra is not installed, or there are no credentials.
    """
    from deeplake_labelbox import presigners  # noqa: PLC0415 - not needed for --help

    match cloud:
        case "s3":
            return presigners.s3()
        case "gcs":
            return presigners.gcs()
        case "azure":
            return presigners.azure()
    return None


def read_ranges(texts: Sequence[str] | None) -> tuple[tuple[int, int], ...] | None:
    """Parse ``FIRST-LAST`` options, frames counted from 1.

    Raises:
        ConfigurationError: If one is not a pair of numbers.
    """
    ranges = []
    for text in texts or ():
        first, dash, last = text.partition("-")
        if not (dash and first.strip().isdecimal() and last.strip().isdecimal()):
            raise ConfigurationError(f"--range {text!r} is not a range like 1-250, counted from 1.")
        ranges.append((int(first), int(last)))
    return tuple(ranges) or None


def read_size(text: str | None) -> int | tuple[int, int] | None:
    """Parse a ``--resize`` option: the longest side, or width and height.

    Raises:
        ConfigurationError: If it is neither.
    """
    if text is None:
        return None
    numbers = text.lower().split("x")
    if len(numbers) > 2 or not all(number.strip().isdecimal() for number in numbers):
        raise ConfigurationError(
            f"--resize {text!r} is not a size like 640 (the longest side) or 640x360."
        )
    sizes = [int(number) for number in numbers]
    return sizes[0] if len(sizes) == 1 else (sizes[0], sizes[1])


def read_ontology(path: Path | None) -> Ontology | None:
    """Read the ontology of a JSON file in Labelbox's normalized form.

    Raises:
        OntologyError: If the file cannot be read or is not an ontology.
    """
    if path is None:
        return None
    from deeplake_labelbox._model.ontology import Ontology  # noqa: PLC0415 - not needed for --help

    return Ontology.from_normalized(read_normalized(path))


def read_normalized(path: Path) -> dict[str, Any]:
    """Read the normalized form of an ontology from a JSON file, with all of its fields.

    Raises:
        OntologyError: If the file cannot be read or is not an ontology.
    """
    expected = 'save json.dumps(project.ontology().normalized), with "tools" and "classifications"'
    try:
        normalized = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise OntologyError(
            f"The ontology {path} cannot be read: {error.strerror or type(error).__name__}; "
            "check the path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise OntologyError(f"The ontology {path} is not JSON; {expected}.") from error
    if not isinstance(normalized, dict) or not {"tools", "classifications"} & set(normalized):
        raise OntologyError(f"The JSON in {path} is not an ontology; {expected}.")
    return normalized


def read_metadata(path: Path | None) -> dict[str, dict[str, Any]] | None:
    """Read the metadata of videos from a JSON file: values by field, by path.

    Raises:
        ConfigurationError: If the file cannot be read or is of another form.
    """
    if path is None:
        return None
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The metadata {path} cannot be read ({error}); check the path, and that it is JSON."
        ) from error
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise ConfigurationError(
            f'The JSON in {path} is not metadata; write {{"clips/1.mp4": {{"camera": "left"}}}}.'
        )
    return found
