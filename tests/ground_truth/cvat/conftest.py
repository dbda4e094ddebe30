"""Read CVAT files, and import them into the project with two videos."""

import pytest

from deeplake_labelbox._formats.cvat.reader import CvatSource
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames


@pytest.fixture
def cvat_file(tmp_path):
    def write(text):
        file = tmp_path / "annotations.xml"
        file.write_text(text)
        return file

    return write


@pytest.fixture
def read(cvat_file):
    """``read(text)``: the annotations of each video."""
    return lambda text, **options: list(
        CvatSource(cvat_file(text), ReadOptions(**options)).videos(lambda _: None)
    )


@pytest.fixture
def frames_of(read):
    """``frames_of(text)``: the frames of each track by video and track; findings by video."""

    def frames(text):
        return {
            video.name: {track.track: track.frames.tolist() for track in video.tracks}
            for video in read(text)
        }

    return frames


@pytest.fixture
def imported(client, project, cvat_file):
    def run(text, **options):
        return import_annotations(
            cvat_file(text), project.id, None, lb_client=client, progress=False, **options
        )

    return run


@pytest.fixture
def shown(labels_of, project):
    """``shown()``: the frames on which Labelbox shows each object, by video and class."""

    def frames():
        return {
            (name, track.feature.name): visible_frames(track, 40).frames.tolist()
            for name, labels in labels_of(project).items()
            for label in labels
            for track in parse_label(label).tracks
        }

    return frames
