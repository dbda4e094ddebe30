"""The result of an evaluation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deeplake_labelbox._counts import counted, tally
from deeplake_labelbox._evaluation.frame_errors import FrameErrors
from deeplake_labelbox._files import write_json
from deeplake_labelbox._notebook_tables import table
from deeplake_labelbox._store.labeled_dataset import DatasetLike


@dataclass(frozen=True, slots=True)
class EvaluationScore:
    """How well predictions agree with the labels of a class, of a video, or of all.

    Rates are 1 if both are the same. They are ``None`` if they cannot be computed: the average
    precision of a class without objects, and the rates of tracks if the predictions have none.

    Attributes:
        name: The class or video; ``all`` for all.
        objects: Objects of the dataset, over all frames.
        predictions: Predicted objects, over all frames.
        missed: Objects without a prediction that overlaps by half (IoU 0.5) or more.
        false: Predictions without such an object.
        id_switches: How often the predicted track of an object changes (IDSW).
        map: Average precision, the mean over IoU 0.5 to 0.95. For a video and for all, the mean
            over classes.
        ap50: The same at IoU 0.5 only.
        mota: Multiple object tracking accuracy; below 0 if there are more errors than objects.
        idf1: Share of the objects and predictions that have matching tracks, if tracks are matched
            one to one over the whole video.
        mask_map: Average precision of masks instead of boxes; the mean over the classes that have
            masks or polygons on both sides.
        mask_ap50: The same at IoU 0.5 only.
    """

    name: str
    objects: int
    predictions: int
    missed: int
    false: int
    id_switches: int
    map: float | None
    ap50: float | None
    mota: float | None
    idf1: float | None
    mask_map: float | None = None
    mask_ap50: float | None = None

    def __str__(self) -> str:
        """The score in one line."""
        masks = "" if self.mask_map is None else f", mask mAP {rate(self.mask_map)}"
        return (
            f"{self.name}: mAP {rate(self.map)}, AP50 {rate(self.ap50)}{masks}, "
            f"MOTA {rate(self.mota)}, IDF1 {rate(self.idf1)}; {counted(self.objects, 'object')}, "
            f"{self.missed:,} missed, {self.false:,} false, "
            f"{counted(self.id_switches, 'ID switch', 'ID switches')}"
        )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of `evaluate`.

    Attributes:
        frames: Number of frames that were compared.
        overall: The score of all.
        classes: The score of each class.
        videos: The score of each video.
        worst_frames: The frames with most errors, worst first.
        notes: What was not compared, and why.
    """

    frames: int
    overall: EvaluationScore
    classes: tuple[EvaluationScore, ...]
    videos: tuple[EvaluationScore, ...]
    worst_frames: tuple[FrameErrors, ...]
    notes: tuple[str, ...]

    def draw(self, dataset: DatasetLike, folder: str | Path) -> list[Path]:
        """Draw each of the worst frames twice: with the labels, and with the predictions.

        Correct boxes are gray, missed objects are red, false predictions are orange, and switched
        tracks are blue. The argument ``worst_frames`` of `evaluate` sets the number of frames.

        Args:
            dataset: The dataset, open, as `LabeledDataset` or by its path.
            folder: A folder that does not exist, or is empty.

        Returns:
            A PNG file for each frame, the worst one first.

        Raises:
            ConfigurationError: If the folder is not empty, or cannot be written.
            DatasetError: If a frame cannot be read.
        """
        from deeplake_labelbox._evaluation.drawing import draw_frames  # noqa: PLC0415 - imports Pillow

        return draw_frames(self.worst_frames, dataset, folder)

    @property
    def extent(self) -> str:
        """Number of frames and videos that were compared."""
        return f"{counted(self.frames, 'frame')} of {counted(len(self.videos), 'video')}"

    @property
    def summary(self) -> str:
        """The score of all, in one line."""
        return f"{self.extent}: {str(self.overall).partition(': ')[2]}"

    def rates_of(self, score: EvaluationScore) -> dict[str, float | None]:
        """Return the rates of a score by name; of masks only if this evaluation has them."""
        masks = {} if self.overall.mask_map is None else {"mask mAP": score.mask_map}
        boxes = {"mAP": score.map, "AP50": score.ap50}
        return boxes | masks | {"MOTA": score.mota, "IDF1": score.idf1}

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as JSON values."""
        return asdict(self)

    def save(self, path: str | Path) -> None:
        """Write the evaluation as JSON.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def __str__(self) -> str:
        """The summary, and a line for each class, video, frame and note."""
        lines = (*self.classes, *self.videos, *self.worst_frames, *self.notes)
        return "\n".join([self.summary, *map(str, lines)])

    def _repr_html_(self) -> str:
        head = ("objects", "missed", "false", "ID switches")
        shown = []
        for name, scores in (("class", (self.overall, *self.classes)), ("video", self.videos)):
            rows = []
            for score in scores:
                rates = map(rate, self.rates_of(score).values())
                counts = (score.objects, score.missed, score.false, score.id_switches)
                rows.append((score.name, *rates, *counts))
            shown.append(table((name, *self.rates_of(self.overall), *head), rows))
        if self.worst_frames:
            rows_of_frames = [
                (each.video, each.frame, *map(tally, (each.missed, each.false, each.id_switches)))
                for each in self.worst_frames
            ]
            worst = ("worst frames of", "frame", "missed", "false", "ID switches")
            shown.append(table(worst, rows_of_frames))
        return "".join(shown)


def rate(value: float | None) -> str:
    """Format a rate with three decimals; ``-`` if there is none."""
    return "-" if value is None else f"{value:.3f}"
