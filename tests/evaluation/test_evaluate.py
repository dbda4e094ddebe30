"""Predictions against the labels of a dataset, with results that are computed by hand.

Each video has four frames of 96 x 64 pixels, with two cars and a person in each.
"""

import json
import sys
from dataclasses import replace

import pytest
from video_files import write_video

from deeplake_labelbox import (
    Box,
    FrameAnnotation,
    LabeledDataset,
    ObjectAnnotation,
    create_dataset,
    evaluate,
)
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

FRAMES = range(1, 5)
ONTOLOGY = {
    "tools": [{"tool": "rectangle", "name": name} for name in ("car", "person")],
    "classifications": [],
}
OBJECTS = {  # track: class, left, top, width, height
    "A": ("car", 10, 10, 20, 20),
    "B": ("car", 60, 10, 20, 20),
    "P": ("person", 10, 40, 10, 10),
}


def drawn(shift=0):
    """The objects as a label, each moved to the right."""
    return [
        {
            "name": name,
            "segments": [
                {
                    "keyframes": [
                        {
                            "frame": 1,
                            "bbox": {
                                "left": left + shift,
                                "top": top,
                                "width": width,
                                "height": height,
                            },
                        }
                    ],
                    "end": 4,
                }
            ],
        }
        for name, left, top, width, height in OBJECTS.values()
    ]


def found(*, score=None, video="one.mp4"):
    """The objects as predictions, in the order of their frames."""
    return [
        ObjectAnnotation(
            data_row=video,
            track=track,
            frame=frame,
            class_name=name,
            geometry=Box(*box),
            score=score,
        )
        for frame in FRAMES
        for track, (name, *box) in OBJECTS.items()
    ]


def changed(match, change):
    """The predictions, with a change of some, or without them."""
    return [new for each in found() if (new := change(each) if match(each) else each) is not None]


@pytest.fixture(scope="module")
def dataset(box, client, tmp_path_factory):
    """Ada and Bob labeled ``one.mp4``, Ada four pixels apart; only Bob did ``two.mp4``."""
    folder = tmp_path_factory.mktemp("evaluation")
    project = box.add_project("Judged", ONTOLOGY)
    video = write_video(folder / "clip.mp4", frames=4).read_bytes()
    one, two, _ = (
        project.add_video(video, external_id=f"{name}.mp4", global_key=f"key of {name}")
        for name in ("one", "two", "empty")
    )
    chosen = one.add_label(drawn(), created_by="bob@x.test")
    one.add_label(drawn(shift=4), created_by="ada@x.test")
    one.selected_label_id = chosen.id
    two.add_label(drawn(), created_by="bob@x.test")
    path = folder / "clips"
    create_dataset(path, project.id, lb_client=client, label_selection="all", progress=False)
    return path


def rates(score):
    return score.map, score.ap50, score.mota, score.idf1


def errors(score):
    return score.missed, score.false, score.switches


def test_a_dataset_against_itself_is_perfect(dataset):
    result = evaluate(dataset, LabeledDataset(dataset), progress=False)
    scores = (result.overall, *result.classes, *result.videos)
    assert [s.name for s in scores] == ["all", "car", "person", "one.mp4", "two.mp4"]
    assert {rates(s) for s in scores} == {(1.0, 1.0, 1.0, 1.0)}
    assert {errors(s) for s in scores} == {(0, 0, 0)}
    assert (result.frames, result.overall.objects, result.worst_frames) == (8, 24, ())
    assert any("empty.mp4" in note for note in result.notes)


def test_a_shifted_box(dataset):
    """Boxes of IoU 2/3 count up to IoU 0.65: at four of ten, else half is found, of 51 recalls."""
    shifted = [
        replace(each, geometry=Box(14, 10, 20, 20), score=0.8)
        if each.track == "A"
        else replace(each, score=0.9)
        for each in found()
    ]
    result = evaluate(shifted, dataset, progress=False)
    car, person = result.classes
    assert rates(car) == (pytest.approx((4 + 6 * 51 / 101) / 10, abs=1e-6), 1.0, 1.0, 1.0)
    assert rates(person) == (1.0, 1.0, 1.0, 1.0)
    assert result.overall.map == pytest.approx((car.map + 1) / 2, abs=1e-6)
    assert result.worst_frames == ()
    assert result.notes == ("Without predictions and left out: two.mp4.",)


def test_scores_rank_predictions(dataset):
    wrong = ObjectAnnotation(
        data_row="one.mp4", track="F", frame=1, class_name="person", geometry=Box(70, 40, 9, 9)
    )
    # Four right ones after a wrong one: precision 4/5 at every recall; before it: 1.
    for score, expected in ((0.9, 0.8), (0.1, 1.0)):
        result = evaluate([*found(score=0.5), replace(wrong, score=score)], dataset, progress=False)
        assert result.classes[1].ap50 == pytest.approx(expected, abs=1e-6)
        assert errors(result.overall) == (0, 1, 0)
        assert [(f.frame, f.false) for f in result.worst_frames] == [(1, ("person",))]


