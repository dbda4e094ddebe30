"""Whatever the network does, a run ends: right where it recovers, else with a report."""

import base64
import io
import itertools

import numpy as np
import pytest
from PIL import Image
from sample_oracle import contents
from video_files import write_video

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)

SIZE = 48, 32
FRAMES = 5
ONTOLOGY = {"tools": [{"tool": "raster-segmentation", "name": "road"}], "classifications": []}
FAULTS = {
    "500": {"status": 500},
    "503": {"status": 503},
    "429": {"status": 429, "headers": {"Retry-After": "0"}},
    "dropped": {"kind": "drop"},
    "cut": {"kind": "cut", "after_bytes": 40},
}


def png():
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    pixels[4:20, 3:30] = 200, 10, 30
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    project = box.add_project("Network", ONTOLOGY)
    for name in ("one.mp4", "two.mp4", "three.mp4"):
        row = project.add_video(
            write_video(folder / name, frames=FRAMES, size=SIZE), external_id=name
        )
        masks = {
            "frames": [{"index": n, "imBytes": png()} for n in (1, 3)],
            "instances": [{"name": "road", "colorRGB": [200, 10, 30]}],
        }
        row.add_label([{"masks": masks, "segments": [[1, FRAMES]]}])
    return project


@pytest.fixture(autouse=True)
def _no_waiting(box, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    yield
    box.faults.clear()


def run(box, project, name):
    common = {"lb_client": box.client(), "progress": False}
    report = Report()
    dataset, export = create_dataset_from_video_annotation_project(
        f"mem://network-{name}", project.id, None, overwrite=True, report=report, **common
    )
    converter = converter_for_video_project_with_id(
        project.id, lambda _: dataset, None, project_json=export, **common
    )
    return converter.dataset_with_applied_annotations(), report.merge(converter.report)


@pytest.fixture(scope="module")
def undisturbed(box, project):
    dataset, report = run(box, project, "undisturbed")
    assert report.gaps == []
    return contents(dataset)


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        *itertools.product(["video", "mask", "chunk"], FAULTS),
        # Other tests tell what becomes of the other faults there.
        ("graphql:GetUserCreatedTasks", "500"),
        ("graphql:GetUserCreatedTasks", "503"),
    ],
)
def test_what_passes_leaves_no_trace(box, project, undisturbed, where, fault):
    for skip in (0, 2):
        box.faults.add(where, times=2 if fault != "429" else 4, skip=skip, **FAULTS[fault])
    dataset, report = run(box, project, "passing")
    assert report.gaps == []
    found = contents(dataset)
    for name in undisturbed.keys() - {"lb_meta/row_data"}:
        assert found[name] == undisturbed[name], name


@pytest.mark.parametrize("fault", [*FAULTS, "expired", "gone"])
def test_a_video_that_stays_away_is_reported_and_others_are_right(box, project, undisturbed, fault):
    spoiled = {**FAULTS, "expired": {"status": 403}, "gone": {"status": 404}}[fault]
    box.faults.add("two.mp4", times=None, **spoiled)
    dataset, report = run(box, project, "video-away")
    assert {gap.name for gap in report.gaps} == {"two.mp4"}
    assert "Signature" not in str(report)
    rows = [*range(FRAMES), *range(2 * FRAMES, 3 * FRAMES)]
    for column in ("frames", "frame_idx", "video_idx", "timestamp", "road"):
        assert contents(dataset)[column] == [undisturbed[column][row] for row in rows], column


@pytest.mark.parametrize("fault", ["500", "dropped", "cut", "expired"])
def test_masks_that_stay_away_are_one_gap_for_the_frames_they_are_held_on(box, project, fault):
    """URLs of composite masks expire after 30 days, and say so."""
    box.faults.add("mask", times=None, **{**FAULTS, "expired": {"status": 403}}[fault])
    dataset, report = run(box, project, "masks-away")
    assert [list(gap.frames) for gap in report.gaps] == [[1, 2], [3, 4, 5]] * 3
    assert ("30 days" in str(report)) == (fault == "expired")
    assert all(not mask.any() for mask in dataset["road"][:])
