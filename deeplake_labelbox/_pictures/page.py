"""Write a page that shows a dataset in any browser: one file, no server, no requests."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from deeplake_labelbox._files import replacing_file
from deeplake_labelbox._pictures.colors import Color, class_colors, ink_on
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.frame_times import frame_times
from deeplake_labelbox._pictures.page_pictures import PageFrames
from deeplake_labelbox._pictures.timelines import VideoTimeline, read_timeline
from deeplake_labelbox._pictures.video_selection import FrameRange, select_videos
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.videos import Video
from deeplake_labelbox.errors import ConfigurationError

MAX_PAGE_BYTES: Final = 24_000_000

_MOST_VIDEOS: Final = 24
_WIDTH: Final = 960


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """The content of a page.

    Attributes:
        videos: Names of the videos on it.
        left_out: Number of videos of the dataset that are not.
        step: The page has every ``step``-th frame.
        bytes: Size of the file.
    """

    videos: tuple[str, ...]
    left_out: int
    step: int
    bytes: int


def write_preview_page(
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
) -> PreviewPage:
    """Write a page that plays videos with their labels: one HTML file that needs no server.

    The page draws the objects, so that classes and tracks can be hidden; a timeline shows when each
    object is visible, when it was drawn, and which answers hold. If the pictures of all frames take
    more than ``max_bytes``, every second is shown, or every fourth, and so on; the timeline is
    always complete.

    Args:
        ds: A dataset made by this package, open, as `LabeledDataset` or by its path;
            without labels only the frames are shown.
        path: The HTML file to write.
        videos: Names, data row ids or ``video_idx`` of videos; by default all, or 24 of more,
            those with labels first.
        frames: First and last 1-based frame number; by default all.
        width: Greatest width of the pictures in pixels; by default 960.
        max_bytes: Greatest size of the page.
        colors: Colors by class name, like ``{"car": "#e4572e"}``, instead of the ontology's.
        image_column: Column of the pictures; by default ``frames``.
        annotator: Whose labels are drawn, of a dataset with columns of each annotator
            (``label_selection="all"``); by default those that count.
        progress: Whether to show a progress bar.

    Returns:
        The content of the page.

    Raises:
        ConfigurationError: If there is no such video, frame or column, the page does not fit
            into ``max_bytes``, or the file cannot be written.

    Example:
        ```python
        import deeplake

        from deeplake_labelbox import write_preview_page

        page = write_preview_page(deeplake.open("clips"), "clips.html", width=320)
        print(page.bytes)
        ```
    """
    if width is not None and width < 16:
        raise ConfigurationError(f"`width` is {width}; give 16 pixels or more.")
    reader = AnnotationReader(ds, annotator, image_column)
    chosen = select_videos(reader.dataset, videos, frames)
    shown = chosen if videos is not None else _some(reader, chosen)
    steps.info("Drawing %s", path)
    timelines = [read_timeline(reader, video) for video in shown]
    palette = class_colors(reader.class_names, {**reader.class_colors, **(colors or {})})
    content: dict[str, Any] = {
        "classes": [_class(name, color) for name, color in palette.items()],
        "leftOut": len(chosen) - len(shown),
        "videos": [_video(reader.dataset, timeline) for timeline in timelines],
    }
    title = reader.dataset.project_name or "Dataset"
    around = len(_page(title, {**content, "title": title, "masks": []}))
    pictures = PageFrames(shown, max(0, max_bytes - around))
    pictures.read(reader, width or _WIDTH, progress=progress)
    _add_frames(content, pictures)
    page = _page(title, {**content, "title": title})
    with replacing_file(path) as part:
        part.write_bytes(page)
    names = tuple(video.short_name for video in shown)
    return PreviewPage(names, len(chosen) - len(shown), pictures.step, len(page))


def _some(reader: AnnotationReader, videos: list[Video]) -> list[Video]:
    """As many videos as a page can usefully show, those with labels first."""
    if len(videos) <= _MOST_VIDEOS:
        return videos
    labeled = [video for video in videos if reader.weight(int(video.rows[0])) >= 0]
    among = labeled if len(labeled) >= _MOST_VIDEOS else videos
    places = np.linspace(0, len(among) - 1, _MOST_VIDEOS).round().astype(int)
    return [among[place] for place in places]


def _class(name: str, color: Color) -> dict[str, str]:
    return {"name": name, "color": _hex(color), "ink": _hex(ink_on(color))}


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _video(dataset: LabeledDataset, timeline: VideoTimeline) -> dict[str, Any]:
    video = timeline.video
    return {
        "name": video.short_name or "Frames",
        "isLabeled": timeline.is_labeled,
        "rows": len(video.rows),
        "numbers": video.frames.tolist(),
        "times": [round(float(t), 3) for t in frame_times(dataset, video)],
        "tracks": [
            {
                "c": track.class_name,
                "t": track.kind,
                "i": track.track_id,
                "spans": track.spans,
                "keys": track.key_frames,
            }
            for track in timeline.tracks
        ],
        "answers": [
            {"question": answer.question, "spans": answer.spans} for answer in timeline.answers
        ],
    }


def _add_frames(content: dict[str, Any], pictures: PageFrames) -> None:
    masks = pictures.masks()
    numbers = {key: number for number, key in enumerate(masks)}
    content["step"] = pictures.step
    content["masks"] = list(masks.values())
    for entry, frames in zip(content["videos"], pictures.frames, strict=True):
        entry["frames"] = [
            {
                "p": frame.place,
                "size": frame.size,
                "jpeg": frame.picture,
                "o": [o | {"m": numbers[o["m"]]} if "m" in o else o for o in frame.objects],
            }
            for frame in frames
        ]


def _page(title: str, content: Mapping[str, Any]) -> bytes:
    """The page with its data, safe against injection.

    The data has no ``<`` that could end its element. The page's content security policy permits
    only the script and the style sheet of this package, by their hashes.
    """
    data = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        data = data.replace(character, f"\\u{ord(character):04x}")
    folder = files("deeplake_labelbox._pictures") / "page_files"
    script = (folder / "page.js").read_text("utf-8")
    style = (folder / "page.css").read_text("utf-8")
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_hash(script)}'; "
        f"style-src '{_hash(style)}'"
    )
    page = (folder / "page.html").read_text("utf-8")
    parts = {
        "policy": policy,
        "title": html.escape(title),
        "style": style,
        "data": data,
        "script": script,
    }
    # In one pass, so that inserted text is not searched again.
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], page)
    return page.encode("utf-8", "replace")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
