"""Join the steps of a video's sections into those of one video."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from deeplake_labelbox._jobs.video_task import Step, VideoEnd, VideoOpened, VideoRestarted
from deeplake_labelbox._video.sections import joined_sizes


def joined(sections: Iterable[Iterator[Step]]) -> Generator[Step, None, bool]:
    """Join the steps of tasks of `VideoTask.in_sections`, or pass on those of a whole video.

    Args:
        sections: The steps of each section, read one section after the other.

    Yields:
        The steps of one video: its rows, sizes and end are those of a task for the whole video.

    Returns:
        Whether the end of the video was yielded. If not, a section failed or came from another
        file, and the yielded steps are not valid.
    """
    opened: VideoOpened | None = None
    ends: list[VideoEnd] = []
    rows = 0
    for section in sections:
        found, rows, end = yield from _of_section(section, rows, opened)
        if not ends and end.whole:
            yield end
            return True
        opened = opened or found
        if end.whole or end.error is not None or found != opened:
            return False
        ends.append(end)
    if len({end.frame_count for end in ends}) != 1:
        return False
    yield VideoEnd(frame_count=ends[0].frame_count, sizes=joined_sizes(end.sizes for end in ends))
    return True


def _of_section(
    section: Iterator[Step], rows: int, opened: VideoOpened | None
) -> Generator[Step, None, tuple[VideoOpened | None, int, VideoEnd]]:
    """Yield the steps of a section except its end.

    Args:
        section: Its steps.
        rows: Number of frames of the sections before it.
        opened: The `VideoOpened` of the first section; None for the first section itself.

    Returns:
        Its `VideoOpened`, the number of frames of the video up to its end, and its end.
    """
    found, count = opened, rows
    for step in section:
        if isinstance(step, VideoEnd):
            return found, count, step
        if isinstance(step, VideoRestarted):
            count = rows
            yield VideoRestarted(rows)
            if opened is not None:
                yield opened
        elif isinstance(step, VideoOpened):
            found = step
            if opened is None:
                yield step
        else:
            count += len(step)
            yield step
    raise ValueError("a task ends with VideoEnd")
