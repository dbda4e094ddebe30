"""Groups of options that the public functions pass on.

`FrameSelection` selects the frames that become rows, and `StorageOptions` how they are stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._store.layout import GroupMapping
from deeplake_labelbox._store.row_metadata import RowDetail

if TYPE_CHECKING:
    import labelbox


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPolicy:
    """Whether errors end a job or are reported.

    Attributes:
        fail_on_error: Raise at the first video that cannot be fully decoded or label that cannot be
            fully applied.
        fail_on_export_error: Raise if Labelbox reports errors with the export.
    """

    fail_on_error: bool = False
    fail_on_export_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOptions:
    """How labels are applied.

    Attributes:
        group_mapping: Column name by kind; see `GroupMapping`.
        label_selection: Which of several labels of a data row to use.
        ontology: The ontology, if it is not read from Labelbox.
        metadata_prefix: First part of the names of the columns ``lb_meta/*``.
        generate_metadata: Whether to write these columns.
        row_details: Details of data rows that are written as well; see `RowDetail`.
    """

    group_mapping: GroupMapping | None = None
    label_selection: LabelSelection = "selected"
    ontology: labelbox.Ontology | Mapping[str, Any] | Ontology | None = None
    metadata_prefix: str | None = "lb_meta"
    generate_metadata: bool = True
    row_details: Collection[RowDetail] = ()
