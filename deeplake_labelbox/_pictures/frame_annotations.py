"""Read the annotations of rows of a dataset as words and shapes to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._pictures.colors import Color, class_colors
from deeplake_labelbox._store.cells import Rows
from deeplake_labelbox._store.families import AnswerFamily
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.objects import FamilyObjects
from deeplake_labelbox._store.videos import Video


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer in words.

    Attributes:
        question: Name of the classification.
        answer: The chosen options, or the text.
    """

    question: str
    answer: str


@dataclass(frozen=True, slots=True, eq=False)
class ShownObject:
    """An object in a frame.

    Attributes:
        kind: Kind of its tool.
        class_name: Name of its tool.
        track_id: Its track id, or ``None`` if the dataset has none.
        is_key_frame: Whether it was drawn in this frame, not interpolated.
        shape: ``rectangle``: (4,) left, top, width, height; ``point``: (2,); ``line`` and
            ``polygon``: (V, 2); ``raster-segmentation``: (H, W) bool. All in pixels of the frame.
        answers: Its answers.
    """

    kind: ToolKind
    class_name: str
    track_id: int | None
    is_key_frame: bool
    shape: NDArray[Any]
    answers: tuple[ShownAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameAnnotations:
    """All annotations of a row.

    Attributes:
        is_labeled: Whether a label was applied to the video of the row.
        objects: The objects in the frame.
        answers: The answers of the frame, nested ones within their parent.
    """

    is_labeled: bool
    objects: tuple[ShownObject, ...] = ()
    answers: tuple[ShownAnswer, ...] = ()


class AnnotationReader:
    """Reads the annotations and pictures of rows.

    Args:
        dataset: The dataset or view, with labels or without.
        annotator: Annotator whose labels to read, if the dataset has columns for each annotator;
            ``None`` for the labels that count.
        image_column: Column of the pictures; by default ``frames``.

    Attributes:
        dataset: The dataset.

    Raises:
        ConfigurationError: If the annotator has no columns.
    """

    def __init__(
        self, dataset: DatasetLike, annotator: str | None = None, image_column: str | None = None
    ) -> None:
        self.dataset = LabeledDataset.of(dataset, annotator=annotator, image_column=image_column)
        self._families = self.dataset.families

    @property
    def questions(self) -> list[str]:
        """The questions that are not nested below another, in column order."""
        return [family.name for family in self._families.answers if family.parent is None]

    @property
    def has_labels(self) -> bool:
        """Whether labels were applied to the dataset."""
        return bool(self._families.objects or self._families.answers)

    @property
    def class_names(self) -> dict[str, str]:
        """The kind of each class of objects, by name, in column order."""
        families = self._families.objects
        return {name: family.kind for family in families for name in family.class_names}

    @property
    def class_colors(self) -> Mapping[str, str]:
        """The ontology's colors by class name, as far as the dataset has them."""
        families = self._families.objects
        return {name: color for family in families for name, color in family.colors.items()}

    def palette(self, colors: Mapping[str, str] | None) -> dict[str, Color]:
        """Choose the color of each class; the given ones replace those of the ontology."""
        return class_colors(self.class_names, {**self.class_colors, **(colors or {})})

    def read(self, row: int) -> FrameAnnotations:
        """Read the annotations of a row."""
        rows = np.array([row], dtype=np.int64)
        parts, (answers,) = self.objects(rows), self.answers(rows)
        is_labeled = answers.is_labeled or any(part.labeled.any() for part in parts)
        objects = tuple(item for part in parts for item in _shown(part))
        return FrameAnnotations(is_labeled, objects, answers.answers)

    def answers(self, rows: Rows) -> Iterator[FrameAnnotations]:
        """Read the answers of each row, without its objects."""
        by_name = self.dataset.answers(rows)
        for place in range(len(rows)):
            is_labeled = any(answers.values[place] is not None for answers in by_name.values())
            words = {name: answers.words[place] for name, answers in by_name.items()}
            yield FrameAnnotations(is_labeled, answers=tuple(self._in_words(words)))

    def objects(self, rows: Rows) -> list[FamilyObjects]:
        """Read the objects in rows, by column."""
        return [
            FamilyObjects(family, rows, self.dataset.cells) for family in self._families.objects
        ]

    def picture(self, row: int) -> Image.Image:
        """Read the picture of a row as RGB, in the size that it is labeled in.

        Labelbox shows all pictures of a video in the size of the first.

        Raises:
            ConfigurationError: If there is no such column, or it does not contain pictures.
        """
        picture = Image.fromarray(self.dataset.frames[row])
        if not self.dataset.labeled_sizes:
            return picture
        (video,) = self.dataset.cells("video_idx", np.array([row]))
        height, width = self.dataset.labeled_sizes.get(
            int(np.reshape(video, -1)[0]), (picture.height, picture.width)
        )
        if picture.size == (width, height):
            return picture
        return picture.resize((width, height), Image.Resampling.LANCZOS)

    def labeled(self, videos: Sequence[Video]) -> list[bool]:
        """Return whether a label was applied to each video."""
        firsts = np.array([video.rows[0] for video in videos], dtype=np.int64)
        found = np.array([frame.is_labeled for frame in self.answers(firsts)], dtype=np.bool_)
        for objects in self.objects(firsts):
            found |= objects.labeled
        return list(map(bool, found))

    def weight(self, row: int) -> int:
        """Return the number of objects and answers in a row."""
        rows = np.array([row], dtype=np.int64)
        (answers,) = self.answers(rows)
        return sum(map(len, self.objects(rows))) + len(answers.answers)

    def _in_words(self, words: Mapping[str, str]) -> Iterator[ShownAnswer]:
        """Yield the answers in words, nested ones in brackets after their parent."""
        for family in self._families.answers:
            if family.parent is None and (answer := self._with_nested(family, words)):
                yield ShownAnswer(family.name, answer)

    def _with_nested(self, family: AnswerFamily, words: Mapping[str, str]) -> str:
        nested = [
            f"{below.question}: {answer}"
            for below in self._families.answers
            if below.parent == family.name and (answer := self._with_nested(below, words))
        ]
        answer = words[family.name]
        return " ".join([answer, f"({', '.join(nested)})"]) if nested else answer


def _shown(objects: FamilyObjects) -> Iterator[ShownObject]:
    family = objects.family
    by_name = {name: answers.words for name, answers in objects.answers.items()}
    for index, shape in enumerate(objects.shapes):
        yield ShownObject(
            kind=family.kind,
            class_name=objects.class_name(index),
            track_id=number if (number := int(objects.track_ids[index])) >= 0 else None,
            is_key_frame=bool(objects.key_frames[index]),
            shape=shape,
            answers=tuple(
                ShownAnswer(name, words[index]) for name, words in by_name.items() if words[index]
            ),
        )
