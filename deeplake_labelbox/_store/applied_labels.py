"""The labels that are applied to a dataset, which `sync_dataset` compares with Labelbox.

They are kept as JSON text in the metadata of a column. Unlike the metadata of the dataset, it
follows branches, versions, merges, rollbacks and copies made with `deeplake.like`, and is published
together with the cells.

Whenever Deep Lake opens a dataset, it reads every value that this metadata ever had. So a key holds
only a few data rows, and a sync of one data row writes one key again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field, fields, replace
from typing import Any, Final

import deeplake

from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.columns import (
    ReadableDataset,
    column_names,
    metadata_texts,
    write_text,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.row_metadata import RowDetail

KEY: Final = "labelbox_applied"
_ONTOLOGY_KEY: Final = "labelbox_ontology"
_ROWS_KEY: Final = "labelbox_applied_rows_"
_ROWS_A_KEY: Final = 16

# The column that identifies the video of a row is the least likely to be removed.
_HOME: Final = "video_idx"
# Fields that are not stored under `KEY`.
_ELSEWHERE: Final = frozenset(("ontology", "labels", "videos"))
# Fields that are stored under another name.
_STORED_NAMES: Final = {"removed_data_rows": "left"}


@dataclass(frozen=True, slots=True)
class AppliedLabel:
    """The label that is applied to the rows of one data row.

    Attributes:
        label_id: Id of the label; ``None`` if there is no label.
        changed: Time of the last change of its content in Labelbox, or a digest of the label if the
            export has no time.
        details: Digest of the values of the columns ``lb_meta/*`` that do not depend on the label.
        incomplete: Number of its masks that could not be read.
        others: Digest of the labels of each annotator, if annotators have columns of their own.
    """

    label_id: str | None = None
    changed: str | None = None
    details: str = ""
    incomplete: int = 0
    others: str = ""

    def is_same_row(self, other: AppliedLabel | None) -> bool:
        """Whether the columns ``lb_meta/*`` have the same values with both."""
        return other is not None and (self.label_id, self.details) == (
            other.label_id,
            other.details,
        )


@dataclass(frozen=True, slots=True)
class AppliedLabels:
    """The labels that are applied to a branch of a dataset, and how.

    Attributes:
        project_id: Id of the project.
        project_name: Its name.
        ontology: The ontology that the columns were made from.
        group_mapping: The group mapping.
        metadata_prefix: First part of the names of the row metadata columns.
        has_metadata: Whether there are such columns.
        label_selection: ``"selected"``, ``"newest"``, ``"all"``, or ``"function"`` for a function
            of the user.
        last_activity: Greatest ``last_activity_at`` of the data rows, ISO 8601.
        labels: By data row id, for all data rows that have, or had, rows on this branch.
        videos: The entries of the videos of these data rows, by ``video_idx``.
        removed_data_rows: Ids of data rows that are no longer in the project, and whose rows were
            kept.
        options: As in `LabelboxMeta`.
        annotators: Annotators with columns of their own.
        row_details: Details of data rows that are written beside the columns ``lb_meta/*``.
    """

    project_id: str
    project_name: str
    ontology: Ontology
    group_mapping: Mapping[str, str]
    metadata_prefix: str | None = "lb_meta"
    has_metadata: bool = True
    label_selection: str = "selected"
    last_activity: str | None = None
    labels: Mapping[str, AppliedLabel] = field(default_factory=dict)
    videos: tuple[VideoEntry, ...] = ()
    removed_data_rows: tuple[str, ...] = ()
    options: str = "{}"
    annotators: tuple[str, ...] = ()
    row_details: tuple[RowDetail, ...] = ()

    @classmethod
    def read(cls, dataset: ReadableDataset) -> AppliedLabels | None:
        """Read the applied labels; ``None`` if there are none, or an older version applied them."""
        home = _home(dataset, must_hold=True)
        if home is None:
            return None
        metadata = dataset[home].metadata
        stored = json.loads(metadata[KEY])
        removed = stored.pop(_STORED_NAMES["removed_data_rows"])
        rows = [
            (VideoEntry.of_json(entry), AppliedLabel(*label))
            for text in metadata_texts(dataset, home, _ROWS_KEY).values()
            for entry, label in json.loads(text)
        ]
        rows.sort(key=lambda row: row[0].video_idx)
        labels = {video.data_row_id: label for video, label in rows}
        return cls(
            **stored
            | {
                "ontology": Ontology.from_normalized(json.loads(metadata[_ONTOLOGY_KEY])),
                "labels": labels,
                "videos": tuple(video for video, _ in rows),
                # A merge may add a data row whose rows were deleted on the other branch.
                "removed_data_rows": tuple(row for row in removed if row in labels),
                "annotators": tuple(stored["annotators"]),
                "row_details": tuple(stored.get("row_details", ())),
            }
        )

    def write(self, dataset: deeplake.Dataset) -> None:
        """Write the values that changed; the next commit publishes them."""
        home = _home(dataset, must_hold=True) or _home(dataset)
        if home is None:
            return
        names = [item.name for item in fields(self) if item.name not in _ELSEWHERE]
        stored = {_STORED_NAMES.get(name, name): getattr(self, name) for name in names}
        write_text(dataset, home, KEY, stored)
        write_text(dataset, home, _ONTOLOGY_KEY, self.ontology.normalized())
        # Deep Lake cannot delete a key, so an existing key may become empty.
        rows: dict[str, list[Any]] = {key: [] for key in metadata_texts(dataset, home, _ROWS_KEY)}
        for video in self.videos:
            label = self.labels[video.data_row_id]
            number = str(video.video_idx // _ROWS_A_KEY)
            rows.setdefault(number, []).append((video.to_json(), astuple(label)))
        for number, values in rows.items():
            write_text(dataset, home, f"{_ROWS_KEY}{number}", values)

    def without(self, data_row_ids: Collection[str]) -> AppliedLabels:
        """Return the labels without data rows whose rows are deleted."""
        return replace(
            self,
            labels={key: label for key, label in self.labels.items() if key not in data_row_ids},
            videos=tuple(v for v in self.videos if v.data_row_id not in data_row_ids),
            removed_data_rows=tuple(r for r in self.removed_data_rows if r not in data_row_ids),
        )

    def meta(self) -> LabelboxMeta:
        """Return metadata for a dataset that has none, such as the copy of a query."""
        last = max((video.video_idx for video in self.videos), default=-1)
        videos = [VideoEntry("", number, "") for number in range(last + 1)]
        for video in self.videos:
            videos[video.video_idx] = video
        return LabelboxMeta(
            self.project_id, self.project_name, "complete", tuple(videos), self.options
        )


def _home(dataset: ReadableDataset, *, must_hold: bool = False) -> str | None:
    """Return the column whose metadata holds the labels, or will hold them."""
    names = sorted(column_names(dataset), key=lambda name: name != _HOME)
    if must_hold:
        return next((name for name in names if KEY in dataset[name].metadata), None)
    return next(iter(names), None)
