"""Select the frames that become rows, and their size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.selection import select_label
from deeplake_labelbox._model.visibility import labeled_ranges
from deeplake_labelbox._video.frame_choice import FrameChoice, intersected_ranges, merged_ranges
from deeplake_labelbox._video.resize import Resize, check_resize
from deeplake_labelbox.errors import ConfigurationError

# The names under which datasets store the options.
STORED_NAMES: Final = {
    "stride": "frame_stride",
    "fps": "fps",
    "ranges": "frame_ranges",
    "only_labeled": "only_labelled",
    "resize": "resize",
}

Ranges: TypeAlias = tuple[tuple[int, int], ...]

FrameRanges: TypeAlias = Sequence[tuple[int, int]] | Mapping[str, Sequence[tuple[int, int]]]
"""First and last frame of intervals, 1-based and both included, for all data rows; or by data row
id: then other data rows keep all frames, and data rows with an empty list keep none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSelection:
    """Conditions that select frames before they are decoded; a frame must pass all of them.

    Attributes:
        stride: Keep every n-th frame of a video, starting with the first.
        fps: Maximum number of frames per second of video.
        ranges: See `FrameRanges`; ``None`` keeps all frames.
        only_labeled: Keep only frames inside a labeled segment of the selected label.
        resize: Size of the stored frames; see `Resize`.

    Raises:
        ConfigurationError: If a value is invalid.
    """

    stride: int = 1
    fps: float | None = None
    ranges: FrameRanges | None = None
    only_labeled: bool = False
    resize: Resize | None = None

    def __post_init__(self) -> None:
        check_resize(self.resize)
        FrameChoice(stride=self.stride, fps=self.fps)
        _checked(self.ranges)

    @property
    def keeps_all(self) -> bool:
        """Whether every frame of every video becomes a row."""
        return (
            self.stride == 1 and self.fps is None and self.ranges is None and not self.only_labeled
        )

    def choice(self, row: Mapping[str, Any], project_id: str) -> FrameChoice:
        """Return the choice of frames of one data row of an export."""
        ranges = self._ranges(str(row["data_row"]["id"]))
        if self.only_labeled:
            selected = select_label(row, project_id)
            labeled = () if selected is None else labeled_ranges(parse_label(selected))
            labeled = merged_ranges([pair for pair in labeled if pair[1] >= pair[0] >= 1])
            ranges = labeled if ranges is None else intersected_ranges(labeled, ranges)
        return FrameChoice(stride=self.stride, fps=self.fps, ranges=ranges)

    def options(self) -> dict[str, Any]:
        """Return the values that differ from the defaults, as JSON values."""
        options: dict[str, Any] = {}
        if self.stride != 1:
            options["stride"] = int(self.stride)
        if self.fps is not None:
            options["fps"] = float(self.fps)
        if self.ranges is not None:
            options["ranges"] = _checked(self.ranges)
        if self.only_labeled:
            options["only_labeled"] = True
        if self.resize is not None:
            options["resize"] = self.resize
        return {STORED_NAMES[name]: value for name, value in options.items()}

    @classmethod
    def of_options(cls, options: Mapping[str, Any]) -> FrameSelection:
        """Create a selection from the output of `options`; other options are ignored."""
        kept = {name: options[key] for name, key in STORED_NAMES.items() if key in options}
        if isinstance(kept.get("resize"), list):
            kept["resize"] = tuple(kept["resize"])
        return cls(**kept)

    def _ranges(self, data_row_id: str) -> Ranges | None:
        ranges = _checked(self.ranges)
        return ranges.get(data_row_id) if isinstance(ranges, dict) else ranges


def in_words(options: str) -> str:
    """Format stored options (JSON) as the arguments that set them, for messages."""
    names = {stored: name for name, stored in STORED_NAMES.items()}
    given = [f"`{names.get(key, key)}={value!r}`" for key, value in json.loads(options).items()]
    return ", ".join(given) or "no options"


def _checked(ranges: object) -> Ranges | dict[str, Ranges] | None:
    if isinstance(ranges, Mapping):
        return {str(data_row_id): merged_ranges(own) for data_row_id, own in ranges.items()}
    if isinstance(ranges, Sequence) and not isinstance(ranges, str):
        return merged_ranges(ranges)
    if ranges is not None:
        raise ConfigurationError(
            f"`ranges` is {ranges!r}; give pairs of first and last frame, or such pairs by "
            f"data row id."
        )
    return None
