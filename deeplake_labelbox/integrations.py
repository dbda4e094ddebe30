"""The names of ``deeplake.integrations``, with their signatures.

What is new is given by keyword only. `create_dataset`, `apply_labels` and `upload_videos` do the
same with fewer words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import deeplake

from deeplake_labelbox._jobs.apply import make_converter
from deeplake_labelbox._jobs.converter import VideoProjectConverter
from deeplake_labelbox._jobs.create import prepare_build
from deeplake_labelbox._jobs.options import ErrorPolicy, LabelOptions
from deeplake_labelbox._jobs.project_source import ProjectSource
from deeplake_labelbox._labelbox.export import ExportSource, ProjectExport
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._store.frame_selection import FrameRanges, FrameSelection
from deeplake_labelbox._store.frames.filler import FillerStore
from deeplake_labelbox._store.frames.registry import FrameStorage, StorageOptions
from deeplake_labelbox._store.layout import GroupMapping
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox._store.row_metadata import RowDetail
from deeplake_labelbox._upload.azure import load_blob_file_paths_from_azure
from deeplake_labelbox._upload.create import PreflightPolicy, upload_videos
from deeplake_labelbox._upload.global_keys import (
    GlobalKeyGenerator,
    UploadStrategy,
    deterministic_global_key,
)
from deeplake_labelbox._upload.metadata import MetadataSource
from deeplake_labelbox._upload.ontology import OntologyLike
from deeplake_labelbox._upload.result import AnnotationProject
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.resize import Resize
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    import labelbox

__all__ = [
    "converter_for_video_project_with_id",
    "create_dataset_from_video_annotation_project",
    "create_dataset_from_video_annotation_project_with_custom_data_filler",
    "create_labelbox_annotation_project",
    "load_blob_file_paths_from_azure",
]


def create_dataset_from_video_annotation_project(
    deeplake_ds_path: str,
    project_id: str,
    lb_api_key: str | None,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_org_id: str | None = None,
    deeplake_token: str | None = None,
    overwrite: bool = False,  # noqa: FBT001, FBT002 - the signature of deeplake.integrations
    fail_on_error: bool = False,  # noqa: FBT001, FBT002 - the same
    url_presigner: UrlPresigner | None = None,
    video_generator_batch_size: int = 100,
    fail_on_labelbox_project_export_error: bool = False,  # noqa: FBT001, FBT002 - the same
    project_json: ExportSource | None = None,
    *,
    lb_client: labelbox.Client | None = None,
    frame_storage: FrameStorage = "png",
    jpeg_quality: int = 95,
    frame_stride: int = 1,
    fps: float | None = None,
    frame_ranges: FrameRanges | None = None,
    only_labeled: bool = False,
    resize: Resize | None = None,
    progress: bool = True,
    report: Report | None = None,
) -> tuple[deeplake.Dataset, ProjectExport]:
    """Make a Deep Lake dataset of the frames of a Labelbox video project.

    The dataset gets one row per frame, with ``frames`` (Image, (H, W, 3) uint8 RGB as displayed),
    ``frame_idx`` (int32, from 0), ``video_idx`` (int32, place of the data row in the export) and
    ``timestamp`` (float64, seconds from the first frame). Videos are committed as they are
    written; short ones share a commit. Labels are applied by `converter_for_video_project_with_id`.

    `create_dataset` does so too, says more of the arguments, and applies labels as well. Called
    again, it goes on where it stopped, as `create_dataset` does.

    Args:
        deeplake_ds_path: Where to make it: a local path, ``mem://…``, ``s3://…``, ``al://…``.
        project_id: Id of the Labelbox project.
        lb_api_key: API key of Labelbox; ``None`` reads the environment variable
            ``LABELBOX_API_KEY`` where Labelbox is asked. With ``project_json``, ``None`` means
            that Labelbox is not asked for anything.
        deeplake_creds: Credentials of the storage, as `deeplake.create` takes them.
        deeplake_org_id: Organization in Deep Lake's cloud.
        deeplake_token: Token of Deep Lake's cloud.
        overwrite: Replace a dataset that is at the path, once the new one is complete.
        fail_on_error: Raise at the first video that cannot be had whole, instead of reporting.
        url_presigner: Gives access to private videos; see `create_dataset`.
        video_generator_batch_size: How many frames are decoded before they are written, at most.
        fail_on_labelbox_project_export_error: Raise if Labelbox reports errors with the export,
            instead of logging them.
        project_json: An export that exists already: a list of data rows, the path of an NDJSON or
            JSON file, or a `ProjectExport`.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        frame_storage: ``"png"``, ``"jpg"`` or ``"video"``; see `create_dataset`.
        jpeg_quality: 1 to 100.
        frame_stride: ``stride`` of `create_dataset`; every n-th frame.
        fps: At most so many frames a second.
        frame_ranges: ``ranges`` of `create_dataset`; only frames in them.
        only_labeled: Only frames inside a labeled segment.
        resize: Size to which frames are scaled.
        progress: Whether to show progress bars.
        report: A `Report` that is filled with what became of each video.

    Returns:
        The dataset, and the export that it was made from, for the converter.

    Raises:
        DatasetExistsError: If something is at the path, and ``overwrite`` is not set.
        LabelboxError: If the project cannot be exported.
        ExportFormatError: If ``project_json`` is no export of this project.
        VideoError: If ``fail_on_error``, for the first video that cannot be had whole.
        DatasetError: If Deep Lake cannot write.
        ConfigurationError: If an argument cannot be used, or a build was begun with other options.

    Example:
        ```python
        dataset, export = create_dataset_from_video_annotation_project(
            "small", project_id, api_key, only_labeled=True, fps=5, report=(report := Report())
        )
        print(report)  # what became of each video
        export.save("project.ndjson")  # to apply the labels with, or to do it again offline
        ```
    """
    build, export = prepare_build(
        ProjectSource.with_id(project_id, project_json, lb_api_key, lb_client),
        DatasetLocation.of(deeplake_ds_path, deeplake_creds, deeplake_org_id, deeplake_token),
        StorageOptions(frame_storage=frame_storage, jpeg_quality=jpeg_quality).store(
            batch_size=video_generator_batch_size
        ),
        selection=FrameSelection(
            stride=frame_stride,
            fps=fps,
            ranges=frame_ranges,
            only_labeled=only_labeled,
            resize=resize,
        ),
        errors=ErrorPolicy(
            fail_on_error=fail_on_error,
            fail_on_export_error=fail_on_labelbox_project_export_error,
        ),
        overwrite=overwrite,
        url_presigner=url_presigner,
        batch_size=video_generator_batch_size,
        progress=progress,
        report=Report() if report is None else report,
    )
    return build.run(export), export


def create_dataset_from_video_annotation_project_with_custom_data_filler(
    deeplake_ds_path: str,
    project_id: str,
    lb_api_key: str | None,
    data_filler: Mapping[str, Callable[..., object]],
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_org_id: str | None = None,
    deeplake_token: str | None = None,
    overwrite: bool = False,  # noqa: FBT001, FBT002 - the signature of deeplake.integrations
    fail_on_error: bool = False,  # noqa: FBT001, FBT002 - the same
    url_presigner: UrlPresigner | None = None,
    video_generator_batch_size: int = 100,
    fail_on_labelbox_project_export_error: bool = False,  # noqa: FBT001, FBT002 - the same
    project_json: ExportSource | None = None,
    *,
    lb_client: labelbox.Client | None = None,
    frame_stride: int = 1,
    fps: float | None = None,
    frame_ranges: FrameRanges | None = None,
    only_labeled: bool = False,
    resize: Resize | None = None,
    progress: bool = True,
    report: Report | None = None,
) -> tuple[deeplake.Dataset, ProjectExport]:
    """Make a Deep Lake dataset of a Labelbox video project, with columns of your own.

    As `create_dataset_from_video_annotation_project`, but the columns and their values are made
    by ``data_filler``. Its ``fill_data`` appends one row per frame, in the order given. Columns
    named ``video_idx`` and ``frame_idx``, if it fills them, let rows be deleted or reordered before
    labels are applied; without them rows are identified by where they were written.

    Args:
        deeplake_ds_path: See `create_dataset_from_video_annotation_project`, as for all others.
        project_id: Id of the Labelbox project.
        lb_api_key: API key of Labelbox.
        data_filler: The two functions ``create_tensors(ds)`` and ``fill_data(ds, video_indices,
            frame_indices, frames)``.
        deeplake_creds: Credentials of the storage.
        deeplake_org_id: Organization in Deep Lake's cloud.
        deeplake_token: Token of Deep Lake's cloud.
        overwrite: Replace a dataset that is at the path.
        fail_on_error: Raise at the first video that cannot be had whole.
        url_presigner: Gives access to private videos.
        video_generator_batch_size: Frames per call of ``fill_data``, at most.
        fail_on_labelbox_project_export_error: Raise if Labelbox reports errors with the export.
        project_json: An export that exists already.
        lb_client: A ready `labelbox.Client`.
        frame_stride: See `create_dataset_from_video_annotation_project`, as for the next four.
        fps: At most so many frames a second.
        frame_ranges: Only frames in these ranges.
        only_labeled: Only frames inside a labeled segment.
        resize: Size to which frames are scaled.
        progress: Whether to show progress bars.
        report: A `Report` that is filled with what became of each video.

    Returns:
        The dataset, and the export that it was made from.

    Raises:
        DeepLakeLabelboxError: See `create_dataset_from_video_annotation_project`; besides, a
            `DatasetError` if ``fill_data`` does not append one row per frame.

    Example:
        ```python
        from deeplake import types

        def create_tensors(ds):
            ds.add_column("picture", types.Image(sample_compression="jpg"))
            ds.add_column("video_idx", "int32")
            ds.add_column("frame_idx", "int32")

        def fill_data(ds, video_indices, frame_indices, frames):
            columns = {"video_idx": video_indices, "frame_idx": frame_indices}
            ds.append({"picture": frames, **columns})

        filler = {"create_tensors": create_tensors, "fill_data": fill_data}
        dataset, export = create_dataset_from_video_annotation_project_with_custom_data_filler(
            "pictures", project_id, api_key, filler
        )
        ```
    """
    build, export = prepare_build(
        ProjectSource.with_id(project_id, project_json, lb_api_key, lb_client),
        DatasetLocation.of(deeplake_ds_path, deeplake_creds, deeplake_org_id, deeplake_token),
        FillerStore(data_filler),
        selection=FrameSelection(
            stride=frame_stride,
            fps=fps,
            ranges=frame_ranges,
            only_labeled=only_labeled,
            resize=resize,
        ),
        errors=ErrorPolicy(
            fail_on_error=fail_on_error,
            fail_on_export_error=fail_on_labelbox_project_export_error,
        ),
        overwrite=overwrite,
        url_presigner=url_presigner,
        batch_size=video_generator_batch_size,
        progress=progress,
        report=Report() if report is None else report,
    )
    return build.run(export), export


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
    return make_converter(
        ProjectSource.with_id(project_id, project_json, lb_api_key, lb_client),
        deeplake_ds_loader,
        LabelOptions(
            group_mapping=group_mapping,
            label_selection=label_selection,
            ontology=lb_ontology,
            metadata_prefix=metadata_prefix,
            generate_metadata=generate_metadata,
            row_details=row_details,
        ),
        ErrorPolicy(
            fail_on_error=fail_on_error,
            fail_on_export_error=fail_on_labelbox_project_export_error,
        ),
        progress=progress,
    )


def create_labelbox_annotation_project(
    video_paths: Iterable[str | os.PathLike[str]],
    lb_dataset_name: str,
    lb_project_name: str,
    lb_api_key: str | None,
    lb_ontology: OntologyLike = None,
    lb_batch_priority: int = 5,
    data_upload_strategy: UploadStrategy = "fail",
    lb_batches_name: str | None = None,
    lb_iam_integration_id: str | None = "DEFAULT",
    lb_global_key_generator: GlobalKeyGenerator = deterministic_global_key,
    *,
    lb_client: labelbox.Client | None = None,
    lb_dataset_id: str | None = None,
    lb_project_id: str | None = None,
    lb_metadata: MetadataSource | None = None,
    preflight: PreflightPolicy = "fail",
    fail_on_error: bool = False,
    progress: bool = True,
) -> AnnotationProject:
    """Upload videos to Labelbox and make a project of them that is ready to label.

    Called again, with the same or with more videos, it goes on where it stopped: the dataset and
    the project are found by their names (or ids), the data rows by their global keys, and what is
    there already is neither uploaded nor sent to the project again. A data row of another dataset
    that has the same global key is used as it is.

    Args:
        video_paths: Local paths and URLs, also mixed. ``s3://`` and ``gs://`` URLs are given to
            Labelbox as https ones, which it reads through an IAM integration.
        lb_dataset_name: Name of the Labelbox dataset; it is made when there is none.
        lb_project_name: Name of the Labelbox project; it is made when there is none.
        lb_api_key: Labelbox API key; None takes it from the variable LABELBOX_API_KEY.
        lb_ontology: A ``labelbox.Ontology``, its id, its normalized dict, an `Ontology`, or a
            Deep Lake dataset, whose columns tell. A new ontology gets the project's name. None
            leaves the project as it is.
        lb_batch_priority: 1 (first) to 5 (last).
        data_upload_strategy: What to do with videos that occur several times, that is, have the
            same global key: "fail" before anything is uploaded, "skip" all but the first, or
            upload "all", with ``-2``, ``-3`` … after the key.
        lb_batches_name: What names of batches begin with; ``<lb_dataset_name>_batch-`` by default.
        lb_iam_integration_id: Id or name of the IAM integration of a new dataset, "DEFAULT" for
            that of the organization if it has one, or None for none.
        lb_global_key_generator: Called with each path or URL as it was given. By default the key
            is made of a file's content and of a URL without its query, see
            `deterministic_global_key`.
        lb_client: A ready client, instead of a key.
        lb_dataset_id: Chooses among datasets of the same name.
        lb_project_id: Chooses among projects of the same name.
        lb_metadata: Metadata of the data rows that are made: by path or URL as it was given, or
            from a function of it, the values by the names of their fields, which the organization
            has. Data rows that are there already keep theirs.
        preflight: What to do with local files that Labelbox does not take (container, codec,
            size): "fail" before anything is uploaded, "skip" them, only "warn", or do not even
            look ("off").
        fail_on_error: Whether to raise when Labelbox rejects a video, or cannot process it.
            Otherwise it is listed in the result, and the rest goes on.
        progress: Whether to show a progress bar.

    Returns:
        The project, its data rows by path, and what was refused and why.

    Raises:
        ConfigurationError: An argument cannot be used, or videos occur several times.
        VideoNotFoundError: A local file is not there. Nothing was uploaded.
        UploadError: The preflight refuses files, or Labelbox took no video at all (or, with
            ``fail_on_error``, not every one).
        OntologyError: The ontology cannot be read, or the project has another one.
        MediaTypeError: The project is no video project.
        AuthenticationError: The API key is refused.
        LabelboxError: Labelbox refuses, or cannot be reached. What had been made until then is
            named; the same call goes on from there.

    Example:
        ```python
        ontology = {
            "tools": [{"tool": "rectangle", "name": "car"}],
            "classifications": [
                {
                    "type": "radio",
                    "name": "weather",
                    "instructions": "How is the weather?",
                    "scope": "index",  # asked for each frame, not once per video
                    "options": [
                        {"label": "Sun", "value": "sun"},
                        {"label": "Rain", "value": "rain"},
                    ],
                }
            ],
        }
        videos = list_videos("day/*.mp4")
        made = create_labelbox_annotation_project(
            videos, "Day", "Cars", api_key, lb_ontology=ontology
        )
        print(made)
        ```
    """
    return upload_videos(
        video_paths,
        project=lb_project_name,
        dataset=lb_dataset_name,
        ontology=lb_ontology,
        project_id=lb_project_id,
        dataset_id=lb_dataset_id,
        metadata=lb_metadata,
        priority=lb_batch_priority,
        batches_name=lb_batches_name,
        iam_integration=lb_iam_integration_id,
        duplicates=data_upload_strategy,
        preflight=preflight,
        global_key_generator=lb_global_key_generator,
        fail_on_error=fail_on_error,
        lb_client=lb_client,
        lb_api_key=lb_api_key,
        progress=progress,
    )
