"""What `deeplake.integrations.labelbox` gets wrong, case by case, through the whole job."""

import base64
import io
import itertools

import deeplake
import numpy as np
import pytest
from label_json import box, checklist, frame, label, line, mask, radio, text
from PIL import Image
from video_files import draw_number, read_number, truncate, write_rotated, write_video

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    create_labelbox_annotation_project,
)
from deeplake_labelbox.errors import ExportFailedError, VideoError, VideoNotFoundError

FRAMES = 6
SIZE = 96, 64
COLOUR = {
    "type": "radio",
    "name": "colour",
    "options": [
        {"value": "red", "options": [{"type": "text", "name": "shade"}]},
        {"value": "blue"},
    ],
}
ONTOLOGY = {
    "tools": [
        {"tool": "rectangle", "name": "car", "classifications": [COLOUR]},
        {"tool": "rectangle", "name": "bus", "classifications": [{**COLOUR, "name": "paint"}]},
        {"tool": "line", "name": "lane"},
        *({"tool": "raster-segmentation", "name": name} for name in ("road", "sky", "boat")),
    ],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain"}],
        },
        {
            "type": "checklist",
            "name": "seen",
            "scope": "index",
            "options": [{"value": "bus"}, {"value": "dog"}],
        },
        {"type": "text", "name": "note", "scope": "index"},
        {"type": "radio", "name": "place", "options": [{"value": "town"}, {"value": "land"}]},
    ],
}
_names = itertools.count()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three videos whose pixels tell their frame number: from 0, from 20 and from 40 on."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        write_video(folder / f"{n}.mp4", frames=FRAMES, size=SIZE, first=20 * n) for n in range(3)
    ]


def data_row(row_id, path, *labels, external_id=None, declared=FRAMES, rate=25, **project):
    return {
        "data_row": {"id": row_id, "row_data": str(path), "external_id": external_id or row_id},
        "media_attributes": {
            "width": SIZE[0],
            "height": SIZE[1],
            "frame_rate": rate,
            "frame_count": declared,
            "asset_type": "video",
        },
        "projects": {"p": {"name": "P", "labels": list(labels), **project}},
    }


def run(*rows, fail_on_error=False, **options):
    report, name = Report(), f"mem://incumbent-{next(_names)}"
    dataset, export = create_dataset_from_video_annotation_project(
        name,
        "p",
        None,
        project_json=list(rows),
        progress=False,
        report=report,
        fail_on_error=fail_on_error,
    )
    converter = converter_for_video_project_with_id(
        "p",
        lambda _: dataset,
        None,
        project_json=export,
        lb_ontology=ONTOLOGY,
        progress=False,
        **options,
    )
    return converter.dataset_with_applied_annotations(), report.merge(converter.report)


def boxes_telling(first):
    """A label with a box on every frame, whose left edge is the number on the frame."""
    return label(
        {n: frame(box("b", (first + n - 1, 1, 5, 4))) for n in range(1, FRAMES + 1)},
        {"b": [[1, FRAMES]]},
        {"b": list(range(1, FRAMES + 1))},
    )


def check_boxes(dataset):
    for row in range(len(dataset)):
        number = read_number(dataset["frames"][row])
        assert dataset["car/car"][row].tolist() == [[number, 1, 5, 4]], row


def classes(dataset, column, row):
    names = list(dataset[column].metadata["class_names"])
    return [names[number] for number in dataset[column][row]]


