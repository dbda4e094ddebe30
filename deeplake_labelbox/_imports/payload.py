"""Convert the annotations of a video to the lines that Labelbox imports.

There is one line per object with its segments and key frames, one per frame classification with
the frames of its answers, one per global classification, and one for all masks. Their ``uuid`` is
the same every time, so that statuses can be matched and a repeated line overwrites. The format is
that of docs.labelbox.com/reference/import-video-annotations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid5

from deeplake_labelbox._counts import counted, some_of
from deeplake_labelbox._formats.annotations import ObjectTrack, SourceFinding, VideoAnnotations
from deeplake_labelbox._imports.answer_lines import schema_reference, suggestion
from deeplake_labelbox._imports.lines import (
    FrameProblems,
    ImportLine,
    Member,
    Refusal,
    VideoPayload,
)
from deeplake_labelbox._imports.mask_lines import composite_masks
from deeplake_labelbox._imports.object_lines import CROSSES_EDGE, at_frames, drawable, segments_of
from deeplake_labelbox._imports.targets import Target
from deeplake_labelbox._imports.video_answers import answers_of
from deeplake_labelbox._model.annotations import Feature, ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.kinds.vertices import fill
from deeplake_labelbox._model.ontology import Classification, Ontology, Tool

MAX_PER_FEATURE: Final = 5000
"""How many annotations of one name Labelbox accepts per data row."""

LACKING: Final = ("the source does not have; it has", "Nothing was sent.")
"""Words for `check_mapping`."""

_NAMESPACE: Final = UUID("6d0c6f0e-5e4c-5b5f-9d43-2f1f6f3a7c10")
_TRACKS_SHOWN: Final = 5
_NOT_IMPORTED: Final = [name for name, kind in GEOMETRIES.items() if kind.sent_as != name]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadWriter:
    """Writes the lines of videos.

    Attributes:
        project_id: The project.
        ontology: Its ontology.
        mapping: Tool or classification of the project by the name in the source; an empty name
            leaves it out. Names that are not mapped are the same in both.
        tolerance: Greatest error of a coordinate between key frames, in pixels.
        keep_key_frames: Whether key frames that a person drew stay key frames.
    """

    project_id: str
    ontology: Ontology
    mapping: Mapping[str, str]
    tolerance: float
    keep_key_frames: bool

    def kind_of(self, class_name: str) -> str | None:
        """Return the kind of the tool that a class of the source is sent to."""
        tool = self.ontology.tool(Feature(None, self.mapped_name(class_name), None))
        return None if tool is None else tool.kind

    def mapped_name(self, name: str) -> str:
        """Return the project's name for a name in the source; empty if it is left out."""
        return self.mapping.get(name, name)

    def refusals(self, video: VideoAnnotations, reason: str | None) -> Iterator[Refusal]:
        """Yield the objects that the source refuses; with a reason, all annotations."""
        refused: list[tuple[str, str | None, str]] = [
            (item.class_name, item.track, item.reason) for item in video.refused
        ]
        if reason is not None:
            refused += [(track.class_name, track.track, reason) for track in video.tracks]
            answered = (*video.frame_answers, *video.global_answers)
            refused += [(name, None, reason) for name in answered]
        for name, track, why in refused:
            if mapped := self.mapped_name(name):
                yield Refusal(Member(mapped, track), why)

    def write(self, video: VideoAnnotations, target: Target) -> VideoPayload:
        """Convert one video to lines."""
        return _PayloadWriting(self, video, target).payload


@dataclass(frozen=True, slots=True)
class _SentObject:
    """An object, the tool that it is sent to, and its problems."""

    member: Member
    tool: Tool
    track: ObjectTrack
    problems: FrameProblems


