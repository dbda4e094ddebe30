"""Import annotations: ground truth, and pre-labels that wait for a labeler.

As in Labelbox, each line is accepted or refused on its own: a finished import may have refused
every line. The names of errors are the sandbox's own; Labelbox's are not documented.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.annotation_input import LabelReader
from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.identifiers import FeatureIds
from deeplake_labelbox.sandbox.labeling import Labeling
from deeplake_labelbox.sandbox.remote_files import RemoteFileError, fetch
from deeplake_labelbox.sandbox.store import ImportRecord

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import (
        AssignmentRecord,
        DataRowRecord,
        ImportKind,
        ImportState,
        ProjectRecord,
        Store,
    )

    # Annotations by the number of their line.
    _Lines = list[tuple[int, dict[str, Any]]]

Refuse = Callable[[dict[str, Any]], str | None]

_MAX_PER_FEATURE = 5000


class _RefusedLineError(Exception):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class AnnotationImports:
    """The annotation imports of a sandbox, and how the next ones behave.

    Attributes:
        next_polls: How many polls of the next import answer RUNNING after its creation, which
            always does; then reset to 0.
        next_state: State in which the next import ends, then reset to "FINISHED"; a "FAILED"
            import changes nothing.
        keep_deep_nesting: Whether answers below an answer of an object are kept; Labelbox silently
            drops them.
        refuse: Called with every line; if it returns a message, the line is refused with it.
    """

    def __init__(self, store: Store, urls: FileUrls) -> None:
        self.next_polls = 0
        self.next_state: ImportState = "FINISHED"
        self.keep_deep_nesting = False
        self.refuse: Refuse | None = None
        self._store = store
        self._urls = urls

    def named(self, kind: ImportKind, project_id: str, name: str) -> ImportRecord | None:
        """Return an import by its name, which is unique in its project."""
        for record in self._store.imports.values():
            if (record.kind, record.project_id, record.name) == (kind, project_id, name):
                return record
        return None

    def forget_files(self) -> None:
        """Expire the files of all imports so far, as Labelbox does after a day."""
        for record in self._store.imports.values():
            record.files.clear()

    def fetch_masks(self, annotation: dict[str, Any]) -> None:
        """Replace the URLs in ``instanceURI`` with the pictures."""
        masks = annotation.get("masks")
        frames = masks.get("frames") if isinstance(masks, dict) else None
        for frame in frames if isinstance(frames, list) else []:
            if isinstance(frame, dict) and "instanceURI" in frame and "imBytes" not in frame:
                try:
                    png = fetch(str(frame.pop("instanceURI")), self._store, self._urls)
                except RemoteFileError as error:
                    raise _RefusedLineError("MaskNotFound", str(error)) from error
                frame["imBytes"] = base64.b64encode(png).decode()

    def run(
        self,
        kind: ImportKind,
        project: ProjectRecord,
        name: str,
        ndjson: bytes,
        input_url: str | None = None,
    ) -> ImportRecord:
        """Import a file of annotations; ``input_url`` is the client's URL of it, if it has one."""
        record = ImportRecord(
            id=self._store.identifiers.new(),
            kind=kind,
            project_id=project.id,
            name=name,
            state=self.next_state,
            # Labelbox starts an import after its reply.
            polls_left=max(self.next_polls, 1),
            files={"inputs": ndjson},
            input_url=input_url,
        )
        self.next_polls, self.next_state = 0, "FINISHED"
        self._store.imports[record.id] = record
        statuses: list[dict[str, Any]] = []
        if record.state == "FINISHED":
            try:
                lines = [json.loads(line) for line in ndjson.split(b"\n") if line.strip()]
            except ValueError:
                record.state = "FAILED"
            else:
                run = _Run(self, self._store, kind, project)
                statuses = run.statuses(lines)
        record.files["statuses"] = _ndjson(statuses)
        record.files["errors"] = _ndjson([each for each in statuses if each["errors"]])
        return record


