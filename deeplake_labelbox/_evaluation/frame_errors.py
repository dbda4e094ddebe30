"""The errors of an evaluation in one frame."""

from __future__ import annotations

from dataclasses import dataclass

from deeplake_labelbox._counts import tally


@dataclass(frozen=True, slots=True)
class FrameBox:
    """The box of an object or of a prediction in a frame.

    Attributes:
        class_name: Its class.
        state: ``right``; ``missed`` for an object without a prediction; ``false`` for a prediction
            without an object; ``switched`` if the predicted track of the object changes here
            (an ID switch).
        box: Left, top, width and height in pixels of the video.
        score: Confidence of a prediction; ``None`` for an object.
    """

    class_name: str
    state: str
    box: tuple[float, ...]
    score: float | None = None


@dataclass(frozen=True, slots=True)
class FrameErrors:
    """A frame with errors.

    Attributes:
        video: The video.
        data_row_id: Its data row.
        frame: 1-based frame number.
        objects: Boxes of the dataset.
        predictions: Predicted boxes.
    """

    video: str
    data_row_id: str
    frame: int
    objects: tuple[FrameBox, ...] = ()
    predictions: tuple[FrameBox, ...] = ()

    @property
    def missed(self) -> tuple[str, ...]:
        """Classes of the objects that were not predicted."""
        return tuple(each.class_name for each in self.objects if each.state == "missed")

    @property
    def false(self) -> tuple[str, ...]:
        """Classes of the predictions without an object."""
        return tuple(each.class_name for each in self.predictions if each.state == "false")

    @property
    def id_switches(self) -> tuple[str, ...]:
        """Classes of the objects whose predicted track changes in this frame."""
        return tuple(each.class_name for each in self.objects if each.state == "switched")

    @property
    def errors(self) -> str:
        """The errors in words."""
        errors = ((self.missed, "missed"), (self.false, "false"), (self.id_switches, "switched"))
        return "; ".join(f"{state} {tally(names)}" for names, state in errors if names)

    def __len__(self) -> int:
        """Number of errors."""
        return len(self.missed) + len(self.false) + len(self.id_switches)

    def __str__(self) -> str:
        """The errors in one line."""
        return f"{self.video}, frame {self.frame}: {self.errors}"
