"""Detections of supervision, by frame."""

from itertools import pairwise

import numpy as np
import pytest

import deeplake_labelbox as dl
from deeplake_labelbox._formats.sources import ReadOptions, open_source
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox.errors import AnnotationSourceError

pytestmark = pytest.mark.filterwarnings("ignore:OpenCV")  # it does without


@pytest.fixture
def detections():
    """``detections(left, ...)``: boxes 7 wide and 8 high."""
    supervision = pytest.importorskip("supervision")

    def made(*left, name="car", tracks=True, **more):
        corners = np.array([(x, 6.0, x + 7, 14.0) for x in left]).reshape(-1, 4)
        more.setdefault("data", {"class_name": np.array([name] * len(left), dtype=str)})
        ids = np.arange(1, len(left) + 1) if tracks else None
        return supervision.Detections(xyxy=corners, tracker_id=ids, **more)

    return made


def read(source, kind_of=lambda _: None, **options):
    """``{(video, class, track): {frame: coordinates}}``."""
    found = {}
    for video in open_source(source, ReadOptions(**options)).videos(kind_of):
        assert not video.findings
        for track in video.tracks:
            shapes = track.coordinates
            if track.kind == "raster-segmentation":
                shapes = [shape() for shape in shapes]
            places = zip(track.frames.tolist(), shapes, strict=True)
            found[video.data_row[0], track.class_name, track.track] = dict(places)
    return found


def test_each_form_is_read_on_its_frames(detections):
    first, second = detections(1, 20), detections(2)
    expected = {("a", "car", "1"): {1: [1, 6, 7, 8], 2: [2, 6, 7, 8]}}
    expected["a", "car", "2"] = {1: [20, 6, 7, 8]}
    for source, options in (
        ({1: first, 2: second}, {"data_row": "a"}),
        ([first, second], {"data_row": "a"}),
        (iter([first, second]), {"data_row": "a"}),
        ({"a": {2: second, 1: first}}, {}),
        ({"a": [first, second]}, {}),
    ):
        found = read(source, **options)
        assert {
            key: {n: box.tolist() for n, box in boxes.items()} for key, boxes in found.items()
        } == expected
    sure = np.array([0.5, 0.25])
    alone = {"a": {4: detections(1, 20, tracks=False, confidence=sure), 2: detections()}, "b": {}}
    assert [key[2] for key in read(alone)] == ["4-1", "4-2"]
    video, _ = open_source(alone, ReadOptions()).videos(lambda _: None)
    assert [track.scores.tolist() for track in video.tracks] == [[0.5], [0.25]]
    assert video.pictures.tolist() == [2, 4]


def test_classes_without_names_are_numbered_and_masks_are_boxes_where_wanted(detections):
    masks = np.zeros((1, 20, 30), dtype=bool)
    masks[0, 6:14, 1:8] = True
    found = {3: detections(1, data={}, class_id=np.array([5]), mask=masks)}
    ((key, shapes),) = read(found, data_row="a").items()
    assert key == ("a", "class 5", "1")
    assert (shapes[3] == masks[0]).all()
    ((_, shapes),) = read(found, lambda _: "rectangle", data_row="a").items()
    assert shapes[3].tolist() == [1, 6, 7, 8]


def test_incomplete_detections_are_refused(detections):
    for source, options, message in (
        ({1: detections(1)}, {}, "do not name their video; name it with `data_rows='VIDEO'`"),
        ({"a": {1: detections(1)}}, {"data_row": "a"}, "one data row is named as well"),
        ({"a": {0: detections(1)}}, {}, "'a' have the frame 0; frames are whole numbers from 1"),
        ({"a": {1: "boxes"}}, {}, "Frame 1 of 'a' has a str; give supervision.Detections"),
        ({"a": {1: detections(1, data={})}}, {}, "in frame 1 of 'a' have neither"),
    ):
        with pytest.raises(AnnotationSourceError, match=message):
            read(source, **options)


def test_detections_of_a_dataset_come_back(sample_box, sample_client, tmp_path):
    """Boxes and masks of the sample project are exported as detections and imported again."""
    pytest.importorskip("supervision")
    dataset = dl.create_dataset(
        f"mem://{tmp_path.name}",
        sample_box.sample.id,
        group_mapping={"rectangle": "box", "raster-segmentation": "mask"},
        lb_client=sample_client,
        progress=False,
    ).dataset
    clips = dl.LabeledDataset(dataset)
    for family in clips.families.objects:
        if family.kind not in ("rectangle", "raster-segmentation"):
            continue
        videos = {}
        expected = {}
        for video in clips.videos:
            objects = clips.objects(video.rows, [family.name])
            rows = objects.to_supervision()
            videos[video.name] = dict(zip(video.frames.tolist(), rows, strict=True))
            for index, place in enumerate(objects.families[0].places.tolist()):
                name = objects.class_names[objects.class_ids[index]]
                key = (video.name, name, str(objects.track_ids[index]))
                shape = (objects.boxes if family.kind == "rectangle" else objects.shapes)[index]
                expected.setdefault(key, {})[int(video.frames[place])] = shape
        if family.kind == "rectangle":
            result = dl.evaluate(videos, clips, classes=["car", "person"], progress=False)
            assert result.overall.map == pytest.approx(1)
            assert result.overall.mota == pytest.approx(1)
        found = read(videos)
        assert found.keys() == expected.keys()
        for key, shapes in expected.items():
            assert found[key].keys() == shapes.keys()
            for frame, shape in shapes.items():
                assert np.allclose(found[key][frame], shape, atol=1e-4)


def test_detections_become_labels(imported, project, labels_of, detections):
    moving = {frame: detections(frame) for frame in range(3, 9)}
    result = imported({"one.mp4": moving, "two.mp4": [detections()]})
    assert len(result.accepted) == len(result.annotations) == 1
    (label,) = labels_of(project)["one.mp4"]
    (track,) = parse_label(label).tracks
    assert track.feature.name == "car"
    assert all(b[0] > a[0] for a, b in pairwise(track.coordinates))
