"""Select the columns of objects to read, and number their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._store.families import AnswerFamily, Families, ObjectFamily
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox.errors import ConfigurationError

BACKGROUND = "__background__"
"""Name of class 0, as in torchvision's ``categories``."""

_DETECTED_AS = {name: kind.detected_as for name, kind in GEOMETRIES.items() if kind.detected_as}


@dataclass(frozen=True, slots=True)
class ObjectColumn:
    """A column of objects to read.

    Attributes:
        family: The column and those beside it, of rectangles, masks or polygons.
        classes: Number of each of its classes in the label space.
    """

    family: ObjectFamily
    classes: tuple[int, ...]


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
        return bool(self.columns) and all(
            _DETECTED_AS[c.family.kind] == "mask" for c in self.columns
        )

    @classmethod
    def of(cls, dataset: LabeledDataset, names: Sequence[str] | None = None) -> LabelSpace:
        """Find columns of objects.

        Args:
            dataset: The dataset.
            names: Names of columns; ``car`` also means ``car/car``, and
                ``ada@company.com/car`` for one annotator's. By default all columns of rectangles,
                or if there are none, all of masks and polygons, of the annotator whose labels
                the dataset reads.

        Raises:
            ConfigurationError: If a name is not a column of rectangles, masks or polygons.
        """
        own = [family for family in dataset.families.objects if family.kind in _DETECTED_AS]
        if names is None:
            found = [f for f in own if _DETECTED_AS[f.kind] == "box"] or own
        else:
            others = [family for families in _others(dataset) for family in families.objects]
            shapes = (*own, *(family for family in others if family.kind in _DETECTED_AS))
            known = {family.column: family for family in shapes}
            short = {family.name: family for family in own}
            found = [_find(name, known, short) for name in as_names(names)]
        class_names = [BACKGROUND]
        columns = []
        for family in {family.column: family for family in found}.values():
            class_names += [c for c in family.class_names if c not in class_names[1:]]
            numbers = tuple(class_names.index(c, 1) for c in family.class_names)
            columns.append(ObjectColumn(family, numbers))
        return cls(tuple(columns), tuple(class_names))

    def mapped(self, mapping: Mapping[str, str]) -> LabelSpace:
        """Rename classes; a class with an empty name is left out and gets the number 0.

        Raises:
            ConfigurationError: If there is no such class, or all are left out.
        """
        known = self.class_names[1:]
        if missing := [name for name in mapping if name not in known]:
            raise ConfigurationError(
                f"`mapping` names the class {missing[0]!r}, which the columns do not have; they "
                f"have {', '.join(map(repr, known)) or 'none'}."
            )
        goals = {name: mapping.get(name, name) for name in known}
        names = (BACKGROUND, *dict.fromkeys(filter(None, goals.values())))
        if len(names) == 1:
            raise ConfigurationError("`mapping` leaves out all classes; keep at least one.")
        numbers = {name: names.index(goal, 1) if goal else 0 for name, goal in goals.items()}
        columns = [
            ObjectColumn(c.family, tuple(numbers[name] for name in c.family.class_names))
            for c in self.columns
        ]
        return LabelSpace(tuple(columns), names)


def find_answers(dataset: LabeledDataset, names: Sequence[str]) -> dict[str, AnswerFamily]:
    """Find columns of radio and checklist answers of frames, by the given names.

    Raises:
        ConfigurationError: If a name is not such a column.
    """
    known = answer_columns(dataset)
    for name in as_names(names):
        if name not in known:
            raise ConfigurationError(
                f"Column {name!r} holds no answers of frames; the columns that do are: "
                f"{', '.join(known) or 'none'}."
            )
    return {name: known[name] for name in as_names(names)}


def answer_columns(dataset: LabeledDataset) -> dict[str, AnswerFamily]:
    """Return the columns of radio and checklist answers by name, including those of annotators."""
    known = {family.name: family for family in dataset.families.answers}
    for families in _others(dataset):
        for family in families.answers:
            known.setdefault(family.column, family)
    return {name: family for name, family in known.items() if family.has_options}


def as_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return one or several names as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)


def _others(dataset: LabeledDataset) -> list[Families]:
    """Return the columns that the dataset does not read: those of others, or the shared ones."""
    owners = (None, *dataset.annotators)
    return [Families.of(dataset.dataset, owner) for owner in owners if owner != dataset.annotator]


def _find(
    name: str, known: Mapping[str, ObjectFamily], short: Mapping[str, ObjectFamily]
) -> ObjectFamily:
    for candidate in (name, f"{name}/{name}", f"{name}/{name.rpartition('/')[2]}"):
        # The names of the annotator whose labels are read come first.
        family = short.get(candidate) or known.get(candidate)
        if family is not None:
            return family
    raise ConfigurationError(
        f"Column {name!r} holds no rectangles, masks or polygons; the columns that do are: "
        f"{', '.join(known) or 'none (apply labels to the dataset first)'}."
    )
