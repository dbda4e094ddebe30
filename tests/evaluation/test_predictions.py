"""What predictions may be, and what of them is not compared."""

import json
import sys
from dataclasses import replace

import deeplake
import pytest
from judged_objects import FRAMES, OBJECTS, ONTOLOGY, drawn, errors, found, rates
from PIL import Image
from video_files import write_video

from deeplake_labelbox import (
    FrameAnnotation,
    LabeledDataset,
    Point,
    convert_dataset,
    create_dataset,
    evaluate,
)
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError, DatasetMismatchError


def test_predictions_of_every_other_frame(box, client, tmp_path):
    """CVAT has no picture of the others, but tracks that go on through them."""
    project = box.add_project("Every other", ONTOLOGY)
    video = write_video(tmp_path / "clip.mp4", frames=4).read_bytes()
    project.add_video(video, external_id="one.mp4").add_label(drawn())
    paths = {stride: tmp_path / f"every-{stride}" for stride in (1, 2)}
    for stride, path in paths.items():
        create_dataset(path, project.id, lb_client=client, progress=False, stride=stride)
    convert_dataset(paths[2], tmp_path / "cvat", to="cvat", progress=False)
    result = evaluate(tmp_path / "cvat", paths[1], source_format="cvat", progress=False)
    assert (result.frames, result.overall.objects) == (2, 6)
    assert rates(result.overall) == (1.0, 1.0, 1.0, 1.0)
    notes = " ".join(result.notes)
    assert "2 frames left out, which the predictions do not have" in notes
    assert "predictions left out, in frames without a picture" in notes
    assert "in frames that the dataset does not have" not in notes


def test_videos_that_are_named_count_without_predictions(dataset):
    result = evaluate(
        found(video=f"one of {dataset.parent.name}"), dataset, videos=["two.mp4"], progress=False
    )
    assert errors(result.overall) == (12, 0, 0)
    assert rates(result.overall) == (0.0, 0.0, 0.0, 0.0)


def test_names_are_mapped_and_others_told(dataset):
    named = [replace(each, class_name=f"a {each.class_name}") for each in found()]
    beyond = replace(named[0], frame=9)
    result = evaluate([*named, beyond], dataset, mapping={"a car": "car"}, progress=False)
    assert [errors(s) for s in result.classes] == [(0, 0, 0), (4, 0, 0)]
    told = "\n".join(result.notes)
    assert "4 predictions of 'a person' left out: the dataset has no boxes of this class" in told
    assert "1 prediction left out, in frames that the dataset does not have: one.mp4." in told
    only = evaluate(found(), dataset, classes=["person"], progress=False)
    assert [s.name for s in only.classes] == ["person"]


