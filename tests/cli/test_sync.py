import json

import deeplake
import pytest
from sync_projects import ONTOLOGY, car, clip, person

from deeplake_labelbox._sync.commit_lock import process_lock


@pytest.fixture
def project(box):
    project = box.add_project("Traffic", ONTOLOGY)
    for number in range(2):
        row = project.add_video(clip(first=10 * number), external_id=f"{number}.mp4")
        row.add_label([car(number)])
    return project


@pytest.fixture
def run_box(run, box):
    def run_box(*words, **environment):
        key = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
        return run(*words, **key, **environment)

    return run_box


def test_sync_shows_what_differs_and_writes_it(run_box, project, tmp_path):
    assert run_box("create", project.id, "clips").exit_code == 0
    same = run_box("sync", "clips")
    assert same.exit_code == 0
    assert "nothing changed (branch main" in same.stdout
    row = project.data_rows[0]
    row.update_label(row.labels[0], [person(4)])
    project.add_video(clip(first=30), external_id=f"{'new' * 12}.mp4")
    dry = run_box("sync", "clips", "--dry-run")
    assert dry.exit_code == 0
    for word in ("data row", "before", "after", "0.mp4", "label corrected", "video added"):
        assert word in dry.stdout
    assert "1 video added, 1 label corrected; would be written" in dry.stdout
    narrow = run_box("sync", "clips", "--dry-run", COLUMNS="60").stdout
    assert f" + {row.labels[0].id}, " in narrow
    assert max(map(len, narrow[narrow.index("╭") : narrow.index("╯")].splitlines())) <= 60
    words = ("--branch", "labelbox", "--merge", "--tag", "run-7", "--report", "report.json")
    result = run_box("sync", "clips", *words)
    assert result.exit_code == 0, result.output
    assert "1 video added, 1 label corrected; committed (branch labelbox" in result.stdout
    assert "Merged labelbox into main" in result.stdout
    ds = deeplake.open(str(tmp_path / "clips"))
    assert ds.version == ds.tags["run-7"].version
    assert len(ds) == 18
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [change["what"] for change in report["changes"]] == ["label corrected", "video added"]
    refused = run_box("sync", "clips", "--tag", "run-7")
    assert refused.exit_code == 1
    assert "A tag 'run-7' exists already" in refused.stderr


def test_what_cannot_be_had_ends_with_2(run_box, project, tmp_path):
    assert run_box("create", project.id, "clips").exit_code == 0
    project.add_video(row_data=str(tmp_path / "gone.mp4"), external_id="gone.mp4")
    result = run_box("sync", "clips")
    assert result.exit_code == 2
    assert "gone.mp4" in result.stderr
    assert "1 video failed; committed" in result.stdout


def test_there_must_be_a_dataset(run_box):
    result = run_box("sync", "nowhere")
    assert result.exit_code == 1
    assert "There is no Deep Lake dataset at nowhere" in result.stderr


def test_a_branch_that_is_made_is_told(run_box, project):
    assert run_box("create", project.id, "clips").exit_code == 0
    first = run_box("sync", "clips", "--branch", "nope")
    assert first.exit_code == 0
    assert "Branch nope does not exist yet; creating it." in first.stderr
    assert "Branch nope does not exist" not in run_box("sync", "clips", "--branch", "nope").stderr
    alone = run_box("sync", "clips", "--merge")
    assert alone.exit_code == 1
    assert "pass --branch." in alone.stderr


def test_another_sync_is_waited_for_as_long_as_is_said(run_box, project):
    assert run_box("create", project.id, "clips").exit_code == 0
    with process_lock(deeplake.open("clips").id, wait=0):
        result = run_box("sync", "clips", "--wait", "0.01")
    assert result.exit_code == 1
    assert "did not end within 0.01 s; wait for it, or pass a longer --wait." in result.stderr
