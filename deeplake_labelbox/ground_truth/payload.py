"""The annotations of a video to the lines that Labelbox imports.

A line an object with its segments and key frames; a line a frame classification with the frames
inside its answers; a line a global classification; one line for all masks. Each has a ``uuid`` of
ours that is the same every time, so that statuses can be matched and a repeated line overwrites.
The form is that of docs.labelbox.com/reference/import-video-annotations.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.ground_truth.annotations import ObjectTrack, VideoAnnotations
from deeplake_labelbox.ground_truth.answer_lines import reference
from deeplake_labelbox.ground_truth.lines import Line, Member, Refusal, VideoPayload
from deeplake_labelbox.ground_truth.mask_lines import composite_masks
from deeplake_labelbox.ground_truth.object_lines import at_frames, segments_of
from deeplake_labelbox.ground_truth.targets import Target
from deeplake_labelbox.ground_truth.video_answers import answers_of
from deeplake_labelbox.project.annotations import Feature
from deeplake_labelbox.project.ontology import Classification, Ontology, Tool

MAX_PER_FEATURE: Final = 5000
"""How many annotations of one name Labelbox takes for a data row."""

_NAMESPACE: Final = UUID("6d0c6f0e-5e4c-5b5f-9d43-2f1f6f3a7c10")
_KEY_FRAME_KINDS: Final = ("rectangle", "point", "line")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadWriter:
    """Writes the lines of one video after the other.

    Attributes:
        project_id: The project.
        ontology: Its ontology.
        mapping: Tool or classification of the project by the name in the source; an empty name
            leaves it out. Other names are the same in both.
        tolerance: How far a coordinate between key frames may be from its value, in pixels.
        keep_key_frames: Whether the frames that a person drew stay key frames.
    """

    project_id: str
    ontology: Ontology
    mapping: Mapping[str, str]
    tolerance: float
    keep_key_frames: bool

    def kind_of(self, class_name: str) -> str | None:
        """Kind of the tool that a class of the source goes to."""
        tool = self.ontology.tool(Feature(None, self.goal(class_name), None))
        return None if tool is None else tool.kind

    def goal(self, name: str) -> str:
        """The name in the project of a name in the source; empty if it is left out."""
        return self.mapping.get(name, name)

    def write(self, video: VideoAnnotations, target: Target) -> VideoPayload:
        """The lines of one video."""
        return _Writing(self, video, target).payload


class _Writing:
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
        self.payload.gaps += [(f.what, f.frame, f.count) for f in video.findings]
        # A rotated video may be told as it lies in the file.
        if target.size and video.size and sorted(target.size) != sorted(video.size):
            reason = (
                f"it was drawn on {video.size[0]} x {video.size[1]} pixels, the video in Labelbox "
                f"has {target.size[0]} x {target.size[1]}"
            )
            for member in self._members():
                self._refuse(member, reason)
            return
        self._objects()
        self._answers()
        self._keep_limit()

    def _members(self) -> Iterator[Member]:
        for track in self._video.tracks:
            yield Member(track.class_name, track.track)
        for name in (*self._video.frame_answers, *self._video.global_answers):
            yield Member(name)

    def _objects(self) -> None:
        masks: list[tuple[Member, Tool, ObjectTrack]] = []
        for whole in self._video.tracks:
            goal = self._writer.goal(whole.class_name)
            member = Member(goal or whole.class_name, whole.track)
            if not goal:
                continue
            tool = self._tool(goal, whole, member)
            track = whole if tool is None else self._within_video(whole, member)
            if tool is None or not len(track.frames):
                continue
            if track.kind == "raster-segmentation":
                masks.append((member, tool, track))
                continue
            segments = segments_of(
                track,
                tool,
                known_frames=self._video.known_frames,
                tolerance=self._writer.tolerance,
                keep_key_frames=self._writer.keep_key_frames,
                report=self._reporter(member),
            )
            if segments:
                # Two classes of the source may become one, and number their tracks alike.
                identity = f"{tool.kind}/{goal}/{whole.class_name}/{whole.track}"
                self._add(identity, (member,), reference(tool, self._named), segments=segments)
            else:
                self._refuse(member, "none of its frames can be drawn")
        self._masks(masks)

    def _tool(self, name: str, track: ObjectTrack, member: Member) -> Tool | None:
        tool = self._ontology.tool(Feature(None, name, None), track.kind)
        if tool is None:
            names = [tool.name for tool in self._ontology.tools]
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names) or 'none'}"
            self._refuse(member, f"the project has no tool {name!r}; {hint}")
        elif "polygon" in (track.kind, tool.kind):
            self._refuse(member, "Labelbox cannot import polygons to videos")
        elif tool.kind != track.kind:
            self._refuse(member, f"it is a {track.kind}, the tool in the project a {tool.kind}")
        elif tool.kind not in (*_KEY_FRAME_KINDS, "raster-segmentation"):
            self._refuse(member, f"Labelbox cannot import a {tool.kind} to videos")
        else:
            return tool
        return None

    def _within_video(self, track: ObjectTrack, member: Member) -> ObjectTrack:
        last = self._target.frame_count
        if last is None or track.frames[-1] <= last:
            return track
        inside = track.frames <= last
        what = f"the video in Labelbox has {last} frames"
        if inside.any():
            self._reporter(member)(f"left out after the end, {what}", track.frames[~inside])
        else:
            self._refuse(member, f"it begins in frame {track.frames[0]}, {what}")
        return at_frames(track, inside)

    def _masks(self, masks: list[tuple[Member, Tool, ObjectTrack]]) -> None:
        if not masks:
            return
        made = composite_masks(
            [track for _, _, track in masks],
            size=self._video.size or self._target.size,
            known_frames=self._video.known_frames,
            report=lambda what, frames: self.payload.gaps.append(
                (what, int(frames[0]), len(frames))
            ),
        )
        instances, members = [], []
        for index, (member, tool, track) in enumerate(masks):
            if any(track.answers):
                self._reporter(member)("Labelbox imports no answers of masks", track.frames)
            if index not in made.colours:
                self._refuse(member, "its masks have no pixel that can be drawn")
                continue
            members.append(member)
            named = reference(tool, self._named)
            instances.append({**named, "colorRGB": list(made.colours[index])})
        if instances:
            self._add(
                "masks", tuple(members), masks={"frames": made.frames, "instances": instances}
            )

    def _answers(self) -> None:
        answers = answers_of(
            self._video, self._target, self._ontology.classifications, self._writer.goal
        )
        for told in answers:
            problems = list(dict.fromkeys(told.problems))
            if told.gap is not None:
                self.payload.gaps.append(told.gap)
            if told.item is None or told.answer is None:
                reason = "; ".join(problems) or "none of its frames are in the video"
                self._refuse(told.member, reason)
                continue
            self.payload.gaps += [(problem, None, 1) for problem in problems]
            named = reference(told.item, self._named)
            self._add(f"answer/{told.item.name}", (told.member,), named, answer=told.answer)

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
            Line(uuid, members, {"uuid": uuid, **row, **(named or {}), **content})
        )

    def _keep_limit(self) -> None:
        """Labelbox refuses the whole import of a data row with more of a feature."""
        counts: dict[str, int] = {}
        kept = []
        for line in self.payload.lines:
            name = str(line.content.get("name", line.content.get("schemaId", "")))
            counts[name] = counts.get(name, 0) + 1
            if counts[name] <= MAX_PER_FEATURE:
                kept.append(line)
                continue
            for member in line.members:
                self._refuse(
                    member,
                    f"Labelbox takes at most {MAX_PER_FEATURE} annotations of a name per data row",
                )
        self.payload.lines = kept

    def _refuse(self, member: Member, reason: str) -> None:
        self.payload.refused.append(Refusal(member, reason))

    def _reporter(self, member: Member) -> Any:
        seen: dict[str, int] = {}

        def report(what: str, frames: NDArray[np.int64]) -> None:
            sentence = f"{member.name!r} {member.track}: {what}"
            if sentence in seen:
                before, first, count = self.payload.gaps[seen[sentence]]
                self.payload.gaps[seen[sentence]] = (before, first, count + len(frames))
                return
            seen[sentence] = len(self.payload.gaps)
            self.payload.gaps.append((sentence, int(frames[0]), len(frames)))

        return report
