"""Annotations in Labelbox's import NDJSON form, checked against the ontology."""

from __future__ import annotations

import base64
import binascii
import itertools
import math
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.sandbox.classification_input import ClassificationReader, has_frames
from deeplake_labelbox.sandbox.content import KeyFrame, LabelContent, Segment, Track
from deeplake_labelbox.sandbox.identifiers import FeatureIds, Identifiers
from deeplake_labelbox.sandbox.masks import colors_in
from deeplake_labelbox.sandbox.ontology import named

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
    mask_format: MaskFormat = "composite",
    classification_segments: ClassificationSegments = "answer",
) -> LabelContent:
    """The content of a label from its annotations.

    Args:
        annotations: One dict an annotation, as a line of an import file without ``dataRow``. Two
            additions say what the import form cannot: ``end`` on a segment lets an object stay
            after its last key frame, and ``segments`` beside ``masks`` gives the intervals on
            which the masks are visible.
        ontology: A complete ``normalized`` dict.
        identifiers: Where feature ids come from.
        mask_format: Which kind of mask URL exports hand out.
        classification_segments: Under whose feature id exports list the segments of frame
            classifications.

    Raises:
        ConfigurationError: An annotation does not fit the ontology or the form.
    """
    ids = FeatureIds(identifiers)
    reader = _Reader(ontology, ids)
    for number, annotation in enumerate(annotations):
        reader.read(number, annotation)
    return LabelContent(
        tracks=tuple(reader.tracks),
        frame_classifications=tuple(reader.frame_classifications),
        classifications=tuple(reader.classifications),
        composite_masks=reader.composite_masks,
        composite_mask_id=ids.of("composite mask"),
        mask_format=mask_format,
        classification_segments=classification_segments,
    )


class _Reader:
    def __init__(self, ontology: dict[str, Any], ids: FeatureIds) -> None:
        self.tracks: list[Track] = []
        self.frame_classifications: list[FrameClassification] = []
        self.classifications: list[dict[str, Any]] = []
        self.composite_masks: dict[int, bytes] = {}
        self._ontology = ontology
        self._ids = ids
        self._answers = ClassificationReader(ids)

    def read(self, number: int, annotation: dict[str, Any]) -> None:
        where = f"annotation {number}"
        if not isinstance(annotation, dict):
            raise _refusal(where, "is not a dict")
        if "masks" in annotation:
            self._read_masks(number, annotation, where)
            return
        feature = self._feature(annotation, where)
        where = f"annotation {number} ('{feature['name']}')"
        if "tool" in feature:
            self._read_object(number, annotation, feature, where)
        else:
            self._read_classification(annotation, feature, where)

    def _feature(self, annotation: dict[str, Any], where: str) -> dict[str, Any]:
        features: list[dict[str, Any]] = [
            *self._ontology["tools"],
            *self._ontology["classifications"],
        ]
        if "name" in annotation:
            found = named(features, annotation["name"])
            if found is None:
                known = ", ".join(f"'{feature['name']}'" for feature in features) or "nothing"
                raise _refusal(
                    where,
                    f"names '{annotation['name']}', which the ontology does not have; "
                    f"it has {known}",
                )
            return found
        for feature in features:
            if feature["featureSchemaId"] == annotation.get("schemaId", ""):
                return feature
        raise _refusal(where, "has neither a 'name' nor a 'schemaId' of the ontology")

    def _read_classification(
        self, annotation: dict[str, Any], schema: dict[str, Any], where: str
    ) -> None:
        path = ("classification", schema["name"])
        taken = [classification["name"] for classification in self.classifications]
        taken += [known.schema["name"] for known in self.frame_classifications]
        if schema["name"] in taken:
            raise _refusal(
                where, "answers a classification twice in one label; put all answers in one"
            )
        if schema.get("scope") == "index":
            self.frame_classifications.append(
                self._answers.over_frames(annotation, schema, path, where)
            )
        elif has_frames(annotation):
            raise _refusal(
                where, "gives frames to a global classification; its scope is not 'index'"
            )
        else:
            self.classifications += self._answers.answered(
                [annotation], [schema], ("classification",), where
            )

    def _read_object(
        self, number: int, annotation: dict[str, Any], tool: dict[str, Any], where: str
    ) -> None:
        if tool["tool"] not in _GEOMETRY:
            hint = "; give its masks as {'masks': …}" if "segmentation" in tool["tool"] else ""
            raise _refusal(where, f"is a {tool['tool']}, which has no key frames in a video{hint}")
        if not isinstance(annotation.get("segments"), list) or not annotation["segments"]:
            raise _refusal(where, "needs 'segments': [{'keyframes': […]}]")
        segments = []
        for entry in annotation["segments"]:
            frames = entry.get("keyframes") if isinstance(entry, dict) else None
            if not isinstance(frames, list) or not frames:
                raise _refusal(where, "has a segment without 'keyframes'")
            keys = sorted(
                (self._key_frame(number, key, tool, where) for key in frames),
                key=lambda key: key.frame,
            )
            end = entry.get("end", keys[-1].frame)
            if type(end) is not int:
                raise _refusal(where, f"has a segment whose end is {end!r}; give a frame number")
            segments.append(Segment(keys[0].frame, max(keys[-1].frame, end), tuple(keys)))
        segments.sort(key=lambda segment: segment.start)
        for segment in segments:
            drawn = [key.frame for key in segment.key_frames]
            if len(set(drawn)) < len(drawn):
                raise _refusal(where, f"has two key frames on one frame ({drawn})")
        for earlier, later in itertools.pairwise(segments):
            if later.start <= earlier.end:
                raise _refusal(where, f"has two segments on frame {later.start}")
        self.tracks.append(
            Track(self._ids.of("object", number), tool, _GEOMETRY[tool["tool"]][1], tuple(segments))
        )

    def _key_frame(self, number: int, key: object, tool: dict[str, Any], where: str) -> KeyFrame:
        if not isinstance(key, dict):
            raise _refusal(where, f"has the key frame {key!r}; write {{'frame': …}}")
        frame = _frame_number(key.get("frame"), where)
        here = f"{where} on frame {frame}"
        payload, _ = _GEOMETRY[tool["tool"]]
        if payload not in key:
            raise _refusal(here, f"is a {tool['tool']}; give its key frame a '{payload}'")
        for other, _ in _GEOMETRY.values():
            if other != payload and other in key:
                raise _refusal(here, f"is a {tool['tool']}; its key frame cannot have a '{other}'")
        value = key[payload]
        geometry: dict[str, Any]
        if payload == "bbox":
            geometry = {"bounding_box": _numbers(value, ("top", "left", "height", "width"), here)}
        elif payload == "point":
            geometry = {"point": _numbers(value, ("x", "y"), here)}
        elif isinstance(value, list) and value:
            geometry = {"line": [_numbers(vertex, ("x", "y"), here) for vertex in value]}
        else:
            raise _refusal(here, "needs its line as a list of {'x': …, 'y': …}")
        classifications = self._answers.answered(
            key.get("classifications"), tool["classifications"], ("object", number), here
        )
        return KeyFrame(frame, geometry, classifications)

    def _read_masks(self, number: int, annotation: dict[str, Any], where: str) -> None:
        masks = annotation["masks"]
        if not isinstance(masks, dict) or not masks.get("frames") or not masks.get("instances"):
            raise _refusal(where, "needs 'masks': {'frames': […], 'instances': […]}")
        drawn: dict[int, set[tuple[int, int, int]]] = {}
        for entry in masks["frames"]:
            frame = _frame_number(entry.get("index"), where)
            if frame in self.composite_masks:
                raise _refusal(
                    where, f"has a second composite mask on frame {frame}; draw all in one"
                )
            png = _decoded(entry.get("imBytes"), f"{where} on frame {frame}")
            self.composite_masks[frame] = png
            drawn[frame] = colors_in(png, f"{where} on frame {frame}")
        intervals = [_interval(pair, where) for pair in annotation.get("segments", [])]
        seen = set()
        for position, instance in enumerate(masks["instances"]):
            tool = self._feature(instance, where)
            if tool.get("tool") != "raster-segmentation":
                raise _refusal(
                    where, f"draws '{tool['name']}', which is no raster-segmentation tool"
                )
            color = _color(instance.get("colorRGB"), where)
            if color in seen:
                raise _refusal(where, f"has two instances of the color {list(color)}")
            seen.add(color)
            segments = _mask_segments(drawn, color, intervals)
            if not segments:
                raise _refusal(where, f"has no pixel of the color {list(color)} ('{tool['name']}')")
            feature_id = self._ids.of("object", number, position)
            self.tracks.append(Track(feature_id, tool, _MASK_KIND, segments, color))