def test_files_with_scores(dataset, tmp_path):
    names = ("car", "person")
    coco = {
        "videos": [{"id": 1, "name": "one.mp4", "length": 4}],
        "images": [
            {"id": n, "video_id": 1, "frame_id": n - 1, "width": 96, "height": 64}
            for n in FRAMES
            if n != 3
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
        "annotations": [
            {
                "id": number,
                "image_id": each.frame,
                "category_id": names.index(each.class_name),
                "track_id": ord(each.track),
                "bbox": list(OBJECTS[each.track][1:]),
                "score": 0.5 + number / 100,
            }
            for number, each in enumerate(found())
            if each.frame != 3
        ],
    }
    path = tmp_path / "found.json"
    path.write_text(json.dumps(coco))
    result = evaluate(path, dataset, progress=False)
    assert (result.frames, *rates(result.overall)) == (3, 1.0, 1.0, 1.0, 1.0)
    assert result.notes == (
        "Without predictions and left out: two.mp4.",
        "1 frame left out, which the predictions do not have: one.mp4.",
    )


@pytest.mark.parametrize(("wrong", "expected"), [(0.9, 0.8), (0.1, 1.0)])
def test_detections_of_mot_and_yolo_have_confidences(dataset, tmp_path, wrong, expected):
    """Without tracks there is no MOTA; precision is as in `test_scores_rank_predictions`."""
    persons = [(frame, 10, 40, 10, 10, 0.5) for frame in FRAMES] + [(1, 70, 40, 9, 9, wrong)]
    lines = "".join(
        f"{frame},-1,{left + 1},{top + 1},{width},{height},{score}\n"
        for frame, left, top, width, height, score in persons
    )
    (tmp_path / "one.txt").write_text(lines)
    pictures, labels = tmp_path / "images", tmp_path / "labels"
    pictures.mkdir()
    labels.mkdir()
    (tmp_path / "data.yaml").write_text("train: images\nnames: [person]\n")
    for number in FRAMES:
        Image.new("1", (96, 64)).save(pictures / f"one.mp4_{number}.png")
        told = [
            f"0 {(left + w / 2) / 96} {(top + h / 2) / 64} {w / 96} {h / 64} {score}\n"
            for frame, left, top, w, h, score in persons
            if frame == number
        ]
        (labels / f"one.mp4_{number}.txt").write_text("".join(told))
    for path, options in (
        (tmp_path / "one.txt", {"mapping": {"pedestrian": "person"}, "data_rows": "one.mp4"}),
        (tmp_path, {"source_format": "yolo"}),
    ):
        person = evaluate(path, dataset, classes=["person"], progress=False, **options).overall
        assert person.ap50 == pytest.approx(expected, abs=1e-6)
        assert (person.mota, person.idf1, *errors(person)) == (None, None, 0, 1, 0)


@pytest.mark.parametrize(
    ("predictions", "options", "error", "message"),
    [
        (found(video="none.mp4"), {}, AnnotationSourceError, "No video of the predictions matches"),
        (
            [replace(each, class_name="cat") for each in found()],
            {},
            AnnotationSourceError,
            "no class of the dataset: they have 'cat', and the dataset has 'car', 'person'",
        ),
        (
            [FrameAnnotation(data_row="one.mp4", frames=1, answers={"weather": "rain"})],
            {},
            AnnotationSourceError,
            "The predictions have no boxes, masks or polygons",
        ),
        (
            found(video="empty.mp4"),
            {},
            ConfigurationError,
            r"No video is labeled in both .* Without a label in the dataset and left out: empty",
        ),
        (found(), {"mapping": {"cat": "car"}}, ConfigurationError, "`mapping` names 'cat'"),
        (found(), {"classes": ["cat"]}, ConfigurationError, "`classes` names 'cat'"),
        (found(), {"predictions_annotator": "ada@x.test"}, ConfigurationError, "are not a dataset"),
        ([replace(found()[0], score="high")], {}, AnnotationSourceError, "has the score 'high'"),
    ],
)
def test_bad_input_is_one_sentence(dataset, predictions, options, error, message):
    with pytest.raises(error, match=message):
        evaluate(predictions, dataset, progress=False, **options)


def test_a_resized_conversion_is_refused_with_the_next_step(dataset, tmp_path):
    convert_dataset(dataset, tmp_path / "out", "cvat", resize=(48, 32), progress=False)
    message = r"48 x 32 pixels, but the video in the dataset has 96 x 64; .* pass that dataset"
    with pytest.raises(AnnotationSourceError, match=message):
        evaluate(tmp_path / "out", dataset, progress=False)


def test_views_are_refused_and_points_are_told(dataset):
    view = deeplake.open_read_only(str(dataset)).query("select * where frame_idx < 2")
    for predictions, truth in ((view, dataset), (LabeledDataset(view), dataset), (found(), view)):
        with pytest.raises(DatasetMismatchError, match="pass the dataset of the view"):
            evaluate(predictions, truth, progress=False)
    point = replace(found()[0], track="X", geometry=Point(3, 4))
    notes = evaluate([*found(), point], dataset, progress=False).notes
    assert "one.mp4, predictions: 1 point or line left out." in notes


@pytest.mark.parametrize("name", ["pycocotools.cocoeval", "motmetrics"])
def test_a_missing_extra_is_one_sentence(dataset, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=r'pip install "deeplake-labelbox\[evaluate\]"'):
        evaluate(found(), dataset, progress=False)
