"""State of a dataset branch at the start of a sync."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import deeplake

from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.columns import has_identity_columns
from deeplake_labelbox._store.labelbox_meta import KEY, LabelboxMeta
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.row_metadata import RowMetadata
from deeplake_labelbox._store.track_ids import NEXT_KEY
from deeplake_labelbox.errors import ConfigurationError, DatasetError, DatasetMismatchError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetState:
    """State of a dataset branch at the start of a sync.

    Attributes:
        head: Identifies the version; changes with every commit. See `head_of`.
        applied: The applied labels, if any.
        meta: The project and its videos on this branch.
        shared_meta: The metadata that all branches share; ``None`` for a copy of a query.
        index: The rows by video and frame.
        label_selection: Which of several labels of a data row to use.
        group_mapping: Column name by kind.
        metadata: Writer of the columns ``lb_meta/*``, if the dataset has them.
    """

    head: tuple[str, ...]
    applied: AppliedLabels | None
    meta: LabelboxMeta
    shared_meta: LabelboxMeta | None
    index: RowIndex
    label_selection: LabelSelection
    group_mapping: Mapping[str, str]
    metadata: RowMetadata | None

    @classmethod
    def read(
        cls,
        dataset: deeplake.Dataset,
        group_mapping: Mapping[str, str] | None,
        label_selection: LabelSelection | None,
    ) -> DatasetState:
        """Read the state of a branch without uncommitted changes.

        Args:
            dataset: The branch.
            group_mapping: The argument of `sync_dataset`.
            label_selection: The argument of `sync_dataset`.

        Raises:
            ConfigurationError: If an argument contradicts how the labels were applied.
            DatasetMismatchError: If the dataset has no record of its project.
            DatasetError: If its build is unfinished.
        """
        applied = AppliedLabels.read(dataset)
        shared, meta = _read_meta(dataset, applied)
        index = RowIndex(dataset, meta)
        return cls(
            head=head_of(dataset),
            applied=applied,
            meta=_branch_meta(dataset, meta, applied, index),
            shared_meta=shared,
            index=index,
            label_selection=_selection(applied, label_selection),
            group_mapping=_mapping(applied, group_mapping),
            metadata=_metadata(applied),
        )

    @property
    def version(self) -> str:
        """Version of the branch."""
        return self.head[0]

    @property
    def selects_otherwise(self) -> bool:
        """Whether the label selection differs from the last sync."""
        selection = "function" if callable(self.label_selection) else self.label_selection
        return self.applied is not None and self.applied.label_selection != selection

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefix of each set of label columns: none, and one per annotator."""
        annotators = self.applied.annotators if self.applied is not None else ()
        return ("", *(f"{annotator}/" for annotator in annotators))


def head_of(dataset: deeplake.Dataset) -> tuple[str, ...]:
    """Identify the version of a branch and of the metadata that all branches share."""
    shared = dataset.metadata.to_dict().items()
    kept = {key: value for key, value in shared if key.startswith(KEY) or key == NEXT_KEY}
    return str(dataset.version), json.dumps(kept, sort_keys=True)


def _read_meta(
    dataset: deeplake.Dataset, applied: AppliedLabels | None
) -> tuple[LabelboxMeta | None, LabelboxMeta]:
    """Return the metadata that all branches share, if any, and the metadata to start from."""
    try:
        shared = meta = LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        if applied is None:
            raise
        shared, meta = None, applied.meta()
    if meta.status != "complete":
        raise DatasetError(
            "The dataset is not complete. Run the call that creates it again, which resumes the "
            "build, then sync."
        )
    return shared, meta


def _branch_meta(
    dataset: deeplake.Dataset,
    meta: LabelboxMeta,
    applied: AppliedLabels | None,
    index: RowIndex,
) -> LabelboxMeta:
    """Return the videos of this branch; another branch may have more frames of a video."""
    for video in applied.videos if applied is not None else ():
        if video.video_idx == len(meta.videos):
            meta = replace(meta, videos=(*meta.videos, video))
        shared = meta.entry(video.data_row_id)
        if (
            shared is not None
            and shared != video
            and shared.video_idx == video.video_idx
            and has_identity_columns(dataset)
            # More rows mean that a resumed build decoded more frames.
            and len(index.rows_of(video).rows) <= video.rows
        ):
            meta = meta.with_video(video)
    return meta


def _selection(applied: AppliedLabels | None, given: LabelSelection | None) -> LabelSelection:
    if given is not None:
        if applied is not None and applied.annotators and given != "all":
            raise ConfigurationError(
                "The dataset has columns for each annotator, which this `label_selection` would "
                "not update. Leave `label_selection` out, or create the dataset again."
            )
        return given
    if applied is None:
        return "selected"
    if applied.label_selection == "function":
        raise ConfigurationError(
            "A function selected the labels of the dataset; pass it to sync_dataset again."
        )
    return cast("LabelSelection", applied.label_selection)


def _mapping(applied: AppliedLabels | None, given: Mapping[str, str] | None) -> dict[str, str]:
    if applied is None:
        return dict(given or {})
    if given is not None and dict(given) != dict(applied.group_mapping):
        raise ConfigurationError(
            f"The labels of the dataset were applied with "
            f"`group_mapping={dict(applied.group_mapping)}`. Leave `group_mapping` out, or create "
            f"the dataset again."
        )
    return dict(applied.group_mapping)


def _metadata(applied: AppliedLabels | None) -> RowMetadata | None:
    if applied is None:
        return RowMetadata()
    if not applied.has_metadata:
        return None
    return RowMetadata(applied.metadata_prefix, applied.row_details)
