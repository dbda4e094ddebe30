"""Written formats as their tools, or readers of their layout, see them."""

import json
import resource
import shutil
from contextlib import contextmanager
from typing import get_args

import numpy as np
import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import binary_fill_holes
from training_datasets import SIZES, cells, make_dataset, picture
from yolo_labels import fill, read_yolo

from deeplake_labelbox import LabeledDataset, convert_dataset
from deeplake_labelbox._formats.registry import FORMATS, TargetFormat, target_formats
from deeplake_labelbox._formats.sources import ReadOptions, open_source
from deeplake_labelbox._formats.yolo.outlines import outlines_of
from deeplake_labelbox._model.kinds.vertices import fill as visible
from deeplake_labelbox.errors import ConfigurationError

LABELED = [(video, frame) for video, length in ((0, 6), (1, 5)) for frame in range(length)]


@pytest.fixture
def convert(small, tmp_path):
    def convert(to, **options):
        report = convert_dataset(small, tmp_path / "out", to, progress=False, **options)
        return tmp_path / "out", report

    return convert


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_every_format_that_can_be_written_is_registered():
    assert get_args(TargetFormat) == target_formats()
    for name in target_formats():
        assert callable(FORMATS[name].write())


def test_yolo_finds_the_boxes_and_the_stored_pictures(convert):
    folder, report = convert("yolo", split=[0.5, 0.5])
    labels = read_yolo(folder)
    assert sorted(stem for _, stem in labels) == [
        f"video_{video:06d}_{frame + 1:06d}" for video, frame in LABELED
    ]
    assert len({(part, stem[:12]) for part, stem in labels}) == 2  # no video is in two parts
    for (part, stem), lines in labels.items():
        video, frame = int(stem[6:12]), int(stem[13:]) - 1
        assert (pixels(folder / "images" / part / f"{stem}.png") == picture(video, frame)).all()
        height, width = SIZES[video]
        values = cells(video, frame)
        boxes = [("car", box) for box in values["car/car"]]
        kinds = ["person" if label == 0 else "car" for label in values["thing_labels"]]
        boxes += zip(kinds, values["thing"], strict=True)
        expected = []
        for name, (left, top, w, h) in boxes:
            edges = np.clip([left, left + w], 0, width), np.clip([top, top + h], 0, height)
            if np.ptp(edges[0]) and np.ptp(edges[1]):
                middle = [np.mean(edges[0]), np.mean(edges[1])]
                expected.append((name, [middle, [np.ptp(edges[0]), np.ptp(edges[1])]]))
        assert [name for name, _ in lines] == [name for name, _ in expected]
        for (_, box), (_, own) in zip(lines, expected, strict=True):
            assert np.allclose(box, own, atol=1e-5)
    assert report.objects == {"car": 13, "person": 6}
    assert "objects that cross the picture's edge are cut there (8 times)" in report.notes
    assert "1 video without a label left out: video 2.mp4" in report.notes


def test_yolo_segments_fill_to_the_masks(convert):
    folder, _ = convert("yolo", columns=["road", "zone"], mapping={"zone": "area"})
    for (_, stem), lines in read_yolo(folder).items():
        video, frame = int(stem[6:12]), int(stem[13:]) - 1
        (road, *zones) = lines
        assert road[0] == "road"
        for corners in (road[1].astype(int), road[1].round().astype(int)):  # as tools do
            assert (fill(corners, SIZES[video]) == cells(video, frame)["road"][..., 0]).all()
        assert len(zones) == (frame == 1)
        for name, corners in zones:
            assert name == "area"
            assert np.allclose(corners, [[1, 1], [9, 1], [1, 9]], atol=1e-5)


