"""FrameExtractor: a video's frames as RGB arrays, numbered as the decoder emits them.

Of a damaged file (see `decoding`), the frames that can be decoded are yielded with their numbers,
then `VideoDecodeError` is raised with what is missing.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.opened import (
    DEFAULT_MAX_BATCH_BYTES,
    FrameBatch,
    OpenedVideo,
    WantedFrames,
    opened_video,
)
from deeplake_labelbox._video.source import describe_source
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from deeplake_labelbox._video.access import UrlPresigner
    from deeplake_labelbox._video.container import VideoInfo
    from deeplake_labelbox._video.resize import Resize
    from deeplake_labelbox._video.scan import VideoScan
    from deeplake_labelbox._video.transport import Transport


_entered: WeakSet[FrameExtractor] = WeakSet()


@atexit.register
def _close_all() -> None:
    """Close extractors that are still open, while the threads of decoders can still log.

    Once the interpreter shuts down, a thread that wants to log never gets the GIL, and the decoder
    waits for the thread (`av.logging.set_level`).
    """
    for extractor in list(_entered):
        with suppress(ValueError):  # another thread is decoding
            extractor.__exit__()


class FrameExtractor:
    """Decodes the video of a data row. Iterating yields batches; it can be iterated again.

    Args:
        source: A path, a ``file://`` URL, or a URL (see `open_video`).
        url_presigner: Gives URLs access.
        batch_size: Maximum number of frames in a batch.
        max_batch_bytes: Maximum bytes of pixels in a batch. A batch ends at the bound that it
            reaches first, and has at least one frame.
        padded: Whether pixels get a fourth, unused byte, with which `encode_jpeg` is faster.
        choice: The frames to yield, by default all. They keep their numbers and times in the whole
            video; other frames are decoded only as far as needed.
        resize: The size to scale frames to, as displayed; see `Resize`. Shrinking averages areas,
            enlarging is bicubic.
        transport: The HTTP client to use.

    Raises:
        ConfigurationError: If an argument is out of range.
        VideoError: On entering, see `open_video`; `VideoDecodeError` if not even one frame can be
            decoded. While iterating, `VideoDecodeError` after the last good frame.

    Example:
        ```python
        with FrameExtractor("clip.mp4") as extractor:
            for batch in extractor:
                print(batch.indices[0], batch.frames[0].shape, batch.timestamps[0])
        ```
    """

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
        self._wanted = WantedFrames(
            choice=choice or FrameChoice(), resize=resize, batch_size=batch_size
        )
        self.name = f"The video {describe_source(source)}"
        self._opening = (source, url_presigner, transport)
        self._max_batch_bytes = max_batch_bytes
        self._padded = padded
        self._stack = ExitStack()
        self._iterations: WeakSet[Generator[FrameBatch]] = WeakSet()
        self._video: OpenedVideo | None = None
        self._is_open = False

    @property
    def info(self) -> VideoInfo:
        """The header of the file."""
        return self._opened.info

    @property
    def scan(self) -> VideoScan:
        """A summary of its packets."""
        return self._opened.scan

    @property
    def frame_count(self) -> int:
        """Number of frames of the video, wanted or not, up to where it was decoded.

        Set by iterating.
        """
        return 0 if self._video is None else self._video.frame_count

    @property
    def sizes(self) -> list[tuple[int, int, int]]:
        """First 1-based frame, width and height, as displayed and before ``resize``, of each run.

        A run consists of wanted frames of one size; there are several if the size changes within
        the video. Set by iterating.
        """
        return [] if self._video is None else self._video.sizes

    @property
    def _opened(self) -> OpenedVideo:
        if self._video is None:
            raise ConfigurationError(
                f"{self.name} is not open; use FrameExtractor in a with block."
            )
        return self._video

    def __enter__(self) -> Self:
        source, url_presigner, transport = self._opening
        self._video = self._stack.enter_context(
            opened_video(source, url_presigner=url_presigner, transport=transport)
        )
        self._is_open = True
        _entered.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        _entered.discard(self)
        for iteration in list(self._iterations):
            iteration.close()
        self._stack.close()

    def __iter__(self) -> Iterator[FrameBatch]:
        iteration = self._batches()
        self._iterations.add(iteration)
        return iteration

    def _batches(self) -> Generator[FrameBatch]:
        if not self._is_open:
            raise ConfigurationError(
                f"{self.name} is not open; use FrameExtractor in a with block."
            )
        yield from self._opened.decode(
            self._wanted, max_batch_bytes=self._max_batch_bytes, padded=self._padded
        )
