"""The labels that predictions are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeplake_labelbox._evaluation.boxes import has_box
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource, labeled_size
from deeplake_labelbox._imports.targets import Targets
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._store.annotators import annotated_kinds
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox._store.videos import entries_of
from deeplake_labelbox.errors import ConfigurationError


class Truth:
    """The labels that predictions are compared with.

    Args:
        labels: The dataset.
        chosen: See `Targets`.
        classes: Classes to compare; ``None`` for all.
        videos: Videos to compare; ``None`` for all.

    Attributes:
        labels: The dataset.
        all_classes: Classes of the dataset that have boxes.
        kinds: Kind of each class to compare.
        wanted: Data rows to compare; ``None`` for all.
        source: Labels of the dataset.
        names: Short names of the videos by data row id.
        targets: Data rows of the dataset.

    Raises:
        ConfigurationError: If the dataset has no boxes, or lacks a class or video.
    """

    def __init__(
        self,
        labels: LabeledDataset,
        chosen: Mapping[str, str] | None,
        classes: Sequence[str] | None,
        videos: Sequence[str | int] | None,
    ) -> None:
        self.labels = labels
        families = [family for family in labels.families.objects if has_box(family.kind)]
        self.kinds: dict[str, ToolKind] = {}
        for family in sorted(families, key=lambda f: list(GEOMETRIES).index(f.kind)):
            for name in family.class_names:
                self.kinds.setdefault(name, family.kind)
        if not self.kinds:
            raise ConfigurationError(
                "The dataset has no column of rectangles, masks or polygons, so there is nothing "
                "to compare with; apply labels that have some first."
            )
        self.all_classes = frozenset(self.kinds)
        if missing := [name for name in classes or () if name not in self.kinds]:
            raise ConfigurationError(
                f"`classes` names {missing[0]!r}; the classes of the dataset that have boxes are "
                f"{', '.join(map(repr, self.kinds))}."
            )
        if classes is not None:
            self.kinds = {name: kind for name, kind in self.kinds.items() if name in classes}
        self.wanted: frozenset[str] | None = None
        if videos is not None:
            self.wanted = frozenset(labels.video(name).data_row_id for name in videos)
        self.source = DeepLakeSource(labels)
        self.names = {video.data_row_id: video.short_name for video in labels.videos}
        self.targets = Targets(self._rows(), "", chosen, of="dataset")

    def _rows(self) -> Iterable[Mapping[str, Any]]:
        """Yield the videos in the form of an export, which `Targets` reads."""
        counts = {e.data_row_id: e.frame_count for e in entries_of(self.labels.dataset)}
        columns = {
            end: name
            for name, kind in annotated_kinds(self.labels.dataset).items()
            for end in ("global_key", "frame_rate")
            if kind == "row metadata" and name.endswith(f"/{end}")
        }
        for video in self.labels.videos:
            details = {
                end: np.ravel(self.labels.cells(column, video.rows[:1])[0])[0]
                for end, column in columns.items()
            }
            width, height = labeled_size(video) or (None, None)
            yield {
                "data_row": {
                    "id": video.data_row_id,
                    "external_id": video.name,
                    "global_key": str(details.get("global_key") or "") or None,
                },
                "media_attributes": {
                    "width": width,
                    "height": height,
                    "frame_count": counts.get(video.data_row_id),
                    "frame_rate": float(details.get("frame_rate") or 0),
                },
            }


def open_labels(
    source: DatasetLike,
    annotator: str | None,
    creds: Mapping[str, str] | None,
    token: str | None,
    *,
    version: str | None = None,
) -> LabeledDataset:
    """Open a dataset, unless it is open, with the labels of an annotator or version."""
    if isinstance(source, str | Path):
        source = DatasetLocation.of(source, creds, token=token).open_to_read()
    labels = LabeledDataset.of(source, annotator=annotator)
    if version is None:
        return labels
    return LabeledDataset(
        labels.dataset,
        annotator=labels.annotator,
        version=version,
        image_column=labels.image_column,
    )
