"""The verb that makes a converter for the labels of a project."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import deeplake

from deeplake_labelbox._jobs.converter import VideoProjectConverter
from deeplake_labelbox._jobs.create import default_presigner, read_export
from deeplake_labelbox._labelbox.client import connect, labelbox_errors
from deeplake_labelbox._labelbox.export import ExportSource
from deeplake_labelbox._labelbox.export_ontology import ontology_of_export
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.rows import project_entry
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.layout import GroupMapping, check_group_mapping
from deeplake_labelbox._store.row_metadata import (
    RowDetail,
    RowMetadata,
    check_export_tells,
    check_row_details,
)
from deeplake_labelbox.errors import ConfigurationError, OntologyError

if TYPE_CHECKING:
    import labelbox


def converter_for_video_project_with_id(
    project_id: str,
    deeplake_ds_loader: Callable[[str], deeplake.Dataset],
    lb_api_key: str | None,
    group_mapping: GroupMapping | None = None,
    fail_on_error: bool = False,  # noqa: FBT001, FBT002 - the signature of deeplake.integrations
    fail_on_labelbox_project_export_error: bool = False,  # noqa: FBT001, FBT002 - the same
    generate_metadata: bool = True,  # noqa: FBT001, FBT002 - the same
    metadata_prefix: str | None = "lb_meta",
    project_json: ExportSource | None = None,
    *,
    lb_client: labelbox.Client | None = None,
    lb_ontology: labelbox.Ontology | Mapping[str, Any] | Ontology | None = None,
    label_selection: LabelSelection = "selected",
    row_details: Collection[RowDetail] = (),
    progress: bool = True,
) -> VideoProjectConverter:
    """Make a converter that applies the labels of a project to its dataset.

    Args:
        project_id: Id of the Labelbox project.
        deeplake_ds_loader: ``f(project_name) -> dataset``: opens the dataset, on any branch.
        lb_api_key: API key of Labelbox; ``None`` reads ``LABELBOX_API_KEY`` where Labelbox is
            asked. With ``project_json``, ``None`` means that Labelbox is not asked for anything:
            the ontology is ``lb_ontology``, or inferred from the export, and masks that need the
            key are reported as missing.
        group_mapping: Column name by kind, like ``{"raster-segmentation": "mask"}``: all tools of
            the kind (``rectangle``, ``point``, ``line``, ``polygon``, ``raster-segmentation``), or
            all classifications of it (``radio``, ``checklist``, ``text``), share the column.
        fail_on_error: Raise at the first label that cannot be applied whole, instead of reporting.
        fail_on_labelbox_project_export_error: Raise if Labelbox reports errors with the export.
        generate_metadata: Whether to write the columns ``lb_meta/*``.
        metadata_prefix: First part of their names.
        project_json: An export that exists already, as
            `create_dataset_from_video_annotation_project` returns it.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        lb_ontology: The project's ontology or its ``normalized`` dict, instead of asking Labelbox.
        label_selection: Which of several labels of a data row counts; see `LabelSelection`.
        row_details: What is written of data rows beside the columns ``lb_meta/*``:
            ``"workflow_status"``; ``"metadata"``, a column ``lb_meta/metadata/<field>`` for each
            field; ``"attachments"``, the JSON text of a list. `sync_dataset` keeps them in step,
            as far as Labelbox counts their changes as activity of the data row.
        progress: Whether to show progress bars.

    Returns:
        The converter.

    Raises:
        ConfigurationError: If a row detail is unknown, or the export does not tell it.
        GroupMappingError: If the group mapping has an unknown kind.
        LabelboxError: If the project or its ontology cannot be read.
        ExportFormatError: If ``project_json`` is no export of this project.
        OntologyError: If ``lb_ontology`` is no ontology.
        DatasetMismatchError: If the loader's dataset was not made from this project.

    Example:
        ```python
        import deeplake

        converter = converter_for_video_project_with_id(
            project_id,
            lambda name: deeplake.open("clips"),
            api_key,
            group_mapping={"raster-segmentation": "mask"},
        )
        dataset = converter.dataset_with_applied_annotations()
        print(converter.report)  # what was applied, and what could not be had
        ```
    """
    check_group_mapping(group_mapping)
    details = check_row_details(row_details)
    if details and not generate_metadata:
        raise ConfigurationError(
            "row_details are written beside the columns lb_meta/*; leave generate_metadata on."
        )
    known_ontology = None if lb_ontology is None else Ontology.of(lb_ontology)
    export = read_export(
        project_id,
        lb_api_key,
        project_json,
        lb_client=lb_client,
        progress=progress,
        fail_on_error=fail_on_labelbox_project_export_error,
    )
    for row in export:
        project_entry(row, project_id)
        check_export_tells(details, row, project_id)
    if known_ontology is None:
        offline = project_json is not None and lb_api_key is None and lb_client is None
        known_ontology = (
            ontology_of_export(export, project_id)
            if offline
            else _ask_for_ontology(connect(lb_api_key, lb_client=lb_client), project_id)
        )
    dataset = deeplake_ds_loader(export.project_name(project_id) or project_id)
    if not isinstance(dataset, deeplake.Dataset):
        raise ConfigurationError(
            f"deeplake_ds_loader returned {type(dataset).__name__}, not a deeplake.Dataset that "
            f"can be written; open it with deeplake.open."
        )
    before = AppliedLabels.read(dataset)
    if before is not None:
        # What was asked for once stays in step.
        details = check_row_details((*details, *before.row_details))
    return VideoProjectConverter(
        project_id,
        dataset,
        export,
        known_ontology,
        group_mapping=group_mapping,
        fail_on_error=fail_on_error,
        metadata=RowMetadata(metadata_prefix, details) if generate_metadata else None,
        label_selection=label_selection,
        mask_presigner=default_presigner(lb_api_key, lb_client, project_json),
        progress=progress,
    )


def _ask_for_ontology(client: labelbox.Client, project_id: str) -> Ontology:
    with labelbox_errors(f"reading the ontology of project {project_id}"):
        ontology = client.get_project(project_id).ontology()
    if ontology is None:
        raise OntologyError(
            f"Project {project_id} has no ontology; connect one in Labelbox, or pass lb_ontology."
        )
    return Ontology.of(ontology)
