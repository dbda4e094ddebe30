"""Labelbox video projects to Deep Lake datasets: every label on its frame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.version import __version__

if TYPE_CHECKING:
    from deeplake_labelbox.dataset.convert import converter_for_video_project_with_id
    from deeplake_labelbox.dataset.converter import VideoProjectConverter
    from deeplake_labelbox.dataset.create import (
        create_dataset_from_video_annotation_project,
        create_dataset_from_video_annotation_project_with_custom_data_filler,
    )
    from deeplake_labelbox.errors import DeepLakeLabelboxError
    from deeplake_labelbox.ground_truth.importing import import_annotations
    from deeplake_labelbox.pictures.contact_sheet import draw_contact_sheet
    from deeplake_labelbox.pictures.dataset_preview import Preview, preview, write_preview
    from deeplake_labelbox.pictures.frame import draw_frame
    from deeplake_labelbox.pictures.statistics import DatasetStatistics, dataset_statistics
    from deeplake_labelbox.project.export import ProjectExport
    from deeplake_labelbox.project.exporter import ProjectExporter
    from deeplake_labelbox.project.filters import ExportFilters, ExportParams
    from deeplake_labelbox.project.ontology import Ontology
    from deeplake_labelbox.report import Gap, Report, VideoOutcome
    from deeplake_labelbox.store.labeled_dataset import LabeledDataset
    from deeplake_labelbox.sync.label_diff import LabelDiff, diff_labels
    from deeplake_labelbox.sync.report import SyncReport
    from deeplake_labelbox.sync.sync import left_data_rows, sync_dataset
    from deeplake_labelbox.upload.azure import load_blob_file_paths_from_azure
    from deeplake_labelbox.upload.create import create_labelbox_annotation_project
    from deeplake_labelbox.upload.listing import list_videos
    from deeplake_labelbox.upload.result import AnnotationProject, RefusedVideo, UploadedDataRow
    from deeplake_labelbox.video.extractor import FrameBatch, FrameExtractor

__all__ = [
    "AnnotationProject",
    "DatasetStatistics",
    "DeepLakeLabelboxError",
    "ExportFilters",
    "ExportParams",
    "FrameBatch",
    "FrameExtractor",
    "Gap",
    "LabelDiff",
    "LabeledDataset",
    "Ontology",
    "Preview",
    "ProjectExport",
    "ProjectExporter",
    "RefusedVideo",
    "Report",
    "SyncReport",
    "UploadedDataRow",
    "VideoOutcome",
    "VideoProjectConverter",
    "__version__",
    "converter_for_video_project_with_id",
    "create_dataset_from_video_annotation_project",
    "create_dataset_from_video_annotation_project_with_custom_data_filler",
    "create_labelbox_annotation_project",
    "dataset_statistics",
    "diff_labels",
    "draw_contact_sheet",
    "draw_frame",
    "import_annotations",
    "left_data_rows",
    "list_videos",
    "load_blob_file_paths_from_azure",
    "preview",
    "sync_dataset",
    "write_preview",
]

# Where each name is: imported when it is first used, so that the command line starts at once.
_HOMES = {
    "AnnotationProject": "upload.result",
    "DatasetStatistics": "pictures.statistics",
    "DeepLakeLabelboxError": "errors",
    "ExportFilters": "project.filters",
    "ExportParams": "project.filters",
    "FrameBatch": "video.extractor",
    "FrameExtractor": "video.extractor",
    "Gap": "report",
    "LabelDiff": "sync.label_diff",
    "LabeledDataset": "store.labeled_dataset",
    "Ontology": "project.ontology",
    "Preview": "pictures.dataset_preview",
    "ProjectExport": "project.export",
    "ProjectExporter": "project.exporter",
    "RefusedVideo": "upload.result",
    "Report": "report",
    "SyncReport": "sync.report",
    "UploadedDataRow": "upload.result",
    "VideoOutcome": "report",
    "VideoProjectConverter": "dataset.converter",
    "converter_for_video_project_with_id": "dataset.convert",
    "create_dataset_from_video_annotation_project": "dataset.create",
    "create_dataset_from_video_annotation_project_with_custom_data_filler": "dataset.create",
    "create_labelbox_annotation_project": "upload.create",
    "dataset_statistics": "pictures.statistics",
    "diff_labels": "sync.label_diff",
    "draw_contact_sheet": "pictures.contact_sheet",
    "draw_frame": "pictures.frame",
    "import_annotations": "ground_truth.importing",
    "left_data_rows": "sync.sync",
    "list_videos": "upload.listing",
    "load_blob_file_paths_from_azure": "upload.azure",
    "sync_dataset": "sync.sync",
    "preview": "pictures.dataset_preview",
    "write_preview": "pictures.dataset_preview",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
