"""A dataset written by an earlier version is read, synced and resumed.

``tests/data/stored_before.tar.xz`` was written by commit 6b55877. It holds two videos of 6 frames,
their project (its export and its ontology), and two datasets of the frames that are labeled:
``complete`` (PNG, with labels), whose second video is partial, and ``unfinished`` (JPEG, quality
80), whose build was interrupted before the second video. It is never written again.
"""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import deeplake
import numpy as np
import pytest
from sample_builds import EMPTY_ONTOLOGY
from sync_projects import car as a_car
from sync_projects import clip, contents, make

from deeplake_labelbox import LabeledDataset
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._sync.sync import sync_dataset
from deeplake_labelbox._video import FrameExtractor
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.sandbox import Sandbox

ARCHIVE = Path(__file__).parents[1] / "data" / "stored_before.tar.xz"
ONLY_LABELED = {"only_labeled": True}
JPEG = {"frame_storage": "jpg", "jpeg_quality": 80}


@contextmanager
def next_ids(box, *wanted):
    """The first identifiers that the sandbox hands out are these; None is any."""
    identifiers = box._store.identifiers
    new, left = identifiers.new, list(wanted)
    identifiers.new = lambda: (left.pop(0) if left else None) or new()
    yield
    identifiers.new = new


def exported(folder):
    return [json.loads(line) for line in (folder / "project.ndjson").read_text().splitlines()]


@pytest.fixture
def folder(tmp_path):
    shutil.unpack_archive(ARCHIVE, tmp_path, filter="data")
    return tmp_path


@pytest.fixture
def own_box():
    with Sandbox() as running:
        # New identifiers are none of those that are stored.
        running._store.identifiers._seed = "today"
        yield running


@pytest.fixture
def project(own_box, folder):
    rows = exported(folder)
    [project_id] = rows[0]["projects"]
    complete = deeplake.open(str(folder / "complete"))
    ontology_id = complete["lb_meta/ontology_id"][0]
    with next_ids(own_box, ontology_id, project_id):
        ontology = json.loads((folder / "ontology.json").read_text())
        project = own_box.add_project("Traffic", ontology)
    assert project.id == project_id
    for row in rows:
        name = row["data_row"]["external_id"]
        with next_ids(own_box, row["data_row"]["id"], row["data_row"]["details"]["dataset_id"]):
            data_row = project.add_video(
                row_data=row["data_row"]["row_data"],
                external_id=name,
                media_attributes=row["media_attributes"],
            )
        assert data_row.id == row["data_row"]["id"]
        for label in row["projects"][project_id]["labels"]:
            data_row.add_label_json(label)
    return project


@pytest.fixture
def presigner(own_box, folder):
    storage = own_box.add_project("Storage", EMPTY_ONTOLOGY)
    urls = {
        f"s3://traffic/{path.name}": storage.add_video(path).row_data
        for path in folder.glob("*.mp4")
    }
    return lambda url: (urls.get(url, url), {})


@pytest.fixture
def sync(own_box, presigner):
    def sync(dataset):
        client = own_box.client()
        return sync_dataset(dataset, lb_client=client, url_presigner=presigner, progress=False)

    return sync


def pixels(path):
    with FrameExtractor(path) as extractor:
        return [frame for batch in extractor for frame in batch.frames]


def test_it_is_read(folder):
    dataset = LabeledDataset(folder / "complete")
    assert [(video.name, len(video)) for video in dataset.videos] == [("a.mp4", 5), ("b.mp4", 4)]
    rows = dataset.rows_of("a.mp4")
    for frame, expected in zip(dataset.frames[rows], pixels(folder / "a.mp4"), strict=False):
        np.testing.assert_array_equal(frame, expected)

    cars = dataset.objects(rows, ["car/car"])
    assert np.asarray(cars.boxes)[:, 0].tolist() == [2, 3, 4, 5, 6]
    assert set(cars.track_ids) == {0}
    weather = dataset.answers(rows)["weather"]
    assert list(weather.words) == ["sun"] * 4 + [""]


def test_it_is_synced_with_what_changed_since(own_box, folder, project, sync, presigner):
    dataset = deeplake.open(str(folder / "complete"))
    before = contents(dataset)
    own_box.faults.add("b.mp4", "truncate", after_bytes=1800, times=None)
    again = sync(dataset)
    assert not again.committed, again.changes
    assert again.gaps
    assert contents(dataset) == before

    own_box.faults.clear()
    first = project.data_rows[0]
    [corrected] = exported(folder)[0]["projects"][project.id]["labels"]
    corrected["label_details"]["content_last_updated_at"] = "2025-01-02T12:00:00.000+00:00"
    for shown in corrected["annotations"]["frames"]["1"]["objects"].values():
        shown["bounding_box"]["left"] = 9
    first.delete_label(first.labels[0])
    first.add_label_json(corrected)
    project.add_video(clip(first=30), external_id="c.mp4").add_label([a_car(7)])
    report = sync(dataset)
    assert report.summary == "1 video added, 1 video has more frames, 1 label corrected"
    assert report.gaps == ()
    assert {video.status for video in LabelboxMeta.read(dataset).videos} == {"done"}
    fresh = make(
        own_box, project, "mem://stored-before-fresh", **ONLY_LABELED, url_presigner=presigner
    )
    assert contents(dataset) == contents(fresh)
    assert len(dataset) == 15
    assert not sync(dataset).committed


def test_an_unfinished_build_is_resumed(own_box, folder, project, presigner):
    path = str(folder / "unfinished")
    given = {"url_presigner": presigner, **ONLY_LABELED}
    begun = deeplake.open(path)
    first = bytes(begun["frames"].get_bytes([0])[0])
    for other in (ONLY_LABELED, JPEG, given | JPEG | {"jpeg_quality": 81}):
        with pytest.raises(ConfigurationError, match="same options"):
            make(own_box, project, path, **other)
    since = len(own_box.requests)
    dataset = make(own_box, project, path, **JPEG, **given)
    fetched = {request.path.rpartition("/")[2] for request in own_box.requests[since:]}
    assert "a.mp4" not in fetched
    assert "b.mp4" in fetched
    assert bytes(dataset["frames"].get_bytes([0])[0]) == first
    fresh = make(own_box, project, "mem://stored-before-jpeg", **JPEG, **given)
    assert contents(dataset) == contents(fresh)
