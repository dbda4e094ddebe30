"""Read the tasks of a CVAT file: which frames of which video they cover.

The numbers of a file count frames of the video from 0. A task may begin later (``start_frame``) and
have only every n-th frame (``frame_filter``, "step=n"). In the export of a project the numbers
continue: those of a task follow all earlier tasks (by id) of its subset, each of which takes
``start_frame + step * size``; every subset begins at 0. Source: `ProjectData` in CVAT's
``dataset_manager/bindings.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import Element

from deeplake_labelbox._counts import some_of
from deeplake_labelbox.errors import AnnotationSourceError

_FRAME_FILTER = re.compile(r"\s*step\s*=\s*([1-9]\d*)\s*")
_DEFAULT_SUBSET = "default"
_NUMBERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CvatTask:
    """A task or a job.

    Attributes:
        names: Possible names of its video, best first.
        source: The file name of its video, if known.
        size: Width and height of the pictures in pixels, if known.
        start: Its first frame, from 0.
        last: Its last frame; ``None`` if unknown.
        step: Frames of the video from one of its frames to the next.
        offset: Difference between the numbers in the file and those of the video.
        stop_frame: Its ``stop_frame`` in the file.
    """

    names: tuple[str, ...]
    source: str | None = None
    size: tuple[int, int] | None = None
    start: int = 0
    last: int | None = None
    step: int = 1
    offset: int = 0
    stop_frame: int | None = None

    @property
    def video(self) -> object:
        """Key that tasks of the same video share; an unnamed video has only one task."""
        return (self.source, self.size) if self.source else self

    def shares_no_frame_with(self, other: CvatTask) -> bool:
        """Return whether two tasks of one video are known to share no frame."""
        if self.last is None or other.last is None:
            return False
        frames = range(self.start, self.last + 1, self.step)
        return frozenset(frames).isdisjoint(range(other.start, other.last + 1, other.step))

    def has(self, frame: int) -> bool:
        """Return whether the task has a frame of the video, counted from 0."""
        if frame < self.start or (frame - self.start) % self.step:
            return False
        return self.last is None or frame <= self.last

    def last_before(self, frame: int) -> int:
        """Return the last frame of the task before a frame of the video, from 0."""
        last = self.start + (frame - 1 - self.start) // self.step * self.step
        return last if self.last is None else min(last, self.last)

    def frames_in_words(self, numbers: Sequence[int]) -> str:
        """Describe frame numbers of the file that the task does not have, and its range."""
        shown = some_of(list(map(str, numbers)), _NUMBERS_SHOWN)
        last = "" if self.last is None else f" and ends at {self.last + self.offset}"
        step = "" if self.step == 1 else f", in steps of {self.step}"
        return (
            f"{'frame' if len(numbers) == 1 else 'frames'} {shown} in the file, but its task "
            f"begins at {self.start + self.offset}{last}{step}"
        )


class CvatTasks:
    """The tasks that the ``<meta>`` of a file describes.

    Args:
        root: The ``<annotations>``.
        path: The file, for messages.

    Raises:
        AnnotationSourceError: If a number cannot be read, or the frames of two tasks cannot be
            distinguished.
    """

    def __init__(self, root: Element, path: Path) -> None:
        self._path = path
        self._by_id: dict[str | None, CvatTask] = {}
        meta = root.find("meta")
        if meta is None:
            meta = Element("meta")
        project = meta.find("project")
        elements = meta.findall("task") or meta.findall("job")
        beside = [meta]
        if project is not None:
            elements = [*project.iterfind("tasks/task"), *project.iterfind("task")]
            beside = [project, meta]
        if len(elements) > 1:
            # Elements next to several tasks do not belong to any of them.
            beside = []
        for element in elements:
            self._by_id[element.findtext("id")] = self._task(element, beside)
        if project is not None:
            self._set_offsets(elements, root)
        if not elements:
            self._by_id[None] = self._task(Element("task"), beside)

    def find(self, task_id: str | None) -> CvatTask | None:
        """Find the task of a track by its ``task_id``, which only tracks of projects have."""
        if task_id is None and len(self._by_id) == 1:
            return next(iter(self._by_id.values()))
        return self._by_id.get(task_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def _task(self, element: Element, beside: list[Element]) -> CvatTask:
        places = [element, *beside]
        source = _text(places, "source")
        names = [source, _text([element], "name")]
        start = self._number([element], "start_frame") or 0
        step = self._step(element)
        stop = self._number([element], "stop_frame")
        count = self._number([element], "size")
        ends = [] if stop is None else [start + (stop - start) // step * step]
        ends += [] if count is None else [start + step * (count - 1)]
        width, height = (
            self._number(places, f"original_size/{side}") for side in ("width", "height")
        )
        return CvatTask(
            names=tuple(dict.fromkeys(name for name in names if name)) or (self._path.stem,),
            source=source,
            size=(width, height) if width and height else None,
            start=start,
            last=min(ends, default=None),
            step=step,
            stop_frame=stop,
        )

    def _set_offsets(self, elements: list[Element], root: Element) -> None:
        """Set the offsets of a project's tasks."""
        subsets = self._subsets(elements, root)
        next_offset: dict[str, int] = {}
        for element in sorted(elements, key=self._id):
            task_id = element.findtext("id")
            task, subset = self._by_id[task_id], subsets[task_id]
            offset = next_offset.setdefault(subset, 0)
            self._by_id[task_id] = replace(task, offset=offset)
            if task.last is not None:
                count = self._number([element], "size")
                if count is None:
                    count = (task.last - task.start) // task.step + 1
                next_offset[subset] = offset + task.start + task.step * count
            elif any(subsets[e.findtext("id")] == subset for e in elements if e is not element):
                raise AnnotationSourceError(
                    f"{self._path} does not have the size of task {task_id}, so the frames of the "
                    f"other tasks of its subset are unknown; export each task separately."
                )

    def _subsets(self, elements: list[Element], root: Element) -> Mapping[str | None, str]:
        """Find the subset of each task.

        Tracks name it reliably. In the ``<meta>``, tasks without a subset are in "default", like
        those of a subset of that name, although CVAT numbers them separately.
        """
        subsets = {
            track.get("task_id"): str(track.get("subset"))
            for track in root.iter("track")
            if track.get("subset")
        }
        listed = (root.findtext("meta/project/subsets") or "").split("\n")
        for element in elements:
            task_id, subset = element.findtext("id"), element.findtext("subset")
            name = (subset or "").strip() or _DEFAULT_SUBSET
            if task_id not in subsets and name == _DEFAULT_SUBSET and listed.count(name) > 1:
                raise AnnotationSourceError(
                    f"{self._path} has two subsets named {name!r}, and it is unclear to which of "
                    f"them task {task_id} belongs; export each task separately."
                )
            subsets.setdefault(task_id, name)
        return subsets

    def _id(self, element: Element) -> int:
        number = self._number([element], "id")
        if number is None:
            raise AnnotationSourceError(f"{self._path} has a <task> without an <id>.")
        return number

    def _step(self, element: Element) -> int:
        text = element.findtext("frame_filter") or ""
        if not text.strip():
            return 1
        match = _FRAME_FILTER.fullmatch(text)
        if match is None:
            raise AnnotationSourceError(
                f"{self._path} has a <frame_filter> {text!r}, which is not like 'step=5'."
            )
        return int(match[1])

    def _number(self, places: list[Element], tag: str) -> int | None:
        text = _text(places, tag)
        try:
            number = int(text) if text else None
        except ValueError as error:
            raise AnnotationSourceError(
                f"{self._path} has a <{tag.rpartition('/')[2]}> {text!r}, which is not a whole "
                f"number."
            ) from error
        if number is not None and number < 0:
            raise AnnotationSourceError(f"{self._path} has a negative <{tag}> {number}.")
        return number


def _text(places: list[Element], tag: str) -> str | None:
    """Return the first text of a tag in the places."""
    texts = ((place.findtext(tag) or "").strip() for place in places)
    return next(filter(None, texts), None)
