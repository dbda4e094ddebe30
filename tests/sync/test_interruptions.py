"""Syncs that are interrupted, or not alone."""

import threading
from contextlib import nullcontext

import deeplake
import pytest
from kill_runs import start
from sync_projects import car, change_ontology, client_settings, contents, make, nose

from deeplake_labelbox._store.label_writer import LabelWriter
from deeplake_labelbox._sync.commit_lock import PREFIX, process_lock
from deeplake_labelbox.errors import DatasetBusyError, DatasetError


def messages(dataset):
    return [version.message for version in dataset.history]


def test_an_interrupted_sync_leaves_everything(box, sync, tmp_path, project, videos, monkeypatch):
    path = str(tmp_path / "clips")
    before = contents(make(box, project, path))
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    project.add_video(videos[3]).add_label([car(7)])
    change_ontology(project, lambda ontology: ontology["tools"][0].update(name="vehicle"))

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LabelWriter, "_check_ontology", stop)
        with pytest.raises(KeyboardInterrupt):
            sync(path, branch="labelbox")
        with pytest.raises(KeyboardInterrupt):
            sync(path)
    assert contents(deeplake.open(path)) == before
    assert deeplake.open(path).branches.names() == ["main"]
    assert sync(path).committed
    assert not sync(path).committed


def test_uncommitted_changes_are_refused(sync, dataset):
    dataset["frame_idx"][0:1] = [0]
    with pytest.raises(DatasetError, match="uncommitted changes"):
        sync(dataset)
    dataset.rollback()


def test_two_at_once_do_the_work_once(box, sync, project, tmp_path, videos, is_in_step):
    path = str(tmp_path / "clips")
    make(box, project, path)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    project.add_video(videos[3]).add_label([car(7)])
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(sync(path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.committed for report in reports) == [False, False, True]
    is_in_step(deeplake.open(path))


@pytest.mark.parametrize(("kind", "turns"), [("local", 2), ("s3", 1)])
def test_syncs_of_several_machines_do_the_work_once(
    box, sync, project, tmp_path, videos, is_in_step, kind, turns, request
):
    """Processes that share no lock: of a video that is added and a column that is renamed."""
    creds = request.getfixturevalue("creds") if kind == "s3" else None
    path = "s3://clips/machines" if creds else str(tmp_path / "clips")
    make(box, project, path, deeplake_creds=creds)
    settings = {
        "job": "sync",
        "client": client_settings(box),
        "path": path,
        "options": {"deeplake_creds": creds},
    }
    for turn in range(turns):
        first = project.data_rows[0]
        first.update_label(first.labels[0], [nose(turn)])
        project.add_video(videos[3]).add_label([nose(7)])
        change_ontology(project, lambda o, turn=turn: o["tools"][0].update(name=f"car {turn}"))
        machines = []
        for number in range(3):
            folder = tmp_path / f"machine {number}"
            folder.mkdir(exist_ok=True)
            machines.append(start(settings, TMPDIR=str(folder)))
        for machine in machines:
            _, said = machine.communicate()
            assert machine.returncode == 0, said
        dataset = deeplake.open(path, creds=creds)
        is_in_step(dataset)
        assert dataset.tags.names() == []
    syncs = [message for message in messages(dataset) if (message or "").startswith("Sync")]
    assert len(syncs) == turns
    assert not sync(path, deeplake_creds=creds).committed


def test_a_sync_that_was_killed_in_its_turn_is_not_waited_for(sync, dataset, project):
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    with process_lock(dataset.id, wait=0) as owner:
        dataset.tag(f"{PREFIX}killed", message=owner)
    assert sync(dataset, wait=0).committed
    assert dataset.tags.names() == []


def test_the_turn_of_another_machine_is_waited_for(sync, dataset, project, monkeypatch):
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    before = contents(dataset)
    dataset.tag(f"{PREFIX}of-another", message="another machine")
    with pytest.raises(DatasetBusyError, match="another machine"):
        sync(dataset, wait=0)
    assert contents(dataset) == before
    monkeypatch.setattr("deeplake_labelbox._sync.commit_lock._DEAD_SECONDS", 0)
    assert sync(dataset, wait=5).committed


def test_a_sync_of_another_machine_in_between_is_noticed(
    box, sync, project, tmp_path, videos, monkeypatch, is_in_step
):
    path = str(tmp_path / "clips")
    make(box, project, path)
    first = project.data_rows[0]
    first.update_label(first.labels[0], [car(8)])
    project.add_video(videos[3]).add_label([car(7)])
    check, others = LabelWriter._check_ontology, []

    def other_first(converter):
        if not others:
            others.append(None)
            others.append(sync(path))
        check(converter)

    monkeypatch.setattr(LabelWriter, "_check_ontology", other_first)
    monkeypatch.setattr("deeplake_labelbox._sync.sync.process_lock", lambda *_, **__: nullcontext())
    report = sync(path)
    assert others[1].committed
    assert not report.committed
    is_in_step(deeplake.open(path))
    assert len(messages(deeplake.open(path))) == len({*messages(deeplake.open(path))})
