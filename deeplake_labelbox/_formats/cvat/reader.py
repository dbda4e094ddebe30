"""Read CVAT for video 1.1: XML with a ``track`` for each object and a shape for each frame.

The XML is read with `defusedxml`: the parsers of the standard library expand entities, so a small
malicious file could fill the memory ("billion laughs") or read other files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import (
    AnnotationSource,
    KindOf,
    RefusedObject,
    SourceFinding,
    VideoAnnotations,
)
from deeplake_labelbox._formats.cvat.tasks import CvatTask, CvatTasks
from deeplake_labelbox._formats.cvat.tracks import read_track
from deeplake_labelbox._formats.registry import FORMATS
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._formats.tracks import TrackBuilder
from deeplake_labelbox._model.annotations import AnswerKind
from deeplake_labelbox.errors import AnnotationSourceError

_INPUTS: Final[Mapping[str, AnswerKind]] = {
    "select": "radio",
    "radio": "radio",
    "checkbox": "radio",
    "number": "text",
    "text": "text",
}
"""Kind of classification by CVAT's ``input_type`` of an attribute."""


class CvatSource:
    """A file of CVAT for video: the export of a project, a task or a job.

    A track with a shape that Labelbox does not have, or that cannot be read, is refused completely:
    nothing is guessed between its other shapes.

    Args:
        path: The XML file.
        options: Options for reading; a data row names the video of a file that has only one.
        may_be_empty: Whether it may have no track.

    Raises:
        AnnotationSourceError: If there is no such file, or it has another format.
    """

    def __init__(
        self, path: str | Path, options: ReadOptions, *, may_be_empty: bool = False
    ) -> None:
        self._path = Path(path)
        self._data_row = options.data_row
        try:
            root = ElementTree.parse(self._path).getroot()
        except (OSError, ParseError, ValueError, DefusedXmlException) as error:
            raise AnnotationSourceError(
                f"{path} cannot be read as XML ({type(error).__name__}: {error})."
            ) from error
        if root is not None and root.tag == "annotations" and root.find("image") is not None:
            raise AnnotationSourceError(
                f"{path} is an export of 'CVAT for images', which has no tracks. Export the task "
                f"as 'CVAT for video 1.1'."
            )
        if root is None or root.tag != "annotations":
            raise AnnotationSourceError(
                f"{path} is not a file of CVAT for video; it needs <annotations> with <track> "
                f"elements. Export the task as 'CVAT for video 1.1'."
            )
        self._labels = frozenset(
            name.text for name in root.iterfind("meta//labels/label/name") if name.text
        )
        self._questions = dict(_questions(root))
        self._tracks: dict[str | None, list[tuple[str, Element]]] = {}
        names: set[str] = set()
        for index, track in enumerate(root.iter("track")):
            name = track.get("id") or f"#{index}"
            if name in names:
                # Merged files may repeat track numbers.
                name = f"{name}#{index}"
            names.add(name)
            self._tracks.setdefault(track.get("task_id"), []).append((name, track))
        if not self._tracks and not may_be_empty:
            raise AnnotationSourceError(f"{path} has no <track>, so there is nothing to import.")
        self._tasks = CvatTasks(root, self._path)
        self._videos = self._by_video()
        if self._tracks and not self._videos:
            raise AnnotationSourceError(
                f"{path} has tracks of tasks that its <meta> does not have. Export the task as "
                f"'CVAT for video 1.1'."
            )
        options.check_one_video(path, len(self))

    def __len__(self) -> int:
        return len(self._videos) + sum(self._tasks.find(key) is None for key in self._tracks)

    @property
    def names(self) -> frozenset[str]:
        """The labels that its <meta> declares."""
        return self._labels

    @property
    def questions(self) -> Mapping[str, tuple[AnswerKind, tuple[str, ...]]]:
        """Kind and options of each attribute in its <meta>, by name."""
        return self._questions

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - each shape has one geometry
        """Yield the annotations of each video; tasks of the same video are merged."""
        for task_id, tracks in self._tracks.items():
            if self._tasks.find(task_id) is None:
                yield self._without_task(task_id, tracks)
        for tasks in self._videos:
            yield self._video(tasks)

    def _by_video(self) -> list[dict[str | None, CvatTask]]:
        """Group the tasks with tracks: tasks of one video that share no frame."""
        videos: list[dict[str | None, CvatTask]] = []
        for task_id in self._tracks:
            task = self._tasks.find(task_id)
            if task is None:
                continue
            for others in videos:
                if all(
                    task.video == other.video and task.shares_no_frame_with(other)
                    for other in others.values()
                ):
                    others[task_id] = task
                    break
            else:
                videos.append({task_id: task})
        return videos

    def _without_task(
        self, task_id: str | None, tracks: list[tuple[str, Element]]
    ) -> VideoAnnotations:
        reason = f"its task {task_id} is not in the <meta> of the file"
        if task_id is None:
            reason = f"it does not name its task, and the file has {len(self._tasks)}"
        return VideoAnnotations(
            data_row=(f"{self._path.name}, task {task_id or 'unknown'}",),
            refused=[RefusedObject(_label(track), name, reason) for name, track in tracks],
        )

    def _video(self, tasks: dict[str | None, CvatTask]) -> VideoAnnotations:
        tracks = [
            (name, element, task)
            for key, task in tasks.items()
            for name, element in self._tracks[key]
        ]
        builder = TrackBuilder()
        findings: list[SourceFinding] = []
        occluded: list[int] = []
        # Later masks are painted over earlier ones.
        for name, element, task in sorted(tracks, key=lambda entry: _z_order(entry[1])):
            label = _label(element)
            try:
                track = read_track(element, task)
            except ValueError as error:
                builder.refuse(label, name, str(error))
                continue
            for shape in track.on_every_frame(task):
                builder.add(
                    label,
                    track.kind,
                    name,
                    shape.frame + 1,
                    shape.value,
                    answers=shape.answers,
                    drawn=shape.drawn,
                )
            occluded += track.occluded
            findings += [
                SourceFinding(
                    f"{label!r} {name}: {what}",
                    min(frames) + 1 if frames else None,
                    len(frames) or 1,
                )
                for what, frames in track.problems.items()
            ]
        if occluded:
            what = "'occluded' is not imported, because Labelbox has no such mark"
            findings.append(SourceFinding(what, min(occluded) + 1, len(occluded), is_note=True))
        if grouped := sum(element.get("group_id", "0") != "0" for _, element, _ in tracks):
            what = "a 'group_id' is not imported, because Labelbox has no groups"
            findings.append(SourceFinding(what, None, grouped, is_note=True))
        names = dict.fromkeys(name for task in tasks.values() for name in task.names)
        return VideoAnnotations(
            data_row=tuple(names) if self._data_row is None else (self._data_row,),
            tracks=builder.tracks(),
            pictures=_pictures(tasks.values()),
            size=next(iter(tasks.values())).size,
            findings=(*builder.findings(), *findings),
            refused=builder.refused(),
        )