class _Run:
    def __init__(
        self, imports: AnnotationImports, store: Store, kind: ImportKind, project: ProjectRecord
    ) -> None:
        self._imports = imports
        self._store = store
        self._kind = kind
        self._project = project
        self._uuids: set[str] = set()

    def statuses(self, lines: list[Any]) -> list[dict[str, Any]]:
        """Import all lines and return the status of each, in order."""
        statuses: list[dict[str, Any]] = []
        of_row: dict[str, _Lines] = {}
        for number, line in enumerate(lines):
            status: dict[str, Any] = {
                "uuid": None,
                "dataRow": None,
                "status": "SUCCESS",
                "errors": [],
            }
            statuses.append(status)
            try:
                annotation, row = self._checked_line(line, status)
            except _RefusedLineError as refusal:
                _refuse(status, refusal)
            else:
                of_row.setdefault(row.id, []).append((number, annotation))
        for row_id, of_one in of_row.items():
            target = _Target(self._store, self._kind, self._project, row_id)
            for number, why in target.write(of_one).items():
                _refuse(statuses[number], why)
        return statuses

    def _checked_line(
        self, line: object, status: dict[str, Any]
    ) -> tuple[dict[str, Any], DataRowRecord]:
        if not isinstance(line, dict):
            raise _RefusedLineError("InvalidAnnotation", "The line is not a JSON object")
        annotation = dict(line)
        uuid = annotation.setdefault("uuid", self._store.identifiers.new())
        reference = annotation.pop("dataRow", None)
        status |= {"uuid": uuid, "dataRow": reference}
        row = self._row(reference)
        if not isinstance(uuid, str) or uuid in self._uuids:
            raise _RefusedLineError(
                "InvalidUuid", f"The uuid {uuid!r} must be a string that occurs once in an import"
            )
        self._uuids.add(uuid)
        reason = self._imports.refuse(line) if self._imports.refuse else None
        if reason is not None:
            raise _RefusedLineError("Refused", reason)
        if not self._imports.keep_deep_nesting:
            _drop_deep_nesting(annotation)
        self._imports.fetch_masks(annotation)
        return annotation, row

    def _row(self, reference: object) -> DataRowRecord:
        given = reference if isinstance(reference, dict) else {}
        row_id, key = str(given.get("id") or ""), str(given.get("globalKey") or "")
        if bool(row_id) == bool(key):
            raise _RefusedLineError(
                "InvalidDataRow", "'dataRow' must have exactly one of 'id' and 'globalKey'"
            )
        row = self._store.data_row_by(row_id or key, "ID" if row_id else "GKEY")
        if row is None or row.id not in self._project.assignments:
            raise _RefusedLineError(
                "DataRowNotFound", f"Data row {row_id or key} is not in the project"
            )
        return row


class _Target:
    """The label or pre-labels of a data row that an import adds to."""

    def __init__(self, store: Store, kind: ImportKind, project: ProjectRecord, row_id: str) -> None:
        self._store = store
        self._kind = kind
        self._assignment: AssignmentRecord = project.assignments[row_id]
        self._labeling = Labeling(store, project, self._assignment)
        count = store.data_rows[row_id].media_attributes.get("frame_count")
        self._last_frame: int | None = count if isinstance(count, int) else None
        self._label = self._labeling.imported
        self._before: dict[str, dict[str, Any]] = {}
        self._ids = FeatureIds(store.identifiers)
        if kind == "pre-label":
            self._before = self._assignment.pre_labels
        elif self._label is not None:
            self._before = self._label.annotations
            self._ids = self._label.ids or self._ids

    def write(self, lines: _Lines) -> dict[int, _RefusedLineError]:
        """Add lines by number; a known uuid is overwritten. Return the refused lines."""
        given = {annotation["uuid"] for _, annotation in lines}
        try:
            reader = LabelReader(
                self._labeling.ontology, self._ids, last_frame=self._last_frame, extended=False
            )
        except SandboxError as error:
            return {number: _invalid_annotation(error) for number, _ in lines}
        kept = {uuid: each for uuid, each in self._before.items() if uuid not in given}
        counts: Counter[str] = Counter()
        for annotation in kept.values():
            reader.read(0, annotation)
            counts[_feature(annotation)] += 1
        refused: dict[int, _RefusedLineError] = {}
        for number, annotation in lines:
            feature = _feature(annotation)
            if feature and counts[feature] >= _MAX_PER_FEATURE:
                refused[number] = _RefusedLineError(
                    "LimitExceeded",
                    f"A data row can have at most {_MAX_PER_FEATURE} annotations of '{feature}'",
                )
                continue
            try:
                reader.read(number, annotation)
            except SandboxError as error:
                refused[number] = _invalid_annotation(error)
                continue
            counts[feature] += 1
            kept[annotation["uuid"]] = annotation
        for number, annotation in lines:
            uuid = annotation["uuid"]
            if number in refused and uuid in self._before:
                # A refused line overwrites nothing.
                reader.read(number, self._before[uuid])
                kept[uuid] = self._before[uuid]
        if len(refused) < len(lines):
            self._save(kept, reader)
        return refused

    def _save(self, annotations: dict[str, dict[str, Any]], reader: LabelReader) -> None:
        if self._kind == "pre-label":
            self._assignment.pre_labels = annotations
            self._labeling.touch()
            return
        content = reader.content(self._store.identifiers)
        self._labeling.import_ground_truth(self._label, annotations, content, self._ids)


def _invalid_annotation(error: SandboxError) -> _RefusedLineError:
    return _RefusedLineError("InvalidAnnotation", str(error))


def _feature(annotation: dict[str, Any]) -> str:
    return str(annotation.get("name") or annotation.get("schemaId") or "")


def _refuse(status: dict[str, Any], error: _RefusedLineError) -> None:
    status["status"] = "FAILURE"
    status["errors"] = [{"name": error.name, "message": str(error)}]


def _drop_deep_nesting(annotation: dict[str, Any]) -> None:
    segments = annotation.get("segments")
    for segment in segments if isinstance(segments, list) else []:
        keys = segment.get("keyframes") if isinstance(segment, dict) else None
        for key in keys if isinstance(keys, list) else []:
            answered = key.get("classifications") if isinstance(key, dict) else None
            for entry in answered if isinstance(answered, list) else []:
                answer = entry.get("answer") if isinstance(entry, dict) else None
                for part in answer if isinstance(answer, list) else [answer]:
                    if isinstance(part, dict):
                        part.pop("classifications", None)


def _ndjson(lines: list[dict[str, Any]]) -> bytes:
    # ASCII, because the SDK splits the text at every Unicode line end.
    return "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")
