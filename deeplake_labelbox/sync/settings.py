"""How labels were applied to a dataset, and so are applied again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import deeplake

from deeplake_labelbox.dataset.applied import AppliedLabels
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta
from deeplake_labelbox.dataset.row_metadata import RowMetadata
from deeplake_labelbox.errors import ConfigurationError, DatasetError, DatasetMismatchError
from deeplake_labelbox.project.selection import LabelSelection


def kept_selection(applied: AppliedLabels | None, given: LabelSelection | None) -> LabelSelection:
    """Which of several labels of a data row counts: as given, else as the last time.

    Raises:
        ConfigurationError: If that cannot be done again as it is.
    """
    if given is not None:
        return given
    if applied is None or applied.label_selection == "selected":
        return "selected"
    if applied.label_selection == "newest":
        return "newest"
    if applied.label_selection == "all":
        raise ConfigurationError(
            "The dataset has columns of each annotator (label_selection='all'), which are "
            "written anew by the converter; pass label_selection='selected' to bring only the "
            "others in step."
        )
    raise ConfigurationError(
        "The labels of the dataset were chosen by a function; pass it as label_selection again."
    )


def kept_mapping(applied: AppliedLabels | None, given: Mapping[str, str] | None) -> dict[str, str]:
    """The group mapping: as the last time, or as given where no labels were applied.

    Raises:
        ConfigurationError: If another one is given.
    """
    if applied is None:
        return dict(given or {})
    if given is not None and dict(given) != dict(applied.group_mapping):
        raise ConfigurationError(
            f"The labels of the dataset were applied with group_mapping "
            f"{dict(applied.group_mapping)}; leave group_mapping out, or make the dataset again."
        )
    return dict(applied.group_mapping)


def kept_metadata(applied: AppliedLabels | None) -> RowMetadata | None:
    """What writes the columns ``lb_meta/*``, if there are any."""
    if applied is None:
        return RowMetadata()
    return RowMetadata(applied.metadata_prefix) if applied.has_metadata else None


def known_meta(dataset: deeplake.Dataset, applied: AppliedLabels | None) -> LabelboxMeta:
    """What a dataset knows of its project: all branches, and what this one knows beyond."""
    try:
        meta = LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        if applied is None:
            raise
        return applied.meta()
    if meta.status != "complete":
        raise DatasetError(
            "The dataset is not complete; run the call that makes it again, which goes on where it "
            "stopped, and sync it then."
        )
    for video in applied.meta().videos if applied else ():
        if video.video_idx == len(meta.videos):
            meta = replace(meta, videos=(*meta.videos, video))
    return meta
