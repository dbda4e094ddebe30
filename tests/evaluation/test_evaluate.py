"""Predictions against the labels of a dataset, with results that are computed by hand.

Each video has four frames of 96 x 64 pixels, with two cars and a person in each.
"""

import base64
import io
import json
import sys
from dataclasses import replace

import deeplake
import motmetrics
import numpy as np
import pytest
from PIL import Image
from pycocotools.mask import iou
from video_files import write_video

from deeplake_labelbox import (
    Box,
    FrameAnnotation,
    LabeledDataset,
    Mask,
    ObjectAnnotation,
    Point,
    convert_dataset,
    create_dataset,
    evaluate,
    send_back,
)
from deeplake_labelbox._evaluation.boxes import Boxes
from deeplake_labelbox._evaluation.tracking import track_errors
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError, DatasetMismatchError

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
        project.add_video(video, external_id=f"{name}.mp4", global_key=f"{name} of {folder.name}")
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


def test_videos_of_worst_frames_are_sent_back(box, client, tmp_path):
    """As a batch to another project; to rework in their own, where their labels stay."""
    project = box.add_project("Back", ONTOLOGY)
    video = write_video(tmp_path / "clip.mp4", frames=4).read_bytes()
    rows = [project.add_video(video, external_id=f"{name}.mp4") for name in ("one", "two")]
    for row in rows:
        row.add_label(drawn())
    path = tmp_path / "clips"
    create_dataset(path, project.id, lb_client=client, progress=False)
    missed = changed(lambda each: each.frame in (2, 3), lambda _: None)
    predictions = [*found(video="two.mp4"), *missed]
    result = evaluate(predictions, path, progress=False)
    assert [each.frame for each in result.worst_frames] == [2, 3]

    other = box.add_project("Second look", ONTOLOGY)
    sent = send_back(result, other.id, lb_client=client)
    assert (sent.sent, sent.reworked, sent.waiting) == ((rows[0].id,), (), ())
    assert [row.id for row in other.data_rows] == [rows[0].id]
    assert other.data_rows[0].batch_id in sent.batch_ids
    assert str(sent) == f"Project {other.id}: 1 data row sent as a batch"
    again = send_back(result, other.id, lb_client=client)
    assert (again.sent, again.reworked, again.waiting) == ((), (), (rows[0].id,))
    assert again.batch_ids == ()

    sent = send_back(result, project.id, lb_client=client)
    assert (sent.sent, sent.reworked, sent.waiting) == ((), (rows[0].id,), ())
    assert [row.workflow_status == "IN_REWORK" for row in rows] == [True, False]
    assert len(rows[0].labels) == 1
    perfect = evaluate(path, path, progress=False)
    with pytest.raises(ConfigurationError, match="no worst frames"):
        send_back(perfect, project.id, lb_client=client)


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


def test_worst_frames_are_drawn(dataset, tmp_path):
    """A gray box around what is right, a red one around what is missed, an orange false one."""
    moved = changed(
        lambda each: each.track == "B" and each.frame == 3,
        lambda each: replace(each, geometry=Box(60, 38, 20, 20), score=0.5),
    )
    result = evaluate(moved, dataset, progress=False)
    (path,) = result.draw(dataset, tmp_path / "worst")
    assert path == tmp_path / "worst" / "1_one.mp4_frame_3.png"
    (frame,) = result.worst_frames
    assert [(each.state, each.box[:2]) for each in frame.objects] == [
        ("right", (10, 10)),
        ("missed", (60, 10)),
        ("right", (10, 40)),
    ]
    assert [(each.state, each.box[:2], each.score) for each in frame.predictions] == [
        ("right", (10, 10), 1.0),
        ("false", (60, 38), 0.5),
        ("right", (10, 40), 1.0),
    ]
    with Image.open(path) as picture:
        factor = (picture.width - 48) // (2 * 96)
        top = picture.height - 16 - 64 * factor
        edges = {
            (name, y): picture.getpixel((left + 70 * factor, top + y * factor))
            for name, left in (("labels", 16), ("predictions", 32 + 96 * factor))
            for y in (30, 38)
        }
    red, green, blue = edges["labels", 30]
    assert red > 2 * max(green, blue)
    assert edges["labels", 30] != edges["predictions", 30]
    red, green, blue = edges["predictions", 38]
    assert red > green > 2 * blue
    with pytest.raises(ConfigurationError, match="worst is a folder with files"):
        result.draw(dataset, tmp_path / "worst")


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


