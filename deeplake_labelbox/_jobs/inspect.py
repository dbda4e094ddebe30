"""Inspect the videos of a project before they are decoded and written.

The packets of several videos are scanned at a time. For a remote MP4 or MOV, only the index and
the first frame are fetched, by range requests; the API key is sent to Labelbox's own hosts only.
Other remote files are fetched completely, and so are files whose server does not support range
requests. The first frame is decoded to find its orientation. In complete files, some key frames are
decoded to find changes of the picture size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._jobs.inspection import ProjectInspection, VideoInspection
from deeplake_labelbox._jobs.project_source import ProjectSource
from deeplake_labelbox._labelbox.client import connect
from deeplake_labelbox._labelbox.export import ExportSource, ProjectExport
from deeplake_labelbox._model.answer_spans import answered_beyond
from deeplake_labelbox._model.data_rows import data_row_name
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.rows import project_entry
from deeplake_labelbox._model.selection import LabelSelection, select_label
from deeplake_labelbox._model.visibility import frames_beyond
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._video.access import Access, UrlPresigner
from deeplake_labelbox._video.checks import FindingKind, VideoFinding, check_video
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.mp4_limits import has_index_apart
from deeplake_labelbox._video.picture_sizes import picture_sizes
from deeplake_labelbox._video.probe import probe_video
from deeplake_labelbox._video.remote_file import RemoteFile
from deeplake_labelbox._video.response_body import VIDEO_ERRORS
from deeplake_labelbox._video.scan import VideoScan, scan_packets
from deeplake_labelbox._video.source import describe_source, is_remote, open_video
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import VideoDecodeError, VideoError

if TYPE_CHECKING:
    import labelbox

AT_A_TIME: Final = 8

Inspect = Callable[[Mapping[str, Any]], VideoInspection]


def inspect_project(
    project_id: str,
    lb_api_key: str | None = None,
    *,
    lb_client: labelbox.Client | None = None,
    url_presigner: UrlPresigner | None = None,
    label_selection: LabelSelection = "selected",
    at_a_time: int = AT_A_TIME,
    progress: bool = True,
) -> ProjectInspection:
    """Export a project and inspect all its videos.

    Args:
        project_id: Id of the Labelbox project.
        lb_api_key: API key of Labelbox; ``None`` reads ``LABELBOX_API_KEY``.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        url_presigner: Gives access to private URLs, such as `presigners.s3`. Only Labelbox's own
            hosts get the API key.
        label_selection: Which label to use if a data row has several.
        at_a_time: Number of videos that are inspected at once.
        progress: Whether to show a progress bar.

    Raises:
        LabelboxError: If the project cannot be exported.

    Example:
        ```python
        from deeplake_labelbox import inspect_project

        inspection = inspect_project(project_id, api_key)
        for video in inspection.videos:
            print(video.name, video.rows, [finding.what for finding in video.findings])
        ```
    """
    client = connect(lb_api_key, lb_client=lb_client)
    source = ProjectSource(project_id, None, client, url_presigner)
    return inspect_export(
        source.read_export(progress=progress),
        project_id,
        url_presigner=source.presigner,
        label_selection=label_selection,
        at_a_time=at_a_time,
        progress=progress,
    )


def inspect_export(
    export: ExportSource,
    project_id: str | None = None,
    *,
    url_presigner: UrlPresigner | None = None,
    label_selection: LabelSelection = "selected",
    at_a_time: int = AT_A_TIME,
    progress: bool = True,
) -> ProjectInspection:
    """Inspect all videos of an export, without requests to the Labelbox API.

    Args:
        export: A list of data rows, the path of a saved export, or a `ProjectExport`.
        project_id: Project to inspect; by default the first of the export.
        url_presigner: Gives access to private URLs.
        label_selection: Which label to use if a data row has several.
        at_a_time: Number of videos that are inspected at once.
        progress: Whether to show a progress bar.

    Raises:
        ExportFormatError: If ``export`` is not an export, or not of this project.

    Example:
        ```python
        from deeplake_labelbox import inspect_export

        print(inspect_export("project.ndjson").will_miss)
        ```
    """
    rows = ProjectExport.load(export)
    chosen = project_id or rows.project_ids[0]
    name = rows.project_name(chosen) or chosen
    with Transport() as transport, ThreadPoolExecutor(max(at_a_time, 1)) as pool:
        inspect = partial(
            _inspect_row, chosen, label_selection, url_presigner=url_presigner, transport=transport
        )
        found = with_progress(
            _in_order(pool, rows, inspect, 2 * at_a_time),
            total=len(rows),
            unit="video",
            desc="videos",
            shown=progress,
        )
        return ProjectInspection(chosen, name, tuple(found))


def _inspect_row(
    project_id: str,
    selection: LabelSelection,
    row: Mapping[str, Any],
    *,
    url_presigner: UrlPresigner | None,
    transport: Transport,
) -> VideoInspection:
    project_entry(row, project_id)
    data_row_id, name = str(row["data_row"]["id"]), data_row_name(row)
    source = str(row["data_row"]["row_data"])
    try:
        info, scan, fetched = inspect_video(
            source, url_presigner=url_presigner, transport=transport
        )
    except VideoError as error:
        kind: FindingKind = "damaged" if isinstance(error, VideoDecodeError) else "unreachable"
        return VideoInspection(
            data_row_id, name, findings=(VideoFinding(kind, str(error), costs=True),)
        )
    findings = check_video(info, scan, row.get("media_attributes"))
    findings += _labels_beyond(row, project_id, selection, scan.packets)
    return VideoInspection(data_row_id, name, info, scan, fetched, findings)


def inspect_video(
    source: str | Path, *, url_presigner: UrlPresigner | None = None, transport: Transport
) -> tuple[VideoInfo, VideoScan, int | None]:
    """Inspect one video.

    Returns:
        Its header, its packets, and the number of bytes that were fetched.

    Raises:
        VideoError: If it cannot be fetched, or is not a video.
    """
    name = f"The video {describe_source(source)}"
    if isinstance(source, str) and is_remote(source):
        remote = _open_remote(transport, Access.to(source, url_presigner, VIDEO_ERRORS))
        if remote is not None:
            return *_look(remote, name), remote.fetched
    with open_video(source, url_presigner=url_presigner, transport=transport) as path:
        fetched = path.stat().st_size if is_remote(source) else None
        return *_look(path, name), fetched


def _open_remote(transport: Transport, access: Access) -> RemoteFile | None:
    """Open the URL as a file, if parts of it are enough for an inspection."""
    remote = RemoteFile.open(access.name, partial(transport.read_range, access))
    return remote if remote is not None and has_index_apart(remote) else None


def _look(source: Path | IO[bytes], name: str) -> tuple[VideoInfo, VideoScan]:
    probe, (packets, scan) = probe_video(source, name), scan_packets(source, name)
    if isinstance(source, Path):
        # The key frames of a remote file would have to be fetched.
        scan = replace(scan, sizes=tuple(picture_sizes(source, name, packets, probe.orientation)))
    return probe.info, scan


def _labels_beyond(
    row: Mapping[str, Any], project_id: str, selection: LabelSelection, last_frame: int
) -> tuple[VideoFinding, ...]:
    """Find labels on frames that the video does not have."""
    selected = select_label(row, project_id, selection)
    if selected is None:
        return ()
    label = parse_label(selected)
    found = [
        VideoFinding("unreadable label", problem.what, costs=True) for problem in label.problems[:1]
    ]
    beyond = [frames_beyond(track, last_frame) for track in label.tracks]
    beyond += [
        answered_beyond(answers.answers, label.segments, last_frame)
        for answers in label.frame_answers
    ]
    runs = [run for run in beyond if run is not None]
    if runs:
        first, last = min(run[0] for run in runs), max(run[1] for run in runs)
        shown = counted(last_frame, "frame")
        what = f"labels go from frame {first} to {last}, but the video shows {shown}"
        found.append(VideoFinding("labels beyond", what, costs=True))
    return tuple(found)


def _in_order(
    pool: ThreadPoolExecutor, rows: Iterable[dict[str, Any]], inspect: Inspect, ahead: int
) -> Iterator[VideoInspection]:
    """Yield the inspections in order; unlike `pool.map`, only a few rows are kept in memory."""
    waiting: deque[Future[VideoInspection]] = deque()
    for row in rows:
        waiting.append(pool.submit(inspect, row))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
