"""Read annotations in Labelbox's import NDJSON form, checked against the ontology."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.annotation_values import (
    frame_interval,
    frame_number,
    geometry_numbers,
    instance_color,
    mask_png,
    refusal,
)
from deeplake_labelbox.sandbox.classification_input import ClassificationReader, has_frames
from deeplake_labelbox.sandbox.content import LabelContent, LabelKeyFrame, LabelSegment, LabelTrack
from deeplake_labelbox.sandbox.identifiers import FeatureIds, Identifiers
from deeplake_labelbox.sandbox.masks import colors_in
from deeplake_labelbox.sandbox.ontology import features_of, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deeplake_labelbox.sandbox.content import (
        ClassificationSegments,
        FrameClassification,
        MaskFormat,
    )

# Tool kind to (key of a key frame in the import form, annotation_kind of the export form).
_GEOMETRY = {
    "rectangle": ("bbox", "VideoBoundingBox"),
    "point": ("point", "VideoPoint"),
    "line": ("line", "VideoPolyline"),
}
_MASK_KIND = "VideoSegmentationMask"


def read_annotations(
    annotations: Iterable[dict[str, Any]],
    ontology: dict[str, Any],
    identifiers: Identifiers,
    *,
    ids: FeatureIds | None = None,
    mask_format: MaskFormat = "composite",
    classification_segments: ClassificationSegments = "answer",
) -> LabelContent:
    """Read the content of a label from its annotations.

    Args:
        annotations: One dict per annotation, like a line of an import file without ``dataRow``. Two
            additions express what the import form cannot: ``end`` on a segment lets an object stay
            after its last key frame, and ``segments`` beside ``masks`` gives the intervals on
            which the masks are visible.
        ontology: A complete ``normalized`` dict.
        identifiers: Where feature ids come from.
        ids: Feature ids that the label has already; an annotation with the same ``uuid`` (or,
            without one, the same place in the list) keeps its feature id.
        mask_format: Kind of mask URL in exports.
        classification_segments: Whose feature id exports use to list the segments of frame
            classifications.

    Raises:
        SandboxError: An annotation does not fit the ontology or the form.
    """
    reader = LabelReader(ontology, ids or FeatureIds(identifiers))
    for number, annotation in enumerate(annotations):
        reader.read(number, annotation)
    return reader.content(
        identifiers, mask_format=mask_format, classification_segments=classification_segments
    )


class LabelReader:
    """Reads the annotations of one label one by one; a refused annotation changes nothing.

    Args:
        ontology: A complete ``normalized`` dict.
        ids: The label's feature ids.
        last_frame: Number of the video's last frame; None if unknown.
        extended: Whether ``end`` and ``segments`` are accepted, which Labelbox does not accept.
    """

    def __init__(
        self,
        ontology: dict[str, Any],
        ids: FeatureIds,
        *,
        last_frame: int | None = None,
        extended: bool = True,
    ) -> None:
        self._tracks: list[LabelTrack] = []
        self._frame_classifications: list[FrameClassification] = []
        self._classifications: list[dict[str, Any]] = []
        self._composite_masks: dict[int, bytes] = {}
        self._ontology = ontology
        self._ids = ids
        self._last_frame = last_frame
        self._extended = extended
        self._answers = ClassificationReader(ids, last_frame)

    def content(
        self,
        identifiers: Identifiers,
        *,
        mask_format: MaskFormat = "composite",
        classification_segments: ClassificationSegments = "answer",
    ) -> LabelContent:
        """Return everything read so far."""
        return LabelContent(
            tracks=tuple(self._tracks),
            frame_classifications=tuple(self._frame_classifications),
            classifications=tuple(self._classifications),
            composite_masks=self._composite_masks,
            # The masks of an edited label get new files.
            composite_mask_id=identifiers.new(),
            mask_format=mask_format,
            classification_segments=classification_segments,
        )

    def read(self, number: int, annotation: dict[str, Any]) -> None:
        """Read one annotation; ``number`` identifies it in messages.

        Raises:
            SandboxError: It does not fit the ontology, the form or the video.
        """
        where = f"annotation {number}"
        if not isinstance(annotation, dict):
            raise refusal(where, "is not a dict")
        key = annotation.get("uuid", number)
        if not isinstance(key, str | int):
            raise refusal(where, f"has the uuid {key!r}; give a string")
        if "masks" in annotation:
            self._read_masks(key, annotation, where)
            return
        feature = self._feature(annotation, where)
        where = f"annotation {number} ('{feature['name']}')"
        if "tool" in feature:
            self._read_object(key, annotation, feature, where)
        else:
            self._read_classification(annotation, feature, where)

    def _feature(self, annotation: dict[str, Any], where: str) -> dict[str, Any]:
        features = features_of(self._ontology)
        if "name" in annotation:
            found = named(features, annotation["name"])
            if found is None:
                known = ", ".join(f"'{feature['name']}'" for feature in features) or "nothing"
                raise refusal(
                    where,
                    f"names '{annotation['name']}', which the ontology does not have; "
                    f"it has {known}",
                )
            return found
        for feature in features:
            if feature["featureSchemaId"] == annotation.get("schemaId", ""):
                return feature
        raise refusal(where, "has neither a 'name' nor a 'schemaId' of the ontology")

    def _read_classification(
        self, annotation: dict[str, Any], schema: dict[str, Any], where: str
    ) -> None:
        path = ("classification", schema["name"])
        taken = [classification["name"] for classification in self._classifications]
        taken += [known.schema["name"] for known in self._frame_classifications]
        if schema["name"] in taken:
            raise refusal(
                where, "answers a classification twice in one label; put all answers in one"
            )
        if schema.get("scope") == "index":
            self._frame_classifications.append(
                self._answers.over_frames(annotation, schema, path, where)
            )
        elif has_frames(annotation):
            raise refusal(
                where, "gives frames to a global classification; its scope is not 'index'"
            )
        else:
            self._classifications += self._answers.answered(
                [annotation], [schema], ("classification",), where
            )

    def _read_object(
        self, number: str | int, annotation: dict[str, Any], tool: dict[str, Any], where: str
    ) -> None:
        if tool["tool"] not in _GEOMETRY:
            hint = "; give its masks as {'masks': ...}" if "segmentation" in tool["tool"] else ""
            raise refusal(where, f"is a {tool['tool']}, which has no key frames in a video{hint}")
        if not isinstance(annotation.get("segments"), list) or not annotation["segments"]:
            raise refusal(where, "needs 'segments': [{'keyframes': [...]}]")
        segments = [self._segment(number, entry, tool, where) for entry in annotation["segments"]]
        segments.sort(key=lambda segment: segment.start)
        for segment in segments:
            drawn = [key.frame for key in segment.key_frames]
            if len(set(drawn)) < len(drawn):
                raise refusal(where, f"has two key frames on one frame ({drawn})")
        for earlier, later in itertools.pairwise(segments):
            if later.start <= earlier.end:
                raise refusal(where, f"has two segments on frame {later.start}")
        self._tracks.append(
            LabelTrack(
                self._ids.of("object", number), tool, _GEOMETRY[tool["tool"]][1], tuple(segments)
            )
        )

    def _segment(
        self, number: str | int, entry: object, tool: dict[str, Any], where: str
    ) -> LabelSegment:
        frames = entry.get("keyframes") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(frames, list) or not frames:
            raise refusal(where, "has a segment without 'keyframes'")
        keys = sorted(
            (self._key_frame(number, key, tool, where) for key in frames),
            key=lambda key: key.frame,
        )
        if not self._extended and "end" in entry:
            raise refusal(where, "has a segment with the unknown key 'end'")
        end = entry.get("end", keys[-1].frame)
        if type(end) is not int:
            raise refusal(where, f"has a segment whose end is {end!r}; give a frame number")
        return LabelSegment(keys[0].frame, max(keys[-1].frame, end), tuple(keys))

    def _key_frame(
        self, number: str | int, key: object, tool: dict[str, Any], where: str
    ) -> LabelKeyFrame:
        if not isinstance(key, dict):
            raise refusal(where, f"has the key frame {key!r}; write {{'frame': ...}}")
        frame = frame_number(key.get("frame"), self._last_frame, where)
        here = f"{where} on frame {frame}"
        payload, _ = _GEOMETRY[tool["tool"]]
        if payload not in key:
            raise refusal(here, f"is a {tool['tool']}; give its key frame a '{payload}'")
        for other, _ in _GEOMETRY.values():
            if other != payload and other in key:
                raise refusal(here, f"is a {tool['tool']}; its key frame cannot have a '{other}'")
        value = key[payload]
        geometry: dict[str, Any]
        if payload == "bbox":
            geometry = {
                "bounding_box": geometry_numbers(value, ("top", "left", "height", "width"), here)
            }
        elif payload == "point":
            geometry = {"point": geometry_numbers(value, ("x", "y"), here)}
        elif isinstance(value, list) and value:
            geometry = {"line": [geometry_numbers(vertex, ("x", "y"), here) for vertex in value]}
        else:
            raise refusal(here, "needs its line as a list of {'x': ..., 'y': ...}")
        classifications = self._answers.answered(
            key.get("classifications"), tool["classifications"], ("object", number), here
        )
        return LabelKeyFrame(frame, geometry, classifications)

    def _read_masks(self, number: str | int, annotation: dict[str, Any], where: str) -> None:
        masks = annotation["masks"]
        if not isinstance(masks, dict) or not masks.get("frames") or not masks.get("instances"):
            raise refusal(where, "needs 'masks': {'frames': [...], 'instances': [...]}")
        if not self._extended and "segments" in annotation:
            raise refusal(where, "has the unknown key 'segments' next to its masks")
        drawn: dict[int, set[tuple[int, int, int]]] = {}
        composites: dict[int, bytes] = {}
        for entry in masks["frames"]:
            frame = frame_number(entry.get("index"), self._last_frame, where)
            if frame in self._composite_masks or frame in composites:
                raise refusal(
                    where, f"has a second composite mask on frame {frame}; draw all in one"
                )
            png = mask_png(entry.get("imBytes"), f"{where} on frame {frame}")
            composites[frame] = png
            drawn[frame] = colors_in(png, f"{where} on frame {frame}")
        intervals = [frame_interval(pair, where) for pair in annotation.get("segments", [])]
        seen = set()
        tracks = []
        for position, instance in enumerate(masks["instances"]):
            tool = self._feature(instance, where)
            if tool.get("tool") != "raster-segmentation":
                raise refusal(
                    where, f"draws '{tool['name']}', which is not a raster-segmentation tool"
                )
            color = instance_color(instance.get("colorRGB"), where)
            if color in seen:
                raise refusal(where, f"has two instances of the color {list(color)}")
            seen.add(color)
            segments = _mask_segments(drawn, color, intervals)
            if not segments:
                raise refusal(where, f"has no pixel of the color {list(color)} ('{tool['name']}')")
            feature_id = self._ids.of("object", number, position)
            tracks.append(LabelTrack(feature_id, tool, _MASK_KIND, segments, color))
        self._composite_masks |= composites
        self._tracks += tracks


def _mask_segments(
    drawn: dict[int, set[tuple[int, int, int]]],
    color: tuple[int, int, int],
    intervals: list[tuple[int, int]],
) -> tuple[LabelSegment, ...]:
    """Return the visible intervals of an instance; a composite mask without it ends one."""
    keys = [frame for frame in sorted(drawn) if color in drawn[frame]]
    if not keys:
        return ()
    segments = []
    for start, end in intervals or [(keys[0], keys[-1])]:
        run: list[int] = []
        for frame in sorted(frame for frame in drawn if start <= frame <= end):
            if color in drawn[frame]:
                run.append(frame)
            elif run:
                segments.append(_mask_segment(run, frame - 1))
                run = []
        if run:
            segments.append(_mask_segment(run, end))
    return tuple(segments)


def _mask_segment(frames: list[int], end: int) -> LabelSegment:
    return LabelSegment(frames[0], end, tuple(LabelKeyFrame(frame, {}, []) for frame in frames))
