"""Videos that could not be had are tried again; labels are applied whole or not at all."""

import deeplake
import pytest
from sample_oracle import contents
from video_files import write_video

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    create_dataset_from_video_annotation_project_with_custom_data_filler,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import (
    ConfigurationError,
    DatasetExistsError,
    LabelError,
    VideoForbiddenError,
)

FRAMES = (4, 12, 3)
SIZE = 96, 64
ONTOLOGY = {
    "tools": [{"tool": "rectangle", "name": "car"}],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain"}],
        }
    ],
}


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Retried", ONTOLOGY)
    for index, frames in enumerate(FRAMES):
        path = write_video(
            tmp_path / f"clip-{index}.mp4",
            frames=frames,
            size=SIZE,
            gop=1,
            b_frames=0,
            container_options={"movflags": "faststart"},
        )
        project.add_video(path, external_id=path.name).add_label(
            [
                {
                    "name": "car",
                    "segments": [
                        {
                            "keyframes": [
                                {
                                    "frame": 1,
                                    "bbox": {"left": index, "top": 2, "width": 10, "height": 9},
                                }
                            ],
                            "end": frames,
                        }
                    ],
                },
                {"name": "weather", "answer": {"name": "rain", "frames": [{"start": 1, "end": 2}]}},
            ]
        )
    yield project
    box.faults.clear()


def create(box, project, path, **options):
    report = Report()
    dataset, _ = create_dataset_from_video_annotation_project(
        path, project.id, None, lb_client=box.client(), progress=False, report=report, **options
    )
    return dataset, report


def converter_of(box, project, dataset, **options):
    return converter_for_video_project_with_id(
        project.id, lambda _: dataset, None, lb_client=box.client(), progress=False, **options
    )