def test_a_class_that_is_another(dataset):
    """Persons that are called cars are missed and false; cars are right at 8 of 12 places."""
    result = evaluate(
        changed(lambda each: each.track == "P", lambda each: replace(each, class_name="car")),
        dataset,
        progress=False,
    )
    car, person = result.classes
    # Of equal scores the order counts: a right one, a right one, a wrong one in each frame.
    precision = (26 * 1 + 25 * 4 / 5 + 25 * 6 / 8 + 25 * 8 / 11) / 101
    assert rates(car) == pytest.approx((precision, precision, 0.5, 2 * 8 / (8 + 12)), abs=1e-6)
    assert rates(person) == (0.0, 0.0, 0.0, 0.0)
    assert any("No prediction is of 'person'" in note for note in result.notes)
    assert [errors(s) for s in (car, person)] == [(0, 4, 0), (4, 0, 0)]
    assert rates(result.overall)[2:] == pytest.approx((1 / 3, 2 / 3), abs=1e-6)


@pytest.mark.parametrize("options", [{"stride": 2}, {"resize": (48, 32)}])
def test_datasets_of_some_frames_or_another_size(box, client, tmp_path_factory, options):
    folder = tmp_path_factory.mktemp("others")
    project = box.add_project(f"Other {options}", ONTOLOGY)
    video = write_video(folder / "clip.mp4", frames=4).read_bytes()
    row = project.add_video(video, external_id="one.mp4")
    row.add_label(drawn())
    path = folder / "clips"
    create_dataset(path, project.id, lb_client=client, progress=False, **options)
    frames = 2 if "stride" in options else 4
    for predictions, truth in ((found(), path), (path, path)):
        result = evaluate(predictions, truth, progress=False)
        assert (result.frames, result.overall.objects) == (frames, 3 * frames)
        assert rates(result.overall) == (1.0, 1.0, 1.0, 1.0)
        assert result.worst_frames == ()


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
    assert "predictions left out, in frames that they have no picture of" in notes
    assert "in frames that the dataset does not have" not in notes


def test_masks_overlap_as_masks(box, client, tmp_path):
    """Two triangles in one square: their boxes are the same, of their pixels a third."""
    project = box.add_project(
        "Masks",
        {"tools": [{"tool": "raster-segmentation", "name": "road"}], "classifications": []},
    )
    video = write_video(tmp_path / "clip.mp4", frames=4).read_bytes()
    lower = np.zeros((64, 96), np.bool_)
    lower[10:50, 10:50] = np.tri(40, dtype=np.bool_)
    upper = np.zeros((64, 96), np.bool_)
    upper[10:50, 10:50] = np.tri(40, dtype=np.bool_)[:, ::-1]
    half = np.zeros((64, 96), np.bool_)
    half[10:50, 10:50] = True
    stored = io.BytesIO()
    Image.fromarray(np.stack([lower * 255] * 3, axis=-1).astype(np.uint8)).save(stored, "PNG")
    row = project.add_video(video, external_id="one.mp4")
    picture = base64.b64encode(stored.getvalue()).decode()
    instances = [{"name": "road", "colorRGB": [255, 255, 255]}]
    frames = [{"index": n, "imBytes": picture} for n in FRAMES]
    row.add_label([{"masks": {"frames": frames, "instances": instances}}])
    path = tmp_path / "clips"
    create_dataset(path, project.id, lb_client=client, progress=False)

    def rates_of(pixels):
        found = [
            ObjectAnnotation(
                data_row="one.mp4", track=1, frame=n, class_name="road", geometry=Mask(pixels)
            )
            for n in FRAMES
        ]
        score = evaluate(found, path, progress=False).overall
        return score.map, score.mask_map, score.mask_ap50

    assert rates_of(lower) == (1.0, 1.0, 1.0)
    assert rates_of(upper) == (1.0, 0.0, 0.0)
    # Of 1,600 pixels 820 are right (IoU 0.5125): one of ten thresholds.
    assert rates_of(half) == (1.0, pytest.approx(0.1), 1.0)
    assert evaluate(path, path, progress=False).overall.mask_map == 1.0
    boxes = [
        ObjectAnnotation(
            data_row="one.mp4", track=1, frame=n, class_name="road", geometry=Box(10, 10, 40, 40)
        )
        for n in FRAMES
    ]
    score = evaluate(boxes, path, progress=False).overall
    assert (score.map, score.mask_map) == (1.0, None)
    assert "mask" not in str(score)


