"""``--json``: standard output is one JSON value, the same that ``--report`` writes."""

import json

import pytest
from sandbox_projects import ONTOLOGY
from video_files import write_video

from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture
def call(run, tmp_path):
    with Sandbox() as box:
        there = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}

        def call(*words, has_report=True):
            report = ("--report", "report.json") if has_report else ()
            result = run(*words, "--json", *report, **there)
            assert result.exit_code == 0, result.output
            printed = json.loads(result.stdout)
            if has_report:
                assert printed == json.loads((tmp_path / "report.json").read_text("utf-8"))
            return printed

        yield call


def test_each_command_prints_what_became_of_everything(call, tmp_path):
    (tmp_path / "ontology.json").write_text(json.dumps(ONTOLOGY))
    clip = write_video(tmp_path / "straße.mp4", frames=5, size=(64, 48))
    made = call("upload", clip, "--project", "Street", "--ontology", "ontology.json")
    (row,) = made["data_rows"]
    (tmp_path / "gt.txt").write_text("1,1,11,21,30,20,1,1,1\n3,1,13,21,30,20,1,1,1\n")
    source = ("gt.txt", made["project_id"], "--as", "ground-truth", "--map", "pedestrian=car")
    source = (*source, "--data-row", row["data_row_id"])
    (sent,) = call("import", *source)["annotations"]
    assert (sent["data_row_id"], sent["status"]) == (row["data_row_id"], "accepted")
    (video,) = call("create", made["project_id"], "clips", "--no-labels")["videos"]
    assert (video["name"], video["rows"], video["labeled"]) == (clip.name, 5, False)
    (video,) = call("annotate", made["project_id"], "clips")["videos"]
    assert video["objects"] == {"rectangle": 2}
    assert call("sync", "clips")["changes"] == []
    told = call("convert", "clips", "--to", "yolo", "-o", "yolo", has_report=False)
    assert told["objects"] == {"car": 2}
