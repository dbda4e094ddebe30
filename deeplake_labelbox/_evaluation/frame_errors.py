"""The errors of an evaluation in one frame."""

from __future__ import annotations

from dataclasses import dataclass

from deeplake_labelbox._counts import tally


@dataclass(frozen=True, slots=True)
class FrameBox:
    """The box of an object or of a prediction in a frame.

    Attributes:
        class_name: Its class.
        state: ``right``; of an object ``missed`` if it was not predicted; of a prediction ``false``
            if there is no object; of both ``switched`` if the object goes on with another track of
            the predictions.
        box: Left, top, width and height in pixels of the video.
        score: How sure a model is of a prediction; ``None`` of an object.
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
        objects: The objects of the dataset.
        predictions: The predicted ones.
    """

    video: str
    data_row_id: str
    frame: int
    objects: tuple[FrameBox, ...] = ()
    predictions: tuple[FrameBox, ...] = ()

    @property
    def missed(self) -> tuple[str, ...]:
        """The classes of objects that were not predicted."""
        return tuple(each.class_name for each in self.objects if each.state == "missed")

    @property
    def false(self) -> tuple[str, ...]:
        """The classes of predictions without an object."""
        return tuple(each.class_name for each in self.predictions if each.state == "false")

    @property
    def switched(self) -> tuple[str, ...]:
        """The classes of objects that go on with another track of the predictions."""
        return tuple(each.class_name for each in self.objects if each.state == "switched")

    @property
    def errors(self) -> str:
        """The errors in words."""
        told = ((self.missed, "missed"), (self.false, "false"), (self.switched, "switched"))
        return "; ".join(f"{what} {tally(names)}" for names, what in told if names)

    def __len__(self) -> int:
        """Number of errors."""
        return len(self.missed) + len(self.false) + len(self.switched)

    def __str__(self) -> str:
        """The errors in one line."""
        return f"{self.video}, frame {self.frame}: {self.errors}"
