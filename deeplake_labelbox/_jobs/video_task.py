"""The task of one video, which can run in any thread, process or machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from deeplake_labelbox._store.frames.store import FrameStore, PreparedFrames
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.opened import OpenedVideo, WantedFrames, opened_video
from deeplake_labelbox._video.scan import VideoScan
from deeplake_labelbox._video.sections import Section, sections_of
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import VideoError


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
        """The tasks of the sections of a long video, whose steps `joined` joins.

        Args:
            least: Frames of a section.
            most: Number of sections.

        Returns:
            The tasks; none if the video is short, or is not prepared in sections.
        """
        if self.frames is None or not self.store.takes_sections:
            return []
        sections = sections_of(self.wanted.choice, self.frames, least=least, most=most)
        return [
            replace(self, section=section, name=f"{self.name} [{number}/{len(sections)}]")
            for number, section in enumerate(sections, 1)
        ]

    def run(self) -> Iterator[Step]:
        """Fetch the video and prepare its frames.

        Yields:
            `VideoOpened` unless the video cannot be opened, the batches of its frames, and
            `VideoEnd`. All of them can be pickled.
        """
        with Transport() as transport, ExitStack() as stack:
            video: OpenedVideo | VideoError
            try:
                video = stack.enter_context(self.open(transport))
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
        error, whole = None, True
        if self.section is not None:
            whole = not video.restrict(self.section)
            if whole and self.section.first > 1:
                yield VideoEnd()
                return
        try:
            yield from self.store.prepare(video, self.wanted)
        except VideoError as raised:
            error = raised
        yield VideoEnd(error, video.frame_count, tuple(video.sizes), whole)
