"""What cannot be used ends in one clear sentence of our own, and leaves all as it was."""

import base64
import io

import deeplake
import numpy as np
import pytest
from PIL import Image
from sample_oracle import contents
from video_files import write_video

from deeplake_labelbox import (
    ProjectExporter,
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox.errors import (
    AuthenticationError,
    ConfigurationError,
    DatasetExistsError,
    DatasetMismatchError,
    DeepLakeLabelboxError,
    ExportEmptyError,
    ExportFormatError,
    GroupMappingError,
    LabelboxUnavailableError,
    LabelError,
    MaskError,
    MediaTypeError,
    OntologyError,
    ProjectNotFoundError,
    VideoDecodeError,
    VideoForbiddenError,
    VideoNotFoundError,
    VideoUnreachableError,
)
from deeplake_labelbox.sandbox import Sandbox

SIZE = 48, 32
FRAMES = 6
ONTOLOGY = {
    "tools": [
        {"tool": "rectangle", "name": "car"},
        {"tool": "raster-segmentation", "name": "road"},
    ],
    "classifications": [],
}
COLOR = (200, 10, 30)


def png(color=COLOR, size=SIZE):
    pixels = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    pixels[4:20, 3:30] = color
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def label(last=FRAMES, mask_frames=(1,)):
    box = {"left": 1, "top": 2, "width": 10, "height": 9}
    return [
        {"name": "car", "segments": [{"keyframes": [{"frame": 1, "bbox": box}], "end": last}]},
        {
            "masks": {
                "frames": [
                    {"index": n, "imBytes": base64.b64encode(png()).decode("ascii")}
                    for n in mask_frames
                ],
                "instances": [{"name": "road", "colorRGB": list(COLOR)}],
            },
            "segments": [[1, FRAMES]],
        },
    ]


@pytest.fixture
def project(box, tmp_path):
    """Three labeled videos, the second of which tests may spoil."""
    project = box.add_project("Spoilt", ONTOLOGY)
    for name in ("first.mp4", "second.mp4", "third.mp4"):
        path = write_video(tmp_path / name, frames=FRAMES, size=SIZE)
        row = project.add_video(path, external_id=name)
        row.add_label(label(), mask_format="single")
    yield project
    box.faults.clear()


def create(box, project_id, path="mem://bad-input", **options):
    return create_dataset_from_video_annotation_project(
        path, project_id, None, **{"lb_client": box.client(), "progress": False, **options}
    )


def convert(box, project_id, dataset, **options):
    return converter_for_video_project_with_id(
        project_id,
        lambda _: dataset,
        None,
        **{"lb_client": box.client(), "progress": False, **options},
    )


@pytest.fixture
def dataset(box, project, tmp_path):
    return create(box, project.id, str(tmp_path / "good"))[0]


def check_message(caught):
    message = str(caught.value)
    assert isinstance(caught.value, DeepLakeLabelboxError)
    assert message
    assert "\n" not in message
    assert "Traceback" not in message
    assert "Signature=" not in message
    assert len(message) < 500, message
    return message


# --- creating ------------------------------------------------------------------------------------


def wrong_key(box):
    client = box.client()
    client.headers["Authorization"] = "Bearer a-wrong-key-of-somebody"
    return client


def notes(folder):
    file = folder / "notes.txt"
    file.write_text("Dear diary,\n")
    return file


def exported(box, project):
    return ProjectExporter(box.client(), project.id).export(progress=False)


UNKNOWN = "cl0000000000000000000000a"
# How the project id and the options are spoiled.
SPOILED = {
    "unknown project": lambda *_: (UNKNOWN, {}),
    "wrong key": lambda box, project, _: (project.id, {"lb_client": wrong_key(box)}),
    "image project": lambda box, *_: (box.add_project("Photos", ONTOLOGY, "IMAGE").id, {}),
    "empty project": lambda box, *_: (box.add_project("Nothing", ONTOLOGY).id, {}),
    "no export": lambda _, project, folder: (project.id, {"project_json": notes(folder)}),
    "no file": lambda _, project, folder: (project.id, {"project_json": folder / "no.ndjson"}),
    "another project": lambda box, project, _: (
        UNKNOWN,
        {"project_json": exported(box, project)},
    ),
    "empty export": lambda _, project, __: (project.id, {"project_json": []}),
    "batch size": lambda _, project, __: (project.id, {"video_generator_batch_size": -1}),
    "storage": lambda _, project, __: (project.id, {"frame_storage": "gif"}),
    "creds": lambda _, project, __: (project.id, {"deeplake_creds": {"aws_access_key_id": 7}}),
    "no project id": lambda *_: ("", {}),
}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("spoiled", "error", "says"),
    [
        ("unknown project", ProjectNotFoundError, UNKNOWN),
        ("wrong key", AuthenticationError, "API key"),
        ("image project", MediaTypeError, "Photos"),
        ("empty project", ExportEmptyError, "no data row"),
        ("no export", ExportFormatError, "notes.txt"),
        ("no file", ExportFormatError, "no.ndjson"),
        ("another project", ExportFormatError, "not part of project"),
        ("empty export", ExportEmptyError, ""),
        ("batch size", ConfigurationError, "video_generator_batch_size"),
        ("storage", ConfigurationError, "gif"),
        ("creds", ConfigurationError, "deeplake_creds"),
        ("no project id", ConfigurationError, "project id"),
    ],
)
def test_what_cannot_be_created(
    box, project, dataset, tmp_path, monkeypatch, spoiled, error, says, overwrite
):
    monkeypatch.delenv("LABELBOX_API_KEY", raising=False)
    before, path = contents(dataset), str(tmp_path / "good")
    project_id, options = SPOILED[spoiled](box, project, tmp_path)
    options["overwrite"] = overwrite
    for place in (path, str(tmp_path / "new")):
        if place == path and not overwrite:
            # The path is refused first; nothing of it depends on the project.
            continue
        with pytest.raises(error) as caught:
            create(box, project_id, place, **options)
        assert says in check_message(caught)
        assert "a-wrong-key-of-somebody" not in str(caught.value)
    assert not (tmp_path / "new").exists()
    assert contents(deeplake.open(path)) == before


