"""Convert answers from Labelbox's import form to export JSON, checked against the ontology."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.annotation_values import refusal
from deeplake_labelbox.sandbox.content import FrameClassification, LabelAnswer
from deeplake_labelbox.sandbox.ontology import named, option_named, slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deeplake_labelbox.sandbox.identifiers import FeatureIds

Ranges = tuple[tuple[int, int], ...]
Path = tuple[str | int, ...]


class ClassificationReader:
    """Reads the answers of one label.

    Args:
        ids: Where the label's feature ids come from.
        last_frame: Number of the video's last frame; None if unknown.
    """

    def __init__(self, ids: FeatureIds, last_frame: int | None = None) -> None:
        self._ids = ids
        self._last_frame = last_frame

    def answered(
        self, given: object, schemas: list[dict[str, Any]], path: Path, where: str
    ) -> list[dict[str, Any]]:
        """Convert a list of ``{"name", "answer"}`` to classifications of the export format.

        Args:
            given: The list as given; None is an empty list.
            schemas: The classifications of the ontology that are allowed here.
            path: Identifies the classified object, for its feature ids.
            where: The same in words, for messages.

        Raises:
            SandboxError: A name, an option or an answer does not fit the ontology.
        """
        if given is None:
            return []
        if not isinstance(given, list):
            raise refusal(where, "needs its classifications as a list")
        answered = []
        for entry in given:
            schema = self._schema(entry, schemas, where)
            here = f"classification '{schema['name']}' of {where}"
            answered.append(self._answer(entry, schema, (*path, schema["name"]), here))
        names = [classification["name"] for classification in answered]
        for name in names:
            if names.count(name) > 1:
                raise refusal(where, f"answers classification '{name}' twice; answer it once")
        return answered

    def over_frames(
        self, entry: dict[str, Any], schema: dict[str, Any], path: Path, where: str
    ) -> FrameClassification:
        """Read an answer with its frame ranges, in any of the three forms that Labelbox accepts.

        The ranges are next to ``answer``, inside it, or inside each of a list of answers; only the
        last form can express answers that change over time.

        Raises:
            SandboxError: An answer does not fit the ontology, has no frames, or two answers
                of a radio or text are on the same frame.
        """
        answer = _answer_of(entry, where)
        shared = entry.get("frames")
        parts = answer if isinstance(answer, list) else [answer]
        spans = []
        for part in parts:
            frames = part.get("frames", shared) if isinstance(part, dict) else shared
            ranges_of_part = _ranges(frames, self._last_frame, where)
            for held, settled in self._split_ranges(part, schema, ranges_of_part, where):
                spans.append(LabelAnswer(held, self._read_answer(settled, schema, path, where)))
        if schema["type"] != "checklist":
            ranges = sorted(pair for span in spans for pair in span.ranges)
            for (_, end), (start, _) in itertools.pairwise(ranges):
                if start <= end:
                    raise refusal(where, f"has two answers on frame {start}; give one")
        return FrameClassification(self._ids.of(*path), schema, tuple(spans))

    def _split_ranges(
        self, part: object, schema: dict[str, Any], ranges: Ranges, where: str
    ) -> Iterator[tuple[Ranges, object]]:
        """Split an answer into frame ranges if the answers below it have frames, too."""
        nested = part.get("classifications") if isinstance(part, dict) else None
        entries = nested if isinstance(nested, list) else []
        edges = {edge for entry in entries for edge in self._edges(entry, where)}
        if not isinstance(part, dict) or not edges:
            yield ranges, part
            return
        _, schemas, _ = self._option(part, schema, where)
        for start, end in ranges:
            starts = sorted({start, *(edge for edge in edges if start < edge <= end)})
            for first, following in itertools.pairwise([*starts, end + 1]):
                below = self._answered_on(first, entries, schemas, where)
                yield ((first, following - 1),), {**part, "classifications": below}

    def _edges(self, entry: object, where: str) -> Iterator[int]:
        """Return the frames on which an answer, or one below it, starts or ends."""
        answer = _answer_of(entry, where) if isinstance(entry, dict) else None
        for part in answer if isinstance(answer, list) else [answer]:
            if isinstance(part, dict) and part.get("frames") is not None:
                for start, end in _ranges(part["frames"], self._last_frame, where):
                    yield from (start, end + 1)
                for nested in part.get("classifications") or ():
                    yield from self._edges(nested, where)

    def _answered_on(
        self, frame: int, entries: list[Any], schemas: list[dict[str, Any]], where: str
    ) -> list[dict[str, Any]]:
        """Return the answers on a frame, without their frames."""
        answered = []
        for entry in entries:
            schema = self._schema(entry, schemas, where)
            answer = _answer_of(entry, where)
            parts = []
            for part in answer if isinstance(answer, list) else [answer]:
                if not isinstance(part, dict) or part.get("frames") is None:
                    parts.append(part)
                    continue
                ranges = _ranges(part["frames"], self._last_frame, where)
                if any(start <= frame <= end for start, end in ranges):
                    settled = {key: value for key, value in part.items() if key != "frames"}
                    if settled.get("classifications"):
                        _, below, _ = self._option(part, schema, where)
                        nested = settled["classifications"]
                        settled["classifications"] = self._answered_on(frame, nested, below, where)
                    parts.append(settled)
            if schema["type"] != "checklist" and len(parts) > 1:
                raise refusal(where, f"has two answers to '{schema['name']}' on frame {frame}")
            if parts:
                given = parts if schema["type"] == "checklist" else parts[0]
                answered.append({"name": schema["name"], "answer": given})
        return answered

    def _schema(self, entry: object, schemas: list[dict[str, Any]], where: str) -> dict[str, Any]:
        if not isinstance(entry, dict) or not (entry.get("name") or entry.get("schemaId")):
            raise refusal(
                where, "has a classification without a name; write {'name': ..., 'answer': ...}"
            )
        name = entry.get("name")
        if name is None:
            for schema in schemas:
                if schema["featureSchemaId"] == entry["schemaId"]:
                    return schema
            raise refusal(where, f"has no classification with schema id '{entry['schemaId']}'")
        found = named(schemas, name)
        if found is None:
            known = ", ".join(f"'{schema['name']}'" for schema in schemas) or "none"
            raise refusal(where, f"has no classification '{name}' in the ontology; it has {known}")
        return found

    def _answer(
        self, entry: dict[str, Any], schema: dict[str, Any], path: Path, where: str
    ) -> dict[str, Any]:
        answer = _answer_of(entry, where)
        if schema["type"] == "checklist" and not isinstance(answer, list):
            raise refusal(where, "is a checklist; give its answer as a list of {'name': ...}")
        if schema["type"] != "checklist" and isinstance(answer, list):
            raise refusal(where, f"is a {schema['type']}; give it one answer, not a list")
        parts = answer if isinstance(answer, list) else [answer]
        answers = [self._read_answer(part, schema, path, where) for part in parts]
        return export_form(self._ids.of(*path), schema, answers)

    def _read_answer(
        self, part: object, schema: dict[str, Any], path: Path, where: str
    ) -> dict[str, Any]:
        if schema["type"] == "text":
            text = part.get("value") if isinstance(part, dict) else part
            if not isinstance(text, str):
                raise refusal(where, "is a text; give its answer as a string")
            return {"content": text}
        option, below, nested = self._option(part, schema, where)
        option_path = (*path, option["value"])
        here = f"option '{option['value']}' of {where}"
        return {
            "feature_id": self._ids.of(*option_path),
            "feature_schema_id": option["featureSchemaId"],
            "name": option["label"],
            "value": option["value"],
            "classifications": self.answered(nested, below, option_path, here),
        }

    @staticmethod
    def _option(
        part: object, schema: dict[str, Any], where: str
    ) -> tuple[dict[str, Any], list[dict[str, Any]], Any]:
        """Return the option that an answer names, its nested classifications and their answers."""
        name = part.get("name", part.get("schemaId")) if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(name, str):
            raise refusal(where, f"is a {schema['type']}; give an answer as {{'name': option}}")
        options: list[dict[str, Any]] = schema["options"]
        by_id = (option for option in options if option["featureSchemaId"] == name)
        option = option_named(schema, name) if "name" in part else next(by_id, None)
        if option is None:
            known = ", ".join(f"'{known['value']}'" for known in options)
            raise refusal(where, f"has no option '{name}'; its options are {known}")
        return option, option["options"], part.get("classifications")


def export_form(
    feature_id: str, schema: dict[str, Any], answers: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return a classification of the export format with these answers."""
    answered = (
        {"checklist_answers": answers}
        if schema["type"] == "checklist"
        else {f"{schema['type']}_answer": answers[0]}
    )
    return {
        "feature_id": feature_id,
        "feature_schema_id": schema["featureSchemaId"],
        "name": schema["name"],
        "value": slug(schema["name"]),
        **answered,
    }


def has_frames(entry: dict[str, Any]) -> bool:
    """Return whether an entry contains frame ranges anywhere."""
    answer = entry.get("answer", entry.get("answers"))
    parts = answer if isinstance(answer, list) else [answer]
    return "frames" in entry or any(isinstance(part, dict) and "frames" in part for part in parts)


def _answer_of(entry: dict[str, Any], where: str) -> Any:
    if "answer" in entry:
        return entry["answer"]
    if "answers" in entry:
        return entry["answers"]
    raise refusal(where, "has no 'answer'")


def _ranges(given: object, last_frame: int | None, where: str) -> Ranges:
    if not isinstance(given, list) or not given:
        raise refusal(where, "is per frame; give its 'frames': [{'start': ..., 'end': ...}]")
    ranges = []
    for entry in given:
        start, end = (
            (entry.get("start"), entry.get("end")) if isinstance(entry, dict) else (None, None)
        )
        if type(start) is not int or type(end) is not int or start < 1 or end < start:
            raise refusal(where, f"has the frame range {entry!r}; write 1 <= start <= end")
        if last_frame is not None and end > last_frame:
            raise refusal(where, f"is on frame {end}, but the video has {last_frame} frames")
        ranges.append((start, end))
    return tuple(sorted(ranges))
