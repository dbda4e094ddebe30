"""COCO whose images are frames of videos: ids identify objects and frames."""

import json

import numpy as np
import pytest
from run_lengths import compressed, run_lengths
from shown_labels import boxes_of, frames_of

from deeplake_labelbox._formats.coco.reader import CocoSource
from deeplake_labelbox._formats.coco_json import CocoJson
from deeplake_labelbox._formats.frame_numbers import VideoLength
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox.errors import AnnotationSourceError

CATEGORIES = [{"id": 3, "name": "car"}, {"id": 4, "name": "road"}]
SQUARE = np.zeros((48, 64), dtype=bool)
SQUARE[4:20, 8:30] = True
LENGTHS = run_lengths(SQUARE)


def image(number, frame, name=None, **changes):
    entry = {"id": number, "video_id": 7, "frame_id": frame, "width": 64, "height": 48}
    return {**entry, "file_name": name or f"one/{frame:06d}.jpg", **changes}


def box(number, image_id, left=9.0, **changes):
    entry = {"id": number, "image_id": image_id, "category_id": 3, "instance_id": 1, "iscrowd": 0}
    return {**entry, "bbox": [left, 4, 22, 16], **changes}


@pytest.fixture
def file(tmp_path):
    def write(images, annotations, videos=({"id": 7, "name": "one"},)):
        path = tmp_path / "coco.json"
        content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
        path.write_text(json.dumps(content if videos is None else {**content, "videos": videos}))
        return path

    return write


@pytest.fixture
def frames(file):
    """``frames(images)``: the frames of an object in all of the images, or the refusal."""

    def read(images, count=40, video=None, **options):
        boxes = [box(n, entry["id"]) for n, entry in enumerate(images)]
        path = file(images, boxes, [{"id": 7, "name": "one", **(video or {})}])
        read_options = ReadOptions(video_length=lambda _: VideoLength(count), **options)
        source = CocoSource(CocoJson(path), read_options)
        (read,) = source.videos(lambda _: "rectangle")
        if read.refused:
            return read.refused[0].reason
        return read.tracks[0].frames.tolist()

    return read


def test_boxes_of_instances(imported, labels_of, project, file):
    images = [image(1, 0), image(2, 5), image(3, 10)]
    boxes = [box(1, 1), box(2, 2, 10.0), box(3, 2, 30.0, instance_id=2), box(4, 3, 12.0)]
    result = imported(file(images, boxes), tolerance=0)
    assert [outcome.track for outcome in result.accepted] == ["1", "2"]
    assert boxes_of(labels_of(project)["one.mp4"][0]) == {
        ("car", 1): [[9, 4, 22, 16]],
        ("car", 6): [[10, 4, 22, 16], [30, 4, 22, 16]],
        ("car", 11): [[12, 4, 22, 16]],
    }


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [48, 64], "counts": LENGTHS},
        {"size": [48, 64], "counts": compressed(LENGTHS)},
        [[8, 4, 29, 4, 29, 19, 8, 19]],
        [[8, 4, 15, 4, 15, 19, 8, 19], [16, 4, 29, 4, 29, 19, 16, 19]],
    ],
)
def test_masks_in_every_spelling(file, segmentation):
    path = file([image(1, 0)], [box(1, 1, category_id=4, segmentation=segmentation)])
    (video,) = CocoSource(CocoJson(path), ReadOptions()).videos(lambda _: "raster-segmentation")
    (track,) = video.tracks
    assert (track.class_name, track.frames.tolist()) == ("road", [1])
    assert (track.coordinates[0]() == SQUARE).all()


def test_masks_are_imported(imported, labels_of, project, file):
    rle = {"size": [48, 64], "counts": LENGTHS}
    damaged = {"size": [48, 64], "counts": LENGTHS[1:]}
    images = [image(1, 0), image(2, 5), image(3, 15)]
    masks = [
        box(n, n, category_id=4, segmentation=mask)
        for n, mask in enumerate((rle, damaged, rle), start=1)
    ]
    result = imported(file(images, masks))
    assert len(result.accepted) == 1
    assert [(gap.frame, "the mask cannot be read" in gap.what) for gap in result.gaps] == [
        (6, True)
    ]
    assert frames_of(labels_of(project)["one.mp4"][0]) == [("road", [1, 16])]


