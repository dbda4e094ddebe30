"""Masks, from the files that Labelbox serves to the channels of a frame."""

import base64
import io

import label_json
import numpy as np
import pytest
import small_exports
from faulty_server import Answer, FaultyServer
from PIL import Image
from video_files import write_video

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)

SIZE = 40, 24
FRAMES = 8
ONTOLOGY = {
    "tools": [{"tool": "raster-segmentation", "name": name} for name in ("road", "sky", "boat")],
    "classifications": [],
}
COLORS = {"road": (255, 0, 0), "sky": (0, 0, 1), "boat": (1, 0, 0)}


def area(name, frame):
    """Where an object is; colors differ by one bit, and areas touch."""
    found = np.zeros((SIZE[1], SIZE[0]), dtype=np.bool_)
    top = {"road": 0, "sky": 8, "boat": 16}[name]
    found[top : top + 8, frame : frame + 12] = True
    return found


def encode(pixels, mode="RGB", **options):
    file = io.BytesIO()
    image = Image.fromarray(pixels) if mode is None else Image.fromarray(pixels).convert(mode)
    image.save(file, format="PNG", **options)
    return file.getvalue()


def composite(frame, names):
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    for name in names:
        pixels[area(name, frame)] = COLORS[name]
    return encode(pixels)


def masks(key_frames, names):
    return [
        {
            "masks": {
                "frames": [
                    {"index": n, "imBytes": base64.b64encode(composite(n, names)).decode()}
                    for n in key_frames
                ],
                "instances": [{"name": n, "colorRGB": list(COLORS[n])} for n in names],
            },
            "segments": [[key_frames[0], FRAMES]],
        }
    ]


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Masks", ONTOLOGY)
    project.add_video(write_video(tmp_path / "clip.mp4", frames=FRAMES, size=SIZE))
    yield project
    box.faults.clear()


def run(box, project, name, **options):
    dataset, export = create_dataset_from_video_annotation_project(
        f"mem://masks-{name}", project.id, None, lb_client=box.client(), progress=False
    )
    converter = converter_for_video_project_with_id(
        project.id,
        lambda _: dataset,
        None,
        lb_client=box.client(),
        project_json=export,
        progress=False,
        **options,
    )
    return converter.dataset_with_applied_annotations(), converter.report


@pytest.mark.parametrize("mask_format", ["composite", "single"])
def test_masks_hold_until_the_next_is_drawn(box, project, mask_format):
    project.data_rows[0].add_label(masks((2, 5), ("road", "sky")), mask_format=mask_format)
    dataset, report = run(box, project, f"hold-{mask_format}")

    assert report.gaps == []
    for name in ("road", "sky"):
        for row in range(FRAMES):
            drawn = next((n for n in (5, 2) if n <= row + 1), None)
            mask = dataset[name][row]
            assert mask.dtype == np.bool_
            if drawn is None:
                assert mask.shape == (SIZE[1], SIZE[0], 0)
            else:
                assert np.array_equal(mask, area(name, drawn)[..., None])
    assert [cell.shape for cell in dataset["boat"][:]] == [(SIZE[1], SIZE[0], 0)] * FRAMES
    keys = [flags.tolist() for flags in dataset["road_key_frames"][:]]
    assert keys == [[], [True], [False], [False], [True], [False], [False], [False]]


@pytest.mark.parametrize("mask_format", ["composite", "single"])
def test_each_object_of_a_group_has_its_channel_and_class(box, project, mask_format):
    names = ("sky", "boat", "road")
    project.data_rows[0].add_label(masks((1, 4), names), mask_format=mask_format)
    dataset, report = run(
        box, project, f"group-{mask_format}", group_mapping={"raster-segmentation": "mask"}
    )

    assert report.gaps == []
    classes = list(dataset["mask_labels"].metadata["class_names"])
    for row in range(FRAMES):
        drawn = 4 if row >= 3 else 1
        found = {
            classes[number]: dataset["mask"][row][..., channel]
            for channel, number in enumerate(dataset["mask_labels"][row])
        }
        assert found.keys() == set(names)
        for name in names:
            assert np.array_equal(found[name], area(name, drawn))


def test_a_mask_is_fetched_once(box, project):
    project.data_rows[0].add_label(masks((1, 4), ("road", "sky", "boat")))
    since = len(box.requests)
    run(box, project, "once")
    asked = [request.path for request in box.requests[since:] if "/masks/" in request.path]
    assert len(asked) == len(set(asked)) == 2