@pytest.mark.parametrize("declared", [FRAMES - 1, FRAMES, FRAMES + 1, 10**9])
def test_r1_a_cut_video_or_a_wrong_count_shifts_no_label(clips, tmp_path, declared):
    """Rows are numbered by what was decoded, and a cut is reported, or raised."""
    cut = write_video(
        tmp_path / "cut.mp4",
        frames=FRAMES,
        size=SIZE,
        first=60,
        gop=1,
        b_frames=0,
        container_options={"movflags": "faststart"},
    )
    truncate(cut, 0.8)
    rows = [
        data_row("one", clips[0], boxes_telling(0), declared=declared),
        data_row("cut", cut, boxes_telling(60), declared=declared),
        data_row("two", clips[1], boxes_telling(20), declared=declared),
    ]
    dataset, report = run(*rows)
    check_boxes(dataset)
    lengths = np.bincount(dataset["video_idx"][:]).tolist()
    assert lengths[0] == lengths[2] == FRAMES
    assert 0 < lengths[1] < FRAMES
    assert {gap.data_row_id for gap in report.gaps} == {"cut"}
    with pytest.raises(VideoError, match="cut"):
        run(*rows, fail_on_error=True)


def test_r2_a_private_video_is_fetched_with_its_header(box_of_rows):
    """The default presigner gives the key to Labelbox's own hosts, as a header."""
    sandbox, project = box_of_rows
    dataset, _ = create_dataset_from_video_annotation_project(
        "mem://incumbent-private", project.id, None, lb_client=sandbox.client(), progress=False
    )
    assert len(dataset) == FRAMES


@pytest.fixture
def box_of_rows(request, clips):
    sandbox = request.getfixturevalue("box")
    project = sandbox.add_project("Private", {"tools": [], "classifications": []})
    project.add_video(clips[0], private=True)
    return sandbox, project


def test_r3_a_failed_export_costs_no_data_and_a_given_one_is_used(box_of_rows, clips, tmp_path):
    """Overwriting waits for the export; credentials reach the storage."""
    sandbox, project = box_of_rows
    path = str(tmp_path / "dataset")

    def create(**options):
        return create_dataset_from_video_annotation_project(
            path, project.id, None, lb_client=sandbox.client(), progress=False, **options
        )

    _, export = create()
    sandbox.exports.next_status = "FAILED"
    with pytest.raises(ExportFailedError):
        create(overwrite=True)
    assert len(deeplake.open(path)) == FRAMES
    since = len(sandbox.requests)
    create(overwrite=True, project_json=export)
    assert not any(request.operation for request in sandbox.requests[since:])
    dataset, _ = create_dataset_from_video_annotation_project(
        "mem://incumbent-creds",
        "p",
        None,
        deeplake_creds={"aws_access_key_id": "x"},
        project_json=[data_row("one", clips[0])],
        progress=False,
    )
    assert len(dataset) == FRAMES


def test_r4_a_label_without_segments_and_a_fractional_rate_are_kept(clips):
    """Its frames stand as they are, and 29.97 stays 29.97."""
    bare = label({2: frame(box("b", (1, 2, 3, 4)))})
    dataset, _ = run(data_row("one", clips[0], bare, rate=30000 / 1001))
    assert dataset["car/car"][1].tolist() == [[1, 2, 3, 4]]
    assert dataset["lb_meta/frame_rate"][0] == pytest.approx(29.97002997)
    assert dataset["lb_meta/label_id"][0] == "label-1"


def png(*areas):
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    for colour, rows in areas:
        pixels[rows] = colour
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


AREAS = {"road": slice(0, 8), "sky": slice(8, 20), "boat": slice(20, 50)}
COLOURS = {"road": (255, 0, 0), "sky": (0, 255, 0), "boat": (0, 0, 255)}