def test_identities_are_counted_as_motmetrics_does():
    rng = np.random.default_rng(5)
    steps = np.repeat(np.arange(1, 41), 6)
    places = np.tile(rng.uniform(0, 60, (6, 2)), (40, 1))

    def side(shift):
        tracks = (np.tile(np.arange(6), 40) + steps // 10 * rng.integers(0, 3, 240)) % 9
        kept = rng.random(240) < 0.8
        kept &= [n not in tracks[max(0, i - i % 6) : i] for i, n in enumerate(tracks)]
        boxes = np.column_stack([places + rng.normal(0, shift, (240, 2)), np.full((240, 2), 20.0)])
        return Boxes(steps, tracks, boxes, np.ones(240), np.full(240, None)).take(kept)

    truth, predicted = side(0), side(4)
    events = motmetrics.MOTAccumulator(auto_id=True)
    for frame in np.unique(steps).tolist():
        objects, predictions = truth.by_frame()[frame], predicted.by_frame()[frame]
        overlap = iou(objects.boxes, predictions.boxes, [0] * len(predictions))
        distances = np.where(overlap < 0.5, np.nan, 1 - overlap)
        events.update(objects.tracks, predictions.tracks, distances)
    names = ["num_misses", "num_false_positives", "num_switches", "idtp"]
    expected = motmetrics.metrics.create().compute(events, metrics=names, return_dataframe=False)
    errors = track_errors(truth, predicted)
    counts = (
        (errors.of_truth == "missed").sum(),
        (errors.of_found == "false").sum(),
        (errors.of_truth == "switched").sum(),
        errors.same,
    )
    assert counts == tuple(expected[name] for name in names)
    assert min(counts) > 0


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
        (
            found(video="empty.mp4"),
            {},
            ConfigurationError,
            r"No video has labels .* Without a label in the dataset and left out: empty.mp4",
        ),
        (found(), {"mapping": {"cat": "car"}}, ConfigurationError, "`mapping` names 'cat'"),
        (found(), {"classes": ["cat"]}, ConfigurationError, "`classes` names 'cat'"),
        (found(), {"predictions_annotator": "ada@x.test"}, ConfigurationError, "are no dataset"),
        ([replace(found()[0], score="high")], {}, AnnotationSourceError, "has the score 'high'"),
    ],
)
def test_bad_input_is_one_sentence(dataset, predictions, options, error, message):
    with pytest.raises(error, match=message):
        evaluate(predictions, dataset, progress=False, **options)


def test_views_are_refused_and_points_are_told(dataset):
    view = deeplake.open_read_only(str(dataset)).query("select * where frame_idx < 2")
    for predictions, truth in ((view, dataset), (LabeledDataset(view), dataset), (found(), view)):
        with pytest.raises(DatasetMismatchError, match="pass the dataset that it is a view of"):
            evaluate(predictions, truth, progress=False)
    point = replace(found()[0], track="X", geometry=Point(3, 4))
    notes = evaluate([*found(), point], dataset, progress=False).notes
    assert "one.mp4, predictions: 1 point or line left out." in notes


@pytest.mark.parametrize("name", ["pycocotools.cocoeval", "motmetrics"])
def test_a_missing_extra_is_one_sentence(dataset, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=r'pip install "deeplake-labelbox\[evaluate\]"'):
        evaluate(found(), dataset, progress=False)
