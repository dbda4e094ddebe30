"""Open a video file with FFmpeg, and read its header."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import av
import av.error
from av.stream import Disposition

from deeplake_labelbox._video.damage import BOX_KINDS, find_damage
from deeplake_labelbox._video.joined_streams import open_joined
from deeplake_labelbox._video.mp4_limits import find_excess
from deeplake_labelbox._video.orientation import Orientation
from deeplake_labelbox._video.pyav_versions import open_input, to_fraction
from deeplake_labelbox.errors import VideoDecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_PIXELS: Final = 1 << 27
"""Larger pictures are refused (16384 x 8192 fits), because a header may declare any size."""

# FFmpeg's formats include playlists and slide shows (hls, concat, image2, …). They name other
# files and URLs, and a downloaded "video" must not make us read those.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,"
    "ivf,h264,hevc,av1,obu,m4v,yuv4mpegpipe,nut,rm,dv,gif,apng,wtv,swf,vob,h263,mjpeg,gxf"
)
# Streams without a container: FFmpeg may take the whole file for one picture.
# FFmpeg trusts these suffixes even if the file is garbage.
_BARE_SUFFIXES: Final = frozenset(
    {"h264", "h26l", "264", "avc", "hevc", "h265", "265", "m4v", "m1v", "m2v", "h263", "mjpeg"}
    | {"mjpg", "mpo", "obu", "av1"}
)
_MAX_BARE_BYTES: Final = 64 << 20
_MAX_SECONDS: Final = 60.0  # to open the file, and to find the next packet
_OPTIONS: Final = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """The picture properties in a video file's header.

    Attributes:
        codec: FFmpeg's name for the codec, such as ``"h264"``.
        container: FFmpeg's name for the container format.
        width: Pixels per row, as displayed (after rotation) and as `FrameExtractor` yields them.
        height: Rows, as displayed.
        rotation: Degrees by which the decoded picture is rotated clockwise: 0, 90, 180 or 270.
        mirrored: Whether the picture is also mirrored.
        sample_aspect_ratio: Width of a pixel divided by its height. It is not applied to the
            frames: Labelbox's coordinates are in coded pixels.
        pixel_format: FFmpeg's name, such as ``"yuv420p"``.
        bit_depth: Bits per channel of the source; frames have 8.
        frame_rate: Average number of frames per second, or None if unknown.
        declared_frames: The container's frame count, which is only a hint: edit lists and lost
            packets change it.
        duration: Duration that the container declares, in seconds, or None.
    """

    codec: str
    container: str
    width: int
    height: int
    rotation: int
    mirrored: bool
    sample_aspect_ratio: Fraction | None
    pixel_format: str | None
    bit_depth: int | None
    frame_rate: float | None
    declared_frames: int | None
    duration: float | None


@contextmanager
def open_container(
    source: Path | IO[bytes], name: str, *, strict: bool = False
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and choose its video stream; close the file after the ``with`` block.

    Args:
        source: The path of a local file, or an open file that can seek.
        name: The file's name in messages.
        strict: Whether the decoder refuses errors that it would otherwise conceal.

    Raises:
        VideoDecodeError: If the file is not a video, has no video stream, or declares absurd sizes.
    """
    excess = find_excess(source)
    if excess is not None:
        raise VideoDecodeError(f"{name} declares {excess}. Check the file.")
    size = _bare_size(source)
    if size > _MAX_BARE_BYTES:
        raise VideoDecodeError(
            f"{name} is a bare stream of {size} bytes, and those are read up to "
            f"{_MAX_BARE_BYTES}. Put it into an MP4 (ffmpeg -i FILE -c copy FILE.mp4)."
        )
    if not isinstance(source, Path):
        source.seek(0)
    joined = open_joined(source) if isinstance(source, Path) else None
    # With this prefix, FFmpeg does not look for a protocol in the file name.
    opened = f"file:{source}" if isinstance(source, Path) else source
    try:
        container = open_input(joined or opened, options=_OPTIONS, timeout=_MAX_SECONDS)
    except av.error.ExitError as error:
        raise VideoDecodeError(
            f"{name} cannot be opened as a video: FFmpeg finds none in it in {_MAX_SECONDS:.0f} s. "
            "Check that it plays, or upload it again."
        ) from error
    except av.error.FFmpegError as error:
        damage = find_damage(source)
        why = f"the file {damage.reason}" if damage else f"FFmpeg says: {ffmpeg_message(error)}"
        raise VideoDecodeError(
            f"{name} cannot be opened as a video: {why}. Check that it plays, or upload it again."
        ) from error
    with joined or nullcontext(), container:
        stream = _first_video_stream(container)
        if stream is None:
            kinds = sorted({stream.type for stream in container.streams})
            raise VideoDecodeError(
                f"{name} has no video stream, only: {', '.join(kinds) or 'nothing'}. "
                "Check that it is the right file."
            )
        if stream.codec_context is None:
            raise VideoDecodeError(
                f"{name} is encoded with a codec that FFmpeg does not know. Check that it plays, "
                "or convert it to H.264."
            )
        if stream.width * stream.height > MAX_PIXELS:
            raise VideoDecodeError(
                f"{name} declares pictures of {stream.width} x {stream.height} pixels, more than "
                f"the limit of {MAX_PIXELS} pixels. Check the file."
            )
        stream.codec_context.options = {
            "max_pixels": str(MAX_PIXELS),
            **({"err_detect": "explode"} if strict else {}),
        }
        try:
            yield container, stream
        finally:
            # This waits for the decoder's threads without the GIL. Freeing the decoder waits with
            # the GIL: forever, if one of the threads wants to log (`av.logging.set_level`).
            stream.codec_context.flush_buffers()


