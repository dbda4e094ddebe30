"""Which frames of a project become rows, and in which size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from deeplake_labelbox._model.labeled_frames import labeled_ranges
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.selection import select_label
from deeplake_labelbox._video.frame_choice import FrameChoice, intersected_ranges, merged_ranges
from deeplake_labelbox._video.resize import Resize, check_resize
from deeplake_labelbox.errors import ConfigurationError

# As datasets store it.
_ONLY_LABELED_KEY: Final = "only_labelled"

Ranges: TypeAlias = tuple[tuple[int, int], ...]

FrameRanges: TypeAlias = Sequence[tuple[int, int]] | Mapping[str, Sequence[tuple[int, int]]]
"""First and last frame of intervals, 1-based and both included, for all data rows; or by data row
id, where data rows that are not named keep all frames, and those with an empty list none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSelection:
    """The frames that all of the conditions let pass, told before any of them is decoded.

    Attributes:
        frame_stride: Every n-th frame of a video, from its first one on.
        fps: At most so many frames a second of the video's time.
        frame_ranges: See `FrameRanges`; ``None``: all frames.
        only_labeled: Only frames inside a labeled segment of the label that counts in Labelbox.
        resize: The size that frames get; see `Resize`.

    Raises:
        ConfigurationError: A value that makes no sense.
    """

    frame_stride: int = 1
    fps: float | None = None
    frame_ranges: FrameRanges | None = None
    only_labeled: bool = False
    resize: Resize | None = None

    def __post_init__(self) -> None:
        check_resize(self.resize)
        FrameChoice(stride=self.frame_stride, fps=self.fps)
        _checked(self.frame_ranges)

    @property
    def keeps_all(self) -> bool:
        """Whether every frame of every video becomes a row."""
        return (
            self.frame_stride == 1
            and self.fps is None
            and self.frame_ranges is None
            and not self.only_labeled
        )

    def choice(self, row: Mapping[str, Any], project_id: str) -> FrameChoice:
        """The frames that are wanted of one data row of an export."""
        ranges = self._ranges(str(row["data_row"]["id"]))
        if self.only_labeled:
            selected = select_label(row, project_id)
            labeled = () if selected is None else labeled_ranges(parse_label(selected))
            labeled = merged_ranges([pair for pair in labeled if pair[1] >= pair[0] >= 1])
            ranges = labeled if ranges is None else intersected_ranges(labeled, ranges)
        return FrameChoice(stride=self.frame_stride, fps=self.fps, ranges=ranges)

    def options(self) -> dict[str, Any]:
        """What is not the default, as JSON holds it."""
        options: dict[str, Any] = {}
        if self.frame_stride != 1:
            options["frame_stride"] = int(self.frame_stride)
        if self.fps is not None:
            options["fps"] = float(self.fps)
        if self.frame_ranges is not None:
            options["frame_ranges"] = _checked(self.frame_ranges)
        if self.only_labeled:
            options[_ONLY_LABELED_KEY] = True
        if self.resize is not None:
            options["resize"] = self.resize
        return options

    @classmethod
    def of_options(cls, options: Mapping[str, Any]) -> FrameSelection:
        """The selection that `options` told; other options are ignored."""
        kept = {key: options[key] for key in cls.__slots__ if key in options}
        kept["only_labeled"] = options.get(_ONLY_LABELED_KEY, False)
        if isinstance(kept.get("resize"), list):
            kept["resize"] = tuple(kept["resize"])
        return cls(**kept)

    def _ranges(self, data_row_id: str) -> Ranges | None:
        ranges = _checked(self.frame_ranges)
        return ranges.get(data_row_id) if isinstance(ranges, dict) else ranges


def _checked(ranges: object) -> Ranges | dict[str, Ranges] | None:
    if isinstance(ranges, Mapping):
        return {str(data_row_id): merged_ranges(own) for data_row_id, own in ranges.items()}
    if isinstance(ranges, Sequence) and not isinstance(ranges, str):
        return merged_ranges(ranges)
    if ranges is not None:
        raise ConfigurationError(
            f"frame_ranges is {ranges!r}; give pairs of first and last frame, or such pairs by "
            f"data row id."
        )
    return None
