"""Several labels of a data row: the winner counts, or each annotator has columns of their own."""

import numpy as np
import pytest
from video_files import write_video

import deeplake_labelbox
from deeplake_labelbox.dataset.columns import column_names
from deeplake_labelbox.errors import ConfigurationError

ONTOLOGY = {
    "tools": [
        {
            "tool": "rectangle",
            "name": "car",
            "classifications": [{"type": "text", "name": "plate", "instructions": "plate"}],
        }
    ],
    "classifications": [],
}


def box_at(left, plate):
    key_frame = {
        "frame": 1,
        "bbox": {"left": left, "top": 1, "width": 9, "height": 8},
        "classifications": [{"name": "plate", "answer": plate}],
    }
    return {"name": "car", "segments": [{"keyframes": [key_frame], "end": 3}]}


@pytest.fixture
def project(box, tmp_path):
    """Two annotators drew in the first video, of whom Ada won; only Bob drew in the second."""
    project = box.add_project("Consensus", ONTOLOGY)
    video = write_video(tmp_path / "clip.mp4", frames=3).read_bytes()
    first = project.add_video(video, external_id="first.mp4")
    ada = first.add_label([box_at(10, "A")], created_by="ada@x.test")
    first.add_label([box_at(20, "B")], created_by="bob@x.test")
    first.selected_label_id = ada.id
    second = project.add_video(video, external_id="second.mp4")
    second.add_label([box_at(30, "C")], created_by="bob@x.test")
    return project


def annotated(project, client, **options):
    ds, export = deeplake_labelbox.create_dataset_from_video_annotation_project(
        f"mem://annotators-{project.project_id}-{len(options)}",
        project.project_id,
        None,
        lb_client=client,
        progress=False,
    )
    converter = deeplake_labelbox.converter_for_video_project_with_id(
        project.project_id,
        lambda _: ds,
        None,
        project_json=export,
        lb_client=client,
        progress=False,
        **options,
    )
    return converter.dataset_with_applied_annotations(), converter.report


def lefts(ds, column):
    return [None if v is None else np.asarray(v)[:, 0].tolist() for v in ds[column][:]]


def test_each_annotator_has_columns_of_their_own(project, client):
    ds, report = annotated(project, client, label_selection="all")
    assert report.gaps == []
    assert lefts(ds, "car/car") == [[10.0]] * 3 + [[30.0]] * 3
    assert lefts(ds, "ada@x.test/car/car") == [[10.0]] * 3 + [None] * 3
    assert lefts(ds, "bob@x.test/car/car") == [[20.0]] * 3 + [[30.0]] * 3
    assert ds["bob@x.test/car/plate"][0] == ["B"]
    assert ds["ada@x.test/car/plate"][4] is None
    ids = {
        column: {int(n) for value in ds[column][:] if value is not None for n in value}
        for column in column_names(ds)
        if column.endswith("_track_ids")
    }
    assert len(ids) == 3
    assert sum(map(len, ids.values())) == len(set().union(*ids.values())) == 5
    for column, numbers in ids.items():
        assert {int(n) for n in ds[column].metadata["feature_ids"]} == numbers


def test_a_second_run_keeps_the_track_ids(project, client):
    ds, _ = annotated(project, client, label_selection="all")
    before = {c: [list(v) for v in ds[c][0:3]] for c in column_names(ds) if "track_ids" in c[-9:]}
    converter = deeplake_labelbox.converter_for_video_project_with_id(
        project.project_id,
        lambda _: ds,
        None,
        lb_client=client,
        label_selection="all",
        progress=False,
    )
    ds = converter.dataset_with_applied_annotations()
    assert {c: [list(v) for v in ds[c][0:3]] for c in before} == before


def test_without_it_only_one_label_counts(project, client):
    ds, _ = annotated(project, client)
    assert lefts(ds, "car/car") == [[10.0]] * 3 + [[30.0]] * 3
    assert not [column for column in column_names(ds) if column.startswith("bob")]


def test_another_word_is_refused(project, client):
    with pytest.raises(ConfigurationError, match="'all'"):
        annotated(project, client, label_selection="both")
