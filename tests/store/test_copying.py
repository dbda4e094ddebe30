"""Datasets copied in whole and in part, to other storages and sizes, and synced afterwards."""

import deeplake
import numpy as np
import pytest
from sync_projects import ONTOLOGY, car, clip, contents, make, person, road, weather
from typer.testing import CliRunner
from video_files import write_video

from deeplake_labelbox import LabeledDataset, ProjectExporter, sync_dataset
from deeplake_labelbox._cli.application import app
from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import ConfigurationError, DatasetExistsError, VideoError

FRAMES = 12


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Copied", ONTOLOGY)
    labels = [car(2), road(3), weather("sun")], [person(4), weather("rain")], []
    for number, label in enumerate(labels):
        path = write_video(tmp_path / f"{number}.mp4", frames=FRAMES, size=(32, 16), gop=4)
        row = project.add_video(path, external_id=path.name)
        if label:
            row.add_label(label)
    return project


def assert_same(copied, source, rows):
    """Every cell is that of the rows of the source, in their order."""
    every = np.arange(len(copied))
    columns = set(column_names(source.dataset)) - {"frames"}
    assert set(column_names(copied.dataset)) - {"frames"} == columns
    for column in columns:
        np.testing.assert_equal(copied.cells(column, every), source.cells(column, rows))
    for one, other in zip(copied.frames[:], source.frames.read(rows), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_part_and_other_storages(box, project, tmp_path):
    source = LabeledDataset(make(box, project, str(tmp_path / "clips"), frame_storage="video"))
    whole = source.copy(tmp_path / "png", frame_storage="png", progress=False)
    assert_same(whole, source, source.index.rows)
    assert not deeplake.exists(str(tmp_path / "png/videos"))
    again = whole.copy(tmp_path / "again", progress=False)
    assert_same(again, source, source.index.rows)
    assert again.dataset["frames"].get_bytes([0]) == whole.dataset["frames"].get_bytes([0])

    condition = "video_idx = 1 and frame_idx > 4 and frame_idx < 8"
    part = source.copy(tmp_path / "part", where=condition, progress=False)
    assert_same(part, source, source.where(condition))
    assert len(deeplake.open_read_only(str(tmp_path / "part/videos"))) == 2  # a group, the index
    of_view = LabeledDataset(source.dataset.query(f"SELECT * WHERE {condition}"))
    of_view = of_view.copy(tmp_path / "part", overwrite=True, progress=False)
    assert_same(of_view, source, source.where(condition))
    with pytest.raises(DatasetExistsError):
        source.copy(tmp_path / "part", progress=False)
    with pytest.raises(ConfigurationError, match="cannot become a video"):
        whole.copy(tmp_path / "refused", frame_storage="video", progress=False)
    with pytest.raises(ConfigurationError, match="resize"):
        source.copy(tmp_path / "refused", resize=16, progress=False)
    assert not deeplake.exists(str(tmp_path / "refused"))


def test_a_copy_is_synced_like_its_source(box, project, tmp_path):
    make(box, project, str(tmp_path / "clips"), frame_storage="video")
    paths = [str(tmp_path / name) for name in ("clips", "small")]
    done = CliRunner().invoke(app, ["copy", *paths, "--frames", "png", "--resize", "16"])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("small: 36 frames of 3 videos\n")

    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(7), road(6)])
    project.add_video(clip(first=40), external_id="new.mp4").add_label([person(9)])
    report = sync_dataset(paths[1], lb_client=box.client(), progress=False)
    assert report.summary == "1 video added, 1 label corrected"
    dataset, fresh = (
        deeplake.open(paths[1]),
        make(box, project, "mem://copied-fresh", resize=16),
    )
    found, expected = contents(dataset), contents(fresh)
    for frames in (found, expected):
        for row in frames.values():
            del row["frames"]  # scaled before or after RGB
    assert found == expected
    assert {video.width for video in LabelboxMeta.read(dataset).videos} == {16}
    assert LabeledDataset(dataset).frames[0].shape == (8, 16, 3)


def test_a_copy_leaves_an_unfinished_build_alone(box, project, tmp_path):
    source = LabeledDataset(make(box, project, "mem://copied-source", labels=False))
    path = str(tmp_path / "clips")
    make(box, project, path, labels=False)
    rows = list(ProjectExporter(box.client(), project.id).export(progress=False))
    rows[1]["data_row"]["row_data"] = str(tmp_path / "none.mp4")
    broken = {"project_json": rows, "overwrite": True, "fail_on_error": True}
    with pytest.raises(VideoError):
        make(box, project, path, labels=False, **broken)
    with pytest.raises(DatasetExistsError, match=r"unfinished dataset at .*clips\.building"):
        source.copy(path, overwrite=True, progress=False)
    assert LabelboxMeta.read(deeplake.open(f"{path}.building")).status == "building"
