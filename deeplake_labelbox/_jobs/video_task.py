"""The task of one video, which can run in any thread or process, or on any machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from deeplake_labelbox._store.frames.store import FrameStore, PreparedFrames
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.decoded_frames import DecodedFrames, joined_frames
from deeplake_labelbox._video.opened import OpenedVideo, WantedFrames, opened_video
from deeplake_labelbox._video.scan import VideoScan
from deeplake_labelbox._video.sections import Section, sections_of
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import VideoError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VideoOpened:
    """A video was fetched, and its packets were scanned."""

    info: VideoInfo
    scan: VideoScan


@dataclass(frozen=True, slots=True)
class VideoEnd:
    """A video has no further frames.

    Attributes:
        error: The error, if the video could not be fetched or fully decoded.
        frame_count: See `OpenedVideo`.
        sizes: See `OpenedVideo`.
        whole: Whether it is the end of the whole video, not of one of its sections.
    """

    error: VideoError | None = None
    frame_count: int = 0
    sizes: tuple[tuple[int, int, int], ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class VideoRestarted:
    """A video starts again after a worker was lost; `VideoOpened` and further frames follow.

    Attributes:
        rows: Number of frames of the video that stay valid; the frames after them are sent again.
    """

    rows: int = 0


Step: TypeAlias = VideoOpened | PreparedFrames | VideoRestarted | VideoEnd
"""A step of a task: the opened video, some of its prepared frames, or its end.

Only engines yield `VideoRestarted`.
"""


@dataclass(frozen=True, slots=True)
class VideoTask:
    """Fetches a video and prepares its frames; it can be pickled if its presigner can be.

    Attributes:
        source: Path or URL of the video.
        wanted: Which frames are wanted.
        store: The store that prepares them.
        url_presigner: Gives access to private URLs.
        name: Name of the video in messages.
        frames: Declared number of frames, if known.
        section: The part of the video to prepare; ``None``: all of it. If the file does not allow
            sections (`OpenedVideo.restrict`), the task of the first section prepares the whole
            video, and the other tasks prepare nothing.
    """

    source: str
    wanted: WantedFrames
    store: FrameStore[Any]
    url_presigner: UrlPresigner | None = None
    name: str = ""
    frames: int | None = None
    section: Section | None = None

    def in_sections(self, *, least: int, most: int) -> list[VideoTask]:
        """Return the tasks of a long video's sections.

        `joined` joins the steps of their `run`. If the store needs sections to be decoded only,
        their `decode` is called instead, and its results are passed to `run` of one task for the
        whole video.

        Args:
            least: Minimum number of frames in a section.
            most: Maximum number of sections.

        Returns:
            The tasks; empty if the video is short, or is not prepared in sections.
        """
        if self.frames is None or self.store.section_tasks is None:
            return []
        sections = sections_of(self.wanted.choice, self.frames, least=least, most=most)
        return [
            replace(self, section=section, name=f"{self.name} [{number}/{len(sections)}]")
            for number, section in enumerate(sections, 1)
        ]

    def decode(self) -> DecodedFrames | None:
        """Fetch the video and decode its section.

        Returns:
            The frames of the section; None if it cannot be fetched or decoded. If the file does not
            allow sections, the first section's task returns the frames of the whole video, and the
            other tasks return None.
        """
        with Transport() as transport:
            try:
                with self.open(transport) as video:
                    if self._restrict(video):
                        return DecodedFrames.of(video, self.wanted.choice)
            except VideoError as error:
                logger.info("%s: %s", self.name, error)  # the task of the whole video reports it
        return None

    def run(self, decoded: Sequence[DecodedFrames | None] = ()) -> Iterator[Step]:
        """Fetch the video and prepare its frames.

        Args:
            decoded: The results of `decode` for its sections, if they were decoded.

        Yields:
            `VideoOpened` unless the video cannot be opened, the batches of its frames, and
            `VideoEnd`. All of them can be pickled.
        """
        with Transport() as transport, ExitStack() as stack:
            video: OpenedVideo | VideoError
            try:
                video = stack.enter_context(self.open(transport))
                video.frames = joined_frames(decoded, video.scan) if decoded else None
            except VideoError as error:
                video = error
            yield from self.steps(video)

    def open(self, transport: Transport) -> AbstractContextManager[OpenedVideo]:
        """Return a context manager that fetches the video when it is entered.

        Args:
            transport: The HTTP client to use.

        Raises:
            VideoError: On entering, if the video cannot be opened.
        """
        return opened_video(self.source, url_presigner=self.url_presigner, transport=transport)

    def steps(self, video: OpenedVideo | VideoError) -> Iterator[Step]:
        """Prepare the frames of a video, or only yield the error if it could not be opened."""
        if isinstance(video, VideoError):
            yield VideoEnd(video)
            return
        yield VideoOpened(video.info, video.scan)
        error = None
        if not self._restrict(video):
            yield VideoEnd()
            return
        try:
            yield from self.store.prepare(video, self.wanted)
        except VideoError as raised:
            error = raised
        yield VideoEnd(error, video.frame_count, tuple(video.sizes), video.section is None)

    def _restrict(self, video: OpenedVideo) -> bool:
        """Restrict the video to the section; return False if this task has nothing to do."""
        return self.section is None or video.restrict(self.section) or self.section.first == 1
