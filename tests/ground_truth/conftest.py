"""Projects to import into, and their contents afterwards."""

import pytest
from sandbox_projects import ONTOLOGY

from deeplake_labelbox._imports import chunks
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._labelbox.exporter import ProjectExporter

VIDEO = {
    "width": 64,
    "height": 48,
    "frame_count": 40,
    "frame_rate": 25.0,
    "asset_type": "video",
    "mime_type": "video/mp4",
}


@pytest.fixture
def new_target(box):
    """Makes projects with two videos, ``one.mp4`` and ``two.mp4``, as data rows without files."""

    def made():
        project = box.add_project("Target", ONTOLOGY)
        for name in ("one.mp4", "two.mp4"):
            url = f"https://videos.test/{name}"
            project.add_video(row_data=url, external_id=name, media_attributes=VIDEO)
        return project

    return made


@pytest.fixture
def project(new_target):
    """A project with two videos and no labels."""
    return new_target()


@pytest.fixture
def export(client):
    """``export(project)``: its rows by external id."""

    def rows_of(project):
        rows = ProjectExporter(client, project.id).export(progress=False)
        return {row["data_row"]["external_id"]: row for row in rows}

    return rows_of


@pytest.fixture
def labels_of(export):
    """``labels_of(project)``: the labels of its data rows by external id."""

    def labels(project):
        return {
            name: row["projects"][project.id]["labels"] for name, row in export(project).items()
        }

    return labels


@pytest.fixture
def imported(client, project):
    """``imported(source)``: imports into ``project``."""

    def run(source, **options):
        options = {"lb_client": client, "progress": False, "poll_seconds": 0.001, **options}
        return import_annotations(source, project.id, None, **options)

    return run


@pytest.fixture
def small_chunks(monkeypatch):
    """Each data row is sent in a separate import."""
    monkeypatch.setattr(chunks, "MAX_LINES", 1)


@pytest.fixture(autouse=True)
def calm(box):
    """Undo what a test changed in the imports of the sandbox."""
    yield
    box.imports.refuse = None
    box.imports.next_polls, box.imports.next_state = 0, "FINISHED"