@pytest.mark.parametrize("status", [200, 404])
def test_a_mask_is_asked_for_once_for_all_segments_of_its_object(tmp_path, status):
    """Also where it is lost, and where the object is away in between."""
    clip = write_video(tmp_path / "clip.mp4", frames=small_exports.FRAMES, size=small_exports.SIZE)
    with FaultyServer() as server:
        body = small_exports.png(((255, 255, 255), slice(0, 9)))
        url = server.serve("/mask.png", Answer(body, status=status))
        drawn = label_json.label(
            {1: label_json.frame(label_json.mask("m", url))}, {"m": [[1, 2], [5, 6]]}
        )
        dataset, report = small_exports.run(small_exports.data_row("one", clip, drawn))
    assert server.paths() == ["/mask.png"]
    assert [cell.any(axis=(0, 1)).tolist() for cell in dataset["road"][:]] == [
        [status == 200] if frame in (1, 2, 5, 6) else [] for frame in range(1, 7)
    ]
    assert [list(gap.frames) for gap in report.gaps] == ([] if status == 200 else [[1, 2], [5, 6]])


def gray(mask):
    return mask.astype(np.uint8) * 255


def transparent(mask):
    pixels = np.full((*mask.shape, 4), 255, dtype=np.uint8)
    pixels[..., 3] = gray(mask)
    return pixels


SINGLE = {
    "gray": lambda mask: encode(gray(mask), None),
    "gray of value 1": lambda mask: encode(mask.astype(np.uint8), None),
    "1 bit": lambda mask: encode(gray(mask), "1"),
    "palette": lambda mask: encode(np.stack([gray(mask)] * 3, axis=-1), "P"),
    "RGB": lambda mask: encode(gray(mask), "RGB"),
    "transparent": lambda mask: encode(transparent(mask), None),
    "16 bit": lambda mask: encode(mask.astype(np.uint16) * 65535, None),
    "gray with alpha": lambda mask: encode(gray(mask), "LA"),
}


@pytest.mark.parametrize("form", SINGLE)
def test_single_masks_of_any_form_of_png(box, project, form):
    project.data_rows[0].add_label(masks((1,), ("road",)), mask_format="single")
    body = SINGLE[form](area("sky", 3))
    box.faults.add("mask", times=None, status=200, body=body)
    dataset, report = run(box, project, form.replace(" ", "-"))

    assert report.gaps == []
    for mask in dataset["road"][:]:
        assert np.array_equal(mask, area("sky", 3)[..., None])


def test_a_mask_that_fails_for_a_while_is_had_in_the_end(box, project, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    project.data_rows[0].add_label(masks((1,), ("road",)), mask_format="single")
    box.faults.add("mask", times=2, status=503)
    box.faults.add("mask", "cut", after_bytes=20)
    dataset, report = run(box, project, "for-a-while")

    assert report.gaps == []
    assert np.array_equal(dataset["road"][0], area("road", 1)[..., None])


def test_a_color_that_is_not_in_its_composite_is_reported(box, project):
    project.data_rows[0].add_label(masks((1,), ("road", "sky")))
    box.faults.add("mask", times=None, status=200, body=composite(1, ("road",)))
    dataset, report = run(box, project, "color")

    (gap,) = report.gaps
    assert list(gap.frames) == list(range(1, FRAMES + 1))
    assert "(0, 0, 1)" in gap.what
    for row in range(FRAMES):
        assert np.array_equal(dataset["road"][row], area("road", 1)[..., None])
        assert dataset["sky"][row].shape == (SIZE[1], SIZE[0], 1)
        assert not dataset["sky"][row].any()


def test_a_huge_picture_is_refused_unread(box, project):
    """Its size is checked before its pixels are unpacked."""
    project.data_rows[0].add_label(masks((1,), ("road",)), mask_format="single")
    body = encode(np.zeros((4000, 4000), dtype=np.uint8), None)
    box.faults.add("mask", times=None, status=200, body=body)
    dataset, report = run(box, project, "huge")

    (gap,) = report.gaps
    assert list(gap.frames) == list(range(1, FRAMES + 1))
    assert "4000 x 4000" in gap.what
    assert not dataset["road"][0].any()


def test_more_masks_than_are_fetched_ahead(box, project):
    """Each frame has two masks of its own."""
    frames = tuple(range(1, FRAMES + 1))
    for mask_format in ("single", "composite"):
        row = project.data_rows[0]
        row.add_label(masks(frames, ("road", "boat")), mask_format=mask_format)
        dataset, report = run(box, project, f"many-{mask_format}")
        assert report.gaps == []
        for frame in frames:
            for name in ("road", "boat"):
                assert np.array_equal(dataset[name][frame - 1], area(name, frame)[..., None])
