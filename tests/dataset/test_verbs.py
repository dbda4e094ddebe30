"""The short verbs do what the long names of deeplake.integrations do, and return their reports."""

import copy

import deeplake
import pytest
from sync_projects import FRAMES, ONTOLOGY, car, clip, contents, make, weather

from deeplake_labelbox import (
    DatasetReport,
    Report,
    apply_labels,
    create_dataset,
    import_annotations,
    sync_dataset,
    upload_videos,
)
from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox.errors import ConfigurationError, DatasetExistsError, OntologyError

SHIPS = {"tools": [{"tool": "point", "name": "ship"}], "classifications": []}


@pytest.fixture(scope="module")
def project(box):
    project = box.add_project("Verbs", ONTOLOGY)
    project.add_video(clip(), external_id="a.mp4").add_label([car(3), weather("sun")])
    project.add_video(clip(first=10), external_id="b.mp4")
    return project


@pytest.fixture
def path(request):
    return f"mem://verbs-{request.node.name}"


@pytest.fixture
def verbs(box):
    """What all verbs are given here."""
    return {"lb_client": box.client(), "progress": False}


def test_a_dataset_is_created_with_frames_and_labels(box, project, path, verbs, tmp_path):
    report = create_dataset(path, project.id, **verbs)
    assert isinstance(report, DatasetReport)
    assert [(video.name, video.rows, video.labeled) for video in report] == [
        ("a.mp4", FRAMES, True),
        ("b.mp4", FRAMES, False),
    ]
    assert not report.gaps
    assert str(report) == f"2 videos, {2 * FRAMES} rows, 0 gaps"
    assert "a.mp4" in report._repr_html_()
    assert contents(report.dataset) == contents(make(box, project, f"{path}-long"))
    report.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json").videos == report.videos


def test_an_export_is_a_project_in_all_of_its_forms(box, project, path, verbs, tmp_path):
    export = create_dataset(path, project.id, labels=False, **verbs).export
    export.save(tmp_path / "project.ndjson")
    expected = contents(make(box, project, f"{path}-long"))
    forms = (tmp_path / "project.ndjson", str(tmp_path / "project.ndjson"), list(export), export)
    for number, form in enumerate(forms):
        report = create_dataset(f"{path}-{number}", form, **verbs)
        assert contents(report.dataset) == expected


def test_an_export_without_a_key_asks_labelbox_for_nothing(
    box, project, path, verbs, monkeypatch, tmp_path
):
    export = create_dataset(path, project.id, labels=False, **verbs).export
    export.save(tmp_path / "project.ndjson")
    monkeypatch.setenv("LABELBOX_API_KEY", "not to be used")
    asked = len([r for r in box.requests if "graphql" in r.path])
    report = create_dataset(f"{path}-offline", tmp_path / "project.ndjson", progress=False)
    assert len([r for r in box.requests if "graphql" in r.path]) == asked
    assert report.videos[0].objects == {"rectangle": 5}


def test_one_project_is_chosen_of_several(project, path, verbs):
    rows = [copy.deepcopy(row) for row in create_dataset(path, project.id, **verbs).export]
    rows[1]["projects"] = {"another": rows[1]["projects"][project.id]}
    with pytest.raises(ConfigurationError, match="holds 2 projects; choose one with `project_id`"):
        create_dataset(f"{path}-none", rows, **verbs)
    report = create_dataset(f"{path}-one", rows, project_id=project.id, **verbs)
    assert [video.name for video in report] == ["a.mp4"]
    with pytest.raises(ConfigurationError, match=r"project id .* contradicts"):
        create_dataset(f"{path}-none", "another", project_id=project.id, **verbs)
    with pytest.raises(ConfigurationError, match="There is no file"):
        create_dataset(f"{path}-none", "missing.ndjson", **verbs)


def test_frames_are_chosen_and_stored_as_told(project, path, verbs):
    chosen = {"stride": 2, "ranges": [(1, 4)], "only_labeled": True}
    ds = create_dataset(path, project.id, frame_storage="jpg", **chosen, **verbs).dataset
    assert ds["frame_idx"][:].tolist() == [0, 2]
    assert ds["frames"].get_bytes(0)[:2] == b"\xff\xd8"
    # The names under which options are stored are those of datasets that are there already.
    assert "frame_stride" in dict(ds.metadata["labelbox_meta"])["options"]
    for option in (
        {"stride": 0},
        {"ranges": [(2, 1)]},
        {"jpeg_quality": 0, "frame_storage": "jpg"},
    ):
        with pytest.raises(ConfigurationError, match=next(iter(option))):
            create_dataset(f"{path}-none", project.id, **option, **verbs)


def test_labels_are_applied_to_frames_that_are_there(box, project, path, verbs):
    frames = create_dataset(path, project.id, labels=False, **verbs)
    assert "car/car" not in column_names(frames.dataset)
    report = apply_labels(frames.dataset, frames.export, branch="labels", **verbs)
    assert report.dataset.current_branch.name == "labels"
    assert report.videos[0].labeled
    assert "car/car" not in column_names(deeplake.open(path))
    assert create_dataset(path, project.id, **verbs).videos[0].objects == {"rectangle": 5}
    assert contents(deeplake.open(path)) == contents(make(box, project, f"{path}-long"))
    with pytest.raises(DatasetExistsError):
        create_dataset(path, project.id, **verbs)


def test_labels_are_applied_again_with_the_same_columns(project, path, verbs):
    mapping = {"rectangle": "box"}
    made = create_dataset(path, project.id, group_mapping=mapping, **verbs).dataset
    again = apply_labels(path, project.id, **verbs).dataset
    assert "box/box" in column_names(again)
    assert column_names(again) == column_names(made)


def test_an_ontology_of_another_project_is_refused_before_anything_is_written(project, path, verbs):
    with pytest.raises(OntologyError, match=r"has none of the \d+ features"):
        create_dataset(path, project.id, ontology=SHIPS, **verbs)
    assert not deeplake.exists(path)


def test_a_branch_that_got_no_labels_goes_again(project, path, verbs):
    create_dataset(path, project.id, labels=False, **verbs)
    with pytest.raises(OntologyError):
        apply_labels(path, project.id, branch="labels", ontology=SHIPS, **verbs)
    assert deeplake.open(path).branches.names() == ["main"]
    with pytest.raises(ConfigurationError, match="name of the branch is empty"):
        apply_labels(path, project.id, branch=" ", **verbs)
    with pytest.raises(ConfigurationError, match="reading only"):
        apply_labels(deeplake.open_read_only(path), project.id, **verbs)


def test_what_was_uploaded_is_labeled_created_and_in_step(path, verbs, tmp_path):
    (tmp_path / "one.mp4").write_bytes(clip())
    made = upload_videos(
        [tmp_path / "one.mp4"], project="Uploaded by verb", ontology=ONTOLOGY, **verbs
    )
    assert (made.project_name, made.dataset_name) == ("Uploaded by verb", "Uploaded by verb")
    where = {"data_row": "one.mp4", "track": 1, "frame": 1}
    boxes = [{**where, "class": "car", "box": [1, 2, 3, 4]}]
    result = import_annotations(boxes, made.project_id, **verbs)
    assert len(result.accepted) == 1
    report = create_dataset(path, made.project_id, **verbs)
    assert report.videos[0].objects == {"rectangle": 1}
    assert not sync_dataset(report.dataset, **verbs).changes
