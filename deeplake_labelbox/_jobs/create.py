"""The verbs that make a dataset from a Labelbox project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import deeplake

from deeplake_labelbox._jobs.build import DatasetBuild
from deeplake_labelbox._jobs.video_appender import VideoAppender
from deeplake_labelbox._labelbox.client import api_key_of, connect, labelbox_hosts
from deeplake_labelbox._labelbox.export import ExportSource, ProjectExport
from deeplake_labelbox._labelbox.exporter import ProjectExporter
from deeplake_labelbox._store.frame_selection import FrameRanges, FrameSelection
from deeplake_labelbox._store.frames.filler import FillerStore
from deeplake_labelbox._store.frames.registry import FrameStorage, StorageOptions
from deeplake_labelbox._store.frames.store import FrameStore
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox._video.access import UrlPresigner, labelbox_presigner
from deeplake_labelbox._video.resize import Resize
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    import labelbox


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

    Frames can be chosen before they are decoded, by ``frame_stride``, ``fps``, ``frame_ranges`` and
    ``only_labeled``; where several are given, a frame must pass them all. Chosen frames keep the
    ``frame_idx`` and ``timestamp`` that they have in the whole video, and so the labels that are
    theirs. The others are not encoded, and decoded only where a chosen one needs them or where
    nothing else tells the numbers of frames; damage in what is not decoded goes unnoticed.

    A build that was interrupted is resumed when it is called again with the same project, path and
    options: videos that are committed are not fetched again. Videos that failed, or whose frames
    are not all there, are tried again by the same call; their rows then come last, in place of
    those that were there, and labels are to be applied again. A try that gets fewer frames
    changes nothing.

    Args:
        deeplake_ds_path: Where to make it: a local path, ``mem://…``, ``s3://…``, ``al://…``.
        project_id: Id of the Labelbox project.
        lb_api_key: API key of Labelbox; ``None`` reads the environment variable
            ``LABELBOX_API_KEY`` where Labelbox is asked. With ``project_json``, ``None`` means
            that Labelbox is not asked for anything.
        deeplake_creds: Credentials of the storage, as `deeplake.create` takes them.
        deeplake_org_id: Organization in Deep Lake's cloud.
        deeplake_token: Token of Deep Lake's cloud.
        overwrite: Replace a dataset that is at the path. The new one is built beside it, at
            ``<path>.building``, and takes its place when it is complete; until then the old one
            stays as it is. So both need room on the disk (in a bucket or in memory, where the
            new one is copied into place, the new one twice). A build that failed or was killed
            is resumed by the same call.
        fail_on_error: Raise at the first video that cannot be had whole. Otherwise its frames up
            to there are kept, the rest is reported, and the other videos follow.
        url_presigner: ``f(url) -> (url, {"headers": {...}})`` or ``(url, {})``: gives access to
            videos that cannot be fetched without. The default adds the API key for Labelbox's own
            hosts, and for no other.
        video_generator_batch_size: How many frames are decoded before they are written, at most.
        fail_on_labelbox_project_export_error: Raise if Labelbox reports errors with the export,
            instead of logging them.
        project_json: An export that exists already: a list of data rows, the path of an NDJSON or
            JSON file, or a `ProjectExport`.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        frame_storage: ``"png"`` keeps every pixel; ``"jpg"`` is smaller and faster, with loss.
        jpeg_quality: 1 to 100. Chroma is as fine as the video has it. See
            `deeplake_labelbox._video.encodings` for what quality costs.
        frame_stride: Every n-th frame of each video, from its first one on.
        fps: At most so many frames a second: the first frame of each interval of ``1 / fps``
            seconds from the first frame on.
        frame_ranges: Pairs of first and last frame, 1-based and both included, for all videos; or
            such pairs by data row id, where videos that are not named keep all frames.
        only_labeled: Only frames inside a labeled segment (of an object, or of an answer that
            holds for some frames) of the label that counts in Labelbox.
        resize: Scale frames to this longest side in pixels (smaller ones stay as they are), or to
            exactly (width, height). Frames are averaged when they shrink and interpolated
            bicubically when they grow; the converter scales boxes, points, lines and masks (by the
            nearest pixel) alike. ``lb_meta/width`` and ``lb_meta/height`` stay what Labelbox says.
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
    return _create(
        StorageOptions(frame_storage=frame_storage, jpeg_quality=jpeg_quality).store(
            batch_size=video_generator_batch_size
        ),
        DatasetLocation.of(deeplake_ds_path, deeplake_creds, deeplake_org_id, deeplake_token),
        project_id,
        lb_api_key,
        selection=FrameSelection(
            frame_stride=frame_stride,
            fps=fps,
            frame_ranges=frame_ranges,
            only_labeled=only_labeled,
            resize=resize,
        ),
        overwrite=overwrite,
        fail_on_error=fail_on_error,
        url_presigner=url_presigner,
        batch_size=video_generator_batch_size,
        fail_on_export_error=fail_on_labelbox_project_export_error,
        project_json=project_json,
        lb_client=lb_client,
        progress=progress,
        report=report,
    )


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
    return _create(
        FillerStore(data_filler),
        DatasetLocation.of(deeplake_ds_path, deeplake_creds, deeplake_org_id, deeplake_token),
        project_id,
        lb_api_key,
        selection=FrameSelection(
            frame_stride=frame_stride,
            fps=fps,
            frame_ranges=frame_ranges,
            only_labeled=only_labeled,
            resize=resize,
        ),
        overwrite=overwrite,
        fail_on_error=fail_on_error,
        url_presigner=url_presigner,
        batch_size=video_generator_batch_size,
        fail_on_export_error=fail_on_labelbox_project_export_error,
        project_json=project_json,
        lb_client=lb_client,
        progress=progress,
        report=report,
    )


def _create(
    store: FrameStore[Any],
    location: DatasetLocation,
    project_id: str,
    lb_api_key: str | None,
    *,
    selection: FrameSelection,
    overwrite: bool,
    fail_on_error: bool,
    url_presigner: UrlPresigner | None,
    batch_size: int,
    fail_on_export_error: bool,
    project_json: ExportSource | None,
    lb_client: labelbox.Client | None,
    progress: bool,
    report: Report | None,
) -> tuple[deeplake.Dataset, ProjectExport]:
    report = Report() if report is None else report
    appender = VideoAppender(
        project_id,
        store,
        selection=selection,
        fail_on_error=fail_on_error,
        url_presigner=url_presigner or default_presigner(lb_api_key, lb_client, project_json),
        batch_size=batch_size,
        progress=progress,
        report=report,
    )
    build = DatasetBuild(location, project_id, appender, report=report, overwrite=overwrite)
    build.check_location()
    export = read_export(
        project_id,
        lb_api_key,
        project_json,
        lb_client=lb_client,
        progress=progress,
        fail_on_error=fail_on_export_error,
    )
    return build.run(export), export


def read_export(
    project_id: str,
    lb_api_key: str | None,
    project_json: ExportSource | None,
    *,
    lb_client: labelbox.Client | None,
    progress: bool,
    fail_on_error: bool,
) -> ProjectExport:
    """The export of a project: the one given, else a new one from Labelbox."""
    if project_json is not None:
        return ProjectExport.load(project_json)
    exporter = ProjectExporter(connect(lb_api_key, lb_client=lb_client), project_id)
    return exporter.export(progress=progress, fail_on_error=fail_on_error)


def default_presigner(
    lb_api_key: str | None, lb_client: labelbox.Client | None, project_json: ExportSource | None
) -> UrlPresigner | None:
    """The API key for Labelbox's own hosts; ``None`` where there is no key."""
    if lb_client is not None:
        return labelbox_presigner(api_key_of(lb_client), labelbox_hosts(lb_client))
    if lb_api_key is None and project_json is not None:
        return None
    client = connect(lb_api_key)
    return labelbox_presigner(api_key_of(client), labelbox_hosts(client))
