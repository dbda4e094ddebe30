"""Radios, checklists and texts: the kinds of classifications."""

from __future__ import annotations

from dataclasses import dataclass

from deeplake_labelbox._model.annotations import AnswerKind


@dataclass(frozen=True, slots=True)
class ClassificationKind:
    """A kind of classification.

    Attributes:
        name: Name of the kind in an ontology.
        json_key: Key under which an exported classification has its answer.
        has_options: Whether answers are options; else they are texts.
        has_several: Whether several options may be chosen.
    """

    name: AnswerKind
    json_key: str
    has_options: bool = True
    has_several: bool = False

    @property
    def has_one(self) -> bool:
        """Whether at most one option may be chosen."""
        return self.has_options and not self.has_several
