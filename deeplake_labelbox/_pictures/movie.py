"""Write a video of labeled frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._files import replacing_file
from deeplake_labelbox._pictures.answer_panel import AnswerPanel
from deeplake_labelbox._pictures.colors import CARD, MUTED, TEXT, Color
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader, FrameAnnotations
from deeplake_labelbox._pictures.frame_times import frame_rate, frame_times
from deeplake_labelbox._pictures.overlay import draw_objects
from deeplake_labelbox._pictures.text_layout import Lettering
from deeplake_labelbox._pictures.video_selection import FrameRange, select_videos
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox._store.videos import Video
from deeplake_labelbox._video.prefetch import in_background
from deeplake_labelbox.errors import ConfigurationError

_SHORT_SIDE: Final = 480
_WIDEST: Final = 1920
_DRAWN_AHEAD: Final = 4
_NARROW: Final = 0.8
_TICKS: Final = 90_000  # per second; a multiple of all usual frame rates
# At 720p with 30 boxes a frame: 8 ms a frame, at 42 dB. "veryfast" takes 22 ms for as many dB and a
# sixth fewer bytes; B-frames take 3 ms more.
_OPTIONS: Final = {"crf": "21", "preset": "superfast", "bf": "0"}
_BT709: Final = 1  # of H.264's tables E-3 to E-5


def write_preview_video(
    ds: DatasetLike,
    path: str | Path,
    *,
    video: str | None = None,
    frames: FrameRange | None = None,
    width: int | None = None,
    colors: Mapping[str, str] | None = None,
    image_column: str | None = None,
    annotator: str | None = None,
    progress: bool = True,
) -> Video:
    """Write a video with its labels drawn in: H.264 in MP4, which browsers play.

    Frames have the times of the dataset's timestamps, and are read one at a time.

    Args:
        ds: A dataset made by this package: an open dataset, a `LabeledDataset` or a path. Without
            labels, only the frames are drawn.
        path: The MP4 file to write.
        video: Name, data row id or ``video_idx`` of a video; by default the first with labels.
        frames: First and last 1-based frame number; by default all.
        width: Width of the frames in pixels; by default as stored, with small frames enlarged by a
            whole factor.
        colors: Colors by class name, like ``{"car": "#e4572e"}``, instead of the ontology's.
        image_column: Column of the pictures; by default ``frames``.
        annotator: Annotator whose labels are drawn, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count.
        progress: Whether to show a progress bar.

    Returns:
        The video, with the shown frames.

    Raises:
        ConfigurationError: If there is no such video, frame or column, or the file cannot be
            written.

    Example:
        ```python
        import deeplake

        from deeplake_labelbox import write_preview_video

        write_preview_video(deeplake.open("clips"), "harbor.mp4", video="harbor.mp4")
        ```
    """
    if width is not None and not 16 <= width <= 8192:
        raise ConfigurationError(f"`width` is {width}; give 16 to 8192 pixels.")
    reader = AnnotationReader(ds, annotator, image_column)
    shown = _shown_video(reader, video, frames)
    row = int(shown.rows[0])
    first = reader.picture(row)
    answers = list(reader.answers(shown.rows))
    layout = _Layout.of(first.size, width, answers, reader)
    steps.info("Drawing %s", path)
    times = frame_times(reader.dataset, shown)
    pictures = _draw(reader, shown, times, layout, reader.palette(colors))
    drawn = in_background((_in_yuv(picture) for picture in pictures), ahead=_DRAWN_AHEAD)
    with replacing_file(path) as part, closing(drawn):
        bar = with_progress(
            drawn, shown=progress, desc="movie", unit="frame", total=len(shown.rows)
        )
        _encode(part, bar, layout.size, times, frame_rate(reader.dataset, shown))
    return shown


def _shown_video(reader: AnnotationReader, name: str | None, frames: FrameRange | None) -> Video:
    videos = select_videos(reader.dataset, None if name is None else [name], frames)
    are_labeled = zip(videos, reader.labeled(videos), strict=True)
    return next((video for video, is_labeled in are_labeled if is_labeled), videos[0])


@dataclass(frozen=True, slots=True)
class _Layout:
    """The layout of a frame, its caption and its answers.

    Attributes:
        picture: Width and height of the frame as shown.
        size: Width and height of the whole; even, as yuv420p requires.
        text_size: Height of the letters.
        is_beside: Whether the text is to the right of the frame, not below it.
    """

    picture: tuple[int, int]
    size: tuple[int, int]
    text_size: int
    is_beside: bool
    panel_width: int
    has_labels: bool

    @classmethod
    def of(
        cls,
        stored: tuple[int, int],
        width: int | None,
        answers: Sequence[FrameAnnotations],
        reader: AnnotationReader,
    ) -> _Layout:
        factor: float = max(1, math.ceil(_SHORT_SIDE / min(stored)))
        if width is not None:
            factor = width / stored[0]
        elif stored[0] * factor > _WIDEST:
            factor = _WIDEST / stored[0]
        picture = (max(2, round(stored[0] * factor)), max(2, round(stored[1] * factor)))
        text_size = max(11, round(min(picture) / 36))
        is_beside = picture[0] < picture[1] * _NARROW
        layout = cls(picture, picture, text_size, is_beside, 0, reader.has_labels)
        margin = text_size
        layout = replace(
            layout, panel_width=text_size * 17 if is_beside else picture[0] - 2 * margin
        )
        text = layout.caption_height
        if layout.has_labels:
            # High enough for the longest text of any frame, so that nothing moves.
            different = {frame.answers: frame for frame in answers}
            text += max(layout.panel(frame).height for frame in different.values())
        if is_beside:
            whole = (
                picture[0] + layout.panel_width + 2 * margin,
                max(picture[1], text + 2 * margin),
            )
        else:
            whole = (picture[0], picture[1] + text + 2 * margin)
        return replace(layout, size=(whole[0] + whole[0] % 2, whole[1] + whole[1] % 2))

    @property
    def caption_height(self) -> int:
        """Height of the caption in pixels, including the space below it."""
        return Lettering(self.text_size, bold=True).line_height + self.text_size // 3

    def panel(self, annotations: FrameAnnotations) -> AnswerPanel:
        """Lay out the answers of a frame."""
        return AnswerPanel(annotations, self.panel_width, self.text_size)


def _draw(
    reader: AnnotationReader,
    video: Video,
    times: NDArray[np.float64],
    layout: _Layout,
    palette: Mapping[str, Color],
) -> Iterator[Image.Image]:
    margin = layout.text_size
    corner = (layout.picture[0] + margin, margin)
    if not layout.is_beside:
        corner = (margin, layout.picture[1] + margin)
    name, time = Lettering(layout.text_size, bold=True), Lettering(layout.text_size)
    for row, number, seconds in zip(video.rows, video.frames, times, strict=True):
        annotations = reader.read(int(row))
        frame = reader.picture(int(row))
        scale = (layout.picture[0] / frame.width, layout.picture[1] / frame.height)
        if frame.size != layout.picture:
            frame = frame.resize(layout.picture, Image.Resampling.LANCZOS)
        picture = draw_objects(
            frame,
            annotations.objects,
            scale,
            palette,
            text_size=layout.text_size,
        )
        whole = Image.new("RGB", layout.size, CARD)
        whole.paste(picture)
        draw = ImageDraw.Draw(whole)
        minutes, rest = divmod(float(seconds), 60)
        caption = f"frame {number} · {int(minutes)}:{rest:05.2f}"
        time_width = time.width(caption)
        title = name.fit(video.short_name, layout.panel_width - time_width - margin, keep_end=True)
        name.draw(draw, corner, title, TEXT)
        time.draw(draw, (corner[0] + layout.panel_width - time_width, corner[1]), caption, MUTED)
        if layout.has_labels:
            layout.panel(annotations).draw(draw, corner[0], corner[1] + layout.caption_height)
        yield whole


def _in_yuv(picture: Image.Image) -> av.VideoFrame:
    """Convert a picture for the encoder."""
    # Pillow stores RGB with a fourth byte: taking it along is the fastest.
    pixels = np.frombuffer(picture.tobytes("raw", "RGBX"), np.uint8)
    frame = av.VideoFrame.from_numpy_buffer(
        pixels.reshape(picture.height, picture.width, 4), format="rgba"
    )
    return frame.reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )


def _encode(
    path: Path,
    frames: Iterable[av.VideoFrame],
    size: tuple[int, int],
    times: NDArray[np.float64],
    rate: float,
) -> None:
    ticks = np.round((times - times[0]) * _TICKS).astype(np.int64)
    shown_for = [*np.diff(ticks).tolist(), round(_TICKS / rate)]
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream: Any = container.add_stream(
            "libx264", rate=Fraction(rate).limit_denominator(1001), options=dict(_OPTIONS)
        )
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = ColorRange.MPEG
        for frame, tick, duration in zip(frames, ticks, shown_for, strict=True):
            frame.pts, frame.time_base = int(tick), Fraction(1, _TICKS)
            frame.duration = int(duration)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
