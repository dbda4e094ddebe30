"""Frames that are stored as packets of their video are encoded as pictures."""

import numpy as np
from label_json import box, frame, label
from PIL import Image
from small_exports import ONTOLOGY, data_row, new_path
from video_files import read_number, write_video
from yolo_labels import read_yolo

import deeplake_labelbox as dl


def test_pictures_of_a_stored_video_are_its_frames(tmp_path):
    path = write_video(tmp_path / "clip.mp4", frames=10)
    with dl.FrameExtractor(path) as extractor:
        height, width = next(iter(extractor)).frames[0].shape[:2]
    numbers = [1, 10]
    drawn = label(
        {n: frame(box("b", (4 + n, 8, 16, 12))) for n in numbers}, {"b": [numbers]}, {"b": numbers}
    )
    export = [data_row("row", path, drawn, declared=10)]
    report = dl.create_dataset(
        new_path(), export, ontology=ONTOLOGY, frame_storage="video", progress=False
    )
    options = {"stride": 4, "resize": (width * 2, height * 2), "progress": False}
    dl.convert_dataset(report.dataset, tmp_path / "out", "yolo", **options)
    labels = read_yolo(tmp_path / "out")
    assert [stem for part, stem in labels if part == "train"] == [
        f"video_000000_{number:06d}" for number in (1, 5, 9)
    ]
    for (_, stem), ((_, found),) in labels.items():
        number = int(stem[-6:])
        with Image.open(tmp_path / "out" / "images" / "train" / f"{stem}.jpg") as picture:
            assert picture.size == (2 * width, 2 * height)
            shown = np.asarray(picture.resize((width, height)))
        assert read_number(shown) == number - 1
        assert np.allclose(found, [[2 * (12 + number), 28], [32, 24]], atol=1e-3)
