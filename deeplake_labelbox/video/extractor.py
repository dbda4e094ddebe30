"""FrameExtractor: a video's frames as RGB arrays, numbered as the decoder emits them.

What happens to files that are not whole: the frames before the damage are yielded, then
`VideoDecodeError` is raised, which carries their count. Found are lengths that the file does not
keep (`damage`), packets that arrive incomplete (a lost MPEG-TS packet), packets that the decoder
refuses, and pictures in which it would have to conceal errors: FFmpeg by itself fills those with
what it has, and marks them only after pictures that were predicted from them are out.

Noise inside a picture's data is noticed by the decoder up to a few pictures late, and where it
happens to mean something valid, not at all: the codecs in use carry no checksums. Measured on real
H.264 clips: 7 of 160 places with 1 to 2,000 bytes of noise went unnoticed, and 9 of 40 single
bits. FFmpeg's HEVC decoder can also leave out a picture without a word (1 of 150 single bits).

Frames that the decoder still holds for reordering at that moment are given up: with a packet
missing, the number of those that follow is not certain. A mere difference between declared and
decoded counts is no damage.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import av
import av.error
import numpy as np
from av.video.reformatter import VideoReformatter

from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError
from deeplake_labelbox.video.container import (
    VideoInfo,
    describe_stream,
    ffmpeg_message,
    open_container,
)
from deeplake_labelbox.video.damage import find_damage
from deeplake_labelbox.video.orientation import Orientation
from deeplake_labelbox.video.scan import scan_video
from deeplake_labelbox.video.source import UrlPresigner, describe_source, open_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from deeplake_labelbox.video.transport import Transport

logger = logging.getLogger(__name__)

DEFAULT_MAX_BATCH_BYTES: Final = 64 << 20
_FALLBACK_RATE: Final = 25.0  # only spaces the timestamps of files that have neither times nor rate


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Frames that follow each other.

    Attributes:
        frames: (H, W, 3) uint8 RGB arrays, contiguous, as displayed.
        indices: (N,) int32, 0-based, in the order in which the decoder emits frames.
        timestamps: (N,) float64 seconds from the first frame; they always rise.
    """

    frames: list[NDArray[np.uint8]]
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A frame as the decoder gave it."""

    frame: av.VideoFrame
    index: int
    timestamp: float


class FrameExtractor:
    """Decodes the video of a data row. Iterating yields batches; it may be done again.

    Args:
        source: A path, a ``file://`` URL, or a URL (see `open_video`).
        url_presigner: Gives URLs access.
        batch_size: Frames a batch, at most.
        max_batch_bytes: Bytes of pixels a batch, at most: a batch ends at whichever of the two
            bounds comes first, and holds at least one frame.
        transport: The HTTP client to use.

    Attributes:
        info: What the file says; set while the ``with`` block runs.

    Raises:
        ConfigurationError: An argument out of range.
        VideoError: On entering, what `open_video` raises, or `VideoDecodeError` when not even one
            frame can be decoded. While iterating, `VideoDecodeError` after the last good frame.

    Example:
        ```python
        with FrameExtractor("clip.mp4") as extractor:
            for batch in extractor:
                print(batch.indices[0], batch.frames[0].shape, batch.timestamps[0])
        ```
    """

    info: VideoInfo

    def __init__(
        self,
        source: str | Path,
        *,
        url_presigner: UrlPresigner | None = None,
        batch_size: int = 100,
        max_batch_bytes: int = DEFAULT_MAX_BATCH_BYTES,
        transport: Transport | None = None,
    ) -> None:
        if batch_size < 1:
            raise ConfigurationError(f"batch_size is {batch_size}; give 1 or more.")
        self.name = f"The video {describe_source(source)}"
        self._source = source
        self._url_presigner = url_presigner
        self._transport = transport
        self._batch_size = batch_size
        self._max_batch_bytes = max_batch_bytes
        self._stack = ExitStack()
        self._path: Path | None = None
        self._orientation = Orientation()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            path = stack.enter_context(
                open_video(
                    self._source, url_presigner=self._url_presigner, transport=self._transport
                )
            )
            self._probe(path)
            self._stack = stack.pop_all()
        self._path = path
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._path = None
        self._stack.close()

    def __iter__(self) -> Iterator[FrameBatch]:
        if self._path is None:
            raise ConfigurationError(f"{self.name} is not open; use FrameExtractor with `with`.")
        batch = _GrowingBatch(self._batch_size, self._max_batch_bytes)
        reformatter = VideoReformatter()
        try:
            for decoded in self._decode(self._path):
                picture = self._orientation.apply(_to_rgb(decoded.frame, reformatter))
                if not batch.has_room(picture):
                    yield batch.take()
                batch.add(picture, decoded)
        except VideoDecodeError:
            if batch.pictures:
                yield batch.take()
            raise
        if batch.pictures:
            yield batch.take()

    def _probe(self, path: Path) -> None:
        """Decode the first frame: only then orientation and size are known."""
        with open_container(path, self.name) as (container, stream):
            first, why, cause = None, "no frame comes out of it", None
            try:
                first = next(container.decode(stream), None)
            except av.error.FFmpegError as error:
                why, cause = f"FFmpeg says: {ffmpeg_message(error)}", error
            if first is None:
                damage = find_damage(path, stream)
                why = f"the file {damage.reason}" if damage else why
                raise VideoDecodeError(
                    f"{self.name} cannot be decoded, from its first frame on: {why}. "
                    "Check that it plays, or upload it again."
                ) from cause
            self._orientation = Orientation.of_frame(first)
            self.info = describe_stream(container, stream, self._orientation)

    def _decode(self, path: Path) -> Iterator[_Decoded]:
        """Frames in the order in which the decoder emits them; raises where they end too early."""
        clock = _Clock(self.info.frame_rate or _FALLBACK_RATE)
        count = 0
        stop: _Stop | None = None
        # Frame threads are a third faster (measured at 720p), but hold back as many frames as
        # there are cores: where they end too early, one thread gives the same end everywhere.
        # A strict decoder also refuses what is odd and harmless: then a lenient one goes on.
        for threads, strict in (("AUTO", True), ("NONE", True), ("NONE", False)):
            if not strict and not self._is_whole(path):
                break
            stop = None
            for index, frame in enumerate(self._frames(path, threads, strict=strict)):
                if isinstance(frame, _Stop):
                    stop = frame
                elif index == count:
                    yield _Decoded(frame, index, clock.next(frame.time))
                    count += 1
            if stop is None:
                return
        if stop is not None:
            logger.info("%s is damaged after %d frames", self.name, count)
            raise VideoDecodeError(
                f"{self.name} could be decoded only up to {count} "
                f"{'frame' if count == 1 else 'frames'}: {stop.reason}. "
                "Check that it plays to its end, or upload it again.",
                frames_decoded=count,
            ) from stop.cause

    def _is_whole(self, path: Path) -> bool:
        """Whether a lenient decoder makes a frame of every packet and finds nothing wrong."""
        stops = [isinstance(frame, _Stop) for frame in self._frames(path, "AUTO", strict=False)]
        return not any(stops) and len(stops) >= scan_video(path).packets

    def _frames(self, path: Path, threads: str, *, strict: bool) -> Iterator[av.VideoFrame | _Stop]:
        """The decoder's frames; a stop as the last item when not all came."""
        with open_container(path, self.name, strict=strict) as (container, stream):
            stream.thread_type = threads
            damage = find_damage(path, stream)
            try:
                for packet in container.demux(stream):
                    last = packet.size == 0  # the empty packet that flushes the decoder
                    beyond = damage and packet.pos is not None and packet.pos >= damage.offset
                    if damage and (last or beyond):
                        yield _Stop(f"the file {damage.reason}")
                        return
                    if packet.is_corrupt:
                        yield _Stop("a packet of the stream is incomplete")
                        return
                    for frame in packet.decode():
                        if frame.is_corrupt:
                            yield _Stop("the data of the next frame is damaged")
                            return
                        yield frame
            except av.error.FFmpegError as error:
                yield _Stop(f"FFmpeg says: {ffmpeg_message(error)}", error)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why no further frame can be trusted."""

    reason: str
    cause: Exception | None = None


class _Clock:
    """Seconds from the first frame, rising also where a file's own times are missing or go back."""

    def __init__(self, rate: float) -> None:
        self._step = 1.0 / rate
        self._start: float | None = None
        self._last = -self._step

    def next(self, time: float | None) -> float:
        if time is not None and self._start is None:
            # Frames before the first that has a time were spaced by the rate.
            self._start = time - (self._last + self._step)
        seconds = time - self._start if time is not None and self._start is not None else None
        if seconds is None or seconds <= self._last:
            seconds = self._last + self._step
        self._last = seconds
        return seconds


