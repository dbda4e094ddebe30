"""A look at local files before they are uploaded: what Labelbox takes, and what it shows wrongly.

Labelbox documents MP4 with H.264 (or H.265), at most 256 MB for a direct upload, a constant frame
rate with as many frames as rate times duration, no negative times, and square pixels
(docs.labelbox.com/reference/video, docs.labelbox.com/docs/limits).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deeplake_labelbox.errors import VideoError
from deeplake_labelbox.upload.sources import VideoFile
from deeplake_labelbox.video.container import VideoInfo
from deeplake_labelbox.video.extractor import FrameExtractor
from deeplake_labelbox.video.scan import VideoScan, scan_video

MAX_UPLOAD_BYTES: Final = 256 * 1024 * 1024
"""The largest file that Labelbox takes in a direct upload."""

_CONTAINERS: Final = {"mp4", "mov"}
_CODECS: Final = {"h264", "hevc"}
_LATE_SECONDS: Final = 0.001


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was seen in a file.

    Attributes:
        refusals: Why Labelbox does not take it; empty when it does.
        warnings: What Labelbox may show otherwise than it is.
    """

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def look_at(source: VideoFile) -> Preflight:
    """Look at a video; a remote one is not fetched, and passes."""
    if source.file is None:
        return Preflight()
    refusals: list[str] = []
    size = source.file.stat().st_size
    if size > MAX_UPLOAD_BYTES:
        refusals.append(
            f"it has {size / 2**20:.0f} MB, and a direct upload at most "
            f"{MAX_UPLOAD_BYTES // 2**20} MB; put it into a bucket and give its URL"
        )
    try:
        seen = _in_file(source.file)
    except VideoError as error:
        return Preflight((*refusals, str(error)))
    return Preflight((*refusals, *seen.refusals), seen.warnings)


def _in_file(file: Path) -> Preflight:
    with FrameExtractor(file) as extractor:
        info = extractor.info
    refusals = []
    if _CONTAINERS.isdisjoint(info.container.split(",")):
        refusals.append(f"its container is {info.container}, not MP4; remux it with FFmpeg")
    if info.codec not in _CODECS:
        refusals.append(f"its codec is {info.codec}, not H.264; transcode it")
    return Preflight(tuple(refusals), (*_of_numbers(info, scan_video(file)), *_of_looks(info)))


def _of_numbers(info: VideoInfo, scan: VideoScan) -> Iterator[str]:
    """Why frames may have other numbers in Labelbox than in the file."""
    if scan.damage is not None:
        yield f"the file {scan.damage}"
    if scan.variable_rate:
        yield (
            "its frame rate varies, so Labelbox's frame numbers may not be those of the file; "
            "transcode it to a constant rate"
        )
    if scan.starts_at is not None and abs(scan.starts_at) > _LATE_SECONDS:
        yield f"its first frame is at {scan.starts_at:.3f} s and not at 0; frame numbers may shift"
    if scan.discarded:
        yield f"{scan.discarded} frames are hidden by an edit list"
    counted = scan.packets + scan.discarded
    if info.declared_frames is not None and info.declared_frames != counted:
        yield f"it declares {info.declared_frames} frames and holds {counted}"


def _of_looks(info: VideoInfo) -> Iterator[str]:
    """What Labelbox may show otherwise than it is meant."""
    if info.codec == "hevc":
        yield "its codec is H.265, which not every browser shows"
    if info.rotation or info.mirrored:
        turned = f"turned by {info.rotation} degrees" if info.rotation else "mirrored"
        yield f"it is displayed {turned}; labels will be in the displayed picture"
    ratio = info.sample_aspect_ratio
    if ratio is not None and ratio != 1:
        yield f"its pixels are not square ({ratio}), so Labelbox may stretch it"
