"""The task of one video, which can run in any thread, process or machine."""

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
        error: Why it has none, if it could not be fetched or fully decoded.
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
    """A video starts again, after a worker was lost: `VideoOpened` follows, and further frames.

    Attributes:
        rows: Frames of the video that still count; those after them come again.
    """

    rows: int = 0


Step: TypeAlias = VideoOpened | PreparedFrames | VideoRestarted | VideoEnd
"""What a task yields: the opened video, its prepared frames, and its end.

Only engines yield `VideoRestarted`.
"""


@dataclass(frozen=True, slots=True)
class VideoTask:
    """Fetches a video and prepares its frames; it can be pickled if its presigner can be.

    Attributes:
        source: Path or URL of the video.
        wanted: Which frames are wanted.
        store: How they are stored.
        url_presigner: Gives access to private URLs.
        name: Name of the video, for people.
        frames: How many frames the video is said to have, if known.
        section: The part of the video to prepare; ``None``: all of it. Where the file does not
            allow sections (`OpenedVideo.restrict`), the task of the first prepares the whole video,
            and the tasks of the others prepare nothing.
    """

    source: str
    wanted: WantedFrames
    store: FrameStore[Any]
    url_presigner: UrlPresigner | None = None
    name: str = ""
    frames: int | None = None
    section: Section | None = None

    def in_sections(self, *, least: int, most: int) -> list[VideoTask]:
        """The tasks of the sections of a long video.

        `joined` joins the steps that they `run`. Where the store only has sections decoded, they
        `decode`, and one task for the whole video is `run` with what they found.

        Args:
            least: Frames of a section.
            most: Number of sections.

        Returns:
            The tasks; none if the video is short, or is not prepared in sections.
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
            Its frames; those of the whole video from the task of the first section where the file
            does not allow sections; None if it cannot be fetched or decoded.
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
            decoded: What the tasks of its sections found, if they were decoded.

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
        """Fetch the video, when it is entered.

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
        """Restrict the video to the section; False if this task has nothing to do."""
        return self.section is None or video.restrict(self.section) or self.section.first == 1