@pytest.mark.parametrize("there", ["a file", "a folder with files"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_paths_of_others(box, project, tmp_path, there, overwrite):
    path = tmp_path / "taken"
    if there == "a file":
        path.write_text("precious")
    else:
        path.mkdir()
        (path / "photo.txt").write_text("precious")
    with pytest.raises(DatasetExistsError) as caught:
        create(box, project.id, str(path), overwrite=overwrite)
    assert str(path) in check_message(caught)
    assert (path if path.is_file() else path / "photo.txt").read_text() == "precious"


def test_no_key_at_all(project, tmp_path, monkeypatch):
    monkeypatch.delenv("LABELBOX_API_KEY", raising=False)
    with pytest.raises(AuthenticationError, match="LABELBOX_API_KEY") as caught:
        create_dataset_from_video_annotation_project(str(tmp_path / "new"), project.id, None)
    check_message(caught)
    assert not (tmp_path / "new").exists()


def test_labelbox_that_does_not_answer(tmp_path):
    with Sandbox() as gone:
        client = gone.client()
    with pytest.raises(LabelboxUnavailableError) as caught:
        create_dataset_from_video_annotation_project(
            str(tmp_path / "new"), "cl0000000000000000000000a", None, lb_client=client
        )
    check_message(caught)
    assert not (tmp_path / "new").exists()


# --- videos --------------------------------------------------------------------------------------

VIDEOS = {
    "missing": VideoNotFoundError,
    "forbidden": VideoForbiddenError,
    "damaged": VideoDecodeError,
    "no video": VideoDecodeError,
    "bucket": VideoForbiddenError,
    "no file": VideoNotFoundError,
    "unreachable": VideoUnreachableError,
}


def spoil(box, project, tmp_path, how):
    """Returns an export whose second data row cannot be had whole."""
    rows = list(ProjectExporter(box.client(), project.id).export(progress=False))
    data_row = rows[1]["data_row"]
    if how == "missing":
        box.faults.add("second", status=404, times=None)
    elif how == "forbidden":
        box.faults.add("second", status=403, times=None)
    elif how == "damaged":
        # The index comes first, so that some frames are left.
        faststart = write_video(
            tmp_path / "faststart.mp4",
            frames=FRAMES,
            size=(480, 320),
            container_options={"movflags": "faststart"},
            gop=1,
            b_frames=0,
        )
        cut = tmp_path / "cut.mp4"
        body = faststart.read_bytes()
        cut.write_bytes(body[: len(body) * 3 // 4])
        data_row["row_data"] = str(cut)
    elif how == "no video":
        page = tmp_path / "page.mp4"
        page.write_text("<html><body>Sign in</body></html>")
        data_row["row_data"] = str(page)
    elif how == "bucket":
        data_row["row_data"] = "gs://bucket/second.mp4?token=secret"
    elif how == "no file":
        data_row["row_data"] = str(tmp_path / "gone.mp4")
    elif how == "unreachable":
        data_row["row_data"] = "http://127.0.0.1:9/second.mp4?Signature=secret"
    return rows


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Retries are many and immediate."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.parametrize("how", VIDEOS)
def test_a_video_that_cannot_be_had_is_an_error(box, project, tmp_path, how):
    export = spoil(box, project, tmp_path, how)
    path = str(tmp_path / "dataset")
    with pytest.raises(VIDEOS[how]) as caught:
        create(box, project.id, path, project_json=export, fail_on_error=True)
    message = check_message(caught)
    assert export[1]["data_row"]["id"] in message
    assert "secret" not in message
    if how == "damaged":
        assert 0 < caught.value.frames_decoded < FRAMES
    assert len(deeplake.open(path)) == FRAMES


@pytest.mark.parametrize("how", VIDEOS)
def test_a_video_that_cannot_be_had_is_reported(box, project, tmp_path, how):
    export = spoil(box, project, tmp_path, how)
    report = Report()
    dataset, _ = create(box, project.id, f"mem://{how}", project_json=export, report=report)

    (gap,) = report.gaps
    assert gap.data_row_id == export[1]["data_row"]["id"]
    assert gap.name == "second.mp4"
    assert "secret" not in str(report)
    lengths = np.bincount(dataset["video_idx"][:], minlength=3).tolist()
    assert lengths[0] == lengths[2] == FRAMES
    assert 0 < lengths[1] < FRAMES if how == "damaged" else lengths[1] == 0
    assert gap.frame == (lengths[1] + 1 if lengths[1] else None)

    box.faults.clear()
    converter = convert(box, project.id, dataset, project_json=export)
    annotated = converter.dataset_with_applied_annotations()
    for row, index in enumerate(annotated["video_idx"][:]):
        assert annotated["car"][row].tolist() == [[1, 2, 10, 9]]
        if index != 1:
            assert annotated["road"][row].sum() == 16 * 27
    assert {gap.data_row_id for gap in converter.report.gaps} == {gap.data_row_id}
    assert converter.report.gaps


# --- annotating ----------------------------------------------------------------------------------


def test_group_mappings(box, project, dataset):
    for mapping, says in [
        ({"raster-segmentatoin": "mask"}, "raster-segmentation"),
        ({"circle": "shape"}, "circle"),
        ({"rectangle": ""}, "rectangle"),
    ]:
        with pytest.raises(GroupMappingError) as caught:
            convert(box, project.id, dataset, group_mapping=mapping)
        assert says in check_message(caught)


def test_datasets_of_others(box, project, dataset, tmp_path):
    other = box.add_project("Other", ONTOLOGY)
    other.add_video(tmp_path / "first.mp4")
    before = contents(dataset)
    theirs = deeplake.create("mem://theirs-unmarked")
    theirs.add_column("frames", deeplake.types.Image())
    for project_id, given in [(other.id, dataset), (project.id, theirs)]:
        columns = {column.name for column in given.schema.columns}
        with pytest.raises(DatasetMismatchError) as caught:
            convert(box, project_id, given).dataset_with_applied_annotations()
        check_message(caught)
        assert {column.name for column in given.schema.columns} == columns
    assert contents(dataset) == before


def test_loaders_that_give_no_dataset(box, project, dataset, tmp_path):
    read_only = deeplake.open_read_only(str(tmp_path / "good"))
    for given in (None, "mem://somewhere", read_only):
        with pytest.raises(ConfigurationError, match="deeplake_ds_loader") as caught:
            convert(box, project.id, given)
        check_message(caught)
    assert len(dataset) == 3 * FRAMES


def test_columns_of_the_user_are_not_written_to(box, project, dataset):
    dataset.add_column("car", "int32")
    dataset["car"][:] = list(range(len(dataset)))
    dataset.commit()
    annotated = convert(box, project.id, dataset).dataset_with_applied_annotations()
    assert annotated["car"][:].tolist() == list(range(len(dataset)))
    assert annotated["car_rectangle"][0].tolist() == [[1, 2, 10, 9]]


def spoiled_ontology(how):
    if how == "of another project":
        return {"tools": [{"tool": "rectangle", "name": "dog", "featureSchemaId": "x"}]}
    return {"tools": 7} if how == "of another shape" else "an ontology"


@pytest.mark.parametrize("how", ["of another project", "of another shape", "no ontology"])
def test_ontologies_that_do_not_match(box, project, dataset, how, tmp_path):
    before, history = contents(dataset), len(list(dataset.history))
    with pytest.raises(OntologyError) as caught:
        convert(
            box, project.id, dataset, lb_ontology=spoiled_ontology(how)
        ).dataset_with_applied_annotations()
    check_message(caught)
    assert contents(dataset) == before
    assert len(list(dataset.history)) == history
    del dataset
    reopened = deeplake.open(str(tmp_path / "good"))
    assert contents(reopened) == before


def test_labels_beyond_the_end(box, project, dataset, tmp_path):
    row = project.data_rows[1]
    row.add_label_json(_reaching_beyond(box, project))
    before = contents(dataset)
    with pytest.raises(LabelError) as caught:
        convert(box, project.id, dataset, fail_on_error=True).dataset_with_applied_annotations()
    message = check_message(caught)
    assert row.id in message
    assert f"frames {FRAMES + 1} to {FRAMES + 3}" in message
    assert contents(dataset) == before
    reopened = deeplake.open(str(tmp_path / "good"))
    assert contents(reopened) == before

    converter = convert(box, project.id, dataset)
    annotated = converter.dataset_with_applied_annotations()
    (gap,) = converter.report.gaps
    assert (gap.data_row_id, gap.frames) == (row.id, range(FRAMES + 1, FRAMES + 4))
    assert len(annotated) == 3 * FRAMES
    assert all(len(boxes) == 1 for boxes in annotated["car"][:])


def _reaching_beyond(box, project):
    """The label of the second data row, with the segment of its box made longer."""
    rows = list(ProjectExporter(box.client(), project.id).export(progress=False))
    (exported,) = rows[1]["projects"][project.id]["labels"]
    segments = exported["annotations"]["segments"]
    segments[next(iter(segments))] = [[1, FRAMES + 3]]
    del exported["id"]
    return exported


# --- masks ---------------------------------------------------------------------------------------

MASKS = {
    "missing": {"kind": "status", "status": 404},
    "failing": {"kind": "status", "status": 500},
    "expired": {"kind": "status", "status": 403},
    "too small": {"kind": "status", "status": 200, "body": png(size=(24, 16))},
    "a page": {"kind": "status", "status": 200, "body": b"<html>Sign in</html>"},
    "cut": {"kind": "truncate", "after_bytes": 60},
}


@pytest.mark.parametrize("how", MASKS)
def test_masks_that_cannot_be_had(box, project, dataset, how, tmp_path):
    export = list(ProjectExporter(box.client(), project.id).export(progress=False))
    frames = export[1]["projects"][project.id]["labels"][0]["annotations"]["frames"]
    (url,) = {
        entry["mask"]["url"]
        for frame in frames.values()
        for entry in frame["objects"].values()
        if "mask" in entry
    }
    path = url.partition(box.url)[2]
    box.faults.add(f"^{path}$", times=None, **MASKS[how])
    before = contents(dataset)

    with pytest.raises(MaskError) as caught:
        convert(
            box, project.id, dataset, project_json=export, fail_on_error=True
        ).dataset_with_applied_annotations()
    message = check_message(caught)
    assert export[1]["data_row"]["id"] in message
    assert "frame 1" in message
    assert contents(dataset) == before
    reopened = deeplake.open(str(tmp_path / "good"))
    assert contents(reopened) == before

    converter = convert(box, project.id, dataset, project_json=export)
    annotated = converter.dataset_with_applied_annotations()
    assert {gap.data_row_id for gap in converter.report.gaps} == {export[1]["data_row"]["id"]}
    assert {gap.frame for gap in converter.report.gaps} <= set(range(1, FRAMES + 1))
    for row, index in enumerate(annotated["video_idx"][:]):
        assert annotated["car"][row].tolist() == [[1, 2, 10, 9]]
        assert annotated["road"][row].shape == (SIZE[1], SIZE[0], 1)
        assert annotated["road"][row].sum() == (0 if index == 1 else 16 * 27)