class CvatFolder:
    """The files ``annotations.xml`` of a folder; some may have no track.

    They are in the folder itself, in a folder for each video, or in such folders for each split.

    Args:
        path: The folder.
        options: Options for reading.

    Raises:
        AnnotationSourceError: If there are none, one of them cannot be read, or none has a track.
    """

    def __init__(self, path: str | Path, options: ReadOptions) -> None:
        files = sorted(f for at in FORMATS["cvat"].patterns for f in Path(path).glob(at))
        self._sources = [CvatSource(file, options, may_be_empty=True) for file in files]
        if not len(self):
            raise AnnotationSourceError(
                f"{path} has no annotations.xml of CVAT with a <track>, neither directly nor in "
                f"folders of videos or splits; pass the file or folder that has it."
            )
        options.check_one_video(path, len(self))

    def __len__(self) -> int:
        return sum(map(len, self._sources))

    @property
    def names(self) -> frozenset[str]:
        """The labels that the files declare."""
        return frozenset().union(*(source.names for source in self._sources))

    @property
    def questions(self) -> Mapping[str, tuple[AnswerKind, tuple[str, ...]]]:
        """Kind and options of each attribute, by name."""
        return {
            name: question
            for source in self._sources
            for name, question in source.questions.items()
        }

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video, file by file."""
        for source in self._sources:
            yield from source.videos(kind_of)


def open_cvat(path: str, options: ReadOptions) -> AnnotationSource:
    """Open a file or a folder of files; see `Read`."""
    return CvatFolder(path, options) if Path(path).is_dir() else CvatSource(path, options)


def _questions(root: Element) -> Iterator[tuple[str, tuple[AnswerKind, tuple[str, ...]]]]:
    for attribute in root.iterfind("meta//labels/label/attributes/attribute"):
        name, kind = attribute.findtext("name"), attribute.findtext("input_type") or ""
        if name and kind.strip() in _INPUTS:
            values = (attribute.findtext("values") or "").split("\n")
            if kind.strip() == "checkbox":
                values = ["true", "false"]  # as CVAT writes its answers
            question = _INPUTS[kind.strip()]
            yield name, (question, tuple(values) if question == "radio" else ())


def _label(track: Element) -> str:
    return track.get("label") or "(no label)"


def _pictures(tasks: Collection[CvatTask]) -> NDArray[np.int64] | None:
    """Return the frames of tasks, from 1; ``None`` if the end of a task is unknown."""
    frames = [
        np.arange(task.start + 1, task.last + 2, task.step, dtype=np.int64)
        for task in tasks
        if task.last is not None
    ]
    return np.sort(np.concatenate(frames)) if len(frames) == len(tasks) else None


def _z_order(track: Element) -> int:
    """Return the layer of a track, from its first shape."""
    shape = next(iter(track), None)
    try:
        return int("0" if shape is None else shape.get("z_order", "0"))
    except ValueError:
        return 0
