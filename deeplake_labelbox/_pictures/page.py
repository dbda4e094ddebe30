"""Write a page that shows a dataset in any browser: one file, no server, no requests."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import replacing_file
from deeplake_labelbox._pictures.clips import Clip, Size, clip_size, clip_weight, encode_clip
from deeplake_labelbox._pictures.page_content import PageContent, Part, clip_of_part
from deeplake_labelbox._pictures.video_selection import FrameRange
from deeplake_labelbox._progress import progress_bar
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox._video.cores import usable_cores
from deeplake_labelbox.errors import ConfigurationError

MAX_PAGE_BYTES: Final = 24_000_000
PAGE_WIDTH: Final = 1280
"""Default of the greatest width of a page's pictures."""

SCRIPTS: Final = ("clips.js", "drawing.js", "timeline.js", "page.js")

_MOST_VIDEOS: Final = 24
_BYTES_PER_FRAME: Final = 2_500  # for good quality, if the user did not choose the videos
_BITS_PER_PIXEL: Final = 0.03
_FEWEST_PIXELS: Final = 4_000
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """The content of a page.

    Attributes:
        videos: Names of the videos on the page, each with all of its frames.
        left_out: Number of videos of the dataset that are not on the page.
        bytes: Size of the file.
    """

    videos: tuple[str, ...]
    left_out: int
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

    The page has every frame of its videos, as H.264, and shows exactly the chosen frame. It draws
    the objects itself, so classes and tracks can be hidden; a timeline shows when each object is
    visible, when it was drawn, and which answers apply. The size and quality of the pictures are
    reduced until the page fits into ``max_bytes``.

    Args:
        ds: A dataset made by this package: an open dataset, a `LabeledDataset` or a path. Without
            labels, only the frames are shown.
        path: The HTML file to write.
        videos: Names, data row ids or ``video_idx`` of videos; by default as many as fit in good
            quality, at most 24, those with labels first.
        frames: First and last 1-based frame number; by default all.
        width: Greatest width of the pictures in pixels; by default 1280.
        max_bytes: Greatest size of the page.
        colors: Colors by class name, like ``{"car": "#e4572e"}``, instead of the ontology's.
        image_column: Column of the pictures; by default ``frames``.
        annotator: Annotator whose labels are drawn, if the dataset has columns for each
            annotator (``label_selection="all"``); by default the labels that count, and those of
            each annotator can be chosen on the page.
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
    content = PageContent(
        ds,
        videos=videos,
        frames=frames,
        colors=colors,
        image_column=image_column,
        annotator=annotator,
    )
    total = len(content.videos)
    if videos is None:
        content.keep(_MOST_VIDEOS, max_bytes // _BYTES_PER_FRAME)
    steps.info("Drawing %s", path)
    left_out = total - len(content.videos)
    page = _whole_page(content, left_out, width or PAGE_WIDTH, max_bytes, progress=progress)
    with replacing_file(path) as part:
        part.write_bytes(page)
    return PreviewPage(tuple(v.short_name for v in content.videos), left_out, len(page))


def _whole_page(
    content: PageContent, left_out: int, width: int, max_bytes: int, *, progress: bool
) -> bytes:
    """Return the page with all frames, in the best quality that fits.

    Raises:
        ConfigurationError: If it does not fit.
    """
    parts = [part for number in range(len(content.videos)) for part in content.parts(number)]
    data = {"index": {**content.index(), "leftOut": left_out}}
    data |= {f"video-{number}": content.video(number) for number in range(len(content.videos))}
    objects = [content.objects(part, width) for part in parts]
    frames = sum(len(part.rows) for part in parts)
    named = {part.name: found for part, found in zip(parts, objects, strict=True)}
    around = page_bytes(content.title, data | named)
    # A part also has a few numbers for each packet of its clip.
    room = (max_bytes - len(around) - 250 * len(parts) - 12 * frames) * 3 / 4
    most_pixels = 8 * room / max(1, frames + 8 * len(parts)) / _BITS_PER_PIXEL
    for _ in range(_TRIES):
        if most_pixels < _FEWEST_PIXELS:
            break
        sizes = [clip_size(part.size, width, most_pixels) for part in parts]
        with progress_bar(total=frames, unit="frame", desc="page", shown=progress) as bar:
            clips = _clips(content, parts, sizes, room)
            for part, found, clip in zip(parts, objects, clips, strict=True):
                data[part.name] = {**found, **clip}
                bar.update(len(part.rows))
        page = page_bytes(content.title, data)
        if len(page) <= max_bytes:
            return page
        most_pixels = min(most_pixels, max(across * down for across, down in sizes)) / 2
    raise ConfigurationError(
        f"The {counted(frames, 'frame')} of {counted(len(content.videos), 'video')} take more than "
        f"{max_bytes} bytes; pass a larger `max_bytes`, or fewer `videos` or `frames`."
    )


def _clips(
    content: PageContent, parts: Sequence[Part], sizes: Sequence[Size], room: float
) -> Iterator[dict[str, Any]]:
    """Encode the clips of parts in order, one part per core, within ``room`` bytes.

    Bytes that one clip does not need go to the clips after it.
    """
    weights = [clip_weight(len(part.rows), size) for part, size in zip(parts, sizes, strict=True)]
    ahead: deque[tuple[Future[Clip], list[Size], float]] = deque()
    left, weight_left = room, sum(weights)

    def finished() -> tuple[float, dict[str, Any]]:
        encoding, shown, allowed = ahead.popleft()
        clip = encoding.result()
        return allowed - len(clip.data), clip_of_part(clip, shown)

    with ThreadPoolExecutor(usable_cores(), thread_name_prefix="clip-encoder") as pool:
        for part, size, weight in zip(parts, sizes, weights, strict=True):
            if len(ahead) > usable_cores():
                unused, encoded = finished()
                left += unused
                yield encoded
            pictures = content.pictures(part)
            allowed = left * weight / weight_left
            left, weight_left = left - allowed, weight_left - weight
            encoding = pool.submit(encode_clip, pictures, size, max_bytes=allowed)
            ahead.append((encoding, content.shown_sizes(part, pictures), allowed))
        while ahead:
            yield finished()[1]


def page_bytes(title: str, data: Mapping[str, Any]) -> bytes:
    """Return the page with its data, one element for each name, safe against injection.

    The content security policy permits only the scripts and the style sheet of this package, by
    their hashes, and requests only to the server of the page.

    Args:
        title: The title of the page.
        data: JSON values by name; the script requests names that are missing.
    """
    folder = files("deeplake_labelbox._pictures") / "page_files"
    scripts = [(folder / name).read_text("utf-8") for name in SCRIPTS]
    style = (folder / "page.css").read_text("utf-8")
    hashes = " ".join(f"'{content_hash(script)}'" for script in scripts)
    parts = {
        "policy": f"default-src 'none'; img-src data:; connect-src 'self'; script-src {hashes}; "
        f"style-src '{content_hash(style)}'",
        "title": html.escape(title),
        "style": style,
        "data": "\n".join(
            f'<script type="application/json" id="{name}">{page_json(value)}</script>'
            for name, value in data.items()
        ),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    page = (folder / "page.html").read_text("utf-8")
    # In one pass, so that inserted text is not searched again.
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], page)
    return page.encode("utf-8", "replace")


def page_json(value: Any) -> str:
    """Encode as JSON without a ``<`` that could end its element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def content_hash(text: str) -> str:
    """Return the hash of a script or style sheet for a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
