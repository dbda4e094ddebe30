"""``deeplake-labelbox evaluate``."""

import json

import pytest

from deeplake_labelbox import Box, LabeledDataset, ObjectAnnotation, evaluate
from deeplake_labelbox._model.kinds import GEOMETRIES


def test_tables_hold_in_a_narrow_terminal(run, dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "60")
    lines = "".join(f"{frame},1,5,5,30,30,1,1,1\n" for frame in range(1, 5))
    (tmp_path / "gt.txt").write_text(lines)
    words = ("--map", "pedestrian=person", "--data-row", "crossing.mp4", "--worst", "3")
    words += ("--draw", "drawn")
    result = run("evaluate", "gt.txt", dataset, *words)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 60
    for column in ("mAP", "AP50", "MOTA", "IDF1", "missed", "ID switches", "worst frame"):
        assert column in result.stdout
    assert "…" not in result.stdout
    assert "Note: " in result.stderr
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 3


def test_a_dataset_with_masks_against_itself_as_json(run, dataset, tmp_path):
    result = run("evaluate", dataset, dataset, "--json", "--report", "scores.json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told == json.loads((tmp_path / "scores.json").read_text("utf-8"))
    scores = [told["overall"], *told["classes"], *told["videos"]]
    assert {score[rate] for score in scores for rate in ("map", "ap50", "mota", "idf1")} == {1.0}
    assert {"car", "road"} <= {score["name"] for score in told["classes"]}
    assert told["worst_frames"] == []


def test_boxes_match_those_around_masks(dataset):
    clips = LabeledDataset(dataset)
    found = []
    for video in clips.videos:
        objects = clips.objects(video)
        detected = [GEOMETRIES[kind].detected_as is not None for kind in objects.kinds]
        frames = dict(zip(video.rows.tolist(), video.frames.tolist(), strict=True))
        found += [
            ObjectAnnotation(
                data_row=video.data_row_id,
                track=int(track),
                frame=frames[int(row)],
                class_name=objects.class_names[number],
                geometry=Box(*box),
            )
            for row, track, number, box, is_detected in zip(
                objects.rows,
                objects.track_ids,
                objects.class_ids,
                objects.boxes.tolist(),
                detected,
                strict=True,
            )
            if is_detected
        ]
    assert evaluate(found, clips, progress=False).overall.map == 1.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--map", "cat=car"), "--map names 'cat', which the predictions do not have"),
        (("--class", "cat"), "--class names 'cat'"),
        (("--data-row", "none.mp4"), "the dataset has no data row 'none.mp4'; say which one it is"),
        (("--predictions-annotator", "ada@x.test"), "There is no"),
        (("--annotator", "ada@x.test"), "with --labels all of create or annotate."),
    ],
)
def test_bad_input_is_one_sentence(run, dataset, tmp_path, words, message):
    (tmp_path / "gt.txt").write_text("1,1,5,5,30,30,1,1,1\n")
    result = run("evaluate", "gt.txt", dataset, *words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
