"""Frames stored as the packets of their video: written, read, kept and tidied up."""

import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor

import deeplake
import numpy as np
import pytest
from kill_runs import calls_of, run
from process_runs import read_row
from sync_projects import ONTOLOGY, car, clip, make, weather
from video_files import read_number, write_video

from deeplake_labelbox import LabeledDataset, ProjectExporter, create_dataset
from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._sync.sync import sync_dataset
from deeplake_labelbox.errors import ConfigurationError, DatasetError

FRAMES = 12


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Packets", ONTOLOGY)
    for number in range(2):
        path = write_video(
            tmp_path / f"{number}.mp4", frames=FRAMES, gop=4, first=20 * number, b_frames=1
        )
        project.add_video(path, external_id=path.name).add_label([car(number), weather("sun")])
    return project


def built(box, project, path, **options):
    return make(box, project, str(path), frame_storage="video", **options)


def synced(box, dataset, **options):
    return sync_dataset(dataset, lb_client=box.client(), progress=False, **options)


def numbers(dataset):
    """The number that each frame shows, by video and frame."""
    labeled = LabeledDataset(dataset)
    index = labeled.index
    shown = map(read_number, labeled.frames.read(index.rows))
    return dict(zip(zip(index.video_idx, index.frame_idx, strict=True), shown, strict=True))


def recordings(path):
    """The recordings that have an index, and those that entries refer to."""
    rows = deeplake.open_read_only(f"{path}/videos")
    entries = LabelboxMeta.read(deeplake.open_read_only(str(path))).videos
    there = np.asarray(rows["recording"][:])
    indexed = there[np.asarray(rows["group"][:]) < 0]
    assert sorted(set(there.tolist())) == sorted(indexed.tolist())
    return indexed.tolist(), [number for entry in entries for number in entry.recordings]


WHOLE = {(v, f): 20 * v + f for v in range(2) for f in range(FRAMES)}


@pytest.fixture(scope="module")
def sampled(sample_box, tmp_path_factory):
    """The path of the sample project's dataset."""
    path = tmp_path_factory.mktemp("packets") / "sample"
    create_dataset(
        path,
        sample_box.sample.project_id,
        lb_client=sample_box.client(),
        frame_storage="video",
        progress=False,
    )
    return str(path)


def test_every_row_is_that_of_the_png_storage(sample, sampled):
    png, video = LabeledDataset(sample()), LabeledDataset(sampled)
    assert {*column_names(png.dataset)} - {*column_names(video.dataset)} == {"frames"}
    for one, other in zip(png.frames.read(range(len(png))), video.frames[:], strict=True):
        np.testing.assert_array_equal(one, other)
    order = np.random.default_rng(5).permutation(len(png))[:40]
    for row, frame in zip(order, video.frames[order], strict=True):
        np.testing.assert_array_equal(png.frames[int(row)], frame)
    every = np.arange(len(png))
    for column in column_names(video.dataset):
        np.testing.assert_equal(video.cells(column, every), png.cells(column, every))


def test_packets_that_are_copied_without_decoding_them_are_told(box, project, tmp_path):
    report = create_dataset(
        tmp_path / "copied",
        project.id,
        lb_client=box.client(),
        frame_storage="video",
        verify_frames=False,
        progress=False,
    )
    assert [len(video.warnings) for video in report.videos] == [1, 1]
    assert "copied without decoding" in report.videos[0].warnings[0]
    assert numbers(report.dataset) == WHOLE