def test_missed_objects_and_worst_frames(dataset):
    gone = changed(
        lambda each: (each.track == "P" and each.frame in (2, 3)) or each.frame == 3,
        lambda _: None,
    )
    result = evaluate(gone, dataset, progress=False)
    person = result.classes[1]
    assert rates(person) == (
        pytest.approx(51 / 101, abs=1e-6),
        pytest.approx(51 / 101, abs=1e-6),
        0.5,
        pytest.approx(2 * 2 / (4 + 2), abs=1e-6),
    )
    assert [(f.video, f.frame, f.missed) for f in result.worst_frames] == [
        ("one.mp4", 3, ("car", "car", "person")),
        ("one.mp4", 2, ("person",)),
    ]
    assert str(result.worst_frames[0]) == "one.mp4, frame 3: missed 2 car, person"
    for shown in (str(result), result._repr_html_()):
        assert "0.505" in shown
        assert "2 car, person" in shown
    assert (
        evaluate(gone, dataset, worst_frames=1, progress=False).worst_frames
        == (result.worst_frames[:1])
    )


def test_switched_tracks(dataset):
    """From frame 3 on both cars have the other's track: two switches, half of the boxes agree."""
    other = {"A": "B", "B": "A"}
    switched = changed(
        lambda each: each.track in other and each.frame > 2,
        lambda each: replace(each, track=other[each.track]),
    )
    result = evaluate(switched, dataset, progress=False)
    assert rates(result.classes[0]) == (1.0, 1.0, 1 - 2 / 8, 0.5)
    assert errors(result.classes[0]) == (0, 0, 2)
    assert [(f.frame, f.switched) for f in result.worst_frames] == [(3, ("car", "car"))]


def test_two_annotators(dataset):
    """IoU of cars is 2/3, that of persons 6/14: they agree on cars only."""
    result = evaluate(
        dataset, dataset, annotator="bob@x.test", predictions_annotator="ada@x.test", progress=False
    )
    assert {s.name: (s.ap50, s.mota, s.idf1) for s in result.classes} == {
        "car": (1.0, 1.0, 1.0),
        "person": (0.0, -1.0, 0.0),
    }
    assert [s.name for s in result.videos] == ["one.mp4"]
    assert any("Without a label in the predictions" in n and "two.mp4" in n for n in result.notes)
    same = evaluate(LabeledDataset(dataset, annotator="bob@x.test"), dataset, progress=False)
    assert rates(same.overall) == (1.0, 1.0, 1.0, 1.0)


def test_videos_that_are_named_count_without_predictions(dataset):
    result = evaluate(found(video="key of one"), dataset, videos=["two.mp4"], progress=False)
    assert errors(result.overall) == (12, 0, 0)
    assert rates(result.overall) == (0.0, 0.0, 0.0, 0.0)


def test_names_are_mapped_and_others_told(dataset):
    named = [replace(each, class_name=f"a {each.class_name}") for each in found()]
    beyond = replace(named[0], frame=9)
    result = evaluate([*named, beyond], dataset, mapping={"a car": "car"}, progress=False)
    assert [errors(s) for s in result.classes] == [(0, 0, 0), (4, 0, 0)]
    told = "\n".join(result.notes)
    assert "4 predictions of 'a person' left out: the dataset has no such class" in told
    assert "one.mp4: 1 prediction left out, in frames that the dataset does not have" in told
    only = evaluate(found(), dataset, classes=["person"], progress=False)
    assert [s.name for s in only.classes] == ["person"]


def test_files_with_scores(dataset, tmp_path):
    names = ("car", "person")
    coco = {
        "videos": [{"id": 1, "name": "one.mp4", "length": 4}],
        "images": [
            {"id": n, "video_id": 1, "frame_id": n - 1, "width": 96, "height": 64} for n in FRAMES
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
        "annotations": [
            {
                "id": number,
                "image_id": each.frame,
                "category_id": names.index(each.class_name),
                "track_id": ord(each.track),
                "bbox": list(OBJECTS[each.track][1:]),
                "score": 0.5,
            }
            for number, each in enumerate(found())
        ],
    }
    path = tmp_path / "found.json"
    path.write_text(json.dumps(coco))
    result = evaluate(path, dataset, progress=False)
    assert rates(result.overall) == (1.0, 1.0, 1.0, 1.0)
    assert not any("scores" in note for note in result.notes)


@pytest.mark.parametrize(
    ("predictions", "options", "error", "message"),
    [
        (found(video="none.mp4"), {}, AnnotationSourceError, "No video of the predictions can be"),
        (
            [replace(each, class_name="cat") for each in found()],
            {},
            AnnotationSourceError,
            "no class of the dataset: they have 'cat', the dataset 'car', 'person'",
        ),
        (
            [FrameAnnotation(data_row="one.mp4", frames=1, answers={"weather": "rain"})],
            {},
            AnnotationSourceError,
            "The predictions have no boxes, masks or polygons",
        ),
        (found(video="empty.mp4"), {}, ConfigurationError, "The dataset has no box of 'car'"),
        (found(), {"mapping": {"cat": "car"}}, ConfigurationError, "`mapping` names 'cat'"),
        (found(), {"classes": ["cat"]}, ConfigurationError, "`classes` names 'cat'"),
        (found(), {"predictions_annotator": "ada@x.test"}, ConfigurationError, "are no dataset"),
        ([replace(found()[0], score="high")], {}, AnnotationSourceError, "has the score 'high'"),
    ],
)
def test_bad_input_is_one_sentence(dataset, predictions, options, error, message):
    with pytest.raises(error, match=message):
        evaluate(predictions, dataset, progress=False, **options)


@pytest.mark.parametrize("name", ["pycocotools.cocoeval", "motmetrics"])
def test_a_missing_extra_is_one_sentence(dataset, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=r'pip install "deeplake-labelbox\[evaluate\]"'):
        evaluate(found(), dataset, progress=False)
