"""The HTML page of a comparison: a table of videos, and the worst frames side by side."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from deeplake_labelbox._compare.changes import HEAD, FrameChanges
from deeplake_labelbox._compare.pictures import STATE_COLORS, FramePictures
from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import check_suffix, replacing_file
from deeplake_labelbox._pictures.page import content_hash
from deeplake_labelbox._progress import with_progress

if TYPE_CHECKING:
    from deeplake_labelbox._compare.report import LabelComparison

_WIDTH: Final = 640
_LEGEND: Final = {
    "removed": "in the first labels only",
    "added": "in the second labels only",
    "moved": "in another place in the second labels",
    "answers": "other answers in the second labels",
    "same": "in both",
}
_STYLE: Final = """
:root { color-scheme: dark }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1400px; padding: 16px; background: #0e1116; color: #ecf0f6;
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.3rem; margin: 0 0 4px }
h2 { font-size: 1rem; margin: 0 0 4px }
p, ul { margin: 4px 0 12px; color: #aab3c2 }
ul { padding-left: 20px }
.legend span { display: inline-block; margin-right: 16px }
.table { overflow-x: auto; margin: 12px 0 20px }
table { border-collapse: collapse }
th, td { text-align: left; padding: 4px 14px 4px 0; border-bottom: 1px solid #2a313d;
  overflow-wrap: normal }
th { color: #aab3c2; font-weight: 500 }
td + td, th + th { white-space: nowrap }
.number { text-align: right }
article { background: #181d26; border: 1px solid #2a313d; border-radius: 10px; padding: 12px;
  margin-bottom: 16px }
.sides { display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)) }
figure { margin: 0 }
figcaption { color: #aab3c2; font-size: 0.87rem; margin-bottom: 4px }
img { display: block; width: 100%; height: auto; border-radius: 6px }
"""


def write_comparison_page(
    comparison: LabelComparison,
    pictures: FramePictures,
    path: str | Path,
    *,
    worst: int,
    progress: bool,
) -> None:
    """Write the page; see `LabelComparison.write_page`."""
    check_suffix(path, ".html")
    shown = comparison.changes[:worst]
    bar = with_progress(shown, unit="frame", desc="comparison", shown=progress)
    title = f"{comparison.first} → {comparison.second}"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{html.escape(comparison.summary)}</p>",
        *_notes(comparison.notes),
        *(_videos(comparison) if comparison.changes else ()),
        *(_legend() if shown else ()),
        *(_frame(change, comparison, pictures) for change in bar),
    ]
    if (more := len(comparison.changes) - len(shown)) > 0:
        parts.append(f"<p>And {counted(more, 'more run')} of frames.</p>")
    policy = f"default-src 'none'; img-src data:; style-src '{content_hash(_STYLE)}'"
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )
    with replacing_file(path) as part:
        part.write_bytes(page.encode("utf-8", "replace"))


def _notes(notes: Sequence[str]) -> Iterable[str]:
    if notes:
        yield f"<ul>{''.join(f'<li>{html.escape(note)}</li>' for note in notes)}</ul>"


def _videos(comparison: LabelComparison) -> Iterable[str]:
    """Yield a table of the videos that have differences."""
    yield '<div class="table"><table><thead><tr>'
    yield from (
        f'<th scope="col"{_is_number(place)}>{name}</th>' for place, name in enumerate(HEAD)
    )
    yield "</tr></thead><tbody>"
    for video in comparison.videos:
        if video.changed_frames:
            cells = (
                f"<td{_is_number(place)}>{_cell(value)}</td>"
                for place, value in enumerate(video.row)
            )
            yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _is_number(place: int) -> str:
    return ' class="number"' if place > 1 else ""


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else html.escape(value)


def _legend() -> Iterable[str]:
    yield '<p class="legend">'
    for state, words in _LEGEND.items():
        color = "#{:02x}{:02x}{:02x}".format(*STATE_COLORS[state])
        mark = f'<rect width="12" height="12" rx="3" fill="{color}"/>'
        yield f'<span><svg width="12" height="12" aria-hidden="true">{mark}</svg> '
        yield f"{state}: {words}</span>"
    yield "</p>"


def _frame(change: FrameChanges, comparison: LabelComparison, pictures: FramePictures) -> str:
    figures = [
        f"<figure><figcaption>{html.escape(name)}</figcaption>"
        f'<img width="{picture.width}" height="{picture.height}" loading="lazy" '
        f'alt="Frame {change.worst_frame} of {html.escape(change.video)}, {html.escape(name)}" '
        f'src="data:image/jpeg;base64,{_jpeg(picture)}"></figure>'
        for name, picture in zip(
            (comparison.first, comparison.second), pictures.draw(change, _WIDTH), strict=True
        )
    ]
    frames = f"frame {change.frames}"
    if change.first_frame != change.last_frame:
        frames = f"frames {change.frames}, shown: {change.worst_frame}"
    return (
        f"<article><h2>{html.escape(change.video)}, {frames}</h2>"
        f'<p>{html.escape(change.words)}</p><div class="sides">{"".join(figures)}</div></article>'
    )


def _jpeg(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82)
    return base64.b64encode(file.getvalue()).decode()