def test_yolo_cuts_polygons_at_the_edge_and_never_writes_them_as_boxes(tmp_path):
    dataset = make_dataset(f"mem://{tmp_path.name}")
    height, width = SIZES[0]
    over = np.array([[-2 * width, height / 2], [width / 2, -5], [width / 2, height + 5]])
    dataset["zone"][1] = [over.astype(np.float32)]
    dataset["zone"][0] = [np.array([[2, 3], [9, 8]], np.float32)]
    for row in (0, 1):
        dataset["zone_track_ids"][row] = np.array([6], np.int32)
        dataset["zone_key_frames"][row] = np.array([True])
    dataset.commit()
    to = {"columns": ["zone"], "progress": False}
    report = convert_dataset(dataset, tmp_path / "out", "yolo", **to)
    assert "objects that cross the picture's edge are cut there" in str(report.notes)
    lines = read_yolo(tmp_path / "out")
    ((_, corners),) = lines["train", "video_000000_000001"]
    assert np.allclose(corners, [[2, 3], [9, 8], [2, 3]], atol=1e-5)
    ((_, corners),) = lines["train", "video_000000_000002"]
    seen = visible([over], (width, height))
    assert (fill(corners.astype(int), SIZES[0]) == seen).all()

    convert_dataset(dataset, tmp_path / "coco", "coco", **to)
    content = json.loads((tmp_path / "coco/annotations/instances_train.json").read_bytes())
    assert {len(each["segmentation"][0]) for each in content["annotations"]} == {6}


@pytest.mark.filterwarnings("ignore:OpenCV")  # without it, supervision fills polygons itself
def test_supervision_finds_the_objects_of_the_dataset(convert, small):
    supervision = pytest.importorskip("supervision")
    for columns in (["thing"], ["road"]):
        folder, _ = convert("yolo", columns=columns, videos=[1])
        found = supervision.DetectionDataset.from_yolo(
            *(str(folder / kind / "train") for kind in ("images", "labels")),
            str(folder / "data.yaml"),
            force_masks=columns == ["road"],
        )
        rows = LabeledDataset(small).rows_of("video 1.mp4")
        drawn = LabeledDataset(small).objects(rows, columns).to_supervision()
        assert len(found) == len(drawn) == len(rows)
        for path, _, read in found:
            own = drawn[int(path[-10:-4]) - 1]
            names = [found.classes[number] for number in read.class_id]
            if columns == ["road"]:
                assert (read.mask == own.mask[:1]).all()  # the second one is empty
            else:
                assert names == own.data["class_name"].tolist()
                assert np.allclose(read.xyxy, own.xyxy, atol=1e-4)
                assert own.tracker_id.tolist() == [12, 13][: len(own)]
        shutil.rmtree(folder)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.6, 0.8]))
def test_outlines_fill_to_their_masks(seed, share):
    mask = np.random.default_rng(seed).random((9, 8)) < share
    found = outlines_of(mask)
    filled = np.zeros_like(mask)
    for corners in found.parts:
        filled |= fill(corners, mask.shape)
    whole = binary_fill_holes(mask)
    assert (filled == whole).all()
    assert (found.holes > 0) == (whole != mask).any()
    if found.parts:
        assert mask[tuple(found.joined().T[::-1])].all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'
def test_coco_loads_in_pycocotools(convert):
    coco_tools = pytest.importorskip("pycocotools.coco")
    folder, _ = convert("coco", columns=["road", "car/car"], stride=2)
    coco = coco_tools.COCO(str(folder / "annotations" / "instances_train.json"))
    chosen = [(video, frame) for video, frame in LABELED if frame % 2 == 0]
    assert [(i["video_id"], i["frame_id"]) for i in coco.dataset["images"]] == chosen
    for image in coco.dataset["images"]:
        place = image["video_id"], image["frame_id"]
        assert (pixels(folder / "train" / image["file_name"]) == picture(*place)).all()
        by_class = {a["category_id"]: a for a in coco.imgToAnns[image["id"]]}
        assert (coco.annToMask(by_class[1]) == cells(*place)["road"][..., 0]).all()
        assert by_class[2]["bbox"] == cells(*place)["car/car"][0].tolist()


