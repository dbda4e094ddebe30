"""Import annotations into a project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from deeplake_labelbox._formats.frame_numbers import Numbering, VideoLength
from deeplake_labelbox._formats.plain import PlainSource
from deeplake_labelbox._formats.registry import SourceFormat, listed
from deeplake_labelbox._formats.sources import ReadOptions, Source, open_source
from deeplake_labelbox._formats.supervision import SupervisionSource
from deeplake_labelbox._imports.chunks import ChunkWriter
from deeplake_labelbox._imports.outcome import ImportKind, ImportResult
from deeplake_labelbox._imports.payload import PayloadWriter
from deeplake_labelbox._imports.run import ExistingLabels, ImportRun
from deeplake_labelbox._imports.sending import LabelboxImports
from deeplake_labelbox._imports.source_ontology import SourceOntology, ontology_of_source
from deeplake_labelbox._imports.targets import Targets
from deeplake_labelbox._labelbox.client import connect, labelbox_errors
from deeplake_labelbox._labelbox.exporter import ExportFilters, ExportParams, ProjectExporter
from deeplake_labelbox._labelbox.rate_limit import waiting_for_rate_limit
from deeplake_labelbox._labelbox.spool import TemporaryFolder
from deeplake_labelbox._model.annotations import AnswerKind
from deeplake_labelbox._model.kinds import CLASSIFICATIONS
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.layout import GroupMapping
from deeplake_labelbox._upload.ontology import WantedOntology
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import ConfigurationError, ExportEmptyError, OntologyError
from deeplake_labelbox.report import Gap

if TYPE_CHECKING:
    import labelbox

# Only size, length, names and labels of the data rows are exported.
_PARAMS = ExportParams(
    attachments=False,
    metadata_fields=False,
    data_row_details=False,
    project_details=False,
    label_details=False,
    performance_details=False,
)


def import_annotations(
    source: Source,
    project_id: str,
    lb_api_key: str | None = None,
    *,
    import_as: ImportKind = "ground-truth",
    source_format: SourceFormat | None = None,
    mapping: Mapping[str, str] | None = None,
    group_mapping: GroupMapping | None = None,
    data_rows: str | Mapping[str, str] | None = None,
    frame_step: int | None = None,
    first_number: int | None = None,
    make_ontology: bool = False,
    answer_kinds: Mapping[str, AnswerKind] | None = None,
    existing: ExistingLabels = "skip",
    tolerance: float = 0.5,
    keep_key_frames: bool = True,
    dry_run: str | Path | None = None,
    save_result: str | Path | None = None,
    import_name: str | None = None,
    timeout: float = 7200.0,
    poll_seconds: float = 2.0,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_token: str | None = None,
    lb_client: labelbox.Client | None = None,
    progress: bool = True,
) -> ImportResult:
    """Import annotations into a Labelbox video project, as ground truth or as pre-labels.

    Everything is read and checked before anything is sent: against the project's ontology, the
    size and length of its videos, and the limits of Labelbox. Annotations that do not fit are
    refused with a reason; the others are sent. They are sent in chunks that are named by their
    content, so an interrupted import sends only the rest when it is run again.

    Args:
        source: A Deep Lake dataset with labels, a `LabeledDataset`, or its path; the path of a
            MOTChallenge text file or folder, of a YouTube-VIS or COCO JSON file, of a ``data.yaml``
            of YOLO, or of a file or folder of CVAT for video; or an iterable of plain annotations
            (`ObjectAnnotation`, `FrameAnnotation`, `GlobalAnnotation`, or dicts of the same); or
            ``supervision.Detections`` of one video, by frame from 1 or in the order of its frames,
            or by data row for several, ``{"a.mp4": {1: detections}}``.
        project_id: Id of the Labelbox project. It must have the videos, and an ontology unless
            ``make_ontology``.
        lb_api_key: API key of Labelbox; ``None`` reads ``LABELBOX_API_KEY``.
        import_as: ``"ground-truth"`` creates labels, ``"pre-labels"`` suggestions for the labeler.
        source_format: Format of a path; by default recognized by its ending. MOT text has variants
            that its columns do not always tell apart: ``"mot17"`` (flag, class, visibility),
            ``"mot15"`` (confidence, x, y, z), ``"visdrone"``, ``"uavdt"`` and ``"mot-numbers"``
            (flag, and classes without names: ``class 1`` and so on).
        mapping: Tool or classification of the project by its name in the source (by column, for
            datasets that this package did not write); an empty name leaves it out.
        group_mapping: The group mapping that the labels of a dataset were written with. Datasets
            of this package store it; a given one is checked against it.
        data_rows: Data row (id, global key or external id) by the name of a video in the source,
            or one data row for a source of one video. By default videos are found by data row id,
            global key, external id or file name, each only if it is unique in the project.
        frame_step: Frames of the video from one picture of a MOT, YouTube-VIS, COCO or YOLO source
            to the next: 5 if every fifth frame was annotated and the pictures are numbered
            consecutively. By default the numbers of the pictures are frame numbers; a video is
            refused if its length makes that doubtful.
        first_number: The number of a video's first frame in such a file: 0 or 1. By default the
            format or the numbers themselves decide.
        make_ontology: Whether to create an ontology from the classes and answers of the source if
            the project has none. A class becomes a tool of the kind of its objects (polygons are
            imported as masks), an answer of a frame or video a classification, and one of an
            object a classification of its tool; for a dataset of this package, the ontology that
            it was labeled with is used. Classes without annotations are left out, because their
            kind is unknown. An existing ontology is never changed: the import is refused if it
            lacks something. An iterable is read into memory first.
        answer_kinds: With ``make_ontology``: ``"radio"``, ``"checklist"`` or ``"text"`` by name of
            a classification whose answers leave it open: a string may be a text or an option.
            CVAT's own files state the kind.
        existing: What to do with data rows that have labels or unreviewed pre-labels: ``"skip"``
            them, or ``"fail"`` before anything is sent. ``"overwrite"`` sends them anyway.
            Labelbox then decides what happens to the existing labels, and the result's notes say
            what is known: in projects with consensus they stay, and the import adds a label; in
            others it replaces them, or changes those of their annotations that an earlier import
            of the same source sent. A dataset that was synced after that import has the
            annotation ids of Labelbox, and counts as another source.
        tolerance: Greatest error of a coordinate between key frames, in pixels. Each track is sent
            with the fewest key frames that reproduce it within this; 0 leaves out only frames
            that interpolation, rounded to 3 decimals, reproduces exactly.
        keep_key_frames: Whether key frames that a person drew stay key frames, if the source has
            them.
        dry_run: Write the lines to this NDJSON file and send nothing.
        save_result: Write the result to this JSON file, after each chunk.
        import_name: Part of the names of imports; with another name, everything is sent again.
        timeout: Seconds to wait for each import.
        poll_seconds: Seconds between polls of a running import.
        deeplake_creds: Credentials of the dataset's storage.
        deeplake_token: Token of Deep Lake's cloud.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        progress: Whether to show progress bars.

    Returns:
        The outcome of each annotation.

    Raises:
        ConfigurationError: If an argument cannot be used, or ``mapping`` has a name that the
            source does not have.
        AnnotationSourceError: If the source cannot be read, or is a file or dataset without
            annotations; nothing was sent.
        AlreadyLabeledError: If ``existing="fail"`` and a data row is labeled; nothing was sent.
        ImportTimeoutError: If an import has not ended after ``timeout`` seconds.
        LabelboxError: If a request to Labelbox failed.
        OntologyError: If the project has no ontology, or with ``make_ontology`` one that lacks
            something, or a class of the source has objects of several kinds.
        DatasetError: If the dataset cannot be read.

    Example:
        ```python
        result = import_annotations("clips", project_id, api_key, import_as="ground-truth")
        print(result)
        result.save("import.json")
        ```

        or the predictions of a model, one annotation per object and frame, and answers:

        ```python
        from deeplake_labelbox import Box, FrameAnnotation, GlobalAnnotation, ObjectAnnotation

        found = [
            ObjectAnnotation(
                data_row="crossing.mp4",
                track=7,
                frame=frame,
                class_name="person",
                geometry=Box(left=20 + frame, top=40, width=12, height=30),
            )
            for frame in range(1, 25)
        ]
        rain = FrameAnnotation(data_row="crossing.mp4", frames=(1, 24), answers={"weather": "rain"})
        found += [rain, GlobalAnnotation(data_row="crossing.mp4", answers={"scene": "city"})]
        print(import_annotations(found, project_id, api_key, import_as="pre-labels"))
        ```
    """
    _check(import_as, existing, tolerance, timeout)
    _check_answer_kinds(answer_kinds or {}, make_ontology=make_ontology)
    if make_ontology and isinstance(source, Iterator):
        source = list(source)  # it is read twice
    numbering = Numbering.checked(frame_step, first_number)
    client = connect(lb_api_key, lb_client=lb_client)
    with waiting_for_rate_limit(client):
        exporter = ProjectExporter(client, project_id)
        current = _current_ontology(exporter)
        if current is None and not make_ontology:
            raise OntologyError(
                f"Project {project_id} has no ontology; connect one in Labelbox first, or pass "
                f"`make_ontology=True` to create one from the source."
            )

        def video_length(names: tuple[str, ...]) -> VideoLength:
            return targets.video_length(names)  # exported below, before it is called

        options = ReadOptions(
            source_format=source_format,
            mapping=mapping or {},
            group_mapping=group_mapping,
            data_row=data_rows if isinstance(data_rows, str) else None,
            numbering=numbering,
            video_length=video_length,
            creds=deeplake_creds,
            token=deeplake_token,
        )
        opened = open_source(source, options)
        try:
            rows = exporter.export(params=_PARAMS, progress=progress)
        except ExportEmptyError as error:
            raise ConfigurationError(
                f"Project {project_id} has no data rows to annotate; upload its videos first."
            ) from error
        targets = Targets(
            rows, exporter.project_id, data_rows if isinstance(data_rows, Mapping) else None
        )
        writer = PayloadWriter(
            project_id=exporter.project_id,
            ontology=Ontology() if current is None else Ontology.of(current),
            mapping=options.mapping,
            tolerance=tolerance,
            keep_key_frames=keep_key_frames,
        )
        run = ImportRun(
            ImportResult(exporter.project_id, import_as),
            existing=existing,
            label_counts=partial(_label_counts, exporter),
            has_consensus=bool(exporter.project.is_consensus_enabled),
            save_result=save_result,
            progress=progress,
        )
        folder = TemporaryFolder()
        chunks = ChunkWriter(folder.path, import_as, exporter.project_id, import_name)
        # An empty iterable is not a mistake, unlike an empty file or dataset.
        is_given = isinstance(opened, PlainSource | SupervisionSource)
        if make_ontology:
            ontology, notes = _create_ontology(
                client,
                exporter,
                current,
                ontology_of_source(opened, writer, answer_kinds or {}),
                targets,
                is_dry=dry_run is not None,
            )
            writer = replace(writer, ontology=ontology)
            run.result.notes += notes
        run.prepare(opened, writer, targets, chunks, may_be_empty=is_given)
        if dry_run is not None:
            run.write_dry_run(chunks.chunks, Path(dry_run))
            return run.result
        with Transport() as transport:
            imports = LabelboxImports(
                client,
                exporter.project_id,
                import_as,
                transport,
                timeout=timeout,
                poll_seconds=poll_seconds,
            )
            run.send(chunks.chunks, imports)
        return run.result


def _check(import_as: str, existing: str, tolerance: float, timeout: float) -> None:
    for name, value, choices in (
        ("import_as", import_as, get_args(ImportKind)),
        ("existing", existing, get_args(ExistingLabels)),
    ):
        if value not in choices:
            raise ConfigurationError(
                f"`{name}` is {value!r}; it must be one of {', '.join(map(repr, choices))}."
            )
    if not 0 <= tolerance < float("inf"):
        raise ConfigurationError(f"`tolerance` is {tolerance!r}; give at least 0 pixels.")
    if not timeout > 0:
        raise ConfigurationError(f"`timeout` is {timeout!r}; give more than 0 seconds.")


def _label_counts(exporter: ProjectExporter, data_row_ids: Sequence[str]) -> Mapping[str, int]:
    """Current number of labels by data row."""
    filters = ExportFilters(data_row_ids=list(data_row_ids))
    try:
        rows = exporter.export(filters=filters, params=_PARAMS, progress=False)
    except ExportEmptyError:
        return {}
    targets = Targets(rows, exporter.project_id)
    return {target.data_row_id: target.labels for target in targets}


def _check_answer_kinds(kinds: Mapping[str, str], *, make_ontology: bool) -> None:
    if kinds and not make_ontology:
        raise ConfigurationError("`answer_kinds` needs `make_ontology=True`.")
    for name, kind in kinds.items():
        if kind not in CLASSIFICATIONS:
            raise ConfigurationError(
                f"`answer_kinds` has {kind!r} for {name!r}; give {listed(CLASSIFICATIONS, 'or')}."
            )


def _current_ontology(exporter: ProjectExporter) -> labelbox.Ontology | None:
    with labelbox_errors(f"reading the ontology of project {exporter.project_id}"):
        return exporter.project.ontology()


def _create_ontology(
    client: labelbox.Client,
    exporter: ProjectExporter,
    current: labelbox.Ontology | None,
    needed: SourceOntology,
    targets: Targets,
    *,
    is_dry: bool,
) -> tuple[Ontology, list[Gap]]:
    """Return the project's ontology, created if it has none, and the notes about it."""
    project = exporter.project
    if current is not None:
        existing = Ontology.of(current)
        needed.check_within(existing, f"{current.name} ({current.uid})")
        return existing, []
    ontology = needed.ontology
    if needed.is_empty or all(isinstance(targets.find(names), str) for names in needed.videos):
        return ontology, []  # there will be nothing to send
    features = [f"{tool.name} ({tool.kind})" for tool in ontology.tools]
    features += [f"{item.name} ({item.kind})" for item in ontology.classifications]
    what = "would be created" if is_dry else "was created"
    notes = [f"the ontology {project.name!r} {what}: {', '.join(features)}"]
    if needed.unused:
        unused = ", ".join(map(repr, needed.unused))
        notes.append(f"classes without an annotation are not in the ontology: {unused}")
    if not is_dry:
        wanted = WantedOntology(client, ontology, str(project.name))
        wanted.connect(project)
        created = _current_ontology(exporter)
        ontology = ontology if created is None else Ontology.of(created)
    return ontology, [Gap(exporter.project_id, "project", note) for note in notes]
