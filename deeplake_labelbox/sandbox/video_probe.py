"""Read the media attributes of a video, as Labelbox does for a new data row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from pathlib import Path

_MIME_TYPES = {"matroska,webm": "video/webm", "avi": "video/x-msvideo", "mpegts": "video/mp2t"}


def media_attributes(path: Path) -> dict[str, Any]:
    """Return displayed size, frame rate and frame count; empty if the file is not a video."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return {}
            stream = container.streams.video[0]
            rate = stream.average_rate
            count = stream.frames
            frame = next(container.decode(stream), None)
            if frame is None:
                return {}
            width, height = frame.width, frame.height
            if frame.rotation % 180:
                width, height = height, width
            mime_type = _MIME_TYPES.get(container.format.name, "video/mp4")
        if not count:
            with av.open(str(path)) as container:
                packets = container.demux(container.streams.video[0])
                count = sum(packet.size > 0 for packet in packets)
    except (av.FFmpegError, OSError):
        return {}
    attributes: dict[str, Any] = {"height": height, "width": width, "mime_type": mime_type}
    if rate:
        attributes["frame_rate"] = rate.numerator if rate.denominator == 1 else float(rate)
    return attributes | {"frame_count": count, "asset_type": "video"}