def _bare_size(source: Path | IO[bytes]) -> int:
    """Return the size in bytes of a stream without a container, otherwise 0."""
    if not isinstance(source, Path) or source.suffix.lower()[1:] not in _BARE_SUFFIXES:
        return 0
    with source.open("rb") as file:
        head = file.read(8)
    in_container = head[4:] in BOX_KINDS or head[:4] in {b"\x1a\x45\xdf\xa3", b"RIFF"}
    return 0 if in_container else source.stat().st_size


def _first_video_stream(container: InputContainer) -> VideoStream | None:
    """Return the stream that a player shows: the default or else the first; skip cover pictures."""
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    ]
    streams.sort(key=lambda stream: not stream.disposition & Disposition.default)
    return streams[0] if streams else None


def describe_stream(
    container: InputContainer, stream: VideoStream, orientation: Orientation
) -> VideoInfo:
    """Describe an open file; the orientation comes from its first frame."""
    width, height = orientation.size(stream.width, stream.height)
    rate = to_fraction(stream.average_rate) or to_fraction(stream.base_rate)
    return VideoInfo(
        codec=stream.codec_context.codec.canonical_name,
        container=container.format.name,
        width=width,
        height=height,
        rotation=orientation.rotation,
        mirrored=orientation.mirrored,
        sample_aspect_ratio=to_fraction(stream.sample_aspect_ratio),
        pixel_format=stream.pix_fmt,
        bit_depth=_bit_depth(stream.pix_fmt),
        frame_rate=float(rate) if rate else None,
        declared_frames=stream.frames or None,
        duration=container.duration / av.time_base if container.duration is not None else None,
    )


def _bit_depth(pixel_format: str | None) -> int | None:
    if pixel_format is None:
        return None
    return max(component.bits for component in av.VideoFormat(pixel_format).components)


def ffmpeg_message(error: av.error.FFmpegError) -> str:
    """Return FFmpeg's message without the file name, which the caller adds."""
    return (error.strerror or type(error).__name__).rstrip(".").lower()
