"""The whole job: frames of a project, then its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deeplake_labelbox._cli.arguments import check_ontology_fits
from deeplake_labelbox._cli.project_source import ProjectSource
from deeplake_labelbox._cli.running import SAME_COMMAND, Run
from deeplake_labelbox._cli.summary import command_line, whole_report
from deeplake_labelbox.errors import DatasetExistsError
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import deeplake

    from deeplake_labelbox._labelbox.export import ProjectExport
    from deeplake_labelbox._model.ontology import Ontology
    from deeplake_labelbox._store.frames.registry import FrameStorage
    from deeplake_labelbox._store.location import DatasetLocation
    from deeplake_labelbox._store.row_metadata import RowDetail


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """How labels are applied.

    Attributes:
        groups: The group mapping.
        ontology: The ontology, where it is not asked of Labelbox.
        fail_on_error: Whether to raise at the first label that cannot be applied whole.
        selection: Which of several labels of a data row counts.
        row_details: What is written of data rows beside their metadata columns.
    """

    groups: Mapping[str, str]
    ontology: Ontology | None = None
    fail_on_error: bool = False
    selection: Literal["selected", "newest", "all"] = "selected"
    row_details: tuple[RowDetail, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOptions:
    """Which frames are written, and how.

    Attributes:
        storage: See `FrameStorage`.
        jpeg_quality: 1 to 100.
        stride: Every n-th frame.
        fps: At most so many frames a second.
        ranges: First and last frame of the only intervals that are written, counted from 1.
        only_labeled: Only frames inside a labeled segment.
        resize: Longest side, or width and height, in pixels.
    """

    storage: FrameStorage = "png"
    jpeg_quality: int = 95
    stride: int = 1
    fps: float | None = None
    ranges: tuple[tuple[int, int], ...] | None = None
    only_labeled: bool = False
    resize: int | tuple[int, int] | None = None


def make_dataset(
    run: Run,
    source: ProjectSource,
    path: str,
    labels: LabelOptions | None,
    *,
    creds: Mapping[str, str] | None = None,
    token: str | None = None,
    overwrite: bool = False,
    fail_on_error: bool = False,
    frames: FrameOptions | None = None,
) -> tuple[deeplake.Dataset, Report]:
    """Make the dataset of a project, and apply its labels unless ``labels`` is ``None``.

    Raises:
        DeepLakeLabelboxError: As the verbs of the package do.
    """
    from deeplake_labelbox._jobs.create import (  # noqa: PLC0415 - imports deeplake
        create_dataset_from_video_annotation_project,
        read_export,
    )
    from deeplake_labelbox._store.frame_selection import FrameSelection  # noqa: PLC0415 - the same
    from deeplake_labelbox._store.labelbox_meta import LabelboxMeta  # noqa: PLC0415 - the same
    from deeplake_labelbox._store.location import DatasetLocation  # noqa: PLC0415 - the same

    frames = frames or FrameOptions()
    export = source.export
    if labels is not None and labels.ontology is not None:
        if export is None:
            export = read_export(
                source.project_id,
                None,
                None,
                lb_client=source.client,
                progress=run.progress,
                fail_on_error=False,
            )
        check_ontology_fits(labels.ontology, export, source.project_id)
    # Refuses options that make no sense before anything is said to be done.
    FrameSelection(
        frame_stride=frames.stride, fps=frames.fps, frame_ranges=frames.ranges, resize=frames.resize
    )
    run.step(f"Writing the frames of project {source.project_id} to {path}")
    run.resume = SAME_COMMAND
    try:
        dataset, export = create_dataset_from_video_annotation_project(
            path,
            source.project_id,
            None,
            creds,
            deeplake_token=token,
            overwrite=overwrite,
            fail_on_error=fail_on_error,
            project_json=export,
            lb_client=source.client,
            frame_storage=frames.storage,
            jpeg_quality=frames.jpeg_quality,
            frame_stride=frames.stride,
            fps=frames.fps,
            frame_ranges=frames.ranges,
            only_labeled=frames.only_labeled,
            resize=frames.resize,
            progress=run.progress,
            report=run.report,
        )
    except DatasetExistsError as error:
        location = DatasetLocation.of(path, creds, None, token)
        if not error.is_same_build or not _lacks_labels(location) or labels is None:
            run.hint = _how_to_go_on(location, source.project_id)
            raise
        dataset = location.open()
        run.step("Its frames are there already, without labels")
    applied = None
    if labels is not None:
        run.hint = f"The frames are in {path} without labels; the same command applies them."
        if overwrite:
            run.hint = run.hint.replace("command", "command without --overwrite")
        run.resume = run.hint
        dataset, applied = apply_labels(
            run, ProjectSource(source.project_id, export, source.client), lambda _: dataset, labels
        )
        run.hint = run.resume = ""
    return dataset, whole_report(LabelboxMeta.read(dataset), run.report, applied)


def _lacks_labels(location: DatasetLocation) -> bool:
    from deeplake_labelbox._store.applied_labels import AppliedLabels  # noqa: PLC0415 - imports deeplake

    return AppliedLabels.read(location.open()) is None


def _how_to_go_on(location: DatasetLocation, project_id: str) -> str:
    """What to do with a dataset that is there already, if it is one of the project."""
    from deeplake_labelbox._store.swap import found_meta  # noqa: PLC0415 - imports deeplake

    meta = found_meta(location)
    if meta is None or meta.project_id != project_id:
        return ""
    if _lacks_labels(location):
        return (
            f"Its frames are complete, but without labels: "
            f"`{command_line('annotate', location.path, project_id)}` applies them (with --group, "
            f"if it was given)."
        )
    return f"`{command_line('sync', location.path)}` brings it in step with Labelbox."


def apply_labels(
    run: Run,
    source: ProjectSource,
    open_dataset: Callable[[str], deeplake.Dataset],
    labels: LabelOptions,
) -> tuple[deeplake.Dataset, Report]:
    """Apply the labels of a project to its dataset.

    Raises:
        DeepLakeLabelboxError: As the verbs of the package do.
    """
    from deeplake_labelbox._jobs.convert import (  # noqa: PLC0415 - imports deeplake
        converter_for_video_project_with_id,
    )

    export: ProjectExport | None = source.export
    run.step(f"Applying the labels of project {source.project_id}")
    converter = converter_for_video_project_with_id(
        source.project_id,
        open_dataset,
        None,
        group_mapping=labels.groups,
        fail_on_error=labels.fail_on_error,
        project_json=export,
        lb_client=source.client,
        lb_ontology=labels.ontology,
        label_selection=labels.selection,
        row_details=labels.row_details,
        progress=run.progress,
    )
    dataset = converter.dataset_with_applied_annotations()
    return dataset, converter.report
