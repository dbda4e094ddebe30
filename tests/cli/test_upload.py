import json

import pytest
from sandbox_projects import ONTOLOGY
from video_files import write_video

from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture
def box():
    with Sandbox() as running:
        yield running


@pytest.fixture
def upload(run, box, tmp_path):
    (tmp_path / "clips").mkdir()
    for frames in (4, 5):
        write_video(tmp_path / "clips" / f"{frames}.mp4", frames=frames)
    (tmp_path / "ontology.json").write_text(json.dumps(ONTOLOGY))

    def upload(*words):
        there = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
        return run("upload", *words, **there)

    return upload


def test_upload_makes_a_project_and_says_where_it_is(box, upload, tmp_path):
    words = ("clips/*.mp4", "--project", "Street", "--ontology", "ontology.json")
    result = upload(*words, "--report", "report.json")
    assert result.exit_code == 0, result.output
    (project,) = box.projects
    assert result.stdout == (
        f"{project.id}: 2 videos in Street, 2 new\n{box.url}/projects/{project.id}\n"
    )
    assert f"deeplake-labelbox create {project.id} dataset" in result.stderr
    assert len(project.data_rows) == 2
    report = json.loads((tmp_path / "report.json").read_text())
    assert [row["name"] for row in report["data_rows"]] == ["clips/4.mp4", "clips/5.mp4"]
    assert upload(*words).stdout.startswith(f"{project.id}: 2 videos in Street, 0 new")


def test_upload_sends_metadata_and_all_of_an_ontology(box, upload, tmp_path):
    required = {"tools": [{"tool": "point", "name": "nose", "required": True}]}
    (tmp_path / "ontology.json").write_text(json.dumps(required))
    (tmp_path / "told.json").write_text('{"clips/4.mp4": {"tag": "night"}}')
    words = ("clips/*.mp4", "--project", "Street", "--ontology", "ontology.json")
    result = upload(*words, "--metadata", "told.json")
    assert result.exit_code == 0, result.output
    (project,) = box.projects
    assert project.ontology_normalized["tools"][0]["required"]
    rows = [box.client().get_data_row(row.id) for row in project.data_rows]
    assert [[each["value"] for each in row.metadata_fields] for row in rows] == [["night"], []]
    for text in ("{", "[]", '{"clips/4.mp4": 3}'):
        (tmp_path / "told.json").write_text(text)
        assert "told.json" in upload(*words, "--metadata", "told.json").stderr


def test_upload_takes_an_ontology_by_its_id(box, upload):
    from labelbox import MediaType  # noqa: PLC0415 - slow to import

    made = box.client().create_ontology("Made", ONTOLOGY, media_type=MediaType.Video)
    result = upload("clips/4.mp4", "--project", "Street", "--ontology", made.uid)
    assert result.exit_code == 0, result.output
    assert box.projects[0].ontology_id == made.uid


def test_upload_lists_what_was_refused_and_ends_with_2(box, upload, tmp_path):
    gone = f"{box.storage_url}/gone.mp4?Signature=secret"
    result = upload("clips/4.mp4", gone, "--project", "Street", "--report", "report.json")
    assert result.exit_code == 2
    assert "gone.mp4: Failed to access URL: 404" in result.stderr
    assert "The project has no ontology" in result.stderr
    assert "secret" not in result.output
    assert "secret" not in (tmp_path / "report.json").read_text()


def test_upload_ends_with_1_before_anything_is_made(box, upload):
    result = upload("clips/4.mp4", "missing.mp4", "--project", "Street")
    assert result.exit_code == 1
    assert "There is no file missing.mp4; nothing was uploaded" in result.stderr
    result = upload("clips", "--project", "Street")
    assert "clips is a folder; give its videos instead, like clips/*.mp4" in result.stderr
    result = upload("clips/4.mp4", "--project", "Street", "--ontology", "missing.json")
    assert result.exit_code == 1
    assert "The ontology missing.json cannot be read" in result.stderr
    assert box.requests == []


def test_skipping_duplicates_is_what_was_asked_for(upload, tmp_path):
    twin = tmp_path / "clips" / "twin.mp4"
    twin.write_bytes((tmp_path / "clips" / "4.mp4").read_bytes())
    words = ("clips/4.mp4", "clips/twin.mp4", "--project", "Street", "--duplicates", "skip")
    result = upload(*words)
    assert result.exit_code == 0, result.output
    assert "1 video in Street, 1 new" in result.stdout
    assert "the same video as clips/4.mp4" in result.stderr
