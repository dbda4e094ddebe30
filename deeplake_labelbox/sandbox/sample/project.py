"""Put the sample project into a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.sample.crossing import CROSSING
from deeplake_labelbox.sandbox.sample.harbor import HARBOR, UNLABELED_QUAY
from deeplake_labelbox.sandbox.sample.ontology import sample_ontology

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox import Sandbox, SandboxProject
    from deeplake_labelbox.sandbox.sample.video import SampleVideo

PROJECT_NAME = "Street and harbor"


def sample_videos() -> tuple[SampleVideo, ...]:
    """Return the videos of the sample project, in the order of its data rows."""
    return CROSSING, HARBOR, UNLABELED_QUAY


def add_sample_project(box: Sandbox) -> SandboxProject:
    """Add the sample project to a sandbox; encoding its videos takes about a second."""
    project = box.add_project(PROJECT_NAME, sample_ontology())
    for video in sample_videos():
        row = project.add_video(
            video.encode(),
            external_id=video.external_id,
            global_key=video.global_key,
            private=video.private,
            workflow_status="DONE" if video.labeled else "TO_LABEL",
        )
        if video.labeled:
            row.add_label(
                video.annotations, created_by=video.created_by, mask_format=video.mask_format
            )
    return project
