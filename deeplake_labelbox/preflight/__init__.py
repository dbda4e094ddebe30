"""What a project's videos are, before anything is decoded."""

from deeplake_labelbox.preflight.checks import Finding, FindingKind, check_video
from deeplake_labelbox.preflight.inspect import inspect_export, inspect_project, inspect_video
from deeplake_labelbox.preflight.inspection import ProjectInspection, VideoInspection

__all__ = [
    "Finding",
    "FindingKind",
    "ProjectInspection",
    "VideoInspection",
    "check_video",
    "inspect_export",
    "inspect_project",
    "inspect_video",
]
