"""Labelbox video projects to Deep Lake datasets: every label on its frame."""

from deeplake_labelbox.dataset.convert import converter_for_video_project_with_id
from deeplake_labelbox.dataset.converter import VideoProjectConverter
from deeplake_labelbox.dataset.create import (
    create_dataset_from_video_annotation_project,
    create_dataset_from_video_annotation_project_with_custom_data_filler,
)
from deeplake_labelbox.errors import DeepLakeLabelboxError
from deeplake_labelbox.project.export import ProjectExport
from deeplake_labelbox.project.exporter import ProjectExporter
from deeplake_labelbox.project.filters import ExportFilters, ExportParams
from deeplake_labelbox.project.ontology import Ontology
from deeplake_labelbox.report import Gap, Report, VideoOutcome
from deeplake_labelbox.version import __version__
from deeplake_labelbox.video.extractor import FrameBatch, FrameExtractor

__all__ = [
    "DeepLakeLabelboxError",
    "ExportFilters",
    "ExportParams",
    "FrameBatch",
    "FrameExtractor",
    "Gap",
    "Ontology",
    "ProjectExport",
    "ProjectExporter",
    "Report",
    "VideoOutcome",
    "VideoProjectConverter",
    "__version__",
    "converter_for_video_project_with_id",
    "create_dataset_from_video_annotation_project",
    "create_dataset_from_video_annotation_project_with_custom_data_filler",
]