def test_views_deleted_rows_copies_and_pickles(sample, sampled, tmp_path):
    path = str(tmp_path / "copy")
    deeplake.copy(sampled, path)
    whole, copied = LabeledDataset(sampled), LabeledDataset(path)
    rows = whole.rows_of(1)
    view = copied.dataset.query("SELECT * WHERE video_idx = 1 ORDER BY frame_idx DESC")
    np.testing.assert_array_equal(LabeledDataset(view).frames[0], whole.frames[rows[-1]])
    with pytest.raises(ConfigurationError, match="'video_idx' is not there"):
        _ = LabeledDataset(copied.dataset.query("SELECT frame_idx")).frames
    both = 'SELECT * FROM "{0}" WHERE video_idx = 0 UNION (SELECT * FROM "{0}")'
    with pytest.raises(DatasetError, match="query one of them"):
        _ = LabeledDataset(deeplake.query(both.format(path))).frames
    pictures = LabeledDataset(deeplake.query(both.format(sample())))
    np.testing.assert_array_equal(pictures.frames[0], whole.frames[0])
    for row in reversed(range(0, len(copied), 2)):
        copied.dataset.delete(row)
    copied.dataset.commit()
    left = pickle.loads(pickle.dumps(LabeledDataset(path)))  # noqa: S301 - our own
    for row in (0, 30, len(left) - 1):
        np.testing.assert_array_equal(left.frames[row], whole.frames[2 * row + 1])
    deeplake.delete(f"{path}/videos")
    with pytest.raises(DatasetError, match="packets of the videos are missing"):
        _ = LabeledDataset(path).frames


# From Python 3.12 on forking a process with threads, like those of Deep Lake, warns.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_threads_forked_and_spawned_processes_read_the_same(sampled):
    labeled = LabeledDataset(sampled)
    rows = [*range(0, len(labeled), 7)]
    expected = labeled.frames[rows]  # the decoders of this process stay open
    with ThreadPoolExecutor(4) as threads:
        for frame, found in zip(
            expected, threads.map(labeled.frames.__getitem__, rows), strict=True
        ):
            np.testing.assert_array_equal(frame, found)
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=lambda: sender.send(labeled.frames[rows[::-1]])
    )
    child.start()
    for frame, found in zip(expected[::-1], receiver.recv(), strict=True):
        np.testing.assert_array_equal(frame, found)
    child.join()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        frame, _ = pool.apply(read_row, (labeled, rows[5]))
        np.testing.assert_array_equal(frame, expected[5])


def test_copied_without_decoding(box, project, tmp_path):
    report = create_dataset(
        tmp_path / "copied",
        project.id,
        lb_client=box.client(),
        frame_storage="video",
        verify_frames=False,
        labels=False,
        progress=False,
    )
    assert numbers(report.dataset) == WHOLE
    for outcome in report.videos:
        assert "copied without decoding" in " ".join(outcome.warnings)
    assert LabeledDataset(report.dataset).videos[1].rows[0] == FRAMES


def test_new_videos_on_branches_and_versions(box, project, tmp_path):
    path = tmp_path / "clips"
    dataset = built(box, project, path)
    dataset.tag("begun")
    project.add_video(clip(first=40), external_id="new.mp4")
    assert synced(box, dataset, branch="one").summary == "1 video added"
    project.add_video(clip(first=50), external_id="newer.mp4")
    assert synced(box, dataset, branch="two").summary == "2 videos added"
    one, two = (dataset.branches[name].open() for name in ("one", "two"))
    assert numbers(dataset) == numbers(dataset.tags["begun"].open()) == WHOLE
    assert numbers(one) == WHOLE | {(2, f): 40 + f for f in range(6)}
    assert numbers(two) == numbers(one) | {(3, f): 50 + f for f in range(6)}
    there, needed = recordings(path)
    assert sorted(there) == sorted(needed)
    assert len(there) == 5  # both branches recorded the third video
    assert synced(box, dataset, branch="two", merge=True).merged
    dataset.refresh()
    assert numbers(dataset) == numbers(two)
    assert numbers(one) == WHOLE | {(2, f): 40 + f for f in range(6)}


