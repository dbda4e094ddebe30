"""Predictions against the labels of a dataset, with results that are computed by hand."""

import base64
import io
from dataclasses import replace

import motmetrics
import numpy as np
import pytest
from judged_objects import FRAMES, ONTOLOGY, changed, drawn, errors, found, rates
from PIL import Image
from pycocotools.mask import iou
from video_files import write_video

from deeplake_labelbox import (
    Box,
    LabeledDataset,
    Mask,
    ObjectAnnotation,
    create_dataset,
    evaluate,
)
from deeplake_labelbox._evaluation.boxes import Boxes
from deeplake_labelbox._evaluation.tracking import track_errors


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
    assert [(f.frame, f.id_switches) for f in result.worst_frames] == [(3, ("car", "car"))]


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
    assert any("There is no prediction of 'person'" in note for note in result.notes)
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
