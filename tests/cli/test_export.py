import json


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_export_writes_the_project_and_says_what_comes_next(run_there, sample_box, tmp_path):
    result = run_there("export", sample_box.sample.project_id, "-o", "project.ndjson")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("project.ndjson: 3 data rows of Street and harbor, ")
    assert "deeplake-labelbox create project.ndjson project" in result.stderr
    assert len(lines(tmp_path / "project.ndjson")) == 3
    assert sample_box.api_key not in result.output


def test_export_filters(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    words = ("export", project, "-o", "few.ndjson", "--overwrite")
    assert run_there(*words, "--global-key", "sample-crossing").exit_code == 0
    (row,) = lines(tmp_path / "few.ndjson")
    assert row["data_row"]["global_key"] == "sample-crossing"
    assert run_there(*words, "--status", "ToLabel").exit_code == 0
    assert len(lines(tmp_path / "few.ndjson")) == 1
    assert run_there(*words, "--data-row", row["data_row"]["id"]).exit_code == 0
    assert len(lines(tmp_path / "few.ndjson")) == 1
    assert run_there(*words, "--since", "2020-01-01").exit_code == 0
    assert len(lines(tmp_path / "few.ndjson")) == 3


def test_export_tells_what_is_asked_for(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    run_there("export", project, "-o", "keys.ndjson", "--no-attachments", "--no-performance")
    run_there("export", project, "-o", "all.ndjson", "--interpolated-frames")
    keys, every = tmp_path / "keys.ndjson", tmp_path / "all.ndjson"
    assert every.stat().st_size > 2 * keys.stat().st_size
    assert "attachments" not in lines(keys)[0]
    assert "attachments" in lines(every)[0]


def test_export_replaces_a_file_only_when_told(run_there, sample_box, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    words = ("export", sample_box.sample.project_id, "-o", "mine.txt")
    result = run_there(*words)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: The file mine.txt exists already; choose another, or pass --overwrite to replace "
        "it.\n"
    )
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert run_there(*words, "--overwrite", "--status", "InRework").exit_code == 1
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert run_there(*words, "--overwrite").exit_code == 0
    assert len(lines(tmp_path / "mine.txt")) == 3
