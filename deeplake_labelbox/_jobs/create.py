"""Create a dataset of a Labelbox project: its frames, then its labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._jobs.apply import check_labels, label_dataset
from deeplake_labelbox._jobs.build import DatasetBuild
from deeplake_labelbox._jobs.dataset_report import DatasetReport, dataset_report
from deeplake_labelbox._jobs.engine import Engine, ThreadEngine, engine_of
from deeplake_labelbox._jobs.options import ErrorPolicy, LabelOptions
from deeplake_labelbox._jobs.project_source import ProjectSource
from deeplake_labelbox._jobs.video_appender import VideoAppender
from deeplake_labelbox._labelbox.export import ExportSource, ProjectExport
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.frame_selection import FrameRanges, FrameSelection
from deeplake_labelbox._store.frames.filler import FillerStore
from deeplake_labelbox._store.frames.registry import FrameStorage, StorageOptions
from deeplake_labelbox._store.layout import GroupMapping, check_group_mapping
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox._store.row_metadata import RowDetail, check_row_details
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.resize import Resize
from deeplake_labelbox.errors import DatasetExistsError
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    import labelbox

    from deeplake_labelbox._store.frames.store import FrameStore


# Maximum number of frames that are decoded before they are written.
_BATCH_SIZE: Final = 100


def create_dataset(
    path: str | Path,
    project: ExportSource,
    *,
    labels: bool = True,
    project_id: str | None = None,
    group_mapping: GroupMapping | None = None,
    label_selection: LabelSelection = "selected",
    ontology: labelbox.Ontology | Mapping[str, Any] | Ontology | None = None,
    row_details: Collection[RowDetail] = (),
    frame_storage: FrameStorage = "png",
    jpeg_quality: int = 95,
    verify_frames: bool = True,
    data_filler: Mapping[str, Callable[..., object]] | None = None,
    stride: int = 1,
    fps: float | None = None,
    ranges: FrameRanges | None = None,
    only_labeled: bool = False,
    resize: Resize | None = None,
    overwrite: bool = False,
    fail_on_error: bool = False,
    url_presigner: UrlPresigner | None = None,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_org_id: str | None = None,
    deeplake_token: str | None = None,
    lb_client: labelbox.Client | None = None,
    lb_api_key: str | None = None,
    ray_address: str | None = None,
    ray_cpus: int = 2,
    progress: bool = True,
) -> DatasetReport:
    """Create a Deep Lake dataset of a Labelbox video project, with its frames and its labels.

    The dataset gets one row per frame, with ``frames`` (Image, (H, W, 3) uint8 RGB as displayed),
    ``frame_idx`` (int32, from 0), ``video_idx`` (int32, place of the data row in the export) and
    ``timestamp`` (float64, seconds from the first frame), and the columns of the labels. Videos are
    committed as they are written; short ones share a commit.

    ``stride``, ``fps``, ``ranges`` and ``only_labeled`` choose frames before they are decoded; a
    frame must pass all of them. Chosen frames keep the ``frame_idx`` and ``timestamp`` that they
    have in the whole video, and so get their own labels. Other frames are not encoded. They are
    decoded only if a chosen frame depends on them, or to count frames if the container does not
    have their numbers; damage in frames that are not decoded is not noticed.

    The same call, with the same project, path and options, resumes a build that was interrupted:
    committed videos are not fetched again, and missing labels are applied. It also retries videos
    that failed or are incomplete. Their new rows are appended at the end, and the old rows are
    deleted. An attempt that decodes fewer frames changes nothing.

    Args:
        path: Path of the dataset: a local path, ``mem://…``, ``s3://…``, ``al://…``.
        project: Id of the Labelbox project, or an export of it: the path of an NDJSON or JSON file,
            a list of data rows, or a `ProjectExport`.
        labels: Whether to apply labels, as `apply_labels` does.
        project_id: Project to use, if the export holds several.
        group_mapping: See `apply_labels`, also for the next three arguments.
        label_selection: Which of several labels of a data row to use.
        ontology: The project's ontology, instead of reading it from Labelbox.
        row_details: Details of data rows that are written beside the columns ``lb_meta/*``.
        frame_storage: ``"png"`` keeps every pixel; ``"jpg"`` is smaller and faster, with loss;
            ``"video"`` keeps the packets of the videos, and so every pixel in the size of the video
            files. There is then no column ``frames``: `LabeledDataset.frames` decodes the packets.
        jpeg_quality: 1 to 100. Chroma keeps the resolution that it has in the video. See
            `deeplake_labelbox._video.encodings` for the cost of quality.
        verify_frames: With ``"video"``: decode each video once, to find damage and to verify which
            packet holds which frame. ``False`` only copies the packets of videos whose packets
            suffice to number the frames; the report names these videos. All others are decoded.
        data_filler: Two functions that make columns of your own instead of the frame columns:
            ``create_tensors(ds)`` and ``fill_data(ds, video_indices, frame_indices, frames)``,
            which appends one row per frame, in the given order. If it fills columns named
            ``video_idx`` and ``frame_idx``, rows may be deleted or reordered later.
        stride: Keep every n-th frame of each video, starting with the first.
        fps: Maximum number of frames per second: keep the first frame of each interval of
            ``1 / fps`` seconds, starting with the first frame.
        ranges: Pairs of first and last frame, 1-based and both included, for all videos; or
            such pairs by data row id (other videos keep all frames).
        only_labeled: Only frames inside a labeled segment (of an object, or of an answer to some
            frames) of the selected label.
        resize: Scale frames to this longest side in pixels (smaller ones stay as they are), or to
            exactly (width, height); not with ``"video"``. Frames are averaged when they shrink and
            interpolated bicubically when they grow; boxes, points, lines and masks (by the nearest
            pixel) are scaled alike. ``lb_meta/width`` and ``lb_meta/height`` stay as in Labelbox.
        overwrite: Replace a dataset at the path. The new dataset is built at ``<path>.building``
            and replaces the old one when its frames are complete; until then the old one stays as
            it is. So the disk needs room for both. In a bucket or in memory the new one is copied,
            so it needs twice its size.
        fail_on_error: Raise at the first video that cannot be fully decoded or label that cannot be
            fully applied. Otherwise the rest of it is kept, the gap is reported, and the run
            continues with the other videos.
        url_presigner: ``f(url) -> (url, {"headers": {...}})`` or ``(url, {})``: gives access to
            private videos and masks; `deeplake_labelbox.presigners` has those of the clouds. Only
            URLs of Labelbox's own hosts that it returns unchanged get the API key.
        deeplake_creds: Credentials of the storage, as `deeplake.create` takes them.
        deeplake_org_id: Organization in Deep Lake's cloud.
        deeplake_token: Token of Deep Lake's cloud.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        lb_api_key: API key of Labelbox; ``None`` reads the environment variable
            ``LABELBOX_API_KEY`` for a project id. With an export, ``None`` makes no requests to
            Labelbox: the ontology is ``ontology`` or inferred from the export, and masks that need
            the key are reported as missing.
        ray_address: Prepare videos on a Ray cluster instead of in threads: ``"auto"`` is the
            cluster that this process is connected to or this machine belongs to, ``"local"``
            processes on this machine, ``"ray://host:10001"`` a cluster elsewhere. The result is the
            same. Workers fetch the videos themselves, with ``url_presigner``, so they must be able
            to read paths of files.
        ray_cpus: CPU cores that each video gets on a Ray worker.
        progress: Whether to show progress bars.

    Returns:
        The dataset, the export that it was created from, and the outcome of each video.

    Raises:
        DatasetExistsError: If something else is at the path already, and ``overwrite`` is not set.
        LabelboxError: If the project cannot be exported.
        ExportFormatError: If ``project`` is not an export.
        VideoError: If ``fail_on_error``, for the first video that cannot be fully decoded.
        LabelError: If ``fail_on_error``, for the first label that cannot be fully applied.
        OntologyError: If the ontology has none of the annotations.
        DatasetError: If Deep Lake cannot write.
        ClusterError: If the Ray cluster cannot be reached, or its workers cannot run the job.
        ConfigurationError: If an argument is invalid, or an unfinished build has other options.

    Example:
        ```python
        report = create_dataset(
            "small", project_id, lb_api_key=api_key, only_labeled=True, fps=5
        )
        print(report)  # the outcome of each video
        report.export.save("project.ndjson")  # to repeat it offline
        print(report.dataset.summary())
        ```
    """
    selection = FrameSelection(
        stride=stride, fps=fps, ranges=ranges, only_labeled=only_labeled, resize=resize
    )
    storage = StorageOptions(
        frame_storage=frame_storage, jpeg_quality=jpeg_quality, verify_frames=verify_frames
    )
    options = LabelOptions(
        group_mapping=group_mapping,
        label_selection=label_selection,
        ontology=ontology,
        row_details=row_details,
    )
    check_group_mapping(group_mapping)
    check_row_details(row_details)
    location = DatasetLocation.of(path, deeplake_creds, deeplake_org_id, deeplake_token)
    source = ProjectSource.of(
        project, project_id=project_id, lb_api_key=lb_api_key, lb_client=lb_client
    )
    store: FrameStore[Any] = (
        storage.store(batch_size=_BATCH_SIZE) if data_filler is None else FillerStore(data_filler)
    )
    engine = engine_of(ray_address, ray_cpus, fills=data_filler is not None)
    errors, frames = ErrorPolicy(fail_on_error=fail_on_error), Report()
    is_checked = False
    try:
        build, export = prepare_build(
            source,
            location,
            store,
            selection=selection,
            errors=errors,
            overwrite=overwrite,
            url_presigner=url_presigner,
            batch_size=_BATCH_SIZE,
            progress=progress,
            report=frames,
            engine=engine,
        )
    except DatasetExistsError as error:
        if not labels or not error.is_same_build:
            raise
        dataset = location.open()
        if AppliedLabels.read(dataset) is not None:
            raise
        export = source.read_export(progress=progress)
        steps.info("Its frames are complete, but it has no labels")
    else:
        if labels:
            options = replace(options, ontology=check_labels(source, export, options))
            is_checked = True
        dataset = build.run(export)
    finally:
        engine.close()
    if not labels:
        return dataset_report(dataset, export, frames, ())
    source = ProjectSource(source.project_id, export, source.client, url_presigner)
    try:
        applied = label_dataset(
            source, dataset, options, errors, progress=progress, is_checked=is_checked
        )
    except BaseException as error:
        without = " without `overwrite`" if overwrite else ""
        error.add_note(
            f"The frames are in {location}, without labels; run it again{without} to apply them."
        )
        raise
    return dataset_report(dataset, export, frames, applied)


def prepare_build(
    source: ProjectSource,
    location: DatasetLocation,
    store: FrameStore[Any],
    *,
    selection: FrameSelection,
    errors: ErrorPolicy,
    overwrite: bool,
    url_presigner: UrlPresigner | None,
    batch_size: int,
    progress: bool,
    report: Report,
    engine: Engine | None = None,
) -> tuple[DatasetBuild, ProjectExport]:
    """Prepare a build of the frames of a project; nothing is written yet.

    Args:
        source: The project.
        location: Location of the dataset.
        store: Stores the frames.
        selection: Selects the frames that become rows.
        errors: Whether errors end the job.
        overwrite: Whether to replace a dataset at the location.
        url_presigner: Gives access to private videos, besides the API key of the source.
        batch_size: Maximum number of frames that are decoded before they are written.
        progress: Whether to show progress bars.
        report: Filled with the outcome of each video.
        engine: Prepares frames; by default in threads.

    Returns:
        The build, and the export to run it with.

    Raises:
        DatasetExistsError: If something else is at the path already, and ``overwrite`` is not set.
        LabelboxError: If the project cannot be exported.
    """
    engine = engine or ThreadEngine()
    presigner = replace(source, url_presigner=url_presigner).presigner
    appender = VideoAppender(
        source.project_id,
        store,
        selection=selection,
        fail_on_error=errors.fail_on_error,
        url_presigner=presigner,
        batch_size=batch_size,
        progress=progress,
        report=report,
        engine=engine,
    )
    build = DatasetBuild(location, source.project_id, appender, report=report, overwrite=overwrite)
    build.check_location()
    engine.connect(presigner)
    export = source.read_export(progress=progress, fail_on_error=errors.fail_on_export_error)
    return build, export
