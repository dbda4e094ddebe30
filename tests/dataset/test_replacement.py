"""Overwriting: the old dataset stays until the new one is complete, wherever a run ends."""

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import deeplake
import pytest
from local_s3 import delete_objects
from sample_oracle import contents
from video_files import write_video

from deeplake_labelbox import ProjectExporter, create_dataset_from_video_annotation_project
from deeplake_labelbox._store import swap as replacement
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import DatasetError, DatasetExistsError, VideoError

ONTOLOGY = {"tools": [], "classifications": []}
FRAMES = (3, 5, 4)


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("replacing")
    project = box.add_project("Replacing", ONTOLOGY)
    for index, frames in enumerate(FRAMES):
        path = write_video(folder / f"new-{index}.mp4", frames=frames, size=(32, 32))
        project.add_video(path, external_id=path.name)
    return project


@pytest.fixture(scope="module")
def export(box, project):
    return ProjectExporter(box.client(), project.id).export(progress=False)


@pytest.fixture(params=["local", "memory", "s3"])
def place(request, tmp_path):
    """A path, and the options that reach it."""
    if request.param == "local":
        return str(tmp_path / "dataset"), {}
    if request.param == "memory":
        return f"mem://{tmp_path.name}", {}
    return f"s3://clips/{tmp_path.name}", {"creds": request.getfixturevalue("creds")}


def make_old(path, options):
    old = deeplake.create(path, **options)
    old.add_column("value", "int32")
    old.append({"value": [1, 2, 3]})
    old.commit("old")
    return contents(old)


def create(project, export, path, options, **more):
    return create_dataset_from_video_annotation_project(
        path,
        project.id,
        None,
        deeplake_creds=options.get("creds"),
        project_json=export,
        progress=False,
        **{"overwrite": True, **more},
    )[0]


def exists_beside(path, options):
    if "://" not in path:
        folder = Path(path)
        beside = folder.parent.glob(f"{folder.name}?*")
        return [found.name.removeprefix(folder.name) for found in beside]
    return [".building"] if deeplake.exists(f"{path}.building", **options) else []


@pytest.fixture(autouse=True)
def _no_faults(box):
    yield
    box.faults.clear()


def test_the_old_dataset_stays_until_the_new_one_is_complete(box, project, export, place):
    path, options = place
    before = make_old(path, options)
    box.faults.add("new-1", status=403, times=None)
    for _ in range(2):
        with pytest.raises(VideoError):
            create(project, export, path, options, fail_on_error=True)
        assert contents(deeplake.open(path, **options)) == before

    box.faults.clear()
    since = len(box.requests)
    replaced = create(project, export, path, options)
    assert len(replaced) == len(deeplake.open(path, **options)) == sum(FRAMES)
    fetched = [r.path.rpartition("/")[2] for r in box.requests[since:]]
    assert sorted(fetched) == ["new-1.mp4", "new-2.mp4"]
    assert LabelboxMeta.read(replaced).status == "complete"
    assert exists_beside(path, options) == []

    # One of our own is replaced alike.
    thinned = create(project, export, path, options, frame_stride=3)
    chosen = [n for frames in FRAMES for n in range(0, frames, 3)]
    assert contents(thinned)["frame_idx"] == chosen
    assert contents(deeplake.open(path, **options))["frame_idx"] == chosen
    assert exists_beside(path, options) == []


class KilledError(BaseException):
    """Ends a run like a signal: nothing handles it."""


