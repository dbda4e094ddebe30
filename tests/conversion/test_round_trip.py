"""A converted dataset can be imported unchanged."""

import shutil
from uuid import uuid4

import deeplake
import numpy as np
import pytest
from deeplake import types
from hypothesis import given, settings
from hypothesis import strategies as st
from training_datasets import cells

from deeplake_labelbox import convert_dataset
from deeplake_labelbox._formats.frame_numbers import VideoLength
from deeplake_labelbox._formats.sources import ReadOptions, open_source
from deeplake_labelbox._model.kinds.vertices import fill
from deeplake_labelbox._store.columns import ensure_column, write_class_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._video.encodings import encode_png
from deeplake_labelbox.errors import AnnotationSourceError

HEIGHT, WIDTH = 14, 18
CLASSES = ("car", "person")
LENGTHS = {"one.mp4": 5, "two.mp4": 9}


def random_shape(random, kind):
    if kind == "raster-segmentation":
        mask = random.random((HEIGHT, WIDTH)) < 0.3
        mask[5, 5] = True
        return mask
    left, top = random.integers(-3000, 10_000, 2) / 1000
    width, height = random.integers(4001, 9000, 2) / 1000
    return np.array([left, top, width, height], np.float32)


def random_tracks(seed, kind):
    """``{(video, class, track id): {frame from 1: shape}}``, with gaps.

    The first track is in frame 1, which every stride keeps, because a conversion without an object
    is refused.
    """
    random = np.random.default_rng(seed)
    tracks = {}
    for number in range(random.integers(1, 6)):
        video = str(random.choice(list(LENGTHS)))
        drawn = random.random(LENGTHS[video]) < 0.6
        drawn[0] |= number == 0
        frames = (np.flatnonzero(drawn) + 1).tolist()
        shapes = {frame: random_shape(random, kind) for frame in frames}
        tracks[video, str(random.choice(CLASSES)), number] = shapes
    return tracks


def make_dataset(tracks, kind):
    dataset = deeplake.create(f"mem://round-trip-{uuid4()}")
    dataset.add_column("frames", types.Image(sample_compression="png"))
    dataset.add_column("frame_idx", "int32")
    dataset.add_column("video_idx", "int32")
    for name, column in {"": kind, "_labels": "labels", "_track_ids": "track_ids"}.items():
        ensure_column(dataset, f"thing{name}", column)
    write_class_names(dataset, "thing_labels", CLASSES)
    picture = encode_png(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    rows = [(video, n) for video, length in LENGTHS.items() for n in range(1, length + 1)]
    there = [
        [(key[1:], shapes[n]) for key, shapes in tracks.items() if key[0] == video and n in shapes]
        for video, n in rows
    ]
    if kind == "rectangle":
        shapes = [np.array([s for _, s in each], np.float32).reshape(-1, 4) for each in there]
    else:
        empty = np.zeros((HEIGHT, WIDTH, 0), bool)
        shapes = [np.stack([s for _, s in each], -1) if each else empty for each in there]
    dataset.append(
        {
            "frames": [picture] * len(rows),
            "frame_idx": [n - 1 for _, n in rows],
            "video_idx": [list(LENGTHS).index(video) for video, _ in rows],
            "thing": shapes,
            "thing_labels": [
                np.array([CLASSES.index(name) for (name, _), _ in each], np.int32) for each in there
            ],
            "thing_track_ids": [np.array([k for (_, k), _ in each], np.int32) for each in there],
        }
    )
    entries = tuple(
        VideoEntry(f"row {i}", i, name, "done", 0, length, length, HEIGHT, WIDTH)
        for i, (name, length) in enumerate(LENGTHS.items())
    )
    LabelboxMeta("project", "Random", "complete", entries).write(dataset)
    return dataset


def read_back(path, kind):
    """``{video: [(class, frames, shapes)]}``, in no order."""

    def length_of(names):
        known = [length for name, length in LENGTHS.items() if name in names]
        return VideoLength(known[0], 25.0) if known else VideoLength()

    found = {}
    for video in open_source(path, ReadOptions(video_length=length_of)).videos(lambda _: kind):
        assert not video.refused
        (name,) = LENGTHS.keys() & set(video.data_row)
        for track in video.tracks:
            assert track.kind == kind
            shapes = track.coordinates
            if kind == "raster-segmentation":
                shapes = [mask() for mask in shapes]
            found.setdefault(name, []).append((track.class_name, track.frames.tolist(), shapes))
    return found


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), stride=st.integers(1, 3))
def test_every_box_of_yolo_comes_back(tmp_path_factory, seed, stride):
    tracks = random_tracks(seed, "rectangle")
    folder = tmp_path_factory.mktemp("yolo") / "out"
    dataset = make_dataset(tracks, "rectangle")
    convert_dataset(dataset, folder, "yolo", stride=stride, progress=False)
    found = [
        (video, name, frames, shapes)
        for video, own in read_back(folder, "rectangle").items()
        for name, frames, shapes in own
    ]
    for (video, name, _), shapes in tracks.items():
        for frame, (left, top, width, height) in shapes.items():
            if (frame - 1) % stride == 0:  # boxes are cut at the edges of the picture
                right, bottom = min(left + width, WIDTH), min(top + height, HEIGHT)
                box = [max(left, 0), max(top, 0), right - max(left, 0), bottom - max(top, 0)]
                same = [
                    own
                    for own in found
                    if own[:3] == (video, name, [frame]) and np.allclose(own[3], [box], atol=0.02)
                ]
                assert same
                found = [own for own in found if own is not same[0]]
    assert not found


