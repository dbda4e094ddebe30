"""Report of a dataset that was created or labeled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import deeplake

from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.report import Report, VideoOutcome


@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class DatasetReport(Report):
    """A dataset that was created or labeled, and the outcome of each video.

    Attributes:
        dataset: The dataset.
        export: The export that it was created from.
    """

    dataset: deeplake.Dataset
    export: ProjectExport


def dataset_report(
    dataset: deeplake.Dataset,
    export: ProjectExport,
    frames: Iterable[VideoOutcome],
    labels: Iterable[VideoOutcome],
) -> DatasetReport:
    """Join the reports of a build and of the labels that were applied after it.

    Args:
        dataset: The dataset; its metadata has the videos of earlier runs.
        export: The export that it was created from.
        frames: Outcomes of the build.
        labels: Outcomes of the labels, if they were applied.

    Returns:
        The report, with each gap once.
    """
    meta = LabelboxMeta.read(dataset)
    built = {outcome.data_row_id: outcome for outcome in frames}
    applied = {outcome.data_row_id: outcome for outcome in labels}
    whole = DatasetReport(dataset=dataset, export=export)
    for entry in meta.videos:
        outcome = VideoOutcome(
            entry.data_row_id, entry.name, rows=entry.rows, warnings=list(entry.warnings)
        )
        if entry.data_row_id in built:
            outcome.gaps.extend(built[entry.data_row_id].gaps)
        elif entry.problem is not None:
            after = entry.frame_count + 1 if entry.rows else None
            outcome.gap(entry.problem, entry.missing[0][0] if entry.missing else after)
        label = applied.pop(entry.data_row_id, None)
        whole.videos.append(outcome if label is None else outcome.merge(label))
    whole.videos.extend(applied.values())
    return whole
