import json

import pytest
import video_files
from sandbox_projects import ONTOLOGY, box_at, car
from video_files import write_video


@pytest.fixture
def inspect_there(run, box):
    def inspect_there(*words):
        return run(*words, LABELBOX_API_KEY=box.api_key, LABELBOX_ENDPOINT=box.endpoint)

    return inspect_there


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Mixed", ONTOLOGY)
    project.add_video(write_video(tmp_path / "fine.mp4"), external_id="fine.mp4")
    project.add_video(video_files.write_rotated(tmp_path / "turned.mp4", 90), private=True)
    return project


def test_inspect_shows_a_table(inspect_there, project):
    result = inspect_there("inspect", project.id)
    assert result.exit_code == 0, result.output
    for word in ("fine.mp4", "h264", "96 x 64", "turned 90 degrees", "36 rows", "as png", "as jpg"):
        assert word in result.stdout


def test_inspect_ends_with_2_when_something_will_be_missing(inspect_there, box, project):
    project.add_video(b"<html>Not Found</html>", external_id="page.mp4")
    row = project.add_video(row_data=f"{box.url}/gone.mp4?key=secret", external_id="gone")
    row.add_label([car(box_at(1))])
    result = inspect_there("inspect", project.id)
    assert result.exit_code == 2
    assert "HTML" in result.stdout
    assert "2 of them will miss frames or labels." in result.stdout
    assert "secret" not in result.output
    assert box.api_key not in result.output


def test_inspect_prints_json_of_a_saved_export(inspect_there, project):
    assert inspect_there("export", project.id, "-o", "project.ndjson").exit_code == 0
    result = inspect_there("inspect", "project.ndjson", "--json", "--at-a-time", "2")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["rows"] == 36
    assert 0 < told["estimated_bytes"]["video"] < told["estimated_bytes"]["jpg"]
    assert [video["info"]["rotation"] for video in told["videos"]] == [0, 90]
    assert set(told["estimated_bytes"]) == {"png", "jpg", "video"}
