"""Draw the statistics of a dataset: objects, track lengths, and labels over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from PIL import Image, ImageDraw

from deeplake_labelbox._counts import counted
from deeplake_labelbox._pictures.colors import (
    BACKGROUND,
    CARD,
    CARD_EDGE,
    FAINT,
    MUTED,
    TEXT,
    Color,
    class_colors,
)
from deeplake_labelbox._pictures.statistics import (
    ClassStatistics,
    DatasetStatistics,
    VideoStatistics,
)
from deeplake_labelbox._pictures.text_layout import Lettering

_WIDTH: Final = 1500
_MARGIN: Final = 36
_GAP: Final = 20
_PADDING: Final = 22
_LINE: Final = 34
_MOST_VIDEOS: Final = 30
_MOST_CLASSES: Final = 24
_TITLE: Final = Lettering(34, bold=True)
_SUBTITLE: Final = Lettering(19)
_HEADING: Final = Lettering(20, bold=True)
_TEXT: Final = Lettering(17)
_HEAT: Final[Color] = (77, 163, 255)


def draw_statistics(
    statistics: DatasetStatistics, *, colors: Mapping[str, str] | None = None
) -> Image.Image:
    """Draw statistics: objects and track lengths per class, labels over time per video.

    Args:
        statistics: The statistics.
        colors: Colors by class name, like ``{"car": "#e4572e"}``.

    Returns:
        The picture, RGB.
    """
    classes = statistics.classes[:_MOST_CLASSES]
    videos = statistics.videos[:_MOST_VIDEOS]
    palette = class_colors([item.name for item in statistics.classes], colors)
    half = (_WIDTH - 2 * _MARGIN - _GAP) // 2
    class_height = _card_height(len(classes), len(statistics.classes))
    video_height = _card_height(len(videos), len(statistics.videos))
    header = _TITLE.line_height + _SUBTITLE.line_height + 24
    upper = class_height + _GAP if classes else 0
    picture = Image.new("RGB", (_WIDTH, 2 * _MARGIN + header + upper + video_height), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    _TITLE.draw(draw, (_MARGIN, _MARGIN), _TITLE.fit(statistics.title, _WIDTH / 1.2), TEXT)
    words = (
        f"{counted(len(statistics.videos), 'video')}, "
        f"{statistics.labeled_videos} of them labeled · {counted(statistics.frames, 'frame')}"
    )
    _SUBTITLE.draw(draw, (_MARGIN, _MARGIN + _TITLE.line_height + 4), words, MUTED)
    top = _MARGIN + header
    if classes:
        more = len(statistics.classes) - len(classes)
        box = (_MARGIN, top, _MARGIN + half, top + class_height)
        _card(draw, box, "Objects in all frames", "", more)
        _objects(draw, box, classes, palette)
        box = (_MARGIN + half + _GAP, top, _WIDTH - _MARGIN, top + class_height)
        _card(draw, box, "Track lengths", "shortest, median and longest, in frames", more)
        _lengths(draw, box, classes, palette)
        top += class_height + _GAP
    box = (_MARGIN, top, _WIDTH - _MARGIN, top + video_height)
    note = "brighter: more objects per frame; outlined: only answers" if classes else ""
    _card(draw, box, "Labels over time", note, len(statistics.videos) - len(videos))
    _coverage(draw, box, videos)
    return picture


Box = tuple[int, int, int, int]

_Item = TypeVar("_Item", ClassStatistics, VideoStatistics)


def _card_height(shown: int, there: int) -> int:
    more = there > shown
    return _PADDING * 2 + _HEADING.line_height + 12 + (shown + more) * _LINE


def _card(draw: ImageDraw.ImageDraw, box: Box, title: str, note: str, more: int) -> None:
    draw.rounded_rectangle(box, 10, fill=CARD, outline=CARD_EDGE, width=1)
    left, top, right, bottom = box
    _HEADING.draw(draw, (left + _PADDING, top + _PADDING), title, TEXT)
    x = left + _PADDING + _HEADING.width(title) + 16
    _TEXT.draw(draw, (x, top + _PADDING + 2), _TEXT.fit(note, right - _PADDING - x), MUTED)
    if more:
        text = f"and {more} more"
        _TEXT.draw(draw, (left + _PADDING, bottom - _PADDING - _TEXT.line_height), text, FAINT)


def _rows(
    draw: ImageDraw.ImageDraw,
    box: Box,
    items: Sequence[_Item],
    numbers: Callable[[_Item], str],
    gap: int,
) -> Iterator[tuple[_Item, int, int, int]]:
    """Draw the names and numbers of a card; yield each item, with left, right and top between."""
    widest = min(max(_TEXT.width(item.name) for item in items), (box[2] - box[0]) // 3)
    left, y = box[0] + _PADDING, box[1] + _PADDING + _HEADING.line_height + 12
    right = box[2] - _PADDING
    between = right - max(_TEXT.width(numbers(item)) for item in items) - gap
    for item in items:
        middle = y + (_LINE - _TEXT.line_height) / 2
        _TEXT.draw(draw, (left, middle), _TEXT.fit(item.name, widest, keep_end=True), TEXT)
        number = numbers(item)
        _TEXT.draw(draw, (right - _TEXT.width(number), middle), number, MUTED)
        yield item, left + widest + 14, between, y
        y += _LINE


def _objects(
    draw: ImageDraw.ImageDraw,
    box: Box,
    classes: tuple[ClassStatistics, ...],
    palette: Mapping[str, Color],
) -> None:
    most = max([1, *(item.objects for item in classes)])
    rows = _rows(draw, box, classes, lambda item: f"{item.objects:,}", 14)
    for item, left, right, y in rows:
        draw.rounded_rectangle((left, y + 7, right, y + _LINE - 7), 5, fill=BACKGROUND)
        end = left + (right - left) * item.objects / most
        if item.objects:
            bar = (left, y + 7, max(end, left + 10), y + _LINE - 7)
            draw.rounded_rectangle(bar, 5, fill=palette[item.name])


def _lengths(
    draw: ImageDraw.ImageDraw,
    box: Box,
    classes: tuple[ClassStatistics, ...],
    palette: Mapping[str, Color],
) -> None:
    most = max([1, *(item.track_length[2] for item in classes)])
    for item, left, right, y in _rows(draw, box, classes, _length_text, 22):
        middle = y + _LINE / 2
        draw.line((left, middle, right, middle), BACKGROUND, 4)
        if item.tracks:
            color = palette[item.name]
            low, median, high = (left + (right - left) * n / most for n in item.track_length)
            draw.line((low, middle, high, middle), color, 4)
            for x in (low, high):
                draw.line((x, middle - 7, x, middle + 7), color, 3)
            dot = (median - 7, middle - 7, median + 7, middle + 7)
            draw.ellipse(dot, fill=color, outline=CARD, width=2)


def _length_text(item: ClassStatistics) -> str:
    if not item.tracks:
        return "no tracks"
    low, median, high = item.track_length
    return f"{item.tracks} tracks: {low} · {median:g} · {high}"


def _coverage(draw: ImageDraw.ImageDraw, box: Box, videos: tuple[VideoStatistics, ...]) -> None:
    most = max([1.0, *(value for video in videos for value in video.density)])
    for video, left, right, y in _rows(draw, box, videos, _coverage_text, 18):
        draw.rectangle((left, y + 5, right, y + _LINE - 5), fill=BACKGROUND)
        step = (right - left) / len(video.density)
        for index, (density, covered) in enumerate(zip(video.density, video.coverage, strict=True)):
            part = (
                round(left + index * step),
                y + 5,
                max(round(left + (index + 1) * step) - 1, round(left + index * step)),
                y + _LINE - 5,
            )
            if density > 0:
                draw.rectangle(part, fill=_heat_color(0.25 + 0.75 * density / most))
            elif covered > 0:
                draw.rectangle(part, outline=_heat_color(0.5))


def _coverage_text(video: VideoStatistics) -> str:
    if not video.is_labeled:
        return f"{counted(video.frames, 'frame')}, not labeled"
    share = video.frames_with_objects / video.frames
    return f"{counted(video.frames, 'frame')}, {share:.0%} with objects"


def _heat_color(share: float) -> Color:
    red, green, blue = (
        round(dark + (bright - dark) * share)
        for dark, bright in zip(BACKGROUND, _HEAT, strict=True)
    )
    return red, green, blue
