"""Several labels of a data row: the winner counts, or each annotator has columns of their own."""

import deeplake
import numpy as np
import pytest
from small_exports import FRAMES, SIZE, boxes_telling, data_row, new_path
from video_files import blank_packet, write_video

import deeplake_labelbox
from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox.errors import ConfigurationError, VideoNotFoundError

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


def test_each_annotator_is_drawn_and_counted(project, client, tmp_path):
    ds, _ = annotated(project, client, label_selection="all")
    pictures = {
        who: deeplake_labelbox.draw_frame(ds, 0, annotator=who).tobytes()
        for who in (None, "ada@x.test", "bob@x.test")
    }
    assert pictures[None] != pictures["bob@x.test"]
    assert pictures["ada@x.test"] != pictures["bob@x.test"]
    counts = {}
    for who in (None, "ada@x.test", "bob@x.test"):
        found = deeplake_labelbox.dataset_statistics(ds, annotator=who, progress=False)
        assert [c.name for c in found.classes] == ["car"]
        counts[who] = found.classes[0].objects
        for name in ("page.html", "sheet.png", "video.mp4"):
            path = tmp_path / name
            deeplake_labelbox.write_preview(ds, path, annotator=who, progress=False)
            assert path.stat().st_size
        assert deeplake_labelbox.preview(ds, annotator=who)._repr_html_()
    assert counts == {None: 6, "ada@x.test": 3, "bob@x.test": 6}


def test_an_annotator_without_columns_is_named(project, client):
    ds, _ = annotated(project, client, label_selection="all")
    fault = r"'eve@x.test'; it has those of ada@x.test, bob@x.test"
    with pytest.raises(ConfigurationError, match=fault):
        deeplake_labelbox.draw_frame(ds, 0, annotator="eve@x.test")
    ds, _ = annotated(project, client)
    with pytest.raises(ConfigurationError, match="label_selection="):
        deeplake_labelbox.dataset_statistics(ds, annotator="ada@x.test", progress=False)


def test_training_takes_the_labels_that_count_or_those_of_one(project, client):
    pytest.importorskip("torch")
    from deeplake_labelbox.training import FrameDataset, class_counts, to_coco  # noqa: PLC0415 - torch

    ds, _ = annotated(project, client, label_selection="all")
    frames = FrameDataset(ds, labeled=True)
    assert frames.class_names == ("__background__", "car")
    assert [target["boxes"][:, 0].tolist() for _, target in frames] == [[10.0]] * 3 + [[30.0]] * 3
    assert class_counts(ds) == {"car": 6}
    ada = FrameDataset(ds, objects=["ada@x.test/car"], labeled=True)
    assert ada.class_names == ("__background__", "car")
    assert [target["boxes"][:, 0].tolist() for _, target in ada] == [[10.0]] * 3
    assert class_counts(ds, ["bob@x.test/car"]) == {"car": 6}
    assert len(to_coco(ds, ["ada@x.test/car"])["images"]) == 3
    hers = deeplake_labelbox.LabeledDataset(ds, annotator="ada@x.test")
    for objects in (None, ["car"], ["ada@x.test/car"]):
        read = FrameDataset(hers, objects=objects, labeled=True)
        assert [target["boxes"][:, 0].tolist() for _, target in read] == [[10.0]] * 3
    assert class_counts(hers) == class_counts(ds, ["ada@x.test/car"]) == {"car": 3}


def test_another_word_is_refused(project, client):
    with pytest.raises(ConfigurationError, match="'all'"):
        annotated(project, client, label_selection="both")


def by_two(first):
    """Labels of two annotators; both drew a box on every frame."""
    return [
        {**boxes_telling(first), "id": name, "label_details": {"created_by": f"{name}@x.test"}}
        for name in ("ada", "bob")
    ]


def gaps_of_both(dataset, rows):
    converter = deeplake_labelbox.converter_for_video_project_with_id(
        "p", lambda _: dataset, None, project_json=rows, label_selection="all", progress=False
    )
    converter.dataset_with_applied_annotations()
    return [(gap.data_row_id, gap.what, list(gap.frames)) for gap in converter.report.gaps]


def made_of(rows, path=None, **options):
    return deeplake_labelbox.create_dataset_from_video_annotation_project(
        path or new_path(), "p", None, project_json=rows, progress=False, **options
    )[0]


def test_rows_that_are_missing_are_told_once_whoever_labeled_them(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", frames=FRAMES, size=SIZE)
    there = data_row("there", clip, *by_two(0))
    gone = data_row("gone", tmp_path / "gone.mp4", *by_two(0))
    ((row_id, what, _),) = gaps_of_both(made_of([there, gone]), [there, gone])
    assert row_id == "gone"
    assert "its labels have no frames to go to" in what

    ((row_id, what, _),) = gaps_of_both(made_of([there]), [there, gone])
    assert row_id == "gone"
    assert "the data row is not in the dataset" in what

    path = str(tmp_path / "unfinished")
    with pytest.raises(VideoNotFoundError):
        made_of([there, gone], path, fail_on_error=True)
    ((row_id, what, _),) = gaps_of_both(deeplake.open(path), [there, gone])
    assert row_id == "gone"
    assert "pending" in what


def test_frames_that_are_missing_are_told_once_whoever_labeled_them(tmp_path):
    path = write_video(tmp_path / "damaged.mp4", frames=FRAMES, size=SIZE, gop=1, b_frames=0)
    blank_packet(path, 2)
    row = data_row("damaged", path, *by_two(0))
    ((row_id, _, frames),) = gaps_of_both(made_of([row]), [row])
    assert (row_id, frames) == ("damaged", [3])


def test_what_is_wrong_with_a_label_is_told_by_annotator(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", frames=FRAMES - 1, size=SIZE)
    row = data_row("short", clip, *by_two(0))
    what = [what for _, what, _ in gaps_of_both(made_of([row]), [row])]
    assert [each.partition("'")[0] for each in what] == ["", "ada@x.test: ", "bob@x.test: "]