@pytest.mark.filterwarnings("ignore:Operation with tuple is deprecated")  # motmetrics'
def test_mot_loads_in_motmetrics(convert):
    motmetrics = pytest.importorskip("motmetrics")
    folder, _ = convert("mot", where="frame_idx > 1")
    sequence = folder / "train" / "video_000001"
    truth = motmetrics.io.loadtxt(sequence / "gt" / "gt.txt", fmt="mot16", min_confidence=1)
    for number, frame in enumerate(range(2, 5), 1):  # numbered one after the other
        assert (pixels(sequence / "img1" / f"{number:06d}.png") == picture(1, frame)).all()
        boxes = truth.loc[number][["X", "Y", "Width", "Height"]].to_numpy()
        own = [*cells(1, frame)["car/car"][:1], *cells(1, frame)["thing"]]
        assert np.allclose(boxes, own)
    assert "frames=3-5\n" in (sequence / "seqinfo.ini").read_text("utf-8")


def shapes_of_cvat(track):
    """``{frame: (left, top, right, bottom)}`` as CVAT computes them, with interpolated ones."""
    keys = [box for box in track if box.get("keyframe") == "1"]
    found = {}
    for box, after in zip(keys, [*keys[1:], None], strict=True):
        own, other = (
            np.array([float(each.get(edge)) for edge in ("xtl", "ytl", "xbr", "ybr")])
            for each in (box, box if after is None or after.get("outside") == "1" else after)
        )
        if box.get("outside") == "1":
            continue
        first = int(box.get("frame"))
        last = int(track[-1].get("frame")) + 1 if after is None else int(after.get("frame"))
        for frame in range(first, last):
            found[frame] = own + (other - own) * (frame - first) / (last - first)
    return found


@pytest.mark.parametrize("where", [None, "frame_idx != 2"])
def test_cvat_finds_the_boxes_on_their_frames(convert, where):
    folder, _ = convert("cvat", columns=["thing"], where=where)
    for video in (0, 1):
        task = folder / "train" / f"video_{video:06d}"
        root = ElementTree.parse(task / "annotations.xml").getroot()
        found = [shapes_of_cvat(track) for track in root.iter("track")]
        for frame in [frame for number, frame in LABELED if number == video]:
            name = task / "images" / f"frame_{frame:06d}.png"
            if where and frame == 2:
                assert not name.exists()
                continue
            assert (pixels(name) == picture(video, frame)).all()
            own = [shapes[frame] for shapes in found if frame in shapes]
            boxes = cells(video, frame)["thing"].copy()
            boxes = boxes[(boxes[:, 2:] > 0).all(axis=1)]
            boxes[:, 2:] += boxes[:, :2]
            assert len(own) == len(boxes)
            assert np.allclose(sorted(map(list, own)), sorted(boxes.tolist()), atol=0.01)


def test_masks_of_cvat_come_back(convert):
    folder, report = convert("cvat", columns=["road"])
    assert any(note.startswith("masks are of single frames") for note in report.notes)
    path = folder / "train" / "video_000000" / "annotations.xml"
    (video,) = open_source(str(path), ReadOptions()).videos(lambda _: None)
    assert (video.data_row[0], video.size) == ("video 0.mp4", SIZES[0][::-1])
    for track, frame in zip(video.tracks, range(6), strict=True):
        assert track.frames.tolist() == [frame + 1]
        assert (track.coordinates[0]() == cells(0, frame)["road"][..., 0]).all()


def test_masks_are_the_pixels_of_the_objects(convert):
    folder, report = convert("masks", columns=["road"])
    lists = folder / "ImageSets" / "2017" / "train.txt"
    assert lists.read_text().split() == ["video_000000", "video_000001"]
    for video, frame in LABELED:
        name = f"video_{video:06d}/{frame:05d}"
        found = pixels(folder / "Annotations" / "480p" / f"{name}.png")
        assert (found == cells(video, frame)["road"][..., 0]).all()
        shown = pixels(folder / "JPEGImages" / "480p" / f"{name}.jpg")
        assert shown.shape == (*SIZES[video], 3)
    with Image.open(folder / "Annotations" / "480p" / "video_000000" / "00000.png") as image:
        assert image.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]
    assert "objects with no area inside the picture are left out (11 times)" in report.notes