def _mask_segments(
    drawn: dict[int, set[tuple[int, int, int]]],
    color: tuple[int, int, int],
    intervals: list[tuple[int, int]],
) -> tuple[Segment, ...]:
    """The visible intervals of an instance: it ends where a composite mask is drawn without it."""
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


def _mask_segment(frames: list[int], end: int) -> Segment:
    return Segment(frames[0], end, tuple(KeyFrame(frame, {}, []) for frame in frames))


def _frame_number(value: object, where: str) -> int:
    if type(value) is not int or value < 1:
        raise _refusal(where, f"has the frame number {value!r}; frames are whole numbers from 1")
    return value


def _numbers(value: object, names: tuple[str, ...], where: str) -> dict[str, float]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise _refusal(where, f"needs {', '.join(names)} in its geometry, not {value!r}")
    for name in names:
        number = value[name]
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number):
            raise _refusal(where, f"has {name} = {number!r}; give a number of pixels")
    return {name: float(value[name]) for name in names}


def _interval(pair: object, where: str) -> tuple[int, int]:
    numbers = list(pair) if isinstance(pair, list | tuple) else []
    if [type(number) for number in numbers] != [int, int] or not 1 <= numbers[0] <= numbers[1]:
        raise _refusal(
            where, f"has the segment {pair!r}; write [start, end] with 1 <= start <= end"
        )
    return numbers[0], numbers[1]


def _color(value: object, where: str) -> tuple[int, int, int]:
    parts = list(value) if isinstance(value, list | tuple) else []
    if [type(part) for part in parts] != [int, int, int] or not all(0 <= c <= 255 for c in parts):
        raise _refusal(
            where, f"has the colorRGB {value!r}; write [red, green, blue], each 0 to 255"
        )
    if not any(parts):
        raise _refusal(where, "has an instance of the color black, which is the background")
    return parts[0], parts[1], parts[2]


def _decoded(value: object, where: str) -> bytes:
    if not isinstance(value, str | bytes):
        raise _refusal(where, "needs its composite mask as base64 PNG in 'imBytes'")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(
            f"The composite mask of {where} has imBytes that are no base64."
        ) from error


def _refusal(where: str, fault: str) -> ConfigurationError:
    return ConfigurationError(f"{where[0].upper()}{where[1:]} {fault}.")
