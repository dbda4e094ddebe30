"""FrameExtractor: a video's frames as RGB arrays, numbered as the decoder emits them.

What happens to files that are not whole is told in `decoding`: the frames that can be had are
yielded with their numbers, then `VideoDecodeError` is raised, which says what is missing.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self
from weakref import WeakSet

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.chosen_frames import ChosenFrames
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.decoding import Decoded, VideoDecoder
from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.orientation import Orientation
from deeplake_labelbox._video.packets import PacketTable
from deeplake_labelbox._video.probe import probe_video
from deeplake_labelbox._video.resize import Resize, check_resize, resized
from deeplake_labelbox._video.scan import VideoScan, scan_packets
from deeplake_labelbox._video.source import describe_source, open_video
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import av
    from numpy.typing import NDArray

    from deeplake_labelbox._video.transport import Transport

logger = logging.getLogger(__name__)

DEFAULT_MAX_BATCH_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Frames that follow each other.

    Attributes:
        frames: (H, W, 3) uint8 RGB arrays, contiguous, as displayed; (H, W, 4) when padded,
            and the decoded width is a multiple of 16.
        indices: (N,) int32, 0-based, in the order in which the decoder emits frames.
        timestamps: (N,) float64 seconds from the first frame; they always rise.
    """

    frames: list[NDArray[np.uint8]]
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.frames)


class FrameExtractor:
    """Decodes the video of a data row. Iterating yields batches; it may be done again.

    Args:
        source: A path, a ``file://`` URL, or a URL (see `open_video`).
        url_presigner: Gives URLs access.
        batch_size: Frames a batch, at most.
        max_batch_bytes: Bytes of pixels a batch, at most: a batch ends at whichever of the two
            bounds comes first, and holds at least one frame.
        padded: Whether pixels get a fourth byte, which says nothing; `encode_jpeg` is faster so.
        choice: Which frames are wanted, all by default. They keep the numbers and times that they
            have in the whole video, and the others are decoded only as far as needed.
        resize: The size to scale frames to, as displayed; see `Resize`. Shrinking averages areas,
            enlarging is bicubic.
        transport: The HTTP client to use.

    Attributes:
        info: What the file says; set while the ``with`` block runs.
        scan: What its packets tell; the same.
        frame_count: How many frames the video has, wanted or not, up to where it was decoded; set
            by iterating.
        sizes: First 1-based frame, width and height, as displayed and before ``resize``, of each
            run of wanted frames of one size; several where the size changes within the video. Set
            by iterating.

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
    scan: VideoScan

    def __init__(
        self,
        source: str | Path,
        *,
        url_presigner: UrlPresigner | None = None,
        batch_size: int = 100,
        max_batch_bytes: int = DEFAULT_MAX_BATCH_BYTES,
        padded: bool = False,
        choice: FrameChoice | None = None,
        resize: Resize | None = None,
        transport: Transport | None = None,
    ) -> None:
        if batch_size < 1:
            raise ConfigurationError(f"batch_size is {batch_size}; give 1 or more.")
        check_resize(resize)
        self.name = f"The video {describe_source(source)}"
        self._source = source
        self._url_presigner = url_presigner
        self._transport = transport
        self._batch_size = batch_size
        self._max_batch_bytes = max_batch_bytes
        self._padded = padded
        self._choice = choice if choice is not None and not choice.is_all else None
        self._resize = resize
        self.frame_count = 0
        self.sizes: list[tuple[int, int, int]] = []
        self._stack = ExitStack()
        self._iterations: WeakSet[Generator[FrameBatch]] = WeakSet()
        self._path: Path | None = None
        self._packets: PacketTable | None = None
        self._orientation = Orientation()
        self._delay = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            path = stack.enter_context(
                open_video(
                    self._source, url_presigner=self._url_presigner, transport=self._transport
                )
            )
            self._packets, self.scan = scan_packets(path, self.name)
            probe = probe_video(path, self.name)
            self.info, self._orientation, self._delay = probe.info, probe.orientation, probe.delay
            self._stack = stack.pop_all()
        self._path = path
        return self

    def __exit__(self, *_: object) -> None:
        self._path = None
        for iteration in list(self._iterations):
            iteration.close()
        self._stack.close()

    def __iter__(self) -> Iterator[FrameBatch]:
        iteration = self._batches()
        self._iterations.add(iteration)
        return iteration

    def _batches(self) -> Generator[FrameBatch]:
        if self._path is None or self._packets is None:
            raise ConfigurationError(f"{self.name} is not open; use FrameExtractor with `with`.")
        batch = _GrowingBatch(self._batch_size, self._max_batch_bytes)
        reformatter = VideoReformatter()
        size = None
        if self._resize is not None:
            size = resized(self.info.width, self.info.height, self._resize)
            size = self._orientation.size(*size)
        self.sizes = []
        try:
            for decoded in self._decode(self._path, self._packets):
                rgb = _to_rgb(decoded.frame, reformatter, size, padded=self._padded)
                picture = self._orientation.apply(rgb)
                shown = self._orientation.size(decoded.frame.width, decoded.frame.height)
                if not self.sizes or self.sizes[-1][1:] != shown:
                    self.sizes.append((decoded.index + 1, *shown))
                if not batch.has_room(picture):
                    yield batch.take()
                batch.add(picture, decoded)
        except VideoDecodeError:
            if batch.pictures:
                yield batch.take()
            raise
        if batch.pictures:
            yield batch.take()

    def _decode(self, path: Path, packets: PacketTable) -> Iterator[Decoded]:
        """The frames that are wanted."""
        last, self.frame_count = -1, 0
        if self._choice is not None and self.scan.damage is None:
            frames = ChosenFrames(
                path, self.name, packets, self.info.codec, self._choice, delay=self._delay
            )
            for decoded in frames:
                last = decoded.index
                yield decoded
            if frames.complete:
                self.frame_count = len(packets)
                return
            logger.info("%s is decoded in full to number its frames", self.name)
        picker = (self._choice or FrameChoice()).picker()
        for decoded in VideoDecoder(path, self.name, packets, self.info.frame_rate):
            self.frame_count = decoded.index + 1
            if picker.wants(decoded.index, decoded.timestamp) and decoded.index > last:
                yield decoded


def _to_rgb(
    frame: av.VideoFrame,
    reformatter: VideoReformatter,
    size: tuple[int, int] | None,
    *,
    padded: bool,
) -> NDArray[np.uint8]:
    """(H, W, 3) or (H, W, 4) uint8.

    One reformatter serves all frames: a new one each costs a third of the time.
    """
    width, height = size or (frame.width, frame.height)
    interpolation = None
    if (width, height) != (frame.width, frame.height):
        shrinks = width <= frame.width and height <= frame.height
        interpolation = Interpolation.AREA if shrinks else Interpolation.BICUBIC
    rgb = reformatter.reformat(
        frame,
        width=width,
        height=height,
        # libswscale 9.5 leaves up to 4 columns of RGBA unset where the width is no multiple of 16.
        format="rgba" if padded and width % 16 == 0 else "rgb24",
        interpolation=interpolation,
        threads=1,  # the cores are the encoders'
    )
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

    def add(self, picture: NDArray[np.uint8], decoded: Decoded) -> None:
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
