"""The functions of ``deeplake.integrations``, with their signatures; new options are keyword-only.

`create_dataset`, `apply_labels` and `upload_videos` do the same with shorter names.
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
from deeplake_labelbox.errors import ConfigurationError
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
    """Create a Deep Lake dataset of the frames of a Labelbox video project.

    Does the same as `create_dataset` with ``labels=False``, which explains the columns, how frames
    are chosen, how a build is resumed, and the arguments. `converter_for_video_project_with_id`
    applies the labels. These arguments have other names here, or do not exist there:

    - ``deeplake_ds_path``: ``path`` of `create_dataset`.
    - ``lb_api_key``: with ``project_json``, ``None`` makes no requests to Labelbox.
    - ``project_json``: a saved export: a list of data rows, the path of an NDJSON or JSON file, or
      a `ProjectExport`.
    - ``video_generator_batch_size``: maximum number of frames that are decoded before they are
      written.
    - ``fail_on_labelbox_project_export_error``: raise if Labelbox reports errors with the export,
      instead of logging them.
    - ``frame_stride``, ``frame_ranges``: ``stride`` and ``ranges`` of `create_dataset`.
    - ``report``: a `Report` that is filled with the outcome of each video.

    Returns:
        The dataset, and the export that it was created from, for the converter.

    Raises:
        DeepLakeLabelboxError: See `create_dataset`.

    Example:
        ```python
        dataset, export = create_dataset_from_video_annotation_project(
            "small", project_id, api_key, only_labeled=True, fps=5, report=(report := Report())
        )
        print(report)  # the outcome of each video
        export.save("project.ndjson")  # to apply the labels with, or to do it again offline
        ```
    """
    _check_batch_size(video_generator_batch_size)
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
    """Create a Deep Lake dataset of a Labelbox video project, with columns of your own.

    Does the same as `create_dataset_from_video_annotation_project`, but ``data_filler`` creates the
    columns and their values: the two functions ``create_tensors(ds)`` and ``fill_data(ds,
    video_indices, frame_indices, frames)``. ``fill_data`` gets up to ``video_generator_batch_size``
    frames, and appends one row per frame in the given order. If it fills columns named
    ``video_idx`` and ``frame_idx``, rows may be deleted or reordered before labels are applied;
    otherwise rows are identified by their position.

    Returns:
        The dataset, and the export that it was created from.

    Raises:
        DatasetError: If ``fill_data`` does not append one row per frame.
        DeepLakeLabelboxError: See `create_dataset`.

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
    _check_batch_size(video_generator_batch_size)
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
    """Create a converter that applies the labels of a project to its dataset.

    `apply_labels` does the same in one call, and explains the arguments. These have other names
    here, or do not exist there:

    - ``deeplake_ds_loader``: ``f(project_name) -> dataset`` opens the dataset, on any branch.
    - ``project_json``: a saved export, as `create_dataset_from_video_annotation_project` returns.
      With it and without ``lb_api_key``, no requests are made to Labelbox.
    - ``fail_on_labelbox_project_export_error``: raise if Labelbox reports errors with the export.
    - ``generate_metadata``: whether to write the columns ``lb_meta/*``.
    - ``metadata_prefix``: first part of their names.
    - ``lb_ontology``: ``ontology`` of `apply_labels`.

    Returns:
        The converter.

    Raises:
        DeepLakeLabelboxError: See `apply_labels`.

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
        print(converter.report)  # what was applied, and what could not be applied
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
    """Upload videos to Labelbox and create a project of them that is ready to label.

    Does the same as `upload_videos`, which explains the arguments. These have other names here:

    - ``video_paths``: ``paths``.
    - ``lb_dataset_name``, ``lb_dataset_id``: ``dataset``, ``dataset_id``.
    - ``lb_project_name``, ``lb_project_id``: ``project``, ``project_id``.
    - ``lb_ontology``, ``lb_metadata``: ``ontology``, ``metadata``.
    - ``lb_batch_priority``, ``lb_batches_name``: ``priority``, ``batches_name``.
    - ``data_upload_strategy``: ``duplicates``.
    - ``lb_iam_integration_id``: ``iam_integration``.
    - ``lb_global_key_generator``: ``global_key_generator``.

    Returns:
        The project, its data rows by path, and the videos that were refused with reasons.

    Raises:
        DeepLakeLabelboxError: See `upload_videos`.

    Example:
        ```python
        videos = list_videos("day/*.mp4")
        ontology = {"tools": [{"tool": "rectangle", "name": "car"}], "classifications": []}
        made = create_labelbox_annotation_project(
            videos, "Day", "Cars by day", api_key, lb_ontology=ontology
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


def _check_batch_size(frames: int) -> None:
    if frames < 1:
        raise ConfigurationError(
            f"`video_generator_batch_size` is {frames}; give 1 or more frames."
        )