@pytest.mark.parametrize(
    ("images", "count", "expected"),
    [
        # mmtracking: frame_id from 0, file names from 1
        ([image(n, n, f"one/img1/{n + 1:06d}.jpg") for n in range(3)], 4, [1, 2, 3]),
        ([image(1, 4, "one/000005.jpg"), image(2, 9, "one/000010.jpg")], 40, [5, 10]),
        # CenterTrack: both from 1
        ([image(n, n, f"one/img1/{n:06d}.jpg") for n in (1, 2, 3)], 3, [1, 2, 3]),
        ([image(1, 1), image(2, 11)], 40, [1, 11]),
        # YouTube-VIS made COCO: frame_id counts the pictures
        ([image(n, n, f"one/{5 * n:05d}.jpg") for n in range(3)], 40, [1, 6, 11]),
        # as TAO calls it
        (
            [
                image(1, None, "v/frame0391.jpg", frame_index=390),
                image(2, None, "v/frame0421.jpg", frame_index=420),
            ],
            900,
            [391, 421],
        ),
        # from names alone
        (
            [image(1, None, "one/frame_000000.PNG"), image(2, None, "one/f2_000030.PNG")],
            40,
            [1, 31],
        ),
    ],
)
def test_frames_of_images(frames, images, count, expected):
    assert frames(images, count) == expected


def test_frames_of_images_that_are_in_doubt(frames):
    counted = [image(n, n) for n in range(3)]
    assert "frame_step" in frames(counted)
    assert frames(counted, video={"length": 40}) == [1, 2, 3]
    assert "first_number" in frames([image(1, 5), image(2, 10)])


def test_each_object_without_a_track_is_a_track(file):
    tracks = [{"instance_id": None}, {"instance_id": -1}, {"instance_id": None, "track_id": 4}]
    tracks.append({"instance_id": None, "attributes": {"track_id": 4}})
    boxes = [box(n, 1 if n < 3 else 2, **track) for n, track in enumerate(tracks)]
    path = file([image(1, 0), image(2, 5)], boxes)
    (video,) = CocoSource(CocoJson(path), ReadOptions()).videos(lambda _: "rectangle")
    assert [(t.track, t.frames.tolist()) for t in video.tracks] == [
        ("annotation 0", [1]),
        ("annotation 1", [1]),
        ("4", [1, 6]),
    ]


def test_images_of_folders(file):
    names = ("a/one/img1/000001.jpg", "a/two/img1/000001.jpg")
    images = [image(n, None, name, video_id=None) for n, name in enumerate(names)]
    path = file(images, [box(1, 0), box(2, 1)], videos=None)
    first, second = CocoSource(CocoJson(path), ReadOptions()).videos(lambda _: "rectangle")
    assert "one" in first.data_row
    assert "two" in second.data_row
    bare = file([image(1, 0, "000001.jpg", video_id=None)], [box(1, 1)], videos=None)
    with pytest.raises(AnnotationSourceError, match="does not name the video of its images"):
        CocoSource(CocoJson(bare), ReadOptions())
    (named,) = CocoSource(CocoJson(bare), ReadOptions(data_row="one")).videos(lambda _: "rectangle")
    assert named.data_row == ("one",)
    with pytest.raises(AnnotationSourceError, match=r"one data row, but .* has 2 videos"):
        CocoSource(CocoJson(file(images, [], videos=None)), ReadOptions(data_row="one"))


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (box(2, 2, category_id=9), "annotations[1] of coco.json has the category 9"),
        (box(2, 2, bbox=[1, 2, 3], instance_id=2), "has a box that is not [left, top"),
        (box(2, 2, bbox=[1, 2, float("nan"), 3], instance_id=2), "has a box that is not finite"),
        (box(2, 2, bbox=None, instance_id=2), "has neither a box nor a mask"),
        (
            box(2, 2, bbox=None, instance_id=2, segmentation=[[1, 1, 5, 1, 5, 5]]),
            "has a mask but no box",
        ),
    ],
)
def test_only_the_bad_annotation_is_refused(imported, file, bad, fault):
    result = imported(file([image(1, 0), image(2, 5)], [box(1, 1), bad]))
    assert len(result.accepted) == 1
    (refused,) = result.refused
    assert fault in refused.reason


def test_notes_of_the_file(imported, file):
    other_size = image(3, 10, width=32, height=24)
    boxes = [box(1, 1, iscrowd=1), box(2, 2), box(3, 3), box(4, 99)]
    result = imported(file([image(1, 0), image(2, 5), other_size], boxes))
    assert len(result.accepted) == 1
    told = " / ".join(gap.what for gap in (*result.gaps, *result.notes))
    assert "annotations[3] is of image 99, which is not in 'images'" in told
    assert "1 annotation of crowds (iscrowd) imported as one object each" in told
    assert "is of an image whose size differs" in told


def test_annotations_of_missing_images(imported, file):
    with pytest.raises(AnnotationSourceError, match="none of the images to which its annotations"):
        imported(file([], [box(1, 99)]))
    with pytest.raises(AnnotationSourceError, match="none of the images to which its annotations"):
        imported(file([image(1, 0)], [box(1, 99)]))


def test_a_video_without_other_names_is_named_by_its_id(file):
    named = image(1, 0, video_id=7, file_name="clip/1.jpg")
    content = CocoJson(file([named], [box(1, 1)]))
    (video,) = CocoSource(content, ReadOptions()).videos(lambda _: None)
    assert "7" not in video.data_row