class _PayloadWriting:
    def __init__(self, writer: PayloadWriter, video: VideoAnnotations, target: Target) -> None:
        self.payload = VideoPayload()
        self._ontology = writer.ontology
        self._named: tuple[Tool | Classification, ...] = (
            *writer.ontology.tools,
            *writer.ontology.classifications,
        )
        self._writer = writer
        self._video = video
        self._target = target
        self.payload.findings += video.findings
        reason = video.why_other_size(target.size, "Labelbox")
        self.payload.refused += writer.refusals(video, reason)
        if reason is not None:
            return
        self._picture = self._picture_size(video.size, target.size)
        self._masks: list[_SentObject] = []
        self._of_class: dict[tuple[str, str], dict[str, list[int]]] = {}
        self._add_objects()
        self._report_of_classes()
        self._add_answers()
        self._enforce_limit()

    def _add_objects(self) -> None:
        for whole in self._video.tracks:
            name = self._writer.mapped_name(whole.class_name)
            if not name:
                continue
            member = Member(name, whole.track)
            tool = self._tool(name, whole, member)
            if tool is None:
                continue
            problems = FrameProblems()
            track = self._within_video(whole, problems)
            if track is None:
                last = self._target.frame_count
                self._refuse(
                    member,
                    f"it begins in frame {whole.frames[0]}, but the video in Labelbox has only "
                    f"{counted(last or 0, 'frame')}",
                )
                continue
            SENDERS[track.kind](self, _SentObject(member, tool, track, problems))
        self._add_masks()

    def send_key_frames(self, sent: _SentObject) -> None:
        """Send an object as segments of key frames."""
        segments = segments_of(
            sent.track,
            sent.tool,
            picture=self._picture,
            known_frames=self._video.known_frames,
            tolerance=self._writer.tolerance,
            keep_key_frames=self._writer.keep_key_frames,
            report=sent.problems.add,
            report_of_class=sent.problems.add_of_class,
        )
        if segments:
            # Two classes with the same track numbers may be mapped to one name.
            source = f"{sent.track.class_name}/{sent.track.track}"
            identity = f"{sent.tool.kind}/{sent.member.name}/{source}"
            named = schema_reference(sent.tool, self._named)
            self._add(identity, (sent.member,), named, segments=segments)
            self._report(sent.member, sent.problems)
        else:
            self._refuse(sent.member, sent.problems.reason())

    def send_mask(self, sent: _SentObject) -> None:
        """Send an object in the composite masks of the video."""
        self._masks.append(sent)

    def send_filled(self, sent: _SentObject) -> None:
        """Fill the polygons of an object and send it as a mask."""
        size = self._video.size or self._target.size
        if size is None:
            self._refuse(
                sent.member,
                "its polygons cannot be filled, because the size of the video is unknown",
            )
            return
        problems = sent.problems
        track = drawable(sent.track, self._picture, problems.add, problems.add_of_class)
        if not len(track.frames):
            self._refuse(sent.member, problems.reason())
            return
        polygons: Any = track.coordinates
        pixels = [partial(fill, [each], size) for each in polygons]
        mask = replace(track, kind=GEOMETRIES[track.kind].sent_as, coordinates=pixels)
        self.send_mask(replace(sent, track=mask))

    def _tool(self, name: str, track: ObjectTrack, member: Member) -> Tool | None:
        kind = GEOMETRIES[track.kind].sent_as
        tool = self._ontology.tool(Feature(None, name, None), kind)
        if tool is None:
            names = [tool.name for tool in self._ontology.tools]
            self._refuse(member, f"the project has no tool {name!r}{suggestion(name, names)}")
        elif tool.kind in _NOT_IMPORTED:
            self._refuse(member, f"Labelbox cannot import {tool.kind}s to videos")
        elif tool.kind != kind:
            self._refuse(
                member, f"it is a {track.kind}, but the tool in the project is a {tool.kind}"
            )
        else:
            return tool
        return None

    def _within_video(self, track: ObjectTrack, problems: FrameProblems) -> ObjectTrack | None:
        """Return the track on the frames of the video; ``None`` if there are none."""
        last = self._target.frame_count
        if last is None or track.frames[-1] <= last:
            return track
        inside = track.frames <= last
        if not inside.any():
            return None
        after = track.frames[~inside]
        what = f"{counted(len(after), 'frame')} left out: the video in Labelbox has only {last}"
        problems.add(what, after[:1])
        return at_frames(track, inside)

    def _add_masks(self) -> None:
        if not self._masks:
            return
        made = composite_masks(
            [sent.track for sent in self._masks],
            [sent.problems for sent in self._masks],
            size=self._video.size or self._target.size,
            known_frames=self._video.known_frames,
        )
        instances, members = [], []
        for index, sent in enumerate(self._masks):
            if any(sent.track.answers):
                sent.problems.add_of_class(
                    "Labelbox does not import answers of masks", sent.track.frames
                )
            if index not in made.colors:
                reason = sent.problems.reason() or "its masks have no pixel to draw"
                self._refuse(sent.member, reason)
                continue
            self._report(sent.member, sent.problems)
            members.append(sent.member)
            named = schema_reference(sent.tool, self._named)
            instances.append({**named, "colorRGB": list(made.colors[index])})
        if instances:
            self._add(
                "masks", tuple(members), masks={"frames": made.frames, "instances": instances}
            )

    def _add_answers(self) -> None:
        answers = answers_of(
            self._video, self._target, self._ontology.classifications, self._writer.mapped_name
        )
        for answer in answers:
            problems = list(dict.fromkeys(answer.problems))
            if answer.gap is not None:
                self.payload.findings.append(answer.gap)
            if answer.item is None or answer.answer is None:
                reason = "; ".join(problems) or "none of its frames are in the video"
                self._refuse(answer.member, reason)
                continue
            self.payload.findings += map(SourceFinding, problems)
            named = schema_reference(answer.item, self._named)
            self._add(f"answer/{answer.item.name}", (answer.member,), named, answer=answer.answer)

    def _add(
        self,
        identity: str,
        members: tuple[Member, ...],
        named: Mapping[str, str] | None = None,
        **content: Any,
    ) -> None:
        place = f"{self._writer.project_id}/{self._target.data_row_id}"
        uuid = str(uuid5(_NAMESPACE, f"{place}/{identity}"))
        row = {"dataRow": {"id": self._target.data_row_id}}
        self.payload.lines.append(
            ImportLine(uuid, members, {"uuid": uuid, **row, **(named or {}), **content})
        )

    def _enforce_limit(self) -> None:
        """Refuse surplus annotations: with more of a name, Labelbox refuses the whole data row."""
        counts: Counter[str] = Counter()
        kept = []
        for line in self.payload.lines:
            name = str(line.content.get("name", line.content.get("schemaId", "")))
            counts[name] += 1
            if counts[name] <= MAX_PER_FEATURE:
                kept.append(line)
                continue
            for member in line.members:
                self._refuse(
                    member,
                    f"Labelbox accepts at most {MAX_PER_FEATURE} annotations of one name per data "
                    f"row",
                )
        self.payload.lines = kept

    def _refuse(self, member: Member, reason: str) -> None:
        self.payload.refused.append(Refusal(member, reason))

    def _report(self, member: Member, problems: FrameProblems) -> None:
        """Report the problems of an object."""
        for what, frames in problems:
            if what in problems.of_class:
                self._of_class.setdefault((member.name, what), {})[str(member.track)] = frames
                continue
            sentence = f"{member.name!r} {member.track}: {what}"
            self.payload.findings.append(SourceFinding(sentence, min(frames), len(frames)))

    def _report_of_classes(self) -> None:
        """Report problems of several objects of a class once."""
        for (name, what), tracks in self._of_class.items():
            shown = some_of(list(tracks), _TRACKS_SHOWN)
            frames = [frame for each in tracks.values() for frame in each]
            sentence = f"{name!r} {shown}: {what}"
            is_note = what == CROSSES_EDGE
            found = SourceFinding(sentence, min(frames), len(frames), is_note=is_note)
            self.payload.findings.append(found)

    @staticmethod
    def _picture_size(
        drawn_on: tuple[int, int] | None, shown: tuple[int, int] | None
    ) -> tuple[int, int] | None:
        """Return width and height; both are the longer side if they may be swapped."""
        if drawn_on and shown and drawn_on != shown:
            return max(shown), max(shown)
        return shown or drawn_on


SENDERS: Final[Mapping[ToolKind, Callable[[_PayloadWriting, _SentObject], None]]] = {
    "rectangle": _PayloadWriting.send_key_frames,
    "point": _PayloadWriting.send_key_frames,
    "line": _PayloadWriting.send_key_frames,
    "polygon": _PayloadWriting.send_filled,
    "raster-segmentation": _PayloadWriting.send_mask,
}
"""How an object is sent, by its kind."""
