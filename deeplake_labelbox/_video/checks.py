"""Diagnose a video from its header, packets and export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deeplake_labelbox._counts import counted
from deeplake_labelbox._model.json_values import (
    as_frame_number,
    as_int32,
    as_mapping,
    as_number,
    short,
)
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.scan import VideoScan

FindingKind = Literal[
    "unreachable",
    "damaged",
    "labels beyond",
    "unreadable label",
    "declared count",
    "labelbox count",
    "labelbox size",
    "labelbox rate",
    "unreadable attribute",
    "variable rate",
    "start",
    "times",
    "pixels",
    "size change",
]

_SAME_RATE: Final = 0.01  # relative; Labelbox and containers round rates differently
_CHANGES_SHOWN: Final = 4
_LATE: Final = 0.5  # seconds; muxers start a little late to leave room for reordering


@dataclass(frozen=True, slots=True)
class VideoFinding:
    """A difference or fault of a video.

    Attributes:
        kind: Kind of the finding.
        what: One sentence.
        costs: Whether frames or labels will be missing because of it.
    """

    kind: FindingKind
    what: str
    costs: bool = False


def check_video(
    info: VideoInfo, scan: VideoScan, media_attributes: object
) -> tuple[VideoFinding, ...]:
    """Compare the header of a file, its packets, and Labelbox's media attributes.

    Args:
        info: The file's header.
        scan: Its packets.
        media_attributes: ``media_attributes`` of the data row; may be absent or of any shape.
    """
    found = (
        []
        if scan.damage is None
        else [VideoFinding("damaged", f"the file {scan.damage}", costs=True)]
    )
    found += _of_counts(info, scan, media_attributes)
    found += _of_times(scan)
    if info.sample_aspect_ratio not in {None, 1}:
        ratio = f"{info.sample_aspect_ratio}".replace("/", ":")
        found.append(
            VideoFinding("pixels", f"pixels are {ratio} wide to high; frames keep them as they are")
        )
    size = (info.width, info.height)
    if any(run[1:] != size for run in scan.sizes):
        found.append(VideoFinding("size change", size_changes(size, scan.sizes)))
    return tuple(found)


def declared_frames(media_attributes: object) -> int | None:
    """How many frames Labelbox counts in a video, if it says so.

    Args:
        media_attributes: See `check_video`.
    """
    return as_frame_number(as_mapping(media_attributes).get("frame_count"))


def warnings_of(info: VideoInfo, scan: VideoScan, media_attributes: object) -> list[str]:
    """Return the warnings about an opened video; the decoder reports damage."""
    found = check_video(info, scan, media_attributes)
    return [finding.what for finding in found if not finding.costs]


def size_changes(first: tuple[int, int], sizes: Sequence[tuple[int, int, int]]) -> str:
    """Describe a picture size that changes within a video.

    Args:
        first: Width and height of the first picture.
        sizes: First 1-based frame, width and height of each run of pictures of one size.
    """
    changes = [
        f"to {width} x {height} in frame {frame}"
        for frame, width, height in sizes
        if frame > 1 or (width, height) != first
    ]
    shown, hidden = ", ".join(changes[:_CHANGES_SHOWN]), len(changes) - _CHANGES_SHOWN
    more = f" and {counted(hidden, 'time')} more" if hidden > 0 else ""
    return (
        f"the picture size changes from {first[0]} x {first[1]} {shown}{more}; labels are in "
        f"pixels of the first size"
    )


def frames_missing(first: int, last: int) -> str:
    """Describe a run of frames that could not be decoded."""
    if first == last:
        return f"frame {first} could not be decoded"
    return f"frames {first} to {last} could not be decoded"


def _of_counts(
    info: VideoInfo, scan: VideoScan, media_attributes: object
) -> Iterator[VideoFinding]:
    media = as_mapping(media_attributes)
    if scan.damage is None and info.declared_frames not in {None, scan.packets}:
        hidden = f", {scan.discarded} more are hidden by an edit list" if scan.discarded else ""
        yield VideoFinding(
            "declared count",
            f"the file declares {counted(info.declared_frames or 0, 'frame')} and shows "
            f"{scan.packets}{hidden}",
        )
    for key in ("frame_count", "width", "height", "frame_rate"):
        value = media.get(key)
        if value is not None and not (as_number(value) or 0) > 0:
            yield VideoFinding(
                "unreadable attribute", f"Labelbox gives {short(value)} as its {key}"
            )
    count = declared_frames(media)
    if count not in {None, scan.packets}:
        yield VideoFinding(
            "labelbox count",
            f"Labelbox counts {counted(count or 0, 'frame')}, the file shows {scan.packets}",
        )
    size = as_int32(media.get("width")), as_int32(media.get("height"))
    if None not in size and size != (info.width, info.height):
        yield VideoFinding(
            "labelbox size",
            f"Labelbox says {size[0]} x {size[1]} pixels, the file {info.width} x {info.height}",
        )
    rate = as_number(media.get("frame_rate"))
    if rate and rate > 0 and info.frame_rate and abs(rate / info.frame_rate - 1) > _SAME_RATE:
        yield VideoFinding(
            "labelbox rate",
            f"Labelbox says {rate:.6g} frames a second, the file {info.frame_rate:.6g}",
        )


def _of_times(scan: VideoScan) -> Iterator[VideoFinding]:
    if scan.variable_rate and scan.damage is None:
        yield VideoFinding(
            "variable rate",
            f"frames follow each other after {scan.shortest_gap:.3f} to {scan.longest_gap:.3f} s",
        )
    if scan.starts_at is not None and not 0 <= scan.starts_at <= _LATE:
        yield VideoFinding("start", f"its first time is {scan.starts_at:.3f} s")
    faults = {
        "have no time": scan.missing_times,
        "have the time of another": scan.repeated_times,
        "go back in time": scan.backward_times,
    }
    for what, count in faults.items():
        # AVI and raw streams have no presentation times at all, which is normal.
        if count and not (count == scan.packets and count == scan.missing_times):
            yield VideoFinding("times", f"{count} of {counted(scan.packets, 'packet')} {what}")
