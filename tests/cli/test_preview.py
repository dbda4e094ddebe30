import json

import pytest
from PIL import Image


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.png", "contact sheet, 1800 x"),
        ("a.mp4", "video of harbor.mp4, 3 frames"),
        ("a.html", "page of 1 video, 0."),
    ],
)
def test_preview_writes_what_the_suffix_says(run, dataset, tmp_path, name, told):
    words = ("--video", "harbor.mp4", "--frames", "2-4")
    result = run("preview", dataset, "-o", name, *words)
    assert result.exit_code == 0, result.output
    assert f"{name}: {told}" in result.stdout
    assert (tmp_path / name).stat().st_size > 3000


def test_an_mp4_of_one_video_says_that_the_others_are_left_out(run, dataset):
    result = run("preview", dataset, "-o", "a.mp4", "--frames", "2-3")
    assert "a.mp4: video of crossing.mp4, 2 frames; 2 other videos left out" in result.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "a.gif"), "a.gif must end with .png, .mp4 or .html."),
        (("-o", "no/a.png"), "There is no folder no"),
        (("-o", "a.mp4", "--video", "0", "--video", "1"), "an .mp4 can show only one"),
        (("-o", "a.png", "--video", "x"), "no rows of a video 'x'"),
        (("-o", "a.png", "--frames", "x"), "is not a range of frames like 1-250"),
        (("-o", "a.png", "--frames", "9-3"), "are not a range"),
        (("-o", "a.png", "--branch", "x"), "no branch 'x'; it has main"),
        (
            ("-o", "a.html", "--max-mb", "0.05"),
            "pass a larger --max-mb, or fewer --video",
        ),
    ],
)
def test_preview_says_what_it_cannot_do(run, dataset, tmp_path, words, told):
    result = run("preview", dataset, *words)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert told in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_stats_as_tables_and_as_a_picture(run, dataset, tmp_path):
    result = run("stats", dataset, "-o", "stats.png", "--branch", "main")
    assert result.exit_code == 0, result.output
    for told in ("3 videos, 2 of them labeled, 112 frames", "raster-segmentation", "not labeled"):
        assert told in result.stdout
    with Image.open(tmp_path / "stats.png") as picture:
        assert picture.width == 1500


@pytest.mark.parametrize("columns", [60, 80])
def test_stats_in_a_narrow_terminal(run, dataset, columns):
    result = run("stats", dataset, COLUMNS=str(columns))
    assert "…" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= columns
    assert result.stdout.count("raster-segmentation") == 2, "no word is broken"
    assert result.stdout.count("min/median/max") == 1


def test_stats_as_json(run, dataset):
    result = run("stats", dataset, "--json", "--video", "harbor.mp4")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["frames"] == 40
    assert [video["name"] for video in found["videos"]] == ["harbor.mp4"]
    assert {item["name"]: item["tracks"] for item in found["classes"]}["boat"] == 3


def test_stats_of_nothing(run, tmp_path):
    result = run("stats", tmp_path / "no")
    assert result.exit_code == 1
    assert "There is no Deep Lake dataset" in result.stderr
    assert run("stats", tmp_path / "no", "-o", "stats.jpg").exit_code == 1
