"""What `deeplake.integrations.labelbox` gets wrong with videos: R1, R2, R3, R6, R9 and R12."""

import deeplake
import numpy as np
import pytest
from faulty_server import Answer, FaultyServer
from label_json import box, frame, label, mask
from local_s3 import BUCKET
from small_exports import (
    FRAMES,
    ONTOLOGY,
    SIZE,
    boxes_telling,
    cells,
    check_boxes,
    data_row,
    new_path,
    png,
    run,
)
from video_files import draw_number, read_number, truncate, write_rotated, write_video

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    create_dataset_from_video_annotation_project_with_custom_data_filler,
)
from deeplake_labelbox.errors import ExportFailedError, VideoError, VideoForbiddenError


@pytest.fixture
def cut(tmp_path):
    """A video that ends in the middle; its pixels count from 60 on."""
    path = write_video(
        tmp_path / "cut.mp4",
        frames=FRAMES,
        size=SIZE,
        first=60,
        gop=1,
        b_frames=0,
        container_options={"movflags": "faststart"},
    )
    return truncate(path, 0.8)


def with_cut(clips, cut, declared):
    return [
        data_row("one", clips[0], boxes_telling(0), declared=declared),
        data_row("cut", cut, boxes_telling(60), declared=declared),
        data_row("two", clips[1], boxes_telling(20), declared=declared),
    ]


@pytest.mark.parametrize("declared", [FRAMES - 1, FRAMES, FRAMES + 1, 10**9])
def test_r1_a_cut_video_or_a_wrong_count_shifts_no_label(clips, cut, declared):
    """Rows are numbered by what was decoded, and a cut is reported, or raised."""
    rows = with_cut(clips, cut, declared)
    dataset, report = run(*rows)
    check_boxes(dataset)
    lengths = np.bincount(dataset["video_idx"][:]).tolist()
    assert lengths[0] == lengths[2] == FRAMES
    assert 0 < lengths[1] < FRAMES
    assert {gap.data_row_id for gap in report.gaps} == {"cut"}
    # Where the video ends is told, and what was labeled after it.
    assert [gap.frame for gap in report.gaps] == [lengths[1] + 1] * 2
    assert f"could be decoded only up to {lengths[1]} frames" in report.gaps[0].what
    assert "is labeled, but the video has" in report.gaps[1].what
    assert report.gaps[1].frames == range(lengths[1] + 1, FRAMES + 1)
    with pytest.raises(VideoError, match="cut"):
        create_dataset_from_video_annotation_project(
            new_path(), "p", None, fail_on_error=True, project_json=rows, progress=False
        )


def test_r1_rows_without_numbers_are_counted_as_they_were_written(clips, cut):
    """A custom data filler may write no column that tells video and frame."""
    filler = {
        "create_tensors": lambda ds: ds.add_column("frames", deeplake.types.Image()),
        "fill_data": lambda ds, _videos, _indices, frames: ds.append({"frames": frames}),
    }
    rows = with_cut(clips, cut, FRAMES)
    dataset, _ = create_dataset_from_video_annotation_project_with_custom_data_filler(
        new_path(), "p", None, filler, project_json=rows, progress=False
    )
    converter = converter_for_video_project_with_id(
        "p", lambda _: dataset, None, project_json=rows, lb_ontology=ONTOLOGY, progress=False
    )
    dataset = converter.dataset_with_applied_annotations()
    assert 2 * FRAMES < len(dataset) < 3 * FRAMES
    check_boxes(dataset)


@pytest.fixture
def private(box, clips):
    """A sandbox and a project of a private video and of one with a signed URL."""
    project = box.add_project("Private", {"tools": [], "classifications": []})
    project.add_video(clips[0], external_id="private", private=True)
    project.add_video(clips[1], external_id="signed")
    return box, project


def test_r2_a_private_video_is_fetched_with_its_header(private):
    """The default presigner gives the key as a header, and only where it is asked for."""
    sandbox, project = private
    dataset, export = create_dataset_from_video_annotation_project(
        new_path(), project.id, None, lb_client=sandbox.client(), progress=False
    )
    assert [read_number(picture) for picture in dataset["frames"][:]] == [
        *range(FRAMES),
        *range(20, 20 + FRAMES),
    ]
    # Without a key it is told, or raised, that the video cannot be had.
    report = Report()
    keyless = {"project_json": export, "progress": False, "report": report}
    dataset, _ = create_dataset_from_video_annotation_project(
        new_path(), project.id, None, **keyless
    )
    assert len(dataset) == FRAMES
    assert ["401" in gap.what for gap in report.gaps if gap.name == "private"] == [True]
    assert len(report.gaps) == 1
    with pytest.raises(VideoForbiddenError, match="401"):
        create_dataset_from_video_annotation_project(
            new_path(), project.id, None, fail_on_error=True, **keyless
        )


