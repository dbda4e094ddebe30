"""Check local files before they are uploaded: what Labelbox refuses, and what it shows wrongly.

Labelbox documents MP4 with H.264 (or H.265), at most 256 MB for a direct upload, a constant frame
rate with as many frames as rate times duration, no negative times, and square pixels
(docs.labelbox.com/reference/video, docs.labelbox.com/docs/limits).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deeplake_labelbox._upload.sources import VideoFile
from deeplake_labelbox._video.checks import check_video
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.extractor import FrameExtractor
from deeplake_labelbox.errors import VideoError

MAX_UPLOAD_BYTES: Final = 256 * 1024 * 1024
"""Size of the largest file that Labelbox accepts in a direct upload."""

_CONTAINERS: Final = {"mp4", "mov"}
_CODECS: Final = {"h264", "hevc"}
_SHIFTED = "; frame numbers in Labelbox may differ from those of the file"
_CONSEQUENCES: Final[Mapping[str, str]] = {
    "variable rate": f"{_SHIFTED}, so transcode it to a constant rate",
    "start": _SHIFTED,
    "declared count": _SHIFTED,
    "pixels": "; Labelbox requires square pixels",
}


@dataclass(frozen=True, slots=True)
class FileCheck:
    """The result of checking a file.

    Attributes:
        refusals: Reasons why Labelbox does not accept it; empty if it does.
        warnings: Properties that Labelbox may show wrongly.
    """

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_file(source: VideoFile) -> FileCheck:
    """Check a video; a remote video is not fetched, and passes."""
    if source.file is None:
        return FileCheck()
    refusals: list[str] = []
    size = source.file.stat().st_size
    if size > MAX_UPLOAD_BYTES:
        refusals.append(
            f"it has {size / 2**20:.0f} MB, but a direct upload may have at most "
            f"{MAX_UPLOAD_BYTES // 2**20} MB; put it into a bucket and give its URL"
        )
    try:
        check = _check_content(source.file)
    except VideoError as error:
        return FileCheck((*refusals, str(error)))
    return FileCheck((*refusals, *check.refusals), check.warnings)


def _check_content(file: Path) -> FileCheck:
    with FrameExtractor(file) as extractor:
        info, scan = extractor.info, extractor.scan
    refusals = []
    if _CONTAINERS.isdisjoint(info.container.split(",")):
        refusals.append(f"its container is {info.container}, not MP4; remux it with FFmpeg")
    if info.codec not in _CODECS:
        refusals.append(f"its codec is {info.codec}, not H.264; transcode it")
    # No export values yet: Labelbox has not read the file.
    found = check_video(info, scan, None)
    warnings = [finding.what + _CONSEQUENCES.get(finding.kind, "") for finding in found]
    return FileCheck(tuple(refusals), (*warnings, *_display_warnings(info)))


def _display_warnings(info: VideoInfo) -> Iterator[str]:
    """Yield properties that Labelbox may display wrongly."""
    if info.codec == "hevc":
        yield "its codec is H.265, which not every browser can play"
    if info.rotation or info.mirrored:
        how = f"rotated by {info.rotation} degrees" if info.rotation else "mirrored"
        yield f"it is displayed {how}; labels will refer to the displayed picture"
