"""Encode frames on several threads, in order and in bounded memory."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import av

from deeplake_labelbox._video.cores import usable_cores
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from deeplake_labelbox._video.container import VideoInfo
    from deeplake_labelbox._video.encodings import Subsampling


_THREADS: Final = "frame-encoder"
_shared_pool: ContextVar[ThreadPoolExecutor | None] = ContextVar("frame-encoder", default=None)


@contextmanager
def kept_encoder_threads() -> Iterator[None]:
    """Reuse threads for all calls of `encode_frames` by this thread in the ``with`` block.

    New threads for each of many videos take some 60 MB more (measured with PNG, 720p).
    """
    with ThreadPoolExecutor(usable_cores(), thread_name_prefix=_THREADS) as pool:
        token = _shared_pool.set(pool)
        try:
            yield
        finally:
            _shared_pool.reset(token)


def encode_frames(
    frames: Iterable[NDArray[np.uint8]],
    encode: Callable[[NDArray[np.uint8]], bytes],
    *,
    threads: int | None = None,
) -> Iterator[bytes]:
    """Yield the encoded bytes of each frame, in order.

    Encoders release the GIL, so threads scale. Frames are taken in the caller's thread while
    earlier ones are encoded; at most two per thread are in memory. An error in an encoder or in
    ``frames`` is raised after all earlier frames were yielded. Closing the generator drops waiting
    frames and ends the threads.

    Args:
        frames: The frames to encode.
        encode: Encodes one frame, such as `encode_png`.
        threads: Number of frames to encode at once; default: one per usable core. With 1, frames
            are encoded in the caller's thread.

    Raises:
        ConfigurationError: If ``threads`` is out of range.

    Example:
        ```python
        from deeplake_labelbox._video import encode_frames, encode_png

        with FrameExtractor("clip.mp4") as extractor:
            for batch in extractor:
                images = list(encode_frames(batch.frames, encode_png))
        ```
    """
    if threads is not None and threads < 1:
        raise ConfigurationError(f"threads is {threads}; give 1 or more, or None.")
    count = threads or usable_cores()
    if count == 1:  # another thread would use a second core, which belongs to others
        yield from map(encode, frames)
    else:
        yield from _encoded_in_pool(
            frames, encode, count, _shared_pool.get() if threads is None else None
        )


def _encoded_in_pool(
    frames: Iterable[NDArray[np.uint8]],
    encode: Callable[[NDArray[np.uint8]], bytes],
    count: int,
    shared: ThreadPoolExecutor | None,
) -> Iterator[bytes]:
    window: deque[Future[bytes]] = deque()
    frames = iter(frames)
    failure: Exception | None = None
    pool = shared or ThreadPoolExecutor(count, thread_name_prefix=_THREADS)
    try:
        while True:
            try:
                frame = next(frames)
            except StopIteration:
                break
            except Exception as error:  # noqa: BLE001 - carried to its place in the order
                failure = error
                break
            window.append(pool.submit(encode, frame))
            if len(window) >= 2 * count:
                yield window.popleft().result()
        while window:
            yield window.popleft().result()
    finally:
        for future in window:
            future.cancel()
        if shared is None:
            pool.shutdown(wait=True)
    if failure is not None:
        raise failure


def subsampling_of(info: VideoInfo) -> Subsampling:
    """Return the coarsest JPEG subsampling that keeps the chroma resolution of a video."""
    try:
        pixels = av.VideoFormat(info.pixel_format or "", 64, 64)
    except ValueError:
        return "4:4:4"
    if pixels.is_rgb or pixels.has_palette or pixels.is_bayer:
        return "4:4:4"
    if len(pixels.components) < 3:  # gray: subsampling has no effect
        return "4:2:0"
    across, down = pixels.chroma_width(64) < 64, pixels.chroma_height(64) < 64
    if info.rotation in (90, 270):
        across, down = down, across
    if across and down:
        return "4:2:0"
    return "4:2:2" if across else "4:4:4"
