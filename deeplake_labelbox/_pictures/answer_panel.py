"""Lay out and draw the answers of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import ImageDraw

from deeplake_labelbox._pictures.colors import FAINT, MUTED, TEXT, Color
from deeplake_labelbox._pictures.frame_annotations import FrameAnnotations
from deeplake_labelbox._pictures.text_layout import Lettering

_LINES_PER_ANSWER: Final = 3
_WIDEST_QUESTION: Final = 0.4
_STACKED_BELOW: Final = 18

_Row = list[tuple[float, str, Color]]


@dataclass(frozen=True, slots=True)
class AnswerPanel:
    """The answers of a frame, laid out for a width.

    Attributes:
        annotations: The annotations of the frame.
        width: Width of the panel in pixels.
        text_size: Height of the letters in pixels.
        most: Greatest number of answers to show; only the number of the others is shown.
    """

    annotations: FrameAnnotations
    width: int
    text_size: int
    most: int = 12

    @property
    def height(self) -> int:
        """Height of the panel in pixels."""
        return len(self._rows()) * Lettering(self.text_size).line_height

    def draw(self, draw: ImageDraw.ImageDraw, left: float, top: float) -> None:
        """Draw the answers; ``left`` and ``top`` are the upper left corner."""
        lettering = Lettering(self.text_size)
        for number, row in enumerate(self._rows()):
            for x, text, color in row:
                lettering.draw(draw, (left + x, top + number * lettering.line_height), text, color)

    def _rows(self) -> list[_Row]:
        """Return rows of texts, each with its distance from the left and its color."""
        if not self.annotations.is_labeled:
            return [[(0, "not labeled", FAINT)]]
        answers = self.annotations.answers
        if not answers:
            return [[(0, "no answers in this frame", FAINT)]]
        lettering = Lettering(self.text_size)
        # In a narrow panel, answers are below their questions, otherwise beside them.
        stacked = self.width < self.text_size * _STACKED_BELOW
        widest = self.width * (1 if stacked else _WIDEST_QUESTION)
        questions = [lettering.fit(answer.question, widest) for answer in answers[: self.most]]
        indent = self.text_size * 0.6
        if not stacked:
            indent = max(map(lettering.width, questions)) + self.text_size * 0.9
        rows: list[_Row] = []
        for answer, question in zip(answers, questions, strict=False):
            lines = lettering.wrap(answer.answer, self.width - indent, _LINES_PER_ANSWER)
            written: list[_Row] = [[(indent, line, TEXT)] for line in lines]
            if stacked:
                written.insert(0, [])
            written[0].insert(0, (0, question, MUTED))
            rows.extend(written)
        if len(answers) > self.most:
            rows.append([(0, f"and {len(answers) - self.most} more", FAINT)])
        return rows
