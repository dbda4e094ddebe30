"""Builds that were killed or interrupted, and go on."""

import signal
import subprocess
import sys
import textwrap

import deeplake
import numpy as np
import pytest
from sample_builds import FailingList, create, new_project, videos_fetched
from sample_oracle import contents
from video_files import write_video

from deeplake_labelbox import (
    ProjectExporter,
    Report,
)

KILLED = """
    import os, signal, sys
    import deeplake
    import tqdm.auto
    from deeplake_labelbox import Report, create_dataset_from_video_annotation_project
    from deeplake_labelbox._jobs import build

    build._COMMIT_ROWS = 1
    path, project_id, export, where = sys.argv[1:]
    written = 0

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    class Videos(list):
        def append(self, outcome):
            super().append(outcome)
            if where == "between" and len(self) == 2:
                die()

    def update(self, count=1):
        global written
        written += count
        if where.isdecimal() and written >= int(where):
            die()

    def commit(self, message=None):
        real_commit(self, message)
        if where == "committed" and message.startswith("Add "):
            die()

    tqdm.auto.tqdm.update = update
    real_commit, deeplake.Dataset.commit = deeplake.Dataset.commit, commit
    create_dataset_from_video_annotation_project(
        path, project_id, None, project_json=export, video_generator_batch_size=10,
        report=Report(Videos()),
    )
    raise SystemExit("It was not killed")
"""


@pytest.mark.parametrize(
    ("where", "committed", "finished"),
    [
        ("between", 48, True),
        ("20", 0, False),
        ("48", 0, False),
        ("committed", 48, False),
        ("58", 48, True),
        ("88", 48, True),
    ],
    ids=[
        "between videos",
        "in the first",
        "before the first commit",
        "after the first commit",
        "in the second",
        "before the second commit",
    ],
)
def test_a_killed_build_is_resumed(
    sample_box, export, undisturbed, tmp_path, where, committed, finished
):
    """A video is finished when its entry is committed too, after its rows."""
    path = str(tmp_path / "dataset")
    saved = export.save(tmp_path / "project.ndjson")
    arguments = [path, sample_box.sample.id, str(saved), where]
    killed = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", textwrap.dedent(KILLED), *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(deeplake.open(path)) == committed

    since = len(sample_box.requests)
    resumed, _ = create(sample_box, path, project_json=export)

    assert contents(resumed) == undisturbed
    assert contents(deeplake.open(path)) == undisturbed
    assert ("crossing.mp4" in videos_fetched(sample_box, since)) != finished


def test_an_interrupted_build_is_resumed(sample_box, export, undisturbed, tmp_path):
    class Interrupted(list):
        def append(self, outcome):
            super().append(outcome)
            if len(self) == 3:
                raise KeyboardInterrupt

    path = str(tmp_path / "dataset")
    with pytest.raises(KeyboardInterrupt):
        create(sample_box, path, project_json=export, report=Report(Interrupted()))
    assert len(deeplake.open(path)) == 88

    since = len(sample_box.requests)
    resumed, _ = create(sample_box, path, project_json=export)
    assert contents(resumed) == undisturbed
    assert {"crossing.mp4", "harbor.mp4"}.isdisjoint(videos_fetched(sample_box, since))


def test_a_resumed_build_numbers_videos_as_before(box, tmp_path):
    """Also when the newer export has them in another order, and new ones among them."""
    project = new_project(box, tmp_path, 3, 4)
    export = ProjectExporter(box.client(), project.id).export(progress=False)
    path = str(tmp_path / "dataset")
    box.faults.add("clip-1", "status", status=404, times=None)
    try:
        with pytest.raises(LookupError):
            create(box, path, project.id, project_json=export, report=Report(FailingList()))
    finally:
        box.faults.clear()

    project.add_video(write_video(tmp_path / "new.mp4", frames=5, size=(32, 32)))
    newer = ProjectExporter(box.client(), project.id).export(progress=False)
    dataset, _ = create(box, path, project.id, project_json=list(newer)[::-1])
    lengths = np.bincount(dataset["video_idx"][:]).tolist()
    assert lengths == [3, 4, 5]
