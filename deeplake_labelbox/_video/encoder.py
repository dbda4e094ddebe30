"""Frames in, encoded bytes out, in order, on several threads and in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

import av

from deeplake_labelbox._video.encodings import Subsampling, encode_jpeg, encode_png
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from deeplake_labelbox._video.container import VideoInfo

FrameStorage: TypeAlias = Literal["png", "jpg"]


class FrameEncoder:
    """A pool of threads that encodes frames; encoders release the GIL, so threads scale.

    Args:
        storage: ``"png"`` (lossless) or ``"jpg"``.
        jpeg_quality: 1 to 100; only for ``"jpg"``.
        threads: How many frames are encoded at once; default: one per usable core.

    Raises:
        ConfigurationError: An argument out of range.

    Example:
        ```python
        from deeplake_labelbox._video import FrameEncoder

        with FrameExtractor("clip.mp4") as extractor, FrameEncoder("png") as encoder:
            for batch in extractor:
                images = list(encoder.encode(batch.frames))
        ```
    """

    def __init__(
        self, storage: FrameStorage = "png", *, jpeg_quality: int = 95, threads: int | None = None
    ) -> None:
        if storage not in ("png", "jpg"):
            raise ConfigurationError(f"storage is {storage!r}; give 'png' or 'jpg'.")
        if not 1 <= jpeg_quality <= 100:
            raise ConfigurationError(f"jpeg_quality is {jpeg_quality}; give 1 to 100.")
        if threads is not None and threads < 1:
            raise ConfigurationError(f"threads is {threads}; give 1 or more, or None.")
        self._storage = storage
        self._quality = jpeg_quality
        self.threads = threads or usable_cores()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="frame-encoder")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop what waits, and end the threads once the frames in work are done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def encode(
        self, frames: Iterable[NDArray[np.uint8]], *, subsampling: Subsampling = "4:4:4"
    ) -> Iterator[bytes]:
        """Yield the encoded bytes of each frame, in order.

        Frames are pulled in the caller's thread while earlier ones are encoded; at most two per
        thread are held. An error of an encoder, or of ``frames`` after what came before it was
        yielded, is raised at its place in the order.

        Args:
            frames: (H, W, 3) uint8 arrays; for ``"jpg"`` also (H, W, 4), see `encode_jpeg`.
            subsampling: Of a JPEG's chroma; see `subsampling_of`.
        """
        window: deque[Future[bytes]] = deque()
        frames = iter(frames)
        failure: Exception | None = None
        try:
            while True:
                try:
                    frame = next(frames)
                except StopIteration:
                    break
                except Exception as error:  # noqa: BLE001 - carried to its place in the order
                    failure = error
                    break
                window.append(self._pool.submit(self._encode, frame, subsampling))
                if len(window) >= 2 * self.threads:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            for future in window:
                future.cancel()
        if failure is not None:
            raise failure

    def _encode(self, frame: NDArray[np.uint8], subsampling: Subsampling) -> bytes:
        if self._storage == "png":
            return encode_png(frame)
        return encode_jpeg(frame, self._quality, subsampling=subsampling)


def encode_frames(
    frames: Iterable[NDArray[np.uint8]],
    storage: FrameStorage = "png",
    *,
    jpeg_quality: int = 95,
    threads: int | None = None,
) -> Iterator[bytes]:
    """Encode one run of frames; see `FrameEncoder`, which keeps its threads over many runs."""
    with FrameEncoder(storage, jpeg_quality=jpeg_quality, threads=threads) as encoder:
        yield from encoder.encode(frames)


def subsampling_of(info: VideoInfo) -> Subsampling:
    """The coarsest subsampling of JPEG's that keeps the chroma which a video has."""
    try:
        pixels = av.VideoFormat(info.pixel_format or "", 64, 64)
    except ValueError:
        return "4:4:4"
    if pixels.is_rgb or pixels.has_palette or pixels.is_bayer:
        return "4:4:4"
    if len(pixels.components) < 3:  # gray: all coarseness is the same
        return "4:2:0"
    across, down = pixels.chroma_width(64) < 64, pixels.chroma_height(64) < 64
    if info.rotation in (90, 270):
        across, down = down, across
    if across and down:
        return "4:2:0"
    return "4:2:2" if across else "4:4:4"


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