def _to_rgb(frame: av.VideoFrame, reformatter: VideoReformatter) -> NDArray[np.uint8]:
    """(H, W, 3) uint8. One reformatter for all frames: a new one each costs a third of the time."""
    # One thread: the cores are the encoders'.
    rgb = reformatter.reformat(frame, format="rgb24", threads=1)
    picture = rgb.to_ndarray()
    # An RGB source is not converted: its array is memory that the decoder may still refer to.
    return np.array(picture, dtype=np.uint8, order="C", copy=True if rgb is frame else None)


class _GrowingBatch:
    """Collects frames up to the bounds of a batch."""

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._clear()

    def _clear(self) -> None:
        self.pictures: list[NDArray[np.uint8]] = []
        self._indices: list[int] = []
        self._timestamps: list[float] = []
        self._bytes = 0

    def has_room(self, picture: NDArray[np.uint8]) -> bool:
        return not self.pictures or (
            len(self.pictures) < self._max_frames
            and self._bytes + picture.nbytes <= self._max_bytes
        )

    def add(self, picture: NDArray[np.uint8], decoded: _Decoded) -> None:
        self.pictures.append(picture)
        self._indices.append(decoded.index)
        self._timestamps.append(decoded.timestamp)
        self._bytes += picture.nbytes

    def take(self) -> FrameBatch:
        batch = FrameBatch(
            frames=self.pictures,
            indices=np.array(self._indices, dtype=np.int32),
            timestamps=np.array(self._timestamps, dtype=np.float64),
        )
        self._clear()
        return batch