@pytest.mark.parametrize("mask_format", ["single", "composite"])
def test_r5_r10_every_mask_of_a_group_has_its_channel_whatever_its_form(box, clips, mask_format):
    """Three classes share a column; `mask.url` and `composite_mask` are both read, after a 503."""
    project = box.add_project(f"Masks {mask_format}", ONTOLOGY)
    body = png(*((COLOURS[name], rows) for name, rows in AREAS.items()))
    project.add_video(clips[0]).add_label(
        [
            {
                "masks": {
                    "frames": [{"index": 1, "imBytes": base64.b64encode(body).decode()}],
                    "instances": [
                        {"name": name, "colorRGB": list(colour)} for name, colour in COLOURS.items()
                    ],
                },
                "segments": [[1, FRAMES]],
            }
        ],
        mask_format=mask_format,
    )
    box.faults.add("mask", status=503)
    common = {"lb_client": box.client(), "progress": False}
    made, export = create_dataset_from_video_annotation_project(
        f"mem://incumbent-{mask_format}", project.id, None, **common
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
    for row in range(FRAMES):
        names = classes(dataset, "mask_labels", row)
        assert sorted(names) == sorted(AREAS)
        for channel, name in enumerate(names):
            expected = np.zeros(SIZE[::-1], dtype=np.bool_)
            expected[AREAS[name]] = True
            assert np.array_equal(dataset["mask"][row][..., channel], expected)
    asked = [r.path for r in box.requests[since:] if "/mask" in r.path]
    assert len(asked) == len(set(asked)) + 1  # once each, and once more after the 503


def test_r6_two_videos_of_one_name_keep_their_own_labels(clips):
    """Rows are matched by the data row's id."""
    dataset, _ = run(
        *(
            data_row(f"row-{n}", clip, boxes_telling(20 * n), external_id="clip.mp4")
            for n, clip in enumerate(clips)
        )
    )
    assert len(dataset) == 3 * FRAMES
    check_boxes(dataset)


def test_r7_between_key_frames_answers_hold_the_earlier_value(clips):
    """They never look ahead, whatever their kind."""
    answers = {
        n: frame(
            answers=(
                radio("weather", value, ids=("w", f"w-{value}")),
                checklist("seen", {"name": seen, "value": seen}, feature_id="s"),
                text("note", note, "n"),
            )
        )
        for n, value, seen, note in ((1, "sun", "bus", "dry"), (5, "rain", "dog", "wet"))
    }
    held = {key: [[1, FRAMES]] for key in ("w", "s", "n")}
    dataset, _ = run(data_row("one", clips[0], label(answers, held, {key: [1, 5] for key in held})))
    assert [classes(dataset, "weather", n) for n in range(FRAMES)] == [["sun"]] * 4 + [["rain"]] * 2
    assert [classes(dataset, "seen", n) for n in range(FRAMES)] == [["bus"]] * 4 + [["dog"]] * 2
    assert list(dataset["note"][:]) == ["dry"] * 4 + ["wet"] * 2


def test_r8_answers_belong_to_their_objects(clips):
    """Two boxes of a group keep class, answer, track and fractions; nested and global stay."""
    shade = text("shade", "dark")
    red = radio("colour", "red", shade)
    objects = (
        box("a", (1.25, 2.5, 3, 4), red),
        box("b", (9, 9, 3, 4), radio("paint", "blue"), name="bus"),
    )
    lanes = {1: (line("l", (0, 0), (9, 9)),), 3: (line("l", (0, 0), (5, 5), (9, 9)),)}
    whole = label(
        {1: frame(*objects, *lanes[1]), 3: frame(*objects, *lanes[3])},
        {key: [[1, 3]] for key in "abl"},
        {key: [1, 3] for key in "abl"},
        [radio("place", "town")],
    )
    other = {**label({1: frame(box("c", (50, 50, 1, 1)))}), "id": "label-0"}
    row = data_row("one", clips[0], other, whole, project_details={"selected_label_id": "label-1"})
    dataset, _ = run(row, group_mapping={"rectangle": "boxes", "radio": "answer"})
    columns = {column.name for column in dataset.schema.columns}
    assert dataset["boxes/boxes"][0].tolist() == [[1.25, 2.5, 3, 4], [9, 9, 3, 4]]
    assert classes(dataset, "boxes/boxes_labels", 0) == ["car", "bus"]
    names = list(dataset["boxes/answer"].metadata["class_names"])
    chosen = [[names[n] for n in np.flatnonzero(row)] for row in dataset["boxes/answer"][0]]
    assert chosen == [["colour/red"], ["paint/blue"]]
    first, last = (dataset["boxes/boxes_track_ids"][n].tolist() for n in (0, 2))
    assert first == last
    assert len(set(first)) == 2
    assert any("shade" in name for name in columns)
    assert all(classes(dataset, "answer", n) == ["place/town"] for n in range(FRAMES))
    assert [len(dataset["lane"][n][0]) for n in range(3)] == [2, 2, 3]


def test_r9_a_turned_video_is_stored_upright(tmp_path):
    """The display matrix is honoured, as the editor does in which labels are drawn."""
    path = write_rotated(tmp_path / "phone.mp4", 90, frames=3)
    dataset, _ = run(data_row("one", path))
    upright = draw_number(0)
    assert dataset["frames"][0].shape == upright.shape
    assert [read_number(picture) for picture in dataset["frames"][:]] == [0, 1, 2]


@pytest.mark.parametrize(
    "key_frames", [None, {}, {"a": [5, 1]}, {"a": {"5": True, "1": True, "3": False}}]
)
def test_r11_key_frames_of_any_form_give_the_same_boxes(clips, key_frames):
    """Unsorted lists, maps of booleans, and maps without the feature."""
    drawn = {1: frame(box("a", (0, 0, 4, 4))), 5: frame(box("a", (8, 4, 4, 4)))}
    dataset, report = run(data_row("one", clips[0], label(drawn, {"a": [[1, 6]]}, key_frames)))
    lefts = [cell[0][0] for cell in dataset["car/car"][:]]
    assert lefts == [0, 2, 4, 6, 8, 8]
    assert report.gaps == []


@pytest.mark.parametrize("shape", ["absent", "empty"])
def test_r12_a_row_without_labels_shifts_nothing(clips, shape):
    """It has frames and no labels, and the next video has its own."""
    bare = data_row("bare", clips[0])
    if shape == "absent":
        del bare["projects"]["p"]["labels"]
    dataset, _ = run(bare, data_row("two", clips[1], boxes_telling(20)))
    for row in range(2 * FRAMES):
        number = read_number(dataset["frames"][row])
        cell = dataset["car/car"][row]
        assert cell is None if row < FRAMES else cell.tolist() == [[number, 1, 5, 4]]


def test_r13_an_upload_tells_its_result_and_a_mistyped_path_is_an_error(clips):
    """Keys are the same in every run, and refused rows are listed."""
    from deeplake_labelbox.sandbox import Sandbox  # noqa: PLC0415 - one of its own

    def upload(sandbox, *paths):
        return create_labelbox_annotation_project(
            list(paths), "Clips", "Label", None, lb_client=sandbox.client(), progress=False
        )

    keys = []
    for _ in range(2):
        with Sandbox() as sandbox:
            with pytest.raises(VideoNotFoundError, match=r"mistyped\.mp4"):
                upload(sandbox, clips[0], "/videos/mistyped.mp4")
            assert sandbox.projects == ()
            result = upload(sandbox, clips[0], f"{sandbox.storage_url}/gone.mp4")
            assert [refused.path for refused in result.refused] == [
                f"{sandbox.storage_url}/gone.mp4"
            ]
            keys.append([row.global_key for row in result.created])
            assert len(sandbox.project(result.project_id).data_rows) == 1
    assert keys[0] == keys[1]


def test_a_lost_mask_is_an_empty_channel_and_one_gap(clips, monkeypatch):
    """It tells all frames that the mask is held on."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    lost = label(
        {1: frame(mask("m", "http://127.0.0.1:9/mask.png"))}, {"m": [[1, FRAMES]]}, {"m": [1]}
    )
    dataset, report = run(data_row("one", clips[0], lost))
    assert [cell.any() for cell in dataset["road"][:]] == [False] * FRAMES
    (gap,) = report.gaps
    assert list(gap.frames) == list(range(1, FRAMES + 1))