def by_frame(dataset):
    """The rows, ordered by video and frame: videos that were tried again come last."""
    cells = contents(dataset)
    keys = list(zip(dataset["video_idx"][:], dataset["frame_idx"][:], strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return {name: [column[row] for row in order] for name, column in cells.items()}


def fetched(box, since):
    return [r.path.rpartition("/")[2] for r in box.requests[since:] if "/videos/" in r.path]


def spoil(box, how):
    """Makes the second video fail, or end early."""
    if how == "failed":
        box.faults.add("clip-1", status=403, times=None)
    else:
        box.faults.add("clip-1", "truncate", after_bytes=2600, times=None)


@pytest.mark.parametrize("labeled", [False, True], ids=["frames", "labeled"])
@pytest.mark.parametrize("how", ["failed", "partial"])
def test_the_same_call_tries_again_what_could_not_be_had(box, project, tmp_path, how, labeled):
    path = str(tmp_path / "dataset")
    spoil(box, how)
    dataset, report = create(box, project, path)
    assert len(report.gaps) == 1
    entry = LabelboxMeta.read(dataset).videos[1]
    assert (entry.status, entry.rows > 0) == (how, how == "partial")
    assert entry.rows < FRAMES[1]
    if labeled:
        dataset = converter_of(box, project, dataset).dataset_with_applied_annotations()

    box.faults.clear()
    since = len(box.requests)
    dataset, report = create(box, project, path)
    assert fetched(box, since) == ["clip-1.mp4"]
    assert report.gaps == []
    assert [outcome.rows for outcome in report] == [FRAMES[1]]
    assert {video.status for video in LabelboxMeta.read(dataset).videos} == {"done"}
    dataset = converter_of(box, project, dataset).dataset_with_applied_annotations()

    expected, _ = create(box, project, f"mem://retried-{how}-{labeled}")
    expected = converter_of(box, project, expected).dataset_with_applied_annotations()
    found, wanted = by_frame(dataset), by_frame(expected)
    assert found == by_frame(deeplake.open(path))
    if labeled:  # in the order in which objects were met
        assert len(set(found.pop("car_track_ids"))) == len(set(wanted.pop("car_track_ids"))) == 3
    assert found == wanted
    with pytest.raises(DatasetExistsError):
        create(box, project, path)


def test_a_worse_try_leaves_the_frames_that_are_there(box, project, tmp_path):
    path = str(tmp_path / "dataset")
    spoil(box, "partial")
    before = contents(create(box, project, path)[0])
    meta = LabelboxMeta.read(deeplake.open(path))
    box.faults.clear()
    spoil(box, "failed")
    dataset, report = create(box, project, path)
    assert contents(dataset) == contents(deeplake.open(path)) == before
    assert LabelboxMeta.read(deeplake.open(path)) == meta
    (gap,) = report.gaps
    assert "403" in gap.what


def test_a_filler_without_identity_columns_is_tried_again(box, project, tmp_path):
    """Rows are told by where they were written, which moves as rows before them are deleted."""

    def fill(ds, _videos, _indices, frames):
        ds.append({"mean": [float(frame.mean()) for frame in frames]})

    filler = {
        "create_tensors": lambda ds: ds.add_column("mean", deeplake.types.Float64()),
        "fill_data": fill,
    }

    def make(path):
        return create_dataset_from_video_annotation_project_with_custom_data_filler(
            path, project.id, None, filler, lb_client=box.client(), progress=False
        )[0]

    path = str(tmp_path / "dataset")
    spoil(box, "partial")
    converter_of(box, project, make(path)).dataset_with_applied_annotations()
    box.faults.clear()
    found = converter_of(box, project, make(path)).dataset_with_applied_annotations()
    boxes = [cell[0][0] for cell in found["car"][:]]
    assert boxes == [0] * FRAMES[0] + [2] * FRAMES[2] + [1] * FRAMES[1]
    assert [video.first_row for video in LabelboxMeta.read(found).videos] == [0, 7, 4]


def test_the_error_of_a_filler_is_not_one_of_deep_lake(box, project, tmp_path):
    def fill(*_):
        raise RuntimeError("CUDA out of memory")

    filler = {
        "create_tensors": lambda ds: ds.add_column("mean", deeplake.types.Float64()),
        "fill_data": fill,
    }
    with pytest.raises(RuntimeError, match=r"^CUDA out of memory$"):
        create_dataset_from_video_annotation_project_with_custom_data_filler(
            str(tmp_path / "d"), project.id, None, filler, lb_client=box.client(), progress=False
        )


def test_a_label_selection_that_fails_is_not_deep_lake(box, project):
    dataset, _ = create(box, project, "mem://selection-fails")

    def choose(*_):
        raise RuntimeError("no idea")

    with pytest.raises(ConfigurationError, match=r"`label_selection` failed with RuntimeError"):
        converter_of(
            box, project, dataset, label_selection=choose
        ).dataset_with_applied_annotations()


# --- labels --------------------------------------------------------------------------------------


def test_pending_videos_are_told(box, project, tmp_path):
    path = str(tmp_path / "dataset")
    spoil(box, "failed")
    with pytest.raises(VideoForbiddenError):
        create(box, project, path, fail_on_error=True)
    dataset = deeplake.open(path)
    converter = converter_of(box, project, dataset)
    annotated = converter.dataset_with_applied_annotations()
    assert [len(boxes) for boxes in annotated["car"][:]] == [1] * FRAMES[0]
    assert [gap.name for gap in converter.report.gaps] == ["clip-1.mp4", "clip-2.mp4"]
    assert all("pending" in gap.what for gap in converter.report.gaps)
    with pytest.raises(LabelError, match="pending"):
        converter_of(box, project, dataset, fail_on_error=True).dataset_with_applied_annotations()

    # The build goes on, though it has labels now.
    box.faults.clear()
    dataset, _ = create(box, project, path)
    annotated = converter_of(box, project, dataset).dataset_with_applied_annotations()
    assert [len(boxes) for boxes in annotated["car"][:]] == [1] * sum(FRAMES)


class StopError(BaseException):
    """Ends a run like Ctrl-C."""


@pytest.mark.parametrize("again", [False, True], ids=["first run", "second run"])
@pytest.mark.parametrize("moment", ["labels", "commit"])
def test_labels_are_applied_whole_or_not_at_all(box, project, tmp_path, monkeypatch, again, moment):
    path = str(tmp_path / "dataset")
    dataset, _ = create(box, project, path)
    if again:
        dataset = converter_of(box, project, dataset).dataset_with_applied_annotations()
        box_of_all = {"left": 50, "top": 2, "width": 10, "height": 9}
        for row in project.data_rows:
            segments = [{"keyframes": [{"frame": 1, "bbox": box_of_all}]}]
            row.add_label([{"name": "car", "segments": segments}])
    before, details = contents(dataset), column_metadata(dataset)
    history = [version.id for version in dataset.history]
    converter = converter_of(box, project, dataset)

    def stopped(*_):
        raise StopError

    if moment == "labels":
        name = "deeplake_labelbox._store.label_writer.LabelWriter._check_ontology"
        monkeypatch.setattr(name, stopped)
    else:
        monkeypatch.setattr(deeplake.Dataset, "commit", stopped)
    with pytest.raises(StopError):
        converter.dataset_with_applied_annotations()
    monkeypatch.undo()
    del converter, dataset

    reopened = deeplake.open(path)
    assert contents(reopened) == before
    assert column_metadata(reopened) == details
    assert [version.id for version in reopened.history] == history
    annotated = converter_of(box, project, reopened).dataset_with_applied_annotations()
    assert annotated["car"][0].tolist()[0][0] == (50 if again else 0)


def column_metadata(dataset):
    return {
        column.name: {key: str(value) for key, value in dict(dataset[column.name].metadata).items()}
        for column in dataset.schema.columns
    } | {"": {key: str(value) for key, value in dict(dataset.metadata).items() if str(value)}}