def test_a_part_that_is_tried_again(box, project, tmp_path):
    path = tmp_path / "clips"
    faults = write_video(
        tmp_path / "cut.mp4", frames=FRAMES, gop=1, container_options={"movflags": "faststart"}
    )
    project.add_video(faults, external_id="cut.mp4")
    box.faults.add("cut", "truncate", after_bytes=3000, times=None)
    try:
        dataset = built(box, project, path)
        part = len(dataset) - 2 * FRAMES
        assert 0 < part < FRAMES
        before = recordings(path)[0]
        assert not synced(box, dataset).committed
        assert recordings(path)[0] == before
    finally:
        box.faults.clear()
    dataset.tag("part")
    assert synced(box, dataset).summary == "1 video has more frames"
    assert numbers(dataset) == WHOLE | {(2, f): f for f in range(FRAMES)}
    assert numbers(dataset.tags["part"].open()) == WHOLE | {(2, f): f for f in range(part)}
    there, needed = recordings(path)
    assert sorted(there) == sorted(needed)
    assert len(there) == 4


def test_chosen_frames_store_the_groups_that_they_need(box, project, tmp_path):
    dataset = built(box, project, tmp_path / "few", labels=False, frame_ranges=[(6, 6)])
    assert numbers(dataset) == {(0, 5): 5, (1, 5): 25}
    built(box, project, tmp_path / "all", labels=False)
    few, every = (deeplake.open_read_only(f"{tmp_path}/{name}/videos") for name in ("few", "all"))
    assert len(few) == 4  # of each video a group and the index
    assert sum(map(len, few["packets"][:])) < sum(map(len, every["packets"][:])) / 2


def test_frames_and_objects_are_scaled_when_they_are_read(box, project, tmp_path):
    with pytest.raises(ConfigurationError, match=r"LabeledDataset\(\.\.\., resize=\)"):
        built(box, project, tmp_path / "scaled", resize=48)
    whole = built(box, project, tmp_path / "whole")
    labeled, half = LabeledDataset(whole), LabeledDataset(whole, resize=48)
    assert half.frames[3].shape == (32, 48, 3)
    np.testing.assert_allclose(half.objects().boxes, labeled.objects().boxes / 2)
    assert LabeledDataset(whole, resize=(40, 30)).frames[0].shape == (30, 40, 3)


def test_a_run_that_was_killed_leaves_nothing_behind(box, project, tmp_path):
    export = ProjectExporter(box.client(), project.id).export(tmp_path / "e.ndjson", progress=False)
    settings = {"job": "build", "project_id": project.id, "export": str(export.path)}
    settings |= {"frame_storage": "video", "annotate": False, "overwrite": False}
    names = calls_of({**settings, "path": str(tmp_path / "counted")})
    # The last commits are of packets, of their rows, of the entries, and of the status.
    *_, packets, rows, _, _ = [at for at, name in enumerate(names, start=1) if name == "commit"]
    for name, kill_at in (("before", packets), ("after", packets + 1), ("rows", rows)):
        path = tmp_path / name
        assert not run({**settings, "path": str(path)}, kill_at=kill_at)
        dataset = built(box, project, path, labels=False)
        assert numbers(dataset) == WHOLE
        there, needed = recordings(path)
        assert sorted(there) == sorted(needed)
        assert len(there) == 2


def test_in_memory_and_in_the_place_of_another(box, project):
    path = "mem://packets"
    make(box, project, path, labels=False)
    for _ in range(2):
        assert numbers(built(box, project, path, labels=False, overwrite=True)) == WHOLE
    assert not deeplake.exists(f"{path}.building/videos")
    make(box, project, path, labels=False, overwrite=True)
    assert not deeplake.exists(f"{path}/videos")


def test_in_s3(box, project, creds):
    path = "s3://clips/packets"
    location = {"deeplake_creds": creds, "labels": False}
    make(box, project, path, **location)
    dataset = built(box, project, path, overwrite=True, **location)
    assert numbers(dataset) == WHOLE
    project.add_video(clip(first=40), external_id="new.mp4")
    assert "1 video added" in synced(box, dataset).summary
    assert numbers(dataset) == WHOLE | {(2, f): 40 + f for f in range(6)}
    view = dataset.query("SELECT * WHERE video_idx = 1")
    assert [read_number(frame) for frame in LabeledDataset(view).frames[:3]] == [20, 21, 22]
