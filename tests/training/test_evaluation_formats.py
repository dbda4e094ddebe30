"""COCO and MOT ground truth, and what tools of others read in it."""

import configparser
import io
import json

import numpy as np
import pytest
from training_datasets import FRAMES, cells, make_dataset

from deeplake_labelbox._formats.coco.writer import run_length
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training import to_coco, to_mot


def test_images_are_the_labeled_frames(small):
    coco = to_coco(small)
    labeled = [place for place in FRAMES if place[0] < 2]
    assert [(i["video_id"], i["frame_id"]) for i in coco["images"]] == labeled
    assert coco["images"][7] == {
        "id": 2**32 + 1,
        "width": 16,
        "height": 24,
        "file_name": "1/000002.png",
        "video_id": 1,
        "frame_id": 1,
    }
    assert coco["videos"] == [
        {"id": 0, "name": "video 0.mp4", "length": 6},
        {"id": 1, "name": "video 1.mp4", "length": 5},
    ]
    assert coco["categories"] == [{"id": 1, "name": "car"}, {"id": 2, "name": "person"}]
    json.dumps(coco, allow_nan=False)


def test_boxes_are_exact_and_not_cut(small):
    coco = to_coco(small, videos=[1], where="frame_idx = 4")
    assert [(a["category_id"], a["bbox"], a["track_id"]) for a in coco["annotations"]] == [
        (1, [0, 5, 8, 6], 10),
        (2, [2, 3, 4, 5.5], 12),
        (1, [6, 6, 2, 2], 13),
    ]
    assert [a["key_frame"] for a in coco["annotations"]] == [False, True, True]
    assert [a["id"] for a in coco["annotations"]] == [1, 2, 3]
    assert coco["annotations"][1]["area"] == 22
    assert {a["image_id"] for a in coco["annotations"]} == {2**32 + 4}
    assert all("segmentation" not in a for a in coco["annotations"])


@pytest.mark.parametrize("columns", [None, ["road", "zone"]])
def test_the_objects_that_count_are_those_that_are_trained_on(small, columns, caplog):
    pytest.importorskip("torch")
    from deeplake_labelbox.training import FrameDataset  # noqa: PLC0415 - needs torch

    coco = to_coco(small, columns)
    (told,) = [r.getMessage() for r in caplog.records if "no area" in r.getMessage()]
    assert "are left out, the first of them in column" in told
    caplog.clear()
    frames = FrameDataset(small, objects=columns, labeled=True, tv_tensors=False)
    trained = [
        (int(target["image_id"]), int(track))
        for _, target in frames
        for track in target["track_ids"]
    ]
    assert len([r for r in caplog.records if "no area" in r.getMessage()]) == 1
    assert sorted((a["image_id"], a["track_id"]) for a in coco["annotations"]) == sorted(trained)
    lines = "".join(s.gt for s in to_mot(small, columns).values()).splitlines()
    assert len(lines) == len(trained)


def test_masks_and_polygons(small):
    coco = to_coco(small, ["road", "zone"], videos=[0], where=lambda row: row["frame_idx"] == 1)
    road, zone = coco["annotations"]
    assert road["bbox"] == [1, 2, 9, 3]
    assert road["area"] == 27
    assert road["segmentation"]["size"] == [20, 30]
    assert road["segmentation"]["counts"][:4] == [22, 3, 17, 3]
    assert zone["segmentation"] == [[1, 1, 9, 1, 1, 9]]
    assert (zone["bbox"], zone["area"]) == ([1, 1, 8, 8], 32)
    json.dumps(coco, allow_nan=False)


@pytest.mark.parametrize("first", [0, 1])
def test_run_length_encoding(first):
    mask = np.random.default_rng(first).integers(0, 2, (7, 5))
    mask[0, 0] = first
    code = run_length(mask)
    values = np.repeat(np.arange(len(code["counts"])) % 2, code["counts"])
    assert (values.reshape(code["size"], order="F") == mask).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'
def test_pycocotools_reads_it(sample, tmp_path):
    coco_tools = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(to_coco(sample, ["mask"])))
    truth = coco_tools.COCO(str(path))
    for annotation in list(truth.anns.values())[::29]:
        video, frame = divmod(annotation["image_id"], 2**32)
        [row] = np.flatnonzero(
            (sample["video_idx"][:] == video) & (sample["frame_idx"][:] == frame)
        )
        ids = sample["mask_track_ids"][int(row)].tolist()
        mask = sample["mask"][int(row)][:, :, ids.index(annotation["track_id"])]
        assert (truth.annToMask(annotation) == mask).all()
        assert annotation["area"] == mask.sum()
    # The truth, scored against itself, is found whole.
    keys = ("image_id", "category_id", "bbox")
    found = [{**{k: a[k] for k in keys}, "score": 1.0} for a in truth.anns.values() if a["area"]]
    scores = evaluation.COCOeval(truth, truth.loadRes(found), "bbox")
    scores.evaluate()
    scores.accumulate()
    scores.summarize()
    assert scores.stats[0] > 0.99


def test_mot_ground_truth(small):
    sequences = to_mot(small)
    assert list(sequences) == [0, 1]
    lines = sequences[1].gt.splitlines()
    assert lines[:5] == [f"{n + 1},11,{n - 3},6,8,6,1,1,1" for n in range(5)]
    assert "5,13,3,4,4,5.5,1,2,1" in lines
    # One car in each frame, as the second one lies outside.
    assert len(lines) == sum(1 + len(cells(1, f)["thing"]) for f in range(5))
    info = configparser.ConfigParser()
    info.read_file(io.StringIO(sequences[1].seqinfo))
    assert dict(info["Sequence"]) == {
        "name": sequences[1].name,
        "imdir": "img1",
        "framerate": "25",
        "seqlength": "5",
        "imwidth": "16",
        "imheight": "24",
        "imext": ".png",
    }


def test_mot_boxes_around_masks(small):
    [line] = to_mot(small, ["zone"], videos=[0])[0].gt.splitlines()
    assert line == "2,7,2,2,8,8,1,1,1"


def test_formats_need_objects():
    dataset = make_dataset("mem://formats")
    with pytest.raises(ConfigurationError, match="holds no rectangles"):
        to_coco(dataset, ["weather"])
    assert to_coco(dataset, videos=[2])["images"] == []
    assert to_mot(dataset, videos=[2]) == {}
