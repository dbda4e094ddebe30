"""A video whose picture size changes: labels are in the first size, as Labelbox shows it."""

import re

import numpy as np
import pytest
from label_json import box as box_of
from label_json import frame, label
from small_exports import ONTOLOGY, data_row, new_path
from video_files import read_number, write_size_change
from yolo_labels import read_yolo

import deeplake_labelbox as dl
from deeplake_labelbox import draw_contact_sheet, draw_frame, import_annotations, inspect_export
from deeplake_labelbox.training import to_coco, to_mot

FRAMES = 16
CHANGE = "the picture size changes from 96 x 64 to 64 x 48 in frame 9"
EXACT = (48, 32, 24, 16)  # in pixels of 96 x 64; the same part of 64 x 48:
SCALED = (32, 24, 16, 12)


@pytest.fixture(scope="module", params=[("libvpx-vp9", "webm"), ("libx264", "ts")])
def export(request, tmp_path_factory):
    codec, ending = request.param
    path = write_size_change(tmp_path_factory.mktemp("sizes") / f"clip.{ending}", codec=codec)
    numbers = list(range(1, FRAMES + 1))
    drawn = label(
        {n: frame(box_of("b", EXACT)) for n in numbers}, {"b": [[1, FRAMES]]}, {"b": numbers}
    )
    return [data_row("row", path, drawn, declared=FRAMES)]


def make(export, **options):
    report = dl.Report()
    dataset, _ = dl.create_dataset_from_video_annotation_project(
        new_path(), "p", None, project_json=export, progress=False, report=report, **options
    )
    converter = dl.converter_for_video_project_with_id(
        "p",
        lambda _: dataset,
        None,
        project_json=export,
        lb_ontology=ONTOLOGY,
        progress=False,
    )
    return converter.dataset_with_applied_annotations(), report.merge(converter.report)


@pytest.fixture(scope="module")
def made(export):
    return make(export)


@pytest.fixture
def dataset(made):
    return made[0]


def test_every_frame_has_its_own_size_and_number(dataset):
    shapes = [dataset["frames"][row].shape for row in range(FRAMES)]
    assert shapes == [(64, 96, 3)] * 8 + [(48, 64, 3)] * 8
    assert [read_number(dataset["frames"][row]) for row in range(FRAMES)] == list(range(FRAMES))


def test_it_is_told(export, made):
    (video,) = inspect_export(export, progress=False)
    assert any(CHANGE in finding.what for finding in video.findings)
    assert not video.will_miss
    (outcome,) = made[1]
    assert any(CHANGE in warning for warning in outcome.warnings)
    assert not outcome.gaps


def test_with_resize_all_frames_have_one_size(export):
    dataset, report = make(export, resize=48)
    assert {dataset["frames"][row].shape for row in range(FRAMES)} == {(32, 48, 3)}
    assert any(CHANGE in warning for warning in next(iter(report)).warnings)
    assert {image["width"] for image in to_coco(dataset)["images"]} == {48}


def test_coco_has_each_frame_in_its_own_size(dataset):
    coco = to_coco(dataset)
    sizes = [(image["width"], image["height"]) for image in coco["images"]]
    assert sizes == [(96, 64)] * 8 + [(64, 48)] * 8
    assert [tuple(a["bbox"]) for a in coco["annotations"]] == [EXACT] * 8 + [SCALED] * 8


def test_pictures_are_converted_in_their_own_size(dataset, tmp_path):
    dl.convert_dataset(dataset, tmp_path / "out", "yolo", progress=False)
    labels = read_yolo(tmp_path / "out")  # which reads the size of each picture
    for number, (left, top, width, height) in ((8, EXACT), (9, SCALED)):
        ((_, found),) = labels["train", f"video_000000_{number:06d}"]
        middle = [left + width / 2, top + height / 2]
        assert np.allclose(found, [middle, [width, height]], atol=1e-4)


def test_mot_has_each_box_in_pixels_of_its_frame(dataset):
    (sequence,) = to_mot(dataset).values()
    boxes = [line.split(",")[2:6] for line in sequence.gt.splitlines()]
    expected = [[v + (k < 2) for k, v in enumerate(b)] for b in [EXACT] * 8 + [SCALED] * 8]
    assert [[float(v) for v in box] for box in boxes] == expected


def test_mot_of_it_is_not_imported_on_wrong_places(dataset, box, client, tmp_path):
    (sequence,) = to_mot(dataset).values()
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "gt.txt").write_text(sequence.gt)
    (tmp_path / "gt" / "labels.txt").write_text(sequence.labels)
    (tmp_path / "seqinfo.ini").write_text(sequence.seqinfo)
    project = box.add_project("Sizes", ONTOLOGY)
    media = {"width": 96, "height": 64, "frame_count": FRAMES, "asset_type": "video"}
    project.add_video(row_data="https://videos.test/row", external_id="row", media_attributes=media)
    result = import_annotations(
        tmp_path, project.id, None, data_rows="row", lb_client=client, progress=False
    )
    (refused,) = result.annotations
    assert "the picture size changes within the video (1:96x64 9:64x48)" in refused.reason


def test_training(dataset):
    torch = pytest.importorskip("torch")
    from deeplake_labelbox.training import ClipDataset, FrameDataset  # noqa: PLC0415 - needs torch

    frames = FrameDataset(dataset, dtype=torch.uint8, tv_tensors=False)
    shown = [(tuple(image.shape[1:]), target["boxes"].tolist()) for image, target in frames]
    first, second = (
        [[float(x), float(y), float(x + w), float(y + h)]] for x, y, w, h in (EXACT, SCALED)
    )
    assert shown == [((64, 96), first)] * 8 + [((48, 64), second)] * 8
    clip, target = ClipDataset(
        dataset, frames=FRAMES, stride=1, dtype=torch.uint8, tv_tensors=False
    )[0]
    assert clip.shape == (FRAMES, 3, 64, 96)
    assert [boxes.tolist() for boxes in target["boxes"]] == [first] * FRAMES
    numbers = [read_number(image.permute(1, 2, 0).numpy()) for image in clip]
    assert numbers == list(range(FRAMES))


def test_pictures_show_labels_where_they_were_drawn(dataset, tmp_path):
    early, late = (np.asarray(draw_frame(dataset, row)) for row in (0, FRAMES - 1))
    assert early.shape == late.shape
    draw_contact_sheet(dataset, frames=4, columns=2)
    dl.write_preview(dataset, tmp_path / "page.html", progress=False)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert set(re.findall(r'"size":\[[\d,]+\]', page)) == {'"size":[96,64]'}
    dl.write_preview(dataset, tmp_path / "movie.mp4", progress=False)
    dl.dataset_statistics(dataset, progress=False)


def test_it_is_kept_with_the_dataset(dataset):
    assert dl.LabeledDataset(dataset).videos[0].size == (64, 96)
    assert len(dl.LabeledDataset(dataset).frames[:]) == FRAMES
