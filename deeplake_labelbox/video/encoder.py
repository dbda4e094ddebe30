"""Frames in, encoded bytes out, in order, on several threads and in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.video.encodings import encode_jpeg, encode_png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

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
        with FrameExtractor("clip.mp4") as extractor, FrameEncoder("png") as encoder:
            for batch in extractor:
                images = list(encoder.encode(batch.frames))
        ```
    """

    def __init__(
        self, storage: FrameStorage = "png", *, jpeg_quality: int = 95, threads: int | None = None
    ) -> None:
        self._encode: Callable[[NDArray[np.uint8]], bytes]
        if storage == "png":
            self._encode = encode_png
        elif storage == "jpg":
            self._encode = partial(encode_jpeg, quality=jpeg_quality)
        else:
            raise ConfigurationError(f"storage is {storage!r}; give 'png' or 'jpg'.")
        if threads is not None and threads < 1:
            raise ConfigurationError(f"threads is {threads}; give 1 or more, or None.")
        self.threads = threads or usable_cores()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="frame-encoder")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop what waits, and end the threads once the frames in work are done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def encode(self, frames: Iterable[NDArray[np.uint8]]) -> Iterator[bytes]:
        """Yield the encoded bytes of each frame, in order.

        Frames are pulled in the caller's thread while earlier ones are encoded; at most two per
        thread are held. An error of an encoder, or of ``frames`` after what came before it was
        yielded, is raised at its place in the order.

        Args:
            frames: (H, W, 3) uint8 arrays.
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
                window.append(self._pool.submit(self._encode, frame))
                if len(window) >= 2 * self.threads:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            for future in window:
                future.cancel()
        if failure is not None:
            raise failure


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


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
