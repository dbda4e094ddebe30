"""Create the columns of a layout and write their class names."""

from __future__ import annotations

import deeplake

from deeplake_labelbox._store.columns import (
    ensure_column,
    write_class_colors,
    write_class_names,
)
from deeplake_labelbox._store.layout import Layout
from deeplake_labelbox._store.track_ids import TrackIds


def ensure_label_columns(dataset: deeplake.Dataset, layout: Layout) -> None:
    """Add the missing columns."""
    for geometry in layout.geometries:
        ensure_column(dataset, geometry.name, geometry.kind)
        if geometry.grouped:
            ensure_column(dataset, geometry.labels, "labels")
        ensure_column(dataset, geometry.track_ids, "track_ids")
        ensure_column(dataset, geometry.key_frames, "key_frames")
        for answers in geometry.answers:
            ensure_column(dataset, answers.name, answers.object_kind)
    for answers in layout.answers:
        ensure_column(dataset, answers.name, answers.frame_kind)


def write_names(dataset: deeplake.Dataset, layout: Layout, track_ids: TrackIds) -> None:
    """Write class names and colors to the metadata of columns, which a rollback restores."""
    for geometry in layout.geometries:
        write_class_colors(dataset, geometry)
        if geometry.grouped:
            names = track_ids.class_names(geometry)
            write_class_names(dataset, geometry.labels, names)
        for answers in geometry.answers:
            write_class_names(dataset, answers.name, answers.class_names)
    for answers in layout.answers:
        write_class_names(dataset, answers.name, answers.class_names)
