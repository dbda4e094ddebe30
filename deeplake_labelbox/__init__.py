"""Labelbox video projects to Deep Lake datasets: every label on its frame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deeplake_labelbox._compare.changes import AnswerChange, FrameChanges, VideoChanges
    from deeplake_labelbox._compare.compare import compare_labels
    from deeplake_labelbox._compare.report import LabelComparison
    from deeplake_labelbox._evaluation.evaluate import evaluate
    from deeplake_labelbox._evaluation.evaluation import Evaluation, EvaluationScore
    from deeplake_labelbox._evaluation.frame_errors import FrameBox, FrameErrors
    from deeplake_labelbox._evaluation.send_back import SentBack, send_back
    from deeplake_labelbox._formats.annotations import (
        Box,
        FrameAnnotation,
        GlobalAnnotation,
        Line,
        Mask,
        ObjectAnnotation,
        Point,
    )
    from deeplake_labelbox._imports.importing import import_annotations
    from deeplake_labelbox._imports.outcome import AnnotationOutcome, ImportedFile, ImportResult
    from deeplake_labelbox._jobs.apply import apply_labels
    from deeplake_labelbox._jobs.conversion import ConversionReport
    from deeplake_labelbox._jobs.convert import convert_dataset
    from deeplake_labelbox._jobs.converter import VideoProjectConverter
    from deeplake_labelbox._jobs.create import create_dataset
    from deeplake_labelbox._jobs.dataset_report import DatasetReport
    from deeplake_labelbox._jobs.inspect import inspect_export, inspect_project
    from deeplake_labelbox._jobs.inspection import ProjectInspection, VideoInspection
    from deeplake_labelbox._labelbox.export import ProjectExport
    from deeplake_labelbox._labelbox.exporter import ProjectExporter
    from deeplake_labelbox._labelbox.filters import ExportFilters, ExportParams
    from deeplake_labelbox._model.ontology import Ontology
    from deeplake_labelbox._pictures.contact_sheet import draw_contact_sheet
    from deeplake_labelbox._pictures.dataset_preview import Preview, preview, write_preview
    from deeplake_labelbox._pictures.frame import draw_frame
    from deeplake_labelbox._pictures.movie import write_preview_video
    from deeplake_labelbox._pictures.page import PreviewPage, write_preview_page
    from deeplake_labelbox._pictures.statistics import DatasetStatistics, dataset_statistics
    from deeplake_labelbox._store.label_diff import LabelDiff, diff_labels
    from deeplake_labelbox._store.labeled_dataset import LabeledDataset
    from deeplake_labelbox._sync.report import SyncReport
    from deeplake_labelbox._sync.sync import removed_data_rows, sync_dataset
    from deeplake_labelbox._upload.create import upload_videos
    from deeplake_labelbox._upload.listing import list_videos
    from deeplake_labelbox._upload.result import AnnotationProject, RefusedVideo, UploadedDataRow
    from deeplake_labelbox._version import __version__
    from deeplake_labelbox._video.extractor import FrameExtractor
    from deeplake_labelbox._video.opened import FrameBatch
    from deeplake_labelbox.errors import DeepLakeLabelboxError
    from deeplake_labelbox.integrations import (
        converter_for_video_project_with_id,
        create_dataset_from_video_annotation_project,
        create_dataset_from_video_annotation_project_with_custom_data_filler,
        create_labelbox_annotation_project,
        load_blob_file_paths_from_azure,
    )
    from deeplake_labelbox.report import Gap, Report, VideoOutcome

__all__ = [
    "AnnotationOutcome",
    "AnnotationProject",
    "AnswerChange",
    "Box",
    "ConversionReport",
    "DatasetReport",
    "DatasetStatistics",
    "DeepLakeLabelboxError",
    "Evaluation",
    "EvaluationScore",
    "ExportFilters",
    "ExportParams",
    "FrameAnnotation",
    "FrameBatch",
    "FrameBox",
    "FrameChanges",
    "FrameErrors",
    "FrameExtractor",
    "Gap",
    "GlobalAnnotation",
    "ImportResult",
    "ImportedFile",
    "LabelComparison",
    "LabelDiff",
    "LabeledDataset",
    "Line",
    "Mask",
    "ObjectAnnotation",
    "Ontology",
    "Point",
    "Preview",
    "PreviewPage",
    "ProjectExport",
    "ProjectExporter",
    "ProjectInspection",
    "RefusedVideo",
    "Report",
    "SentBack",
    "SyncReport",
    "UploadedDataRow",
    "VideoChanges",
    "VideoInspection",
    "VideoOutcome",
    "VideoProjectConverter",
    "__version__",
    "apply_labels",
    "compare_labels",
    "convert_dataset",
    "converter_for_video_project_with_id",
    "create_dataset",
    "create_dataset_from_video_annotation_project",
    "create_dataset_from_video_annotation_project_with_custom_data_filler",
    "create_labelbox_annotation_project",
    "dataset_statistics",
    "diff_labels",
    "draw_contact_sheet",
    "draw_frame",
    "evaluate",
    "import_annotations",
    "inspect_export",
    "inspect_project",
    "list_videos",
    "load_blob_file_paths_from_azure",
    "preview",
    "removed_data_rows",
    "send_back",
    "sync_dataset",
    "upload_videos",
    "write_preview",
    "write_preview_page",
    "write_preview_video",
]

# Where each name is: imported when it is first used, so that the command line starts at once.
_HOMES = {
    "AnnotationOutcome": "_imports.outcome",
    "AnnotationProject": "_upload.result",
    "AnswerChange": "_compare.changes",
    "Box": "_formats.annotations",
    "ConversionReport": "_jobs.conversion",
    "DatasetReport": "_jobs.dataset_report",
    "DatasetStatistics": "_pictures.statistics",
    "DeepLakeLabelboxError": "errors",
    "Evaluation": "_evaluation.evaluation",
    "EvaluationScore": "_evaluation.evaluation",
    "ExportFilters": "_labelbox.filters",
    "ExportParams": "_labelbox.filters",
    "FrameAnnotation": "_formats.annotations",
    "FrameBatch": "_video.opened",
    "FrameBox": "_evaluation.frame_errors",
    "FrameChanges": "_compare.changes",
    "FrameErrors": "_evaluation.frame_errors",
    "FrameExtractor": "_video.extractor",
    "Gap": "report",
    "GlobalAnnotation": "_formats.annotations",
    "ImportResult": "_imports.outcome",
    "ImportedFile": "_imports.outcome",
    "LabelComparison": "_compare.report",
    "LabelDiff": "_store.label_diff",
    "LabeledDataset": "_store.labeled_dataset",
    "Line": "_formats.annotations",
    "Mask": "_formats.annotations",
    "ObjectAnnotation": "_formats.annotations",
    "Ontology": "_model.ontology",
    "Point": "_formats.annotations",
    "Preview": "_pictures.dataset_preview",
    "PreviewPage": "_pictures.page",
    "ProjectExport": "_labelbox.export",
    "ProjectExporter": "_labelbox.exporter",
    "ProjectInspection": "_jobs.inspection",
    "RefusedVideo": "_upload.result",
    "Report": "report",
    "SentBack": "_evaluation.send_back",
    "SyncReport": "_sync.report",
    "UploadedDataRow": "_upload.result",
    "VideoChanges": "_compare.changes",
    "VideoInspection": "_jobs.inspection",
    "VideoOutcome": "report",
    "VideoProjectConverter": "_jobs.converter",
    "__version__": "_version",
    "apply_labels": "_jobs.apply",
    "compare_labels": "_compare.compare",
    "convert_dataset": "_jobs.convert",
    "converter_for_video_project_with_id": "integrations",
    "create_dataset": "_jobs.create",
    "create_dataset_from_video_annotation_project": "integrations",
    "create_dataset_from_video_annotation_project_with_custom_data_filler": "integrations",
    "create_labelbox_annotation_project": "integrations",
    "dataset_statistics": "_pictures.statistics",
    "diff_labels": "_store.label_diff",
    "draw_contact_sheet": "_pictures.contact_sheet",
    "draw_frame": "_pictures.frame",
    "evaluate": "_evaluation.evaluate",
    "import_annotations": "_imports.importing",
    "inspect_export": "_jobs.inspect",
    "inspect_project": "_jobs.inspect",
    "list_videos": "_upload.listing",
    "load_blob_file_paths_from_azure": "integrations",
    "preview": "_pictures.dataset_preview",
    "removed_data_rows": "_sync.sync",
    "send_back": "_evaluation.send_back",
    "sync_dataset": "_sync.sync",
    "upload_videos": "_upload.create",
    "write_preview": "_pictures.dataset_preview",
    "write_preview_page": "_pictures.page",
    "write_preview_video": "_pictures.movie",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
