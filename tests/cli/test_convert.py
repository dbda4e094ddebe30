"""``deeplake-labelbox convert``."""

import pytest


def test_a_dataset_is_converted_and_what_is_lost_is_told(run, dataset, tmp_path):
    result = run("convert", dataset, "--to", "yolo", "-o", "out", "--split", "0.5,0.5")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("YOLO in out: train with ")
    assert "Note: answers are not written: " in result.stderr
    assert "YOLO does not hold tracks and key frames" in result.stderr
    assert "(point) is not written: a conversion writes rectangles, masks and" in result.stderr
    pictures, labels = (
        sorted((tmp_path / "out" / kind).rglob("*.*")) for kind in ("images", "labels")
    )
    assert len(pictures) == len(labels) > 10
    again = run("convert", dataset, "--to", "yolo", "-o", "out")
    assert again.exit_code == 1
    assert "Error: out is a folder with files, such as " in again.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--split", "many"), "--split 'many' is not a list of shares like 0.8,0.1,0.1."),
        (("--split", "0.5,0.6"), "--split is {'train': 0.5, 'val': 0.6}; give each part"),
        (("--map", "cat=dog"), "--map names the class 'cat', which the columns do not have"),
        (("--map", "cat"), "--map 'cat' is not NAME=VALUE"),
        (("--video", "none.mp4"), "no rows of a video 'none.mp4'"),
        (("--column", "none"), "Column 'none' holds no rectangles, masks or polygons"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(run, dataset, tmp_path, words, message):
    result = run("convert", dataset, "--to", "coco", "-o", "out", *words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []
