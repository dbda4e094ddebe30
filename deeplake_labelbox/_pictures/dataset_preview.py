"""Preview a dataset as a file or in a notebook."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PIL import Image

from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import replacing_file
from deeplake_labelbox._pictures.contact_sheet import draw_contact_sheet
from deeplake_labelbox._pictures.movie import write_preview_video
from deeplake_labelbox._pictures.page import MAX_PAGE_BYTES, write_preview_page
from deeplake_labelbox._pictures.video_selection import FrameRange, select_videos
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox.errors import ConfigurationError

_SHEET_WIDTH: Final = 1800
_NOTEBOOK_WIDTH: Final = 1300


def write_preview(
    ds: DatasetLike,
    path: str | Path,
    *,
    videos: Sequence[str] | None = None,
    frames: FrameRange | None = None,
    width: int | None = None,
    max_bytes: int = MAX_PAGE_BYTES,
    colors: Mapping[str, str] | None = None,
    image_column: str | None = None,
    annotator: str | None = None,
    progress: bool = True,
) -> str:
    """Write a preview of a dataset; the suffix of the path selects the format.

    ``.png``: a contact sheet, see `draw_contact_sheet`. ``.mp4``: a video with its labels drawn in,
    see `write_preview_video`. ``.html``: a page that plays every frame of its videos with their
    labels and a timeline, in one file that needs no server; see `write_preview_page`.

    Args:
        ds: A dataset made by this package, with or without labels: an open dataset, a
            `LabeledDataset` or a path.
        path: The file to write.
        videos: Names, data row ids or ``video_idx`` of videos. An MP4 shows only one, by default
            the first labeled video.
        frames: First and last 1-based frame number; by default all.
        width: Width in pixels of the contact sheet or of the video's frames, or greatest width of
            the page's pictures.
        max_bytes: Greatest size of a page; the quality of its pictures is reduced to fit.
        colors: Colors by class name, like ``{"car": "#e4572e"}``, instead of the ontology's.
        image_column: Column of the pictures; by default ``frames``.
        annotator: Annotator whose labels are drawn, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count.
        progress: Whether to show a progress bar.

    Returns:
        A short description of the file.

    Raises:
        ConfigurationError: If the path has another suffix, there is no such video, frame, column or
            annotator, or the file cannot be written.

    Example:
        ```python
        import deeplake

        dataset = deeplake.open("clips")
        write_preview(dataset, "clips.html")
        write_preview(dataset, "crossing.mp4", videos=["crossing.mp4"], frames=(1, 20))
        ```
    """
    suffix = check_preview_path(path, videos)
    if suffix == ".png":
        sheet = draw_contact_sheet(
            ds,
            width=_SHEET_WIDTH if width is None else width,
            columns=3 if width is None else max(1, min(3, width // 320)),
            videos=videos,
            between=frames,
            colors=colors,
            image_column=image_column,
            annotator=annotator,
        )
        with replacing_file(path) as part:
            sheet.save(part, "PNG", optimize=True)
        return f"contact sheet, {sheet.width} x {sheet.height} pixels"
    if suffix == ".mp4":
        dataset = LabeledDataset.of(ds, annotator=annotator, image_column=image_column)
        shown = write_preview_video(
            dataset,
            path,
            video=None if videos is None else videos[0],
            frames=frames,
            width=width,
            colors=colors,
            progress=progress,
        )
        written = (
            f"video of {shown.short_name or 'the dataset'}, {counted(len(shown.rows), 'frame')}"
        )
        others = 0 if videos else len(select_videos(dataset, None, frames)) - 1
        return f"{written}; {counted(others, 'other video')} left out" if others else written
    page = write_preview_page(
        ds,
        path,
        videos=videos,
        frames=frames,
        width=width,
        max_bytes=max_bytes,
        colors=colors,
        image_column=image_column,
        annotator=annotator,
        progress=progress,
    )
    words = [f"page of {counted(len(page.videos), 'video')}"]
    if page.left_out:
        words.append(f"{page.left_out} left out")
    return ", ".join([*words, f"{page.bytes / 1e6:.1f} MB"])


def check_preview_path(path: str | Path, videos: Sequence[str] | None) -> str:
    """Check the suffix of a preview's path and return it.

    Raises:
        ConfigurationError: If the suffix is unknown, or the videos do not fit into one file.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".png", ".mp4", ".html"):
        raise ConfigurationError(f"{path} must end with .png, .mp4 or .html.")
    if videos is not None and not videos:
        raise ConfigurationError("`videos` is empty; name at least one, or leave it out.")
    if suffix == ".mp4" and videos is not None and len(videos) > 1:
        raise ConfigurationError(
            f"{path} would show {len(videos)} videos, but an .mp4 can show only one. Write one "
            f"file for each video, or an .html page with all of them."
        )
    return suffix


@dataclass(frozen=True, slots=True)
class Preview:
    """A dataset that shows itself in a notebook, as a contact sheet.

    Attributes:
        dataset: The dataset.
        frames: Greatest number of frames.
        videos: Names, data row ids or ``video_idx`` of videos; ``None`` shows all.
        annotator: Annotator whose labels are drawn; ``None`` for the labels that count.
    """

    dataset: DatasetLike = field(repr=False)
    frames: int = 6
    videos: tuple[str, ...] | None = None
    annotator: str | None = None

    def draw(self) -> Image.Image:
        """Draw the contact sheet."""
        return draw_contact_sheet(
            self.dataset,
            frames=self.frames,
            width=_NOTEBOOK_WIDTH,
            videos=self.videos,
            annotator=self.annotator,
        )

    def save(self, path: str | Path) -> None:
        """Write the preview as a PNG picture, MP4 video or HTML page; see `write_preview`."""
        write_preview(self.dataset, path, videos=self.videos, annotator=self.annotator)

    def _repr_html_(self) -> str:
        file = io.BytesIO()
        sheet = self.draw()
        sheet.save(file, "JPEG", quality=80)
        names = html.escape(", ".join(self.videos)) if self.videos else "all videos"
        return (
            f'<img alt="Frames of {names} with their labels" '
            f'style="max-width:100%;height:auto;border-radius:8px" width="{sheet.width}" '
            f'src="data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}">'
        )

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.draw().quantize(256, Image.Quantize.MAXCOVERAGE, 3).save(file, "PNG", optimize=True)
        return file.getvalue()


def preview(
    ds: DatasetLike,
    *,
    frames: int = 6,
    videos: Sequence[str] | None = None,
    annotator: str | None = None,
) -> Preview:
    """Preview a dataset in a notebook; the last value of a cell is displayed.

    Args:
        ds: A dataset made by this package, with or without labels: an open dataset, a
            `LabeledDataset` or a path.
        frames: Greatest number of frames.
        videos: Names, data row ids or ``video_idx`` of videos; by default all.
        annotator: Annotator whose labels are drawn, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count.

    Example:
        ```python
        import deeplake

        preview(deeplake.open("clips"), frames=3)
        ```
    """
    return Preview(ds, frames, None if videos is None else tuple(videos), annotator)
