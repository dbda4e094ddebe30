"""Which columns are trained on, and which number each of their classes has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deeplake_labelbox._store.annotators import annotators_of
from deeplake_labelbox._store.columns import (
    ReadableDataset,
    column_kind,
    column_names,
    read_class_names,
)
from deeplake_labelbox.errors import ConfigurationError

BACKGROUND = "__background__"
"""Name of class 0, as in torchvision's ``categories``."""

SHAPE_KINDS = ("rectangle", "raster-segmentation", "polygon")


@dataclass(frozen=True, slots=True)
class ObjectColumn:
    """A column of objects that is trained on.

    Attributes:
        name: Name of the column.
        kind: ``rectangle``, ``raster-segmentation`` or ``polygon``.
        labels: Name of its column of class labels; ``None`` if all objects are of one class.
        classes: Number of each of its classes in the label space.
    """

    name: str
    kind: str
    labels: str | None
    classes: tuple[int, ...]

    @property
    def track_ids(self) -> str:
        """Name of its column of track ids."""
        return f"{self.name}_track_ids"

    @property
    def key_frames(self) -> str:
        """Name of its column that tells drawn from interpolated."""
        return f"{self.name}_key_frames"


@dataclass(frozen=True, slots=True)
class LabelSpace:
    """Columns of objects with one numbering of their classes.

    Classes are numbered from 1 on in the order of the columns; 0 is the background, as detection
    and segmentation models of torchvision expect. Classes of one name share a number.

    Attributes:
        columns: The columns.
        class_names: Name by number; the first is `BACKGROUND`.
    """

    columns: tuple[ObjectColumn, ...]
    class_names: tuple[str, ...]

    @property
    def has_masks(self) -> bool:
        """Whether every object has a mask: no column is one of rectangles."""
        return bool(self.columns) and all(column.kind != "rectangle" for column in self.columns)

    @classmethod
    def of(cls, dataset: ReadableDataset, names: Sequence[str] | None = None) -> LabelSpace:
        """Find columns of objects.

        Args:
            dataset: The dataset.
            names: Names of columns; ``car`` stands for ``car/car`` too, and
                ``ada@company.com/car`` for one annotator's. By default all columns of rectangles,
                or if there are none, all of masks and polygons; no annotator's.

        Raises:
            ConfigurationError: If a name is no column of rectangles, masks or polygons.
        """
        kinds = object_kinds(dataset)
        owners = annotators_of(kinds)
        if names is None:
            counting = {name: kind for name, kind in kinds.items() if name not in owners}
            names = [n for n, kind in counting.items() if kind == "rectangle"] or list(counting)
        class_names = [BACKGROUND]
        columns = []
        existing = set(column_names(dataset))
        for name in dict.fromkeys(_full_name(name, kinds) for name in as_names(names)):
            labels: str | None = f"{name}_labels"
            own = read_class_names(dataset, f"{name}_labels") if labels in existing else ()
            if not own:
                labels, own = None, (_tool_name(name.removeprefix(f"{owners.get(name)}/")),)
            class_names += [c for c in own if c not in class_names[1:]]
            numbers = tuple(class_names.index(c, 1) for c in own)
            columns.append(ObjectColumn(name, kinds[name], labels, numbers))
        return cls(tuple(columns), tuple(class_names))


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """A column of frame or global classifications that is trained on.

    Attributes:
        name: Name of the column.
        class_names: Name of each option, by number from 0 on.
    """

    name: str
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, dataset: ReadableDataset, name: str) -> AnswerColumn:
        """Find a column of answers.

        Raises:
            ConfigurationError: If it is no column of radio or checklist answers.
        """
        found = answer_names(dataset)
        if name not in found:
            raise ConfigurationError(
                f"Column {name!r} holds no answers of frames; the columns that do are: "
                f"{', '.join(found) or 'none'}."
            )
        return cls(name, read_class_names(dataset, name))


def object_kinds(dataset: ReadableDataset) -> dict[str, str]:
    """The kind of each column of rectangles, masks or polygons, by name."""
    kinds = {name: column_kind(dataset, name) for name in column_names(dataset)}
    return {name: kind for name, kind in kinds.items() if kind in SHAPE_KINDS}


def answer_names(dataset: ReadableDataset) -> list[str]:
    """Names of the columns of radio and checklist answers of frames."""
    return [name for name in column_names(dataset) if column_kind(dataset, name) == "choices"]


def as_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names from one name or several."""
    return (names,) if isinstance(names, str) else tuple(names)


def _full_name(name: str, kinds: dict[str, str]) -> str:
    for candidate in (name, f"{name}/{name}", f"{name}/{name.rpartition('/')[2]}"):
        if candidate in kinds:
            return candidate
    raise ConfigurationError(
        f"Column {name!r} holds no rectangles, masks or polygons; the columns that do are: "
        f"{', '.join(kinds) or 'none (apply labels to the dataset first)'}."
    )


def _tool_name(column: str) -> str:
    """``car`` of ``car/car``."""
    half = column[: len(column) // 2]
    return half if column == f"{half}/{half}" else column
