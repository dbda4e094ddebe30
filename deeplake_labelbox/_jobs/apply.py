"""Apply the labels of a Labelbox project to a dataset of its frames."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import deeplake

from deeplake_labelbox._jobs.converter import VideoProjectConverter
from deeplake_labelbox._jobs.dataset_report import DatasetReport, dataset_report
from deeplake_labelbox._jobs.options import ErrorPolicy, LabelOptions
from deeplake_labelbox._jobs.project_source import ProjectSource
from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox._labelbox.export import ExportSource, ProjectExport
from deeplake_labelbox._labelbox.export_ontology import ontology_of_export
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.rows import project_entry
from deeplake_labelbox._model.selection import LabelSelection, select_label
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.branches import branch_to_write
from deeplake_labelbox._store.columns import BASE_COLUMNS
from deeplake_labelbox._store.label_writer import LabelWriting, unknown_features
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.layout import GroupMapping, Layout, check_group_mapping, make_layout
from deeplake_labelbox._store.location import dataset_errors, opened_to_write
from deeplake_labelbox._store.row_metadata import (
    RowDetail,
    RowMetadata,
    check_row_details,
    check_row_details_in_export,
)
from deeplake_labelbox.errors import ConfigurationError, OntologyError
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    import labelbox

    from deeplake_labelbox._video.access import UrlPresigner

logger = logging.getLogger(__name__)

# How long to wait while another process changes branches.
_BRANCH_SECONDS = 60.0


def apply_labels(
    dataset: str | Path | deeplake.Dataset,
    project: ExportSource,
    *,
    branch: str | None = None,
    project_id: str | None = None,
    group_mapping: GroupMapping | None = None,
    label_selection: LabelSelection | None = None,
    ontology: labelbox.Ontology | Mapping[str, Any] | Ontology | None = None,
    row_details: Collection[RowDetail] = (),
    fail_on_error: bool = False,
    url_presigner: UrlPresigner | None = None,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_org_id: str | None = None,
    deeplake_token: str | None = None,
    lb_client: labelbox.Client | None = None,
    lb_api_key: str | None = None,
    progress: bool = True,
) -> DatasetReport:
    """Apply the labels of a Labelbox video project to a dataset of its frames.

    Another call applies all labels again, in a new commit. `sync_dataset` writes only what changed,
    and also fetches new videos.

    Args:
        dataset: Path of the dataset, or the open dataset, on any branch.
        project: Id of the Labelbox project, or an export of it: the path of an NDJSON or JSON file,
            a list of data rows, or a `ProjectExport`.
        branch: Branch to write to, created if it does not exist; by default the branch of the open
            dataset, or ``main``.
        project_id: Project to use, if the export holds several.
        group_mapping: Column name by kind, like ``{"raster-segmentation": "mask"}``: all tools of
            the kind (``rectangle``, ``point``, ``line``, ``polygon``, ``raster-segmentation``), or
            all classifications of it (``radio``, ``checklist``, ``text``), share the column.
            ``None`` uses the mapping of the labels that are already applied.
        label_selection: Which of several labels of a data row to use; see `LabelSelection`.
            ``None`` uses the selection of the labels that are already applied, or ``"selected"``.
        ontology: The project's ontology or its ``normalized`` dict, instead of reading it from
            Labelbox.
        row_details: Details of data rows that are written beside the columns ``lb_meta/*``:
            ``"workflow_status"``; ``"metadata"``, a column ``lb_meta/metadata/<field>`` for each
            field; ``"attachments"``, the JSON text of a list. `sync_dataset` updates them if
            Labelbox counts a change of them as activity of the data row.
        fail_on_error: Raise at the first label that cannot be fully applied, instead of reporting;
            nothing is committed then.
        url_presigner: Gives access to private masks; see `create_dataset`.
        deeplake_creds: Credentials of the storage, with a path.
        deeplake_org_id: Organization in Deep Lake's cloud, with a path.
        deeplake_token: Token of Deep Lake's cloud, with a path.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        lb_api_key: API key of Labelbox; ``None`` reads the environment variable
            ``LABELBOX_API_KEY`` for a project id. With an export, ``None`` makes no requests to
            Labelbox: the ontology is ``ontology`` or inferred from the export, and masks that need
            the key are reported as missing.
        progress: Whether to show progress bars.

    Returns:
        The dataset on the branch, the export, and the outcome of each video.

    Raises:
        ConfigurationError: If an argument is invalid, or the export lacks a row detail.
        GroupMappingError: If the group mapping has an unknown kind.
        LabelboxError: If the project or its ontology cannot be read.
        ExportFormatError: If ``project`` is not an export.
        DatasetMismatchError: If the dataset was not made from this project.
        LabelError: If ``fail_on_error``, for the first label that cannot be fully applied.
        OntologyError: If the ontology has none of the annotations; nothing is committed.
        DatasetError: If Deep Lake cannot write.

    Example:
        ```python
        report = apply_labels(
            "clips",
            project_id,
            branch="second-pass",
            group_mapping={"raster-segmentation": "mask"},
            lb_api_key=api_key,
        )
        print(report)  # what was applied, and what could not be applied
        ```
    """
    check_group_mapping(group_mapping)
    check_row_details(row_details)
    opened = opened_to_write(dataset, deeplake_creds, deeplake_org_id, deeplake_token)
    LabelboxMeta.read(opened)  # raises for another dataset before any request to Labelbox
    source = ProjectSource.of(
        project, project_id=project_id, lb_api_key=lb_api_key, lb_client=lb_client
    )
    before = _applied(opened, branch)
    if group_mapping is None and before is not None:
        group_mapping = dict(before.group_mapping)
    options = LabelOptions(
        group_mapping=group_mapping,
        label_selection=label_selection or _selection(before),
        ontology=ontology,
        row_details=row_details,
    )
    export = source.read_export(progress=progress)
    source = replace(source, export=export, url_presigner=url_presigner)
    errors = ErrorPolicy(fail_on_error=fail_on_error)
    with branch_to_write(opened, branch, wait=_BRANCH_SECONDS) as target:
        report = label_dataset(source, target, options, errors, progress=progress, is_checked=False)
    return dataset_report(target, export, (), report)


def label_dataset(
    source: ProjectSource,
    dataset: deeplake.Dataset,
    options: LabelOptions,
    errors: ErrorPolicy,
    *,
    progress: bool,
    is_checked: bool,
) -> Report:
    """Apply the labels of a project to a dataset of its frames.

    Args:
        source: The project.
        dataset: The dataset.
        options: How labels are applied.
        errors: Whether errors end the job.
        progress: Whether to show progress bars.
        is_checked: Whether `check_labels` passed, and its ontology is in the options.

    Returns:
        The outcome of each label.
    """
    steps.info("Applying the labels of project %s", source.project_id)
    converter = make_converter(
        source, lambda _: dataset, options, errors, progress=progress, is_checked=is_checked
    )
    converter.dataset_with_applied_annotations()
    return converter.report


def make_converter(
    source: ProjectSource,
    load: Callable[[str], deeplake.Dataset],
    options: LabelOptions,
    errors: ErrorPolicy,
    *,
    progress: bool,
    is_checked: bool = False,
) -> VideoProjectConverter:
    """Create the converter that applies the labels of a project to its dataset.

    Args:
        source: The project.
        load: ``f(project_name) -> dataset``: opens the dataset, on any branch.
        options: How labels are applied.
        errors: Whether errors end the job.
        progress: Whether to show progress bars.
        is_checked: See `label_dataset`.
    """
    project_id = source.project_id
    details = _check_options(options)
    export = source.read_export(progress=progress, fail_on_error=errors.fail_on_export_error)
    known = _ontology(source, export, options)
    if not is_checked:
        _check_export(export, project_id, details)
    dataset = load(export.project_name(project_id) or project_id)
    if not isinstance(dataset, deeplake.Dataset):
        raise ConfigurationError(
            f"deeplake_ds_loader returned {type(dataset).__name__}, not a deeplake.Dataset that "
            f"can be written; open it with deeplake.open."
        )
    before = AppliedLabels.read(dataset)
    if before is not None:
        # Details that were written before are updated as well.
        details = check_row_details((*details, *before.row_details))
    metadata = RowMetadata(options.metadata_prefix, details) if options.generate_metadata else None
    writing = LabelWriting(
        group_mapping=options.group_mapping,
        fail_on_error=errors.fail_on_error,
        metadata=metadata,
        mask_presigner=source.presigner,
        progress=progress,
        log_renamed=not is_checked,
    )
    return VideoProjectConverter(
        project_id, dataset, export, known, writing, options.label_selection
    )


def check_labels(source: ProjectSource, export: ProjectExport, options: LabelOptions) -> Ontology:
    """Check labels as far as is possible before the dataset exists; log renamed columns.

    Returns:
        The ontology of the project.

    Raises:
        DeepLakeLabelboxError: If the labels cannot be applied.
    """
    details = _check_options(options)
    _check_export(export, source.project_id, details)
    ontology = _ontology(source, export, options)
    metadata = RowMetadata(options.metadata_prefix, details) if options.generate_metadata else None
    reserved = {*BASE_COLUMNS, *(metadata.column_names if metadata else ())}
    layout = make_layout(ontology, options.group_mapping, reserved=reserved)
    _check_layout(layout, export, source.project_id, options.label_selection)
    for renamed in layout.renamed:
        logger.warning(renamed)
    return ontology


def _check_options(options: LabelOptions) -> tuple[RowDetail, ...]:
    check_group_mapping(options.group_mapping)
    details = check_row_details(options.row_details)
    if details and not options.generate_metadata:
        raise ConfigurationError(
            "`row_details` are written beside the columns lb_meta/*; leave generate_metadata on."
        )
    return details


def _check_export(export: ProjectExport, project_id: str, details: tuple[RowDetail, ...]) -> None:
    for row in export:
        project_entry(row, project_id)
        check_row_details_in_export(details, row, project_id)


def _check_layout(
    layout: Layout, export: ProjectExport, project_id: str, selection: LabelSelection
) -> None:
    """Check that a layout has a column for something that the labels use."""
    features = 0
    for row in export:
        selected = select_label(row, project_id, selection)
        if selected is None:
            continue
        label = parse_label(selected)
        answered = [answers.feature for answers in label.frame_answers]
        answered += [answer.feature for answer in label.global_answers]
        if any(layout.geometry(track.feature, track.kind) for track in label.tracks) or any(
            layout.ontology.classification(feature) for feature in answered
        ):
            return
        features += len(label.tracks) + len(answered)
    if features:
        raise unknown_features(features, project_id)


def _ontology(source: ProjectSource, export: ProjectExport, options: LabelOptions) -> Ontology:
    if options.ontology is not None:
        return Ontology.of(options.ontology)
    if source.client is None:
        return ontology_of_export(export, source.project_id)
    with labelbox_errors(f"reading the ontology of project {source.project_id}"):
        ontology = source.client.get_project(source.project_id).ontology()
    if ontology is None:
        raise OntologyError(
            f"Project {source.project_id} has no ontology; connect one in Labelbox, or pass "
            f"`ontology`."
        )
    return Ontology.of(ontology)


def _applied(dataset: deeplake.Dataset, branch: str | None) -> AppliedLabels | None:
    """Return the labels that are already applied to the branch."""
    with dataset_errors(f"opening branch {branch!r}"):
        if branch is not None and branch in dataset.branches.names():
            return AppliedLabels.read(dataset.branches[branch].open())
        return AppliedLabels.read(dataset)


def _selection(applied: AppliedLabels | None) -> Literal["selected", "newest", "all"]:
    """Return the selection of the applied labels; ``"selected"`` if unknown or a function."""
    choices: tuple[Literal["newest", "all"], ...] = ("newest", "all")
    was = "" if applied is None else applied.label_selection
    return next((choice for choice in choices if choice == was), "selected")
