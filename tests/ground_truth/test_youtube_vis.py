"""YouTube-VIS: its masks and boxes land on the frames that its file names number."""

import json

import numpy as np
import pytest
from run_lengths import compressed, run_lengths
from shown_labels import boxes_of, frames_of

from deeplake_labelbox._formats.coco_json import CocoJson
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._formats.youtube_vis.reader import YoutubeVisSource
from deeplake_labelbox.errors import AnnotationSourceError

PIXELS = np.zeros((48, 64), dtype=bool)
PIXELS[4:20, 8:30] = True
RLE = {"size": [48, 64], "counts": compressed(run_lengths(PIXELS))}
POLYGON = [[8, 4, 29, 4, 29, 19, 8, 19]]


def annotation(number=9, **changes):
    return {
        "id": number,
        "video_id": 1,
        "category_id": 4,
        "segmentations": [RLE, None, POLYGON],
        "bboxes": [[8, 4, 22, 16], None, [8.5, 4, 22, 16]],
        **changes,
    }


def video_of(path):
    (video,) = YoutubeVisSource(CocoJson(path), ReadOptions()).videos(lambda _: None)
    return video


@pytest.fixture
def file(tmp_path):
    """``file(annotations)``: a file of one video, whose three pictures are 5 frames apart."""

    def write(*annotations, names=("one/00000.jpg", "one/00005.jpg", "one/00010.jpg"), **changes):
        video = {"id": 1, "width": 64, "height": 48, "length": 3, "file_names": names, **changes}
        content = {
            "videos": [video],
            "categories": [{"id": 4, "name": "road"}, {"id": 5, "name": "sky"}],
            "annotations": annotations or [annotation()],
        }
        path = tmp_path / "vis.json"
        path.write_text(json.dumps(content))
        return path

    return write


def test_masks_land_on_the_frames_of_their_pictures(imported, labels_of, project, file):
    result = imported(file())
    assert [outcome.data_row for outcome in result.accepted] == ["one.mp4"]
    assert not result.gaps
    assert frames_of(labels_of(project)["one.mp4"][0]) == [("road", [1, 11])]


def test_masks_are_exact(file):
    video = video_of(file())
    assert video.data_row == ("one",)
    (track,) = video.tracks
    assert track.frames.tolist() == [1, 11]
    assert all((source() == PIXELS).all() for source in track.coordinates)


def test_boxes_where_the_tool_is_a_rectangle(imported, labels_of, project, file):
    assert len(imported(file(), mapping={"road": "car"}).accepted) == 1
    assert boxes_of(labels_of(project)["one.mp4"][0]) == {
        ("car", 1): [[8, 4, 22, 16]],
        ("car", 11): [[8.5, 4, 22, 16]],
    }


def test_pictures_whose_frames_are_not_known_are_refused(imported, labels_of, project, file):
    counted = file(names=["one/0.jpg", "one/1.jpg", "one/2.jpg"])
    (refused,) = imported(counted).refused
    assert "the video in Labelbox has 40 frames; the numbers may count its frames" in refused.reason
    assert len(imported(counted, frame_step=13).accepted) == 1
    assert frames_of(labels_of(project)["one.mp4"][0]) == [("road", [1, 27])]


def test_ids_are_the_same_as_text_and_as_number(imported, file):
    assert len(imported(file(annotation(category_id="4", video_id=1.0))).accepted) == 1


@pytest.mark.parametrize("names", [[], ["a.jpg", "b.jpg", "c.jpg"]])
def test_pictures_without_numbers(imported, file, names):
    path = file(names=names, name="one")
    (refused,) = imported(path).refused
    assert "pass `frame_step`" in refused.reason.lower()
    assert len(imported(path, frame_step=1).accepted) == 1


def test_another_video_of_the_file_tells_that_numbers_count_from_0(
    imported, file, labels_of, project
):
    path = file(annotation(1), annotation(2, video_id=2))
    content = json.loads(path.read_text())
    later = [f"two/{number:05}.jpg" for number in (10, 15, 25)]
    content["videos"].append({**content["videos"][0], "id": 2, "file_names": later})
    path.write_text(json.dumps(content))
    assert len(imported(path).accepted) == 2
    assert frames_of(labels_of(project)["two.mp4"][0]) == [("road", [11, 26])]


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (annotation(category_id=6), "annotations[0] of vis.json has the category 6"),
        (annotation(category_id=None), "annotations[0] of vis.json has the category None"),
        (annotation(segmentations=[RLE]), "vis.json has 1 segmentations, but"),
        (annotation(bboxes=[None] * 4), "vis.json has 4 bboxes, but its video"),
        (annotation(segmentations=[None] * 3), "it is a rectangle, but the tool in the project"),
        (
            annotation(segmentations=[{"size": [4, 4], "counts": [16]}, None, None]),
            "4 x 4 pixels, but the video has 64 x 48",
        ),
        (annotation(segmentations=[{"size": [48, 64], "counts": "0"}, None, None]), "the runs"),
        (annotation(segmentations=[[[1, 2, 3, 4]], None, None]), "at least three finite corners"),
        (annotation(segmentations=["x", None, None]), "nor a list of polygons"),
        (annotation(segmentations=[None] * 3, bboxes=[None] * 3), "is in no picture"),
    ],
)
def test_only_the_bad_annotation_is_refused(imported, file, bad, fault):
    result = imported(file(bad, annotation(10)))
    assert len(result.accepted) == 1
    (refused,) = result.refused
    assert fault in refused.reason


def test_one_bad_mask_or_box_leaves_the_others(imported, file):
    damaged = {"size": [48, 64], "counts": "oooooooooooooooo0"}
    result = imported(file(annotation(segmentations=[RLE, damaged, POLYGON])))
    assert len(result.accepted) == 1
    (gap,) = result.gaps
    assert gap.frame == 6
    assert "'road' 9: the mask cannot be read" in gap.what
    boxes = file(annotation(bboxes=[[8, 4, 22, 16], [1, float("nan"), 2, 3], [1, 2, 3]]))
    result = imported(boxes, mapping={"road": "car"}, existing="overwrite")
    assert [gap.frame for gap in result.gaps] == [6, 11]
    assert len(result.accepted) == 1


def test_annotations_of_missing_videos(imported, file):
    result = imported(file(annotation(1), annotation(2, video_id=7)))
    assert len(result.accepted) == 1
    assert [refused.track for refused in result.refused] == ["2"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "is not a YouTube-VIS or COCO file"),
        ('{"videos": []}', "is not a YouTube-VIS or COCO file"),
        ('{"videos": [], "annotations": null}', "has no annotations"),
        ('{"videos": [{"id": 1}, {"id": 1}], "annotations": []}', "2 videos with the id 1"),
        ('{"videos": [], "categories": [], "annotations": []}', "The source has no annotations"),
        (
            '{"videos": [{"id": 1, "name": "one"}], "annotations": []}',
            "The source has no annotations",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(imported, tmp_path, text, fault):
    (tmp_path / "vis.json").write_text(text)
    with pytest.raises(AnnotationSourceError, match=fault):
        imported(tmp_path / "vis.json")


def test_a_video_without_other_names_is_named_by_its_id(file):
    named = video_of(file()).data_row
    bare = video_of(file(names=["0.jpg", "5.jpg", "10.jpg"])).data_row
    assert (named, bare) == (("one",), ("1",))


def test_crowds_are_noted(file):
    (note,) = video_of(file(annotation(iscrowd=1))).findings
    assert note.is_note
    assert note.what == "1 annotation of crowds (iscrowd) imported as one object each"
