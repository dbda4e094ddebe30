"""Draw a contact sheet: frames of all videos of a dataset in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from deeplake_labelbox._counts import counted
from deeplake_labelbox._pictures.answer_panel import AnswerPanel
from deeplake_labelbox._pictures.colors import (
    BACKGROUND,
    CARD,
    CARD_EDGE,
    FAINT,
    MUTED,
    TEXT,
    Color,
)
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader, FrameAnnotations
from deeplake_labelbox._pictures.frame_choice import ChosenFrame, choose_frames
from deeplake_labelbox._pictures.overlay import draw_objects
from deeplake_labelbox._pictures.text_layout import Lettering
from deeplake_labelbox._pictures.video_selection import FrameRange, select_videos
from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.videos import Video
from deeplake_labelbox.errors import ConfigurationError

_MARGIN: Final = 36
_GAP: Final = 20
_PADDING: Final = 16
_NARROW: Final = 0.8
_WIDEST: Final = 8192
_TITLE: Final = Lettering(34, bold=True)
_SUBTITLE: Final = Lettering(19)
_CAPTION: Final = Lettering(19, bold=True)
_TIME: Final = Lettering(17)
_PANEL_SIZE: Final = 17
_TAG_SIZE: Final = 15


def draw_contact_sheet(
    ds: DatasetLike,
    *,
    frames: int = 9,
    columns: int = 3,
    width: int = 1800,
    videos: Sequence[str] | None = None,
    between: FrameRange | None = None,
    colors: Mapping[str, str] | None = None,
    image_column: str | None = None,
    annotator: str | None = None,
) -> Image.Image:
    """Draw frames of all videos of a dataset, with their labels.

    The frames are spread over the videos and their duration; videos with labels come first. See
    `draw_frame` for how they are drawn.

    Args:
        ds: A dataset made by this package: an open dataset, a `LabeledDataset` or a path.
        frames: Greatest number of frames.
        columns: Number of frames side by side.
        width: Width of the picture in pixels.
        videos: Names, data row ids or ``video_idx`` of videos; by default all.
        between: First and last 1-based frame number to choose from; by default all.
        colors: Colors by class name, like ``{"car": "#e4572e"}``, instead of the ontology's.
        image_column: Column of the pictures; by default ``frames``.
        annotator: Annotator whose labels are drawn, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count.

    Returns:
        The picture, RGB.

    Raises:
        ConfigurationError: If the dataset has no rows, or an argument is invalid.

    Example:
        ```python
        import deeplake

        draw_contact_sheet(deeplake.open("clips"), frames=4, columns=2).save("clips.png")
        ```
    """
    if frames < 1 or columns < 1 or width < 320 * columns:
        raise ConfigurationError(
            f"A contact sheet of {counted(frames, 'frame')} in {counted(columns, 'column')} of "
            f"{width} pixels cannot be drawn; give at least one of each, and 320 pixels per column."
        )
    if width > _WIDEST:
        raise ConfigurationError(f"`width` is {width}; give at most {_WIDEST} pixels.")
    reader = AnnotationReader(ds, annotator, image_column)
    found = select_videos(reader.dataset, videos, between)
    chosen = choose_frames(reader, found, frames)
    cards_wide = min(columns, max(sum(map(len, chosen)), 1))
    card_width = (width - 2 * _MARGIN - (cards_wide - 1) * _GAP) // cards_wide
    palette = reader.palette(colors)
    cards = [_Card.of(reader, frame, card_width, palette) for video in chosen for frame in video]
    rows = [cards[start : start + cards_wide] for start in range(0, len(cards), cards_wide)]
    heights = [max(card.height for card in row) for row in rows]
    header = _Header.of(reader.dataset, found, palette, width - 2 * _MARGIN)
    marks = any(item.is_key_frame for card in cards for item in card.annotations.objects)
    footer = _SUBTITLE.line_height + _GAP if marks else 0
    body = sum(heights) + (len(rows) - 1) * _GAP
    sheet = Image.new("RGB", (width, 2 * _MARGIN + header.height + body + footer), BACKGROUND)
    header.draw(ImageDraw.Draw(sheet), _MARGIN, _MARGIN)
    top = _MARGIN + header.height
    for row, height in zip(rows, heights, strict=True):
        for number, card in enumerate(row):
            card.draw(sheet, _MARGIN + number * (card_width + _GAP), top, height)
        top += height + _GAP
    if marks:
        _draw_footer(ImageDraw.Draw(sheet), _MARGIN, top)
    return sheet


@dataclass(frozen=True, slots=True)
class _Card:
    """A frame with its caption and answers."""

    name: str
    time: str
    picture: Image.Image
    annotations: FrameAnnotations
    panel: AnswerPanel
    width: int
    is_upright: bool

    @classmethod
    def of(
        cls,
        reader: AnnotationReader,
        chosen: ChosenFrame,
        width: int,
        palette: Mapping[str, Color],
    ) -> _Card:
        frame = reader.picture(chosen.row)
        annotations = reader.read(chosen.row)
        is_upright = frame.width < frame.height * _NARROW
        inner = width - 2 * _PADDING
        if is_upright:
            height = round(min(inner * 0.5 * frame.height / frame.width, inner * 0.86))
            size = (round(height * frame.width / frame.height), height)
            panel_width = inner - size[0] - _PADDING
        else:
            size = (inner, max(1, round(inner * frame.height / frame.width)))
            panel_width = inner
        picture = draw_objects(
            frame.resize(size, Image.Resampling.LANCZOS),
            annotations.objects,
            (size[0] / frame.width, size[1] / frame.height),
            palette,
            text_size=_TAG_SIZE,
        )
        return cls(
            name=chosen.video,
            time=_time(reader.dataset, chosen),
            picture=picture,
            annotations=annotations,
            panel=AnswerPanel(annotations, panel_width, _PANEL_SIZE),
            width=width,
            is_upright=is_upright,
        )

    @property
    def height(self) -> int:
        """Minimum height of the card in pixels."""
        head = _PADDING + _CAPTION.line_height + _PADDING // 2
        if self.is_upright:
            return head + max(self.picture.height, self.panel.height) + _PADDING
        return head + self.picture.height + _PADDING + self.panel.height + _PADDING

    def draw(self, sheet: Image.Image, left: int, top: int, height: int) -> None:
        """Draw the card; ``left`` and ``top`` are its upper left corner."""
        draw = ImageDraw.Draw(sheet)
        draw.rounded_rectangle(
            (left, top, left + self.width, top + height), 10, fill=CARD, outline=CARD_EDGE, width=1
        )
        x, y, right = left + _PADDING, top + _PADDING, left + self.width - _PADDING
        time_width = _TIME.width(self.time)
        name = _CAPTION.fit(self.name, right - x - time_width - _GAP, keep_end=True)
        _CAPTION.draw(draw, (x, y), name, TEXT)
        _TIME.draw(draw, (right - time_width, y + 2), self.time, MUTED)
        y += _CAPTION.line_height + _PADDING // 2
        sheet.paste(self.picture, (x, y))
        if self.is_upright:
            self.panel.draw(draw, x + self.picture.width + _PADDING, y)
        else:
            self.panel.draw(draw, x, y + self.picture.height + _PADDING)


@dataclass(frozen=True, slots=True)
class _Header:
    """Title of the dataset, and the colors of its classes."""

    title: str
    subtitle: str
    legend: list[list[tuple[str, Color, int]]]

    @classmethod
    def of(
        cls,
        dataset: LabeledDataset,
        videos: Sequence[Video],
        palette: Mapping[str, Color],
        width: int,
    ) -> _Header:
        title = dataset.project_name or "Dataset"
        rows = sum(len(video.rows) for video in videos)
        words = f"{counted(len(videos), 'video')} · {counted(rows, 'frame')}"
        if palette:
            words += f" · {len(palette)} class{'es' * (len(palette) != 1)}"
        legend: list[list[tuple[str, Color, int]]] = []
        x = width
        for name, color in palette.items():
            shown = _SUBTITLE.fit(name, width / 3)
            entry = _SUBTITLE.width(shown) + 52
            if x + entry > width:
                legend.append([])
                x = 0
            legend[-1].append((shown, color, x))
            x += entry
        return cls(_TITLE.fit(title, width), words, legend)

    @property
    def height(self) -> int:
        """Height of the header in pixels, including the space below it."""
        lines = len(self.legend) * (_SUBTITLE.line_height + 6)
        return _TITLE.line_height + _SUBTITLE.line_height + 8 + lines + (18 if lines else 0) + 12

    def draw(self, draw: ImageDraw.ImageDraw, left: int, top: int) -> None:
        """Draw the header; ``left`` and ``top`` are its upper left corner."""
        _TITLE.draw(draw, (left, top), self.title, TEXT)
        top += _TITLE.line_height + 4
        _SUBTITLE.draw(draw, (left, top), self.subtitle, MUTED)
        top += _SUBTITLE.line_height + 16
        for line in self.legend:
            for name, color, x in line:
                box = (left + x, top + 3, left + x + 18, top + 21)
                draw.rounded_rectangle(box, 4, fill=color)
                _SUBTITLE.draw(draw, (left + x + 28, top), name, TEXT)
            top += _SUBTITLE.line_height + 6


def _draw_footer(draw: ImageDraw.ImageDraw, left: int, top: int) -> None:
    middle = top + _SUBTITLE.line_height / 2
    corners = [(left, middle), (left + 8, middle - 8), (left + 16, middle), (left + 8, middle + 8)]
    draw.polygon(corners, MUTED)
    _SUBTITLE.draw(
        draw,
        (left + 28, top),
        "key frame: drawn by an annotator; other frames are interpolated or held",
        FAINT,
    )


def _time(dataset: LabeledDataset, chosen: ChosenFrame) -> str:
    text = f"frame {chosen.frame}"
    if "timestamp" not in column_names(dataset.dataset):
        return text
    (timestamp,) = dataset.cells("timestamp", np.array([chosen.row]))
    seconds = float(timestamp)
    minutes, rest = divmod(seconds, 60)
    return f"{text} · {int(minutes)}:{rest:05.2f}"
