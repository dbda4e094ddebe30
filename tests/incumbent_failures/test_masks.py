"""What `deeplake.integrations.labelbox` gets wrong with masks: R5, R10, and those of R7."""

import base64
import threading

import numpy as np
import pytest
from faulty_server import Answer, FaultyServer
from label_json import frame, label, mask
from small_exports import FRAMES, ONTOLOGY, SIZE, cells, classes, data_row, new_path, png, run

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox.errors import MaskError

# Objects by color: their class, and the rows of pixels that they cover.
OBJECTS = {
    (0, 0, 255): ("boat", slice(20, 50)),
    (255, 0, 0): ("road", slice(0, 8)),
    (0, 255, 0): ("sky", slice(8, 20)),
    (255, 255, 0): ("road", slice(50, 60)),
}
# Which of them are drawn: neither in the order of the classes, nor always all of them.
FIRST, LATER = list(OBJECTS), [(0, 0, 255), (0, 255, 0)]


def drawn(colors, first, last):
    body = png(*((color, OBJECTS[color][1]) for color in colors))
    instances = [{"name": OBJECTS[color][0], "colorRGB": list(color)} for color in colors]
    frames = [{"index": first, "imBytes": base64.b64encode(body).decode()}]
    return {"masks": {"frames": frames, "instances": instances}, "segments": [[first, last]]}


@pytest.mark.parametrize("mask_format", ["single", "composite"])
def test_r5_r10_every_mask_of_a_group_has_its_channel_whatever_its_form(box, clips, mask_format):
    """Three classes share a column; `mask.url` and `composite_mask` are both read, after a 503."""
    project = box.add_project(f"Masks {mask_format}", ONTOLOGY)
    project.add_video(clips[0]).add_label(
        [drawn(FIRST, 1, 3), drawn(LATER, 4, FRAMES)], mask_format=mask_format
    )
    box.faults.add("mask", status=503)
    common = {"lb_client": box.client(), "progress": False}
    made, export = create_dataset_from_video_annotation_project(
        new_path(), project.id, None, **common
    )
    since = len(box.requests)
    converter = converter_for_video_project_with_id(
        project.id,
        lambda _: made,
        None,
        group_mapping={"raster-segmentation": "mask"},
        project_json=export,
        **common,
    )
    dataset = converter.dataset_with_applied_annotations()
    box.faults.clear()
    assert converter.report.gaps == []
    for row, names in enumerate(classes(dataset, "mask_labels")):
        found = [
            (name, covered(dataset["mask"][row][..., channel]))
            for channel, name in enumerate(names)
        ]
        expected = [(name, (a.start, a.stop)) for name, a in map(OBJECTS.get, shown(row))]
        assert sorted(found) == sorted(expected)
    asked = [r.path for r in box.requests[since:] if "/mask" in r.path]
    assert len(asked) == len(set(asked)) + 1  # once each, and once more after the 503


def shown(row):
    return FIRST if row < 3 else LATER


def covered(pixels):
    """First and last (excluded) of the rows of pixels that are covered, from side to side."""
    rows = np.flatnonzero(pixels.all(axis=1))
    assert len(rows)
    assert pixels.sum() == len(rows) * SIZE[0]
    return int(rows[0]), int(rows[-1]) + 1


def white(rows):
    return png(((255, 255, 255), rows))


def test_r5_masks_are_fetched_side_by_side(clips):
    """The server answers when both are asked for, and gives up after a while."""
    both = threading.Barrier(2)
    with FaultyServer() as server:
        urls = [
            server.serve(f"/{n}.png", Answer(white(slice(n, 9)), together=both)) for n in (1, 4)
        ]
        two = {n: frame(mask("m", url)) for n, url in zip((1, 4), urls, strict=True)}
        dataset, report = run(data_row("one", clips[0], label(two, {"m": [[1, FRAMES]]})))
    assert report.gaps == []
    assert [covered(cell[..., 0]) for cell in dataset["road"][:]] == [(1, 9)] * 3 + [(4, 9)] * 3


def test_r5_a_lost_mask_is_an_empty_channel_and_one_gap(clips, monkeypatch):
    """It tells all frames that the mask is held on, or is raised."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    lost = label(
        {1: frame(mask("m", "http://127.0.0.1:9/mask.png"))}, {"m": [[1, FRAMES]]}, {"m": [1]}
    )
    row = data_row("one", clips[0], lost)
    dataset, report = run(row)
    assert [cell.shape for cell in dataset["road"][:]] == [(SIZE[1], SIZE[0], 1)] * FRAMES
    assert not any(cell.any() for cell in dataset["road"][:])
    assert [list(gap.frames) for gap in report.gaps] == [list(range(1, FRAMES + 1))]
    with pytest.raises(MaskError, match=r"http://127\.0\.0\.1:9/mask\.png"):
        run(row, fail_on_error=True)


def test_r7_between_key_frames_masks_hold_the_earlier_one(clips):
    with FaultyServer() as server:
        urls = [server.serve(f"/{n}.png", Answer(white(slice(n, 9)))) for n in (1, 5)]
        two = {n: frame(mask("m", url)) for n, url in zip((1, 5), urls, strict=True)}
        held = label(two, {"m": [[1, FRAMES]]}, {"m": [1, 5]})
        dataset, report = run(data_row("one", clips[0], held))
    assert report.gaps == []
    assert [covered(cell[..., 0]) for cell in dataset["road"][:]] == [(1, 9)] * 4 + [(5, 9)] * 2
    assert cells(dataset, "road_key_frames") == [[n in (1, 5)] for n in range(1, FRAMES + 1)]
