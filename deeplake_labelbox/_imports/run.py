"""Run an import: read and check everything, then send it chunk by chunk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from deeplake_labelbox._counts import counted, some_of
from deeplake_labelbox._formats.annotations import AnnotationSource, VideoAnnotations
from deeplake_labelbox._formats.sources import check_mapping
from deeplake_labelbox._imports.chunks import ChunkRow, ChunkWriter, ImportChunk
from deeplake_labelbox._imports.lines import Member
from deeplake_labelbox._imports.outcome import (
    AnnotationOutcome,
    AnnotationStatus,
    ImportedFile,
    ImportResult,
)
from deeplake_labelbox._imports.payload import LACKING, PayloadWriter
from deeplake_labelbox._imports.sending import LabelboxImports, reason_of
from deeplake_labelbox._imports.targets import Target, Targets
from deeplake_labelbox._labelbox.exporter import LAG_DELAYS
from deeplake_labelbox._labelbox.spool import replacing
from deeplake_labelbox._progress import progress_bar, with_progress
from deeplake_labelbox.errors import AlreadyLabeledError, AnnotationSourceError
from deeplake_labelbox.report import Gap

logger = logging.getLogger(__name__)

ExistingLabels = Literal["skip", "overwrite", "fail"]

# Current number of labels by data row id.
LabelCounts = Callable[[Sequence[str]], Mapping[str, int]]

_SHOWN_ROWS = 5


class ImportRun:
    """One call of `import_annotations`.

    Args:
        result: Filled with the outcome of each annotation.
        existing: What to do with data rows that have labels or pre-labels.
        label_counts: Returns how many labels data rows have now.
        has_consensus: Whether the project has several labels per data row.
        save_result: File to write the result to after each chunk.
        progress: Whether to show progress bars.
    """

    def __init__(
        self,
        result: ImportResult,
        *,
        existing: ExistingLabels,
        label_counts: LabelCounts,
        has_consensus: bool,
        save_result: str | Path | None,
        progress: bool,
    ) -> None:
        self.result = result
        self._existing = existing
        self._label_counts = label_counts
        self._has_consensus = has_consensus
        self._save_result = save_result
        self._progress = progress

    def prepare(
        self,
        source: AnnotationSource,
        writer: PayloadWriter,
        targets: Targets,
        chunks: ChunkWriter,
        *,
        may_be_empty: bool = False,
    ) -> None:
        """Read the source, check it, and write its lines to chunks.

        Raises:
            AnnotationSourceError: If no video of the source is found in the project, or it has no
                annotations and may not be empty.
            ConfigurationError: If the mapping has a name that the source does not have.
        """
        taken: dict[str, str] = {}
        missing: dict[str, str] = {}
        names: set[str] = set()
        videos = with_progress(
            source.videos(writer.kind_of),
            total=len(source) or None,
            unit="video",
            desc="annotations",
            shown=self._progress,
        )
        for video in videos:
            names |= video.names
            target = targets.find(video.data_row)
            if isinstance(target, Target) and taken.get(target.data_row_id):
                other = taken[target.data_row_id]
                target = (
                    f"another video of the source, {other!r}, goes to the same data row "
                    f"{target.data_row_id}; import them from separate files"
                )
            if isinstance(target, str):
                missing.setdefault(video.name, target)
                self._refuse_video(video, target, writer)
                continue
            taken[target.data_row_id] = video.name
            payload = writer.write(video, target)
            for refusal in payload.refused:
                self._add_outcome(target, refusal.member, "refused", refusal.reason)
            for finding in payload.findings:
                gap = Gap(target.data_row_id, target.name, str(finding), finding.frame)
                if finding.is_note:
                    self.result.notes.append(gap)
                else:
                    self._add_gap(gap)
            if payload.lines:
                chunks.add(target, payload.lines)
        if missing and not taken:
            raise AnnotationSourceError(f"{targets.no_match('source', missing)} Nothing was sent.")
        chunks.close()
        check_mapping(writer.mapping, names | source.names, *LACKING)
        anything = chunks.chunks or self.result.annotations or self.result.gaps
        if not anything and not may_be_empty:
            raise AnnotationSourceError(
                "`mapping` leaves out all annotations of the source; nothing was sent."
                if names
                else "The source has no annotations; nothing was sent. Check that it is the right "
                "source, and check its format."
            )

    def write_dry_run(self, chunks: Iterable[ImportChunk], path: Path) -> None:
        """Write the lines to a file instead of sending them."""
        with replacing(path) as file:
            for chunk in chunks:
                file.writelines(chunk.lines())
                for row in chunk.rows:
                    for uuid, member in _members(row):
                        self._add_outcome(row.target, member, "not sent", None, uuid)
        self._save()

    def send(self, chunks: list[ImportChunk], imports: LabelboxImports) -> None:
        """Send the chunks that Labelbox does not have yet, and read the status of each line.

        Raises:
            AlreadyLabeledError: If ``existing="fail"`` and a data row is labeled; nothing was
                sent.
            LabelboxError: If a request to Labelbox failed. The result has all earlier outcomes.
        """
        try:
            names = {chunk.path: self._name(chunk, imports) for chunk in chunks}
            new = [chunk for chunk in chunks if not names[chunk.path][1]]
            if self._existing == "overwrite":
                self._note_overwriting(new)
            labeled = self._labeled(new, imports, frozenset(n for n, _ in names.values()))
            total = sum(len(row.lines) for chunk in chunks for row in chunk.rows)
            with progress_bar(
                total=total, unit="line", desc="import", shown=self._progress
            ) as progress:
                for chunk in chunks:
                    name, is_there = names[chunk.path]
                    self._send_chunk(chunk, name, imports, labeled, is_there=is_there)
                    progress.update(sum(len(row.lines) for row in chunk.rows))
                    self._save()
        finally:
            self._save()

    def _name(self, chunk: ImportChunk, imports: LabelboxImports) -> tuple[str, bool]:
        """Return the name of the chunk in Labelbox, and whether an import has it already.

        An import that failed as a whole is tried again under the next name.
        """
        name, attempt = chunk.name, 1
        while (found := imports.find(name)) is not None and found.get("state") == "FAILED":
            attempt += 1
            name = f"{chunk.name} ({attempt})"
        return name, found is not None

    def _labeled(
        self, chunks: list[ImportChunk], imports: LabelboxImports, names: frozenset[str]
    ) -> dict[str, str]:
        """Return why data rows are skipped, by id."""
        if self._existing == "overwrite" or not chunks:
            return {}
        pre_labeled, expired = imports.imported_rows("pre-labels", names)
        for name in expired:
            self._add_gap(
                Gap(
                    "",
                    "project",
                    f"the pre-labels {name!r} can no longer be read, so it is unknown which "
                    f"data rows have them",
                )
            )
        labeled: dict[str, str] = {}
        targets = [row.target for chunk in chunks for row in chunk.rows]
        fresh = self._freshly_labeled(targets, imports, names)
        for target in targets:
            if target.labels or target.data_row_id in fresh:
                labeled[target.data_row_id] = "the data row has labels already"
            elif pre_labeled & {target.data_row_id, target.names[0]}:
                labeled[target.data_row_id] = "the data row has pre-labels already"
        if labeled and self._existing == "fail":
            raise AlreadyLabeledError(
                f"The project has labels or pre-labels of {counted(len(labeled), 'data row')} "
                f"({some_of(sorted(labeled), _SHOWN_ROWS)}); nothing was sent. Pass "
                f"`existing='skip'` to import the others, or `existing='overwrite'`."
            )
        return labeled

    def _freshly_labeled(
        self, targets: list[Target], imports: LabelboxImports, names: frozenset[str]
    ) -> set[str]:
        """Find data rows that another import has just labeled; the export may not show it yet."""
        imported, _ = imports.imported_rows("ground-truth", names)
        waiting = [
            target.data_row_id
            for target in targets
            if not target.labels and imported & {target.data_row_id, target.names[0]}
        ]
        found: set[str] = set()
        for delay in (0.0, *LAG_DELAYS):
            if not waiting:
                break
            time.sleep(delay)
            counts = self._label_counts(waiting)
            found |= {row_id for row_id in waiting if counts.get(row_id)}
            # Labels that never appear were deleted.
            waiting = [row_id for row_id in waiting if row_id not in found]
        return found

    def _note_overwriting(self, chunks: list[ImportChunk]) -> None:
        """Add a note about what happens to existing labels, as far as that is known."""
        rows = [row for chunk in chunks for row in chunk.rows if row.target.labels]
        if not rows or self.result.kind != "ground-truth":
            return
        fate = (
            "the project has consensus, so Labelbox keeps them and adds this import as another "
            "label"
            if self._has_consensus
            else "Labelbox may replace them with this import, or add it as another label"
        )
        what = (
            f"{counted(len(rows), 'data row')} had labels: {fate}. In Labelbox, delete the labels "
            "that should not count."
        )
        note = Gap(self.result.project_id, "project", what)
        logger.warning("%s", note)
        self.result.notes.append(note)

    def _send_chunk(
        self,
        chunk: ImportChunk,
        name: str,
        imports: LabelboxImports,
        labeled: Mapping[str, str],
        *,
        is_there: bool,
    ) -> None:
        rows = []
        for row in chunk.rows:
            reason = None if is_there else labeled.get(row.target.data_row_id)
            if reason is None:
                rows.append(row)
                continue
            for uuid, member in _members(row):
                self._add_outcome(row.target, member, "skipped", reason, uuid)
        if not rows:
            return
        sent = False
        if not is_there:
            path = chunk.path.with_suffix(".sent")
            with path.open("wb") as file:
                file.writelines(chunk.lines(without=labeled))
            sent = imports.send(name, path)
            path.unlink()
        else:
            logger.info("The import %r was sent by an earlier run.", name)
        ended = imports.wait(name)
        state = str(ended.get("state"))
        lines = sum(len(row.lines) for row in rows)
        self.result.files.append(ImportedFile(name, state, lines, sent))
        statuses = {} if state == "FAILED" else imports.statuses(ended)
        for row in rows:
            for uuid, member in _members(row):
                status, reason = _status_of(uuid, state, statuses, sent=sent)
                self._add_outcome(row.target, member, status, reason, uuid, name)

    def _refuse_video(self, video: VideoAnnotations, reason: str, writer: PayloadWriter) -> None:
        for refusal in writer.refusals(video, reason):
            name, track = refusal.member.name, refusal.member.track
            self.result.annotations.append(
                AnnotationOutcome(None, video.name, name, track, "refused", refusal.reason)
            )
        for finding in video.findings:
            if not finding.is_note:
                self._add_gap(Gap("", video.name, str(finding), finding.frame))

    def _add_outcome(
        self,
        target: Target,
        member: Member,
        status: AnnotationStatus,
        reason: str | None,
        uuid: str | None = None,
        import_name: str | None = None,
    ) -> None:
        self.result.annotations.append(
            AnnotationOutcome(
                data_row_id=target.data_row_id,
                data_row=target.name,
                name=member.name,
                track=member.track,
                status=status,
                reason=reason,
                uuid=uuid,
                import_name=import_name,
            )
        )

    def _add_gap(self, gap: Gap) -> None:
        logger.warning("%s", gap)
        self.result.gaps.append(gap)

    def _save(self) -> None:
        if self._save_result is not None:
            self.result.save(self._save_result)


def _members(row: ChunkRow) -> Iterator[tuple[str, Member]]:
    for uuid, members in row.lines:
        for member in members:
            yield uuid, member


def _status_of(
    uuid: str, state: str, statuses: Mapping[str, Mapping[str, Any]] | None, *, sent: bool
) -> tuple[AnnotationStatus, str | None]:
    """Return status and reason of a line."""
    if state == "FAILED":
        return "refused", "the whole import failed in Labelbox; run it again"
    if statuses is None:
        return "unknown", "Labelbox's statuses of this import can no longer be read"
    status = statuses.get(uuid)
    if status is None:
        if sent:
            return "unknown", "Labelbox returned no status"
        return "skipped", "the earlier run skipped it, because its data row had labels"
    if status.get("status") == "SUCCESS":
        return "accepted", None
    return "refused", reason_of(status)
