"""Files of `to_coco` and `to_mot` are imported unchanged."""

import json

import numpy as np
import pytest
from shown_labels import boxes_of
from training_datasets import LENGTHS, SIZES, cells, make_dataset

from deeplake_labelbox._formats.coco.reader import CocoSource
from deeplake_labelbox._formats.coco_json import CocoJson
from deeplake_labelbox._formats.frame_numbers import VideoLength
from deeplake_labelbox._formats.mot.reader import MotSource
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox.errors import AnnotationSourceError
from deeplake_labelbox.training import to_coco, to_mot

THINGS = ("person", "car")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(f"mem://{tmp_path_factory.mktemp('own files').name}")


@pytest.fixture
def mot_folder(dataset, tmp_path):
    for sequence in to_mot(dataset).values():
        folder = tmp_path / "mot" / sequence.name
        (folder / "gt").mkdir(parents=True)
        (folder / "gt" / "gt.txt").write_text(sequence.gt)
        (folder / "gt" / "labels.txt").write_text(sequence.labels, "utf-8")
        (folder / "seqinfo.ini").write_text(sequence.seqinfo, "utf-8")
    return tmp_path / "mot"


@pytest.fixture
def coco_file(dataset, tmp_path):
    """``coco_file(columns, **chosen)``: a file of it."""

    def write(*columns, **chosen):
        path = tmp_path / "coco.json"
        path.write_text(json.dumps(to_coco(dataset, list(columns) or None, **chosen)))
        return path

    return write


@pytest.fixture
def target(box):
    """A project with the two labeled videos of the dataset."""
    tools = [{"tool": "rectangle", "name": name} for name in ("car", "person")]
    project = box.add_project("Own", {"tools": tools})
    for video in (0, 1):
        height, width = SIZES[video]
        media = {"width": width, "height": height, "frame_count": LENGTHS[video]}
        name = f"video {video}.mp4"
        url = f"https://videos.test/{name}"
        project.add_video(row_data=url, external_id=name, media_attributes=media)
    return project


def read_coco(path):
    """The only video of a file."""
    options = ReadOptions(video_length=lambda _: VideoLength(LENGTHS[0], 25.0))
    source = CocoSource(CocoJson(path), options)
    (video,) = source.videos(lambda _: None)
    return video


def boxes_in(video):
    """Every box of a video that is in the picture, by class and frame."""
    height, width = SIZES[video]
    found = {}
    for frame in range(LENGTHS[video]):
        values = cells(video, frame)
        named = [("car", box) for box in values["car/car"]]
        labels = values["thing_labels"]
        named += [(THINGS[k], box) for k, box in zip(labels, values["thing"], strict=True)]
        for name, box in named:
            left, top, *_ = box.tolist()
            if left < width and top < height:
                found.setdefault((name, frame + 1), []).append(box.tolist())
    return {key: sorted(places) for key, places in found.items()}


@pytest.mark.parametrize("form", ["mot", "coco"])
def test_every_box_and_class_comes_back(form, mot_folder, coco_file, target, client, labels_of):
    source = mot_folder if form == "mot" else coco_file()
    result = import_annotations(
        source, target.id, None, tolerance=0, lb_client=client, progress=False
    )
    assert {outcome.data_row for outcome in result.accepted} == {"video 0.mp4", "video 1.mp4"}
    assert all("outside the picture" in refused.reason for refused in result.refused)
    assert not result.gaps
    for video in (0, 1):
        (label,) = labels_of(target)[f"video {video}.mp4"]
        assert boxes_of(label) == boxes_in(video)


def test_sequences_name_their_videos(mot_folder):
    videos = MotSource(mot_folder, ReadOptions()).videos(lambda _: None)
    names = [video.data_row for video in videos]
    assert names == [("video_000000", "video 0.mp4"), ("video_000001", "video 1.mp4")]


def test_masks_and_key_frames_come_back(coco_file):
    (road,) = read_coco(coco_file("road", videos=[0])).tracks  # an empty mask does not count
    assert (road.class_name, road.frames.tolist()) == ("road", [1, 2, 3, 4, 5, 6])
    assert (road.coordinates[0]() == cells(0, 0)["road"][..., 0]).all()
    car = read_coco(coco_file("car/car", videos=[0])).tracks[0]
    assert car.is_key_frame.tolist() == [True, *[False] * 5]


def test_a_selection_of_frames_comes_back(coco_file):
    path = coco_file("car/car", videos=[0], where="frame_idx < 2")
    (car,) = read_coco(path).tracks
    assert car.frames.tolist() == [1, 2]
    assert np.allclose(car.coordinates, [[-4, 5, 8, 6], [-3, 5, 8, 6]])


def test_frames_of_a_sequence_that_cannot_be_read_are_an_error(mot_folder):
    path = mot_folder / "video_000000" / "seqinfo.ini"
    for runs in ("1-x", "first", "5-9/0", "0-3", "1-999999999999"):
        path.write_text(f"{path.read_text().partition('frames=')[0]}frames={runs}\n")
        with pytest.raises(AnnotationSourceError, match="which are not runs like 1-9 20-40/5"):
            list(MotSource(mot_folder, ReadOptions()).videos(lambda _: None))
