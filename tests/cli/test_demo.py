import json
import re

import deeplake
from PIL import Image


def test_demo_makes_a_dataset_and_a_picture_and_tells_how_to_open_it(run, tmp_path):
    result = run("demo")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "deeplake-labelbox-demo"
    assert {path.name for path in folder.iterdir()} == {
        "dataset",
        "contact-sheet.png",
        ".deeplake-labelbox-demo",
    }
    with Image.open(folder / "contact-sheet.png") as sheet:
        assert sheet.width == 1800
    assert "deeplake-labelbox-demo/contact-sheet.png" in result.stdout
    for told in ("3, 2 of them labeled", "112", "rectangle", "raster-segmentation", "MB", " s "):
        assert told in result.stdout
    assert "Traceback" not in result.output
    lines = re.findall(r"^    (\S.*)$", result.stdout, re.MULTILINE)
    assert len(lines) == 3
    space = {}
    exec("\n".join(lines), space)  # noqa: S102 - what the user is told to run
    assert len(space["ds"]) == 112
    ds = deeplake.open(str(folder / "dataset"))
    assert ds["mask_labels"][20].tolist() == [0, 0]


def fits(result, columns):
    """The table is no wider than the terminal, and what is to be copied is not broken."""
    assert result.exit_code == 0
    frames = [line for line in result.stdout.splitlines() if line.startswith(("╭", "│", "╰"))]
    assert frames
    assert max(map(len, frames)) <= columns
    assert 'ds = deeplake.open("there/dataset")' in result.stdout


def test_demo_replaces_what_it_made_and_nothing_else(run, tmp_path):
    fits(run("demo", "-o", "there", COLUMNS="40"), 40)
    (tmp_path / "there" / "mine.txt").write_text("mine")
    (tmp_path / "there" / "contact-sheet.png").unlink()
    fits(run("demo", "-o", "there", COLUMNS="200"), 200)
    assert (tmp_path / "there" / "contact-sheet.png").is_file()
    assert (tmp_path / "there" / "mine.txt").read_text() == "mine"


def test_demo_refuses_a_folder_with_other_files(run, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "dataset").write_text("mine")
    result = run("demo", "--output", "full")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: The folder full has files that the demo did not make;")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["dataset"]


def test_demo_refuses_a_file(run, tmp_path):
    (tmp_path / "file").write_text(json.dumps({}))
    assert run("demo", "--output", "file").exit_code == 1


def test_a_demo_that_is_stopped_starts_again(run, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("deeplake_labelbox._jobs.create.label_dataset", stop)
    result = run("demo")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1].strip() == "Stopped."
