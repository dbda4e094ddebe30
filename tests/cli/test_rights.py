"""What the operating system refuses, and commands that run at the same time."""

import os

import pytest

from deeplake_labelbox._cli.one_writer import one_writer


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("stats locked", "The folder locked may not be read by this user;"),
        ("stats locked/ds", "The folder locked may not be read by this user;"),
        ("annotate export.ndjson locked/ds", "The folder locked may not be read by this user;"),
        ("create export.ndjson locked", "The folder locked may not be read by this user;"),
        ("create export.ndjson ds --report locked/r.json", "locked/r.json cannot be written: its"),
        ("stats ds -o locked/ds.png", "locked/ds.png cannot be written: its folder is read-only"),
    ],
)
def test_a_folder_without_rights_is_one_sentence(
    run, tmp_path, monkeypatch, save, rows, words, told
):
    save(rows)
    (tmp_path / "locked").mkdir()
    # Root, as which containers run tests, has all rights to all folders.
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: str(path) != "locked" and access(path, mode)
    )
    result = run(*words.split())
    assert result.exit_code == 1, result.output
    assert f"Error: {told}" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("words", [("create", "NAME.ndjson", "ds"), ("upload", "NAME.mp4")])
def test_a_path_that_the_system_refuses_is_one_sentence(run, words):
    words = [word.replace("NAME", "n" * 300) for word in words]
    if words[0] == "upload":
        words += ["--project", "P"]
    result = run(*words, LABELBOX_API_KEY="key")
    assert result.exit_code == 1
    assert f"Error: {words[1]}: File name too long;" in result.stderr


@pytest.mark.parametrize("command", ["create", "annotate"])
def test_two_commands_do_not_write_one_dataset(run, tmp_path, command):
    with one_writer(str(tmp_path / "ds")):
        result = run(command, "export.ndjson", "ds")
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: Another command is writing the dataset at ds;")
    assert "There is no file export.ndjson" in run("create", "export.ndjson", "ds").stderr


def test_two_demos_do_not_write_one_folder(run, tmp_path):
    with one_writer(str(tmp_path / "deeplake-labelbox-demo" / "dataset")):
        result = run("demo")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Another command is writing the dataset at")
    assert not list(tmp_path.iterdir())