def test_r3_a_failed_export_costs_no_data_and_a_given_one_is_used(private, tmp_path):
    """Overwriting waits for the export; where one is given, Labelbox is not asked."""
    sandbox, project = private
    path = str(tmp_path / "dataset")

    def create(**options):
        return create_dataset_from_video_annotation_project(
            path, project.id, None, lb_client=sandbox.client(), progress=False, **options
        )

    _, export = create()
    sandbox.exports.next_status = "FAILED"
    with pytest.raises(ExportFailedError):
        create(overwrite=True)
    assert deeplake.exists(path)
    assert len(deeplake.open(path)) == 2 * FRAMES
    since = len(sandbox.requests)
    create(overwrite=True, project_json=export)
    converter_for_video_project_with_id(
        project.id,
        lambda _: deeplake.open(path),
        None,
        project_json=export,
        lb_client=sandbox.client(),
        lb_ontology=ONTOLOGY,
        progress=False,
    )
    assert not any(request.operation for request in sandbox.requests[since:])


def test_r3_credentials_reach_the_storage(clips, creds):
    path = f"s3://{BUCKET}/dataset"
    create_dataset_from_video_annotation_project(
        path,
        "p",
        None,
        deeplake_creds=creds,
        project_json=[data_row("one", clips[0])],
        progress=False,
    )
    assert len(deeplake.open(path, creds=creds)) == FRAMES


@pytest.mark.parametrize("step", [1, -1], ids=["same order", "other order"])
def test_r6_two_videos_of_one_name_keep_their_own_labels(clips, step):
    """Rows are matched by the data row's id, also with an export in another order."""
    rows = [
        data_row(f"row-{n}", clip, boxes_telling(20 * n), external_id="clip.mp4")
        for n, clip in enumerate(clips)
    ]
    dataset, _ = run(*rows, labeled=rows[::step])
    assert len(dataset) == 3 * FRAMES
    check_boxes(dataset)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_r9_a_turned_video_is_stored_upright(tmp_path, degrees):
    """The display matrix is honored, as the editor does in which labels and masks are drawn."""
    path = write_rotated(tmp_path / "phone.mp4", degrees, frames=3)
    upright = draw_number(0)
    band = slice(3, 20)
    with FaultyServer() as server:
        url = server.serve("/mask.png", Answer(png(((255, 255, 255), band))))
        drawn = label({1: frame(mask("m", url), box("b", (70, 1, 5, 4)))}, {"m": [[1, 3]]})
        dataset, report = run(data_row("one", path, drawn))
    assert report.gaps == []
    assert dataset["frames"][0].shape == upright.shape
    assert [read_number(picture) for picture in dataset["frames"][:]] == [0, 1, 2]
    assert cells(dataset, "car/car")[0] == [[70, 1, 5, 4]]
    expected = np.zeros(upright.shape[:2], dtype=np.bool_)
    expected[band] = True
    for pixels in dataset["road"][:]:
        assert np.array_equal(pixels[..., 0], expected)


@pytest.mark.parametrize("shape", ["absent", "empty"])
def test_r12_a_row_without_labels_shifts_nothing(clips, shape):
    """It has frames, row metadata and no labels, and the next video has its own."""
    bare = data_row("bare", clips[0])
    if shape == "absent":
        del bare["projects"]["p"]["labels"]
    dataset, report = run(bare, data_row("two", clips[1], boxes_telling(20)))
    assert report.gaps == []
    assert [outcome.labeled for outcome in report] == [False, True]
    assert cells(dataset, "lb_meta/id") == ["bare"] * FRAMES + ["two"] * FRAMES
    numbers = [read_number(picture) for picture in dataset["frames"][:]]
    assert numbers == [*range(FRAMES), *range(20, 20 + FRAMES)]
    boxes = [[[number, 1, 5, 4]] for number in numbers[FRAMES:]]
    assert cells(dataset, "car/car") == [None] * FRAMES + boxes