def test_outlines_of_yolo_come_back_as_masks(small, tmp_path):
    convert_dataset(small, tmp_path / "out", "yolo", columns=["road"], progress=False)
    (tmp_path / "video.yaml").write_text("names: [road]\ntrain: out/images/train\n")
    for name in ("out", "video.yaml"):
        options = ReadOptions(video_length=lambda _: VideoLength(6, 25.0))
        first = next(iter(open_source(tmp_path / name, options).videos(lambda _: None)))
        assert first.data_row == ("video 0.mp4" if name == "out" else "video_000000",)
        assert [track.frames.tolist() for track in first.tracks] == [[n] for n in range(1, 7)]
        for track in first.tracks:
            assert track.kind == "polygon"  # which an import fills
            assert (fill(track.coordinates, first.size) == cells(0, 0)["road"][..., 0]).all()


def test_incomplete_yolo_sources_are_refused(imported_yolo):
    for names, picture, why in (
        ("[car]", "crossing.png", "does not give its video and frame"),
        ("car", "a_1.png", "neither a list"),
        ("[car]", "", "names no pictures"),
    ):
        with pytest.raises(AnnotationSourceError, match=why):
            imported_yolo(names, picture, "0 .5 .5 .1 .1")
    with pytest.raises(AnnotationSourceError, match="has poses"):
        imported_yolo("[car]\nkpt_shape: [12, 2]", "a_1.png", f"0{' .5' * 28}")
    video = imported_yolo("[car]", "a_1.png", "0 .5 .5 .5 .5\n1 .5 .5 .1 .1\n0 .1\n0 nan 0 0 0")
    assert video.tracks[0].coordinates.tolist() == [[2, 1, 4, 2]]
    assert [finding.what for finding in video.findings] == [
        "line 2 of a_1.txt has class 1, which data.yaml does not name",
        "line 3 of a_1.txt has 1 number, which is neither a box nor an outline",
        "line 4 of a_1.txt has a number that is not finite",
    ]


@pytest.fixture
def imported_yolo(tmp_path):
    def read(names, picture, text):
        for kind in ("images", "labels"):
            shutil.rmtree(tmp_path / kind, ignore_errors=True)
            (tmp_path / kind).mkdir()
        (tmp_path / "data.yaml").write_text(f"names: {names}\ntrain: images\n")
        if picture:
            (tmp_path / "images" / picture).write_bytes(encode_png(np.zeros((4, 8), np.uint8)))
            (tmp_path / "labels" / picture).with_suffix(".txt").write_text(text)
        options = ReadOptions(video_length=lambda _: VideoLength(1, 25.0))
        return next(iter(open_source(tmp_path, options).videos(lambda _: None)))

    return read


@pytest.mark.parametrize(
    ("to", "kind", "place"),
    [
        ("mot", "rectangle", "train"),
        ("cvat", "rectangle", "train"),
        ("coco", "rectangle", "annotations/instances_train.json"),
        ("coco", "raster-segmentation", "annotations/instances_train.json"),
        ("youtube-vis", "rectangle", "train/instances.json"),
        ("youtube-vis", "raster-segmentation", "train/instances.json"),
    ],
)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), stride=st.integers(1, 3))
def test_every_object_comes_back(tmp_path_factory, to, kind, place, seed, stride):
    tracks = random_tracks(seed, kind)
    folder = tmp_path_factory.mktemp(to) / "out"
    convert_dataset(make_dataset(tracks, kind), folder, to, stride=stride, progress=False)
    found = read_back(folder / place, kind)
    for own in found.values():
        for index, (name, frames, shapes) in enumerate(own):
            # Tracks of CVAT go on between the frames of their task.
            kept = [n for n, frame in enumerate(frames) if (frame - 1) % stride == 0]
            own[index] = name, [frames[n] for n in kept], [shapes[n] for n in kept]
    for (video, name, _), shapes in tracks.items():
        kept = [frame for frame in shapes if (frame - 1) % stride == 0]
        if not kept:
            continue
        same = [
            own
            for own in found[video]
            if own[:2] == (name, kept)
            and np.allclose(own[2], [shapes[frame] for frame in kept], atol=2e-3)
        ]
        assert len(same) == 1
        found[video] = [own for own in found[video] if own is not same[0]]
    assert not any(found.values())


@pytest.mark.parametrize(
    "place",
    ["mot:train", "coco:annotations/instances_train.json", "youtube-vis:train/instances.json"],
)
def test_a_part_without_the_first_frame_comes_back_on_its_frames(tmp_path, place):
    to, _, file = place.partition(":")
    shape = np.array([1, 2, 5, 6], np.float32)
    dataset = make_dataset({("two.mp4", "car", 0): dict.fromkeys(range(1, 10), shape)}, "rectangle")
    convert_dataset(dataset, tmp_path / "out", to, where="frame_idx >= 1", progress=False)
    ((name, ((_, frames, _),)),) = read_back(tmp_path / "out" / file, "rectangle").items()
    assert (name, frames) == ("two.mp4", list(range(2, 10)))