# Functions that put the new dataset in place, and which call of them it is, before or after which
# a run ends.
STEPS = {
    "local": (("_exchange", 1), ("os.rename", 1), ("write_status", 1)),
    "without exchange": (("os.rename", 1), ("os.rename", 2), ("write_status", 1)),
    "memory": (("deeplake.delete", 1), ("deeplake.copy", 1), ("write_status", 1)),
    "s3": (("deeplake.delete", 1), ("deeplake.copy", 1), ("write_status", 1)),
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("kind", STEPS)
def test_a_swap_that_was_interrupted_is_finished(
    request, project, export, tmp_path, monkeypatch, kind, step, moment
):
    name, last = STEPS[kind][step]
    options = {"creds": request.getfixturevalue("creds")} if kind == "s3" else {}
    path = {"s3": f"s3://clips/{tmp_path.name}", "memory": f"mem://{tmp_path.name}"}.get(
        kind, str(tmp_path / "d")
    )
    if kind == "without exchange":
        monkeypatch.setattr(replacement.sys, "platform", "elsewhere")
    calls = itertools.count(1)
    before = make_old(path, options)
    owner, _, function = f"{replacement.__name__}.{name}".rpartition(".")
    real = getattr(pytest.importorskip(owner) if "." not in name else _module(name), function)

    def interrupted(*args, **kwargs):
        is_last = next(calls) == last
        if moment == "after" or not is_last:
            done = real(*args, **kwargs)
        if is_last:
            raise KilledError
        return done

    with monkeypatch.context() as patch:
        target = replacement if "." not in name else _module(name)
        patch.setattr(target, function, interrupted)
        with pytest.raises(KilledError):
            create(project, export, path, options)

    # The old dataset is at its path, or the new one is whole, there or beside.
    there = deeplake.open(path, **options) if deeplake.exists(path, **options) else None
    if there is None or "value" not in contents(there):
        whole = path if there is not None and len(there) == sum(FRAMES) else f"{path}.building"
        assert len(deeplake.open(whole, **options)) == sum(FRAMES)
    else:
        assert contents(there) == before
    del there

    found = create(project, export, path, options)
    assert len(found) == len(deeplake.open(path, **options)) == sum(FRAMES)
    assert LabelboxMeta.read(found).status == "complete"
    assert exists_beside(path, options) == []


def _module(name):
    return {"os": replacement.os, "deeplake": deeplake}[name.partition(".")[0]]


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_a_deletion_that_was_interrupted_is_finished(
    request, project, export, tmp_path, monkeypatch, kind
):
    creds = request.getfixturevalue("creds") if kind == "s3" else None
    path = f"s3://clips/{tmp_path.name}" if creds else str(tmp_path / "dataset")
    options = {"creds": creds} if creds else {}
    make_old(path, options)
    rmtree = shutil.rmtree

    def half(where, *args, **options):
        """Delete a part of a dataset."""
        if not str(where).startswith(path):
            rmtree(where, *args, **options)
            return
        if creds is None:
            rmtree(Path(where, "_deeplake_log"))
        else:
            delete_objects(creds, f"{tmp_path.name}/_deeplake_log/_meta/")
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(*((deeplake, "delete") if creds else (shutil, "rmtree")), half)
        with pytest.raises(KilledError):
            create(project, export, path, options)
    assert len(create(project, export, path, options)) == sum(FRAMES)
    assert len(deeplake.open(path, **options)) == sum(FRAMES)
    assert exists_beside(path, options) == []


def test_folders_change_places_by_two_renames_where_there_is_no_exchange(
    project, export, tmp_path, monkeypatch
):
    monkeypatch.setattr(replacement.sys, "platform", "elsewhere")
    path = str(tmp_path / "dataset")
    make_old(path, {})
    replaced = create(project, export, path, {})
    assert len(replaced) == len(deeplake.open(path)) == sum(FRAMES)
    assert exists_beside(path, {}) == []


def test_without_overwrite_an_interrupted_swap_replaces_nothing(
    project, export, tmp_path, monkeypatch
):
    path = str(tmp_path / "dataset")
    before = make_old(path, {})

    def interrupted(*_):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(replacement, "_exchange", interrupted)
        with pytest.raises(KilledError):
            create(project, export, path, {})
    with pytest.raises(DatasetExistsError):
        create(project, export, path, {}, overwrite=False)
    assert contents(deeplake.open(path)) == before


def test_a_dataset_of_somebody_else_beside_is_not_touched(project, export, tmp_path):
    path = str(tmp_path / "dataset")
    make_old(path, {})
    beside = make_old(f"{path}.building", {})
    with pytest.raises(DatasetExistsError, match="building"):
        create(project, export, path, {})
    assert contents(deeplake.open(f"{path}.building")) == beside


def test_what_another_project_left_beside_is_built_anew(box, project, export, tmp_path):
    other = box.add_project("Other", ONTOLOGY)
    clip = write_video(tmp_path / "other.mp4", frames=2, size=(32, 32))
    other.add_video(clip)
    other.add_video(clip, external_id="bad.mp4")
    path = str(tmp_path / "dataset")
    make_old(path, {})
    rows = list(ProjectExporter(box.client(), other.id).export(progress=False))
    rows[1]["data_row"]["row_data"] = str(tmp_path / "none.mp4")
    with pytest.raises(VideoError):
        create(other, rows, path, {}, fail_on_error=True)
    assert exists_beside(path, {}) == [".building"]
    assert len(create(project, export, path, {})) == sum(FRAMES)


# --- full disks ----------------------------------------------------------------------------------

LIMITED = """
    import resource, signal, sys
    from deeplake_labelbox import create_dataset_from_video_annotation_project
    from deeplake_labelbox._jobs import build
    from deeplake_labelbox.errors import DatasetError

    build._COMMIT_ROWS = 1  # so that the small video is committed before the large one
    path, project_id, export, size = sys.argv[1:]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    try:
        create_dataset_from_video_annotation_project(
            path, project_id, None, project_json=export, progress=False
        )
    except DatasetError as error:
        print(error)
        sys.exit(3)
"""


def test_files_that_cannot_be_written_are_noticed(box, tmp_path):
    """Deep Lake itself goes on, and leaves rows that cannot be read."""
    project = box.add_project("Large", ONTOLOGY)
    for name, frames, size in (("small", 6, (32, 32)), ("large", 12, (640, 480))):
        project.add_video(write_video(tmp_path / f"{name}.mp4", frames=frames, size=size))
    export = ProjectExporter(box.client(), project.id).export(
        tmp_path / "project.ndjson", progress=False
    )
    path = str(tmp_path / "dataset")
    script = "\n".join(line.removeprefix("    ") for line in LIMITED.splitlines())
    failed = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, path, project.id, str(export.path), "40000"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert failed.returncode == 3, failed.stderr
    assert "is full" in failed.stdout

    expected = create(project, export, "mem://never-full", {})
    since = len(box.requests)
    resumed = create(project, export, path, {}, overwrite=False)
    assert contents(resumed) == contents(deeplake.open(path)) == contents(expected)
    assert LabelboxMeta.read(resumed) == LabelboxMeta.read(expected)
    assert not [r for r in box.requests[since:] if r.path.endswith("small.mp4")]


def test_a_disk_without_room_is_told_before_it_is_written(project, export, tmp_path, monkeypatch):
    path = str(tmp_path / "dataset")
    make_old(path, {})
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 1 << 20)
    )
    with pytest.raises(DatasetError, match="1 MiB are left"):
        create(project, export, path, {})
    monkeypatch.undo()
    assert len(create(project, export, path, {})) == sum(FRAMES)
