"""Syncs that are killed at any moment, and run again: nothing is lost, doubled or half there."""

import os
import random
import shutil

import deeplake
import pytest
from kill_runs import calls_of, run
from sync_projects import (
    ONTOLOGY,
    car,
    client_settings,
    clip,
    contents,
    make,
    nose,
    person,
    road,
    weather,
)

from deeplake_labelbox._sync.merging import MERGE_BRANCH
from deeplake_labelbox._sync.sync import sync_dataset

SEED = 20261122
# More of them by the variable, for a night of kills.
KILLS = int(os.environ.get("DEEPLAKE_LABELBOX_KILLS", "10"))
OPTIONS = (
    {},
    {"branch": "labelbox", "merge": True, "tag": "after"},
    {"prune": True},
    {"branch": "fresh"},
    {"branch": "labelbox"},
)


@pytest.fixture(scope="module")
def project(box):
    project = box.add_project("Killed syncs", ONTOLOGY)
    for number in range(3):
        row = project.add_video(clip(first=10 * number), external_id=f"{number}.mp4")
        row.add_label([car(number), person(5), road(3), weather("sun")])
    return project


@pytest.fixture(scope="module")
def base(box, project, tmp_path_factory):
    """A dataset with a branch that went its own way, and the project edited since."""
    path = str(tmp_path_factory.mktemp("killed") / "clips")
    make(box, project, path)
    first, second, third = project.data_rows
    first.update_label(first.labels[0], [car(8), nose(2)])
    sync_dataset(path, lb_client=box.client(), progress=False, branch="labelbox")
    second.update_label(second.labels[0], [car(9, uuid="of main"), weather("rain")])
    sync_dataset(path, lb_client=box.client(), progress=False)
    first.update_label(first.labels[0], [car(3, "blue"), person(1, uuid="new"), road(1)])
    third.delete_label(third.labels[0])
    project.add_video(clip(first=40), external_id="new.mp4").add_label([car(1), road(5)])
    project.remove_video(second)
    ontology = project.ontology_normalized
    ontology["tools"][2]["name"] = "tip"
    ontology["tools"].append({"tool": "point", "name": "wheel"})
    project.update_ontology(ontology)
    return path


@pytest.fixture(scope="module")
def settings(box):
    return {"job": "sync", "client": client_settings(box)}


def branches(path):
    """What each branch holds."""
    dataset = deeplake.open(path)
    found = {}
    for name in {*dataset.branches.names()} - {MERGE_BRANCH}:
        branch = dataset if name == "main" else dataset.branches[name].open()
        found[name] = contents(branch)
    return found


@pytest.fixture(scope="module")
def undisturbed(settings, base, tmp_path_factory):
    """What the branches hold afterwards, and how many calls that took, by the options."""
    found = []
    for options in OPTIONS:
        path = str(tmp_path_factory.mktemp("undisturbed") / "clips")
        shutil.copytree(base, path)
        calls = len(calls_of({**settings, "path": path, "options": options}))
        found.append((branches(path), calls))
    return found


@pytest.fixture(scope="module")
def before(base):
    return branches(base)


@pytest.mark.parametrize("number", range(KILLS))
def test_a_sync_that_was_killed_is_finished_by_the_next(
    box, settings, base, before, undisturbed, tmp_path, number
):
    dice = random.Random(SEED + number)  # noqa: S311 - not for secrets
    options, (after, calls) = list(zip(OPTIONS, undisturbed, strict=True))[number % len(OPTIONS)]
    path = str(tmp_path / "clips")
    shutil.copytree(base, path)
    # As much happens at the end as in all the time before.
    at = (
        dice.randint(1, calls)
        if dice.random() < 0.5
        else calls - dice.randint(0, min(8, calls - 1))
    )
    within = dice.choice([None, 0.0, 0.0005, 0.001, 0.002, 0.004])
    run({**settings, "path": path, "options": options}, kill_at=at, within=within)

    for name, found in branches(path).items():
        assert found in (before.get(name, before["main"]), after[name])

    report = sync_dataset(path, lb_client=box.client(), progress=False, **options)
    assert report.gaps == ()
    assert branches(path) == after
    dataset = deeplake.open(path)
    assert dataset.tags.names() == ([options["tag"]] if "tag" in options else [])
    again = sync_dataset(path, lb_client=box.client(), progress=False, **{**options, "tag": None})
    assert not again.committed
    assert not again.merged