def test_resized_pictures_and_labels_fit_each_other(convert):
    folder, _ = convert("yolo", resize=(60, 40), videos=[0], only_labeled=True, columns=["thing"])
    labels = read_yolo(folder)
    assert {stem[-1] for _, stem in labels} == {"1", "3", "5"}
    for part, stem in labels:
        assert pixels(folder / "images" / "train" / f"{stem}.png").shape == (40, 60, 3), part
    (name, box), *_ = labels["train", "video_000000_000001"]
    assert name == "person"
    assert np.allclose(box, [[8, 11.5], [8, 11]], atol=1e-4)


@pytest.mark.parametrize(
    ("to", "options", "message"),
    [
        ("kitti", {}, "`to` is 'kitti'; give 'mot', .* or 'masks'"),
        ("yolo", {"mapping": {"cat": "dog"}}, "class 'cat', which the columns do not have"),
        ("yolo", {"mapping": {"car": "", "person": ""}}, "leaves out all classes"),
        (
            "masks",
            {"columns": ["thing"]},
            ".rectangle. cannot be written; DAVIS holds masks or",
        ),
        ("coco", {"split": [0.5, 0.3, 0.2]}, "2 videos for 3 parts"),
        ("coco", {"split": [0.5, 0.6]}, "add up to 1"),
        ("coco", {"videos": [2]}, "no frame to write"),
        (
            "masks",
            {"columns": ["zone"], "where": "frame_idx = 3"},
            "No frame to write shows an object of 'zone'; `columns` may name others: road",
        ),
        ("coco", {"stride": 0}, "`stride` is 0"),
    ],
)
def test_bad_input_is_refused_and_leaves_no_files(convert, tmp_path, to, options, message):
    with pytest.raises(ConfigurationError, match=message):
        convert(to, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_without_boxes_is_refused(small, tmp_path):
    view = small.query("SELECT frames, video_idx, frame_idx")
    with pytest.raises(ConfigurationError, match="no rectangles, masks or polygons, which YOLO"):
        convert_dataset(view, tmp_path / "out", "yolo", progress=False)


@contextmanager
def small_files(size):
    """Limit the size of files meanwhile, also of that to which pytest captures output."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("to", target_formats())
def test_a_full_disk_leaves_existing_files(small, tmp_path, to):
    (tmp_path / "there").mkdir()
    for size, place in ((100, "there"), (100, "new/out"), (600, "there")):
        message = f"{place} cannot be written: File too large"
        with pytest.raises(ConfigurationError, match=message), small_files(size):
            convert_dataset(small, tmp_path / place, to, progress=False)
        assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_an_empty_folder_is_filled_and_other_folders_are_kept(convert, tmp_path):
    (tmp_path / "out").mkdir()
    before = (tmp_path / "out").stat().st_ino
    convert("yolo")
    assert (tmp_path / "out").stat().st_ino == before
    written = sorted((tmp_path / "out").rglob("*"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"data.yaml", "images", "labels"}
    with pytest.raises(ConfigurationError, match="is a folder with files, such as "):
        convert("yolo")
    assert sorted((tmp_path / "out").rglob("*")) == written


def test_files_written_meanwhile_by_others_are_kept(small, tmp_path):
    (tmp_path / "out").mkdir()

    def where(row):
        (tmp_path / "out" / "mine").touch()
        return row is not None

    with pytest.raises(ConfigurationError, match="out is a folder with files"):
        convert_dataset(small, tmp_path / "out", "yolo", where=where, progress=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
