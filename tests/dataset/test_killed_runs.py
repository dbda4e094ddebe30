"""Runs that are killed at any moment, and run again: nothing is lost, doubled or half there."""

import random
from uuid import uuid4

import deeplake
import pytest
from kill_runs import calls_of, run
from sample_oracle import contents
from video_files import write_video

from deeplake_labelbox import (
    ProjectExporter,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import DatasetExistsError

SEED = 20240607
KILLS = 8
FRAMES = (5, 9, 4, 7)
ONTOLOGY = {
    "tools": [{"tool": "rectangle", "name": "car"}, {"tool": "line", "name": "lane"}],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain"}],
        },
        {"type": "text", "name": "note", "scope": "index"},
    ],
}


def label(frames):
    box = {"left": 1, "top": 2, "width": 10, "height": 9}
    points = [{"x": 1, "y": 2}, {"x": 5, "y": 8}]
    return [
        {"name": "car", "segments": [{"keyframes": [{"frame": 1, "bbox": box}], "end": frames}]},
        {"name": "lane", "segments": [{"keyframes": [{"frame": 2, "line": points}]}]},
        {"name": "weather", "answer": {"name": "rain", "frames": [{"start": 1, "end": 3}]}},
        {"name": "note", "answer": "wet", "frames": [{"start": 2, "end": 3}]},
    ]


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    project = box.add_project("Killed", ONTOLOGY)
    for index, frames in enumerate(FRAMES):
        path = write_video(folder / f"clip-{index}.mp4", frames=frames, size=(32, 32))
        project.add_video(path, external_id=path.name).add_label(label(frames))
    return project


@pytest.fixture(scope="module")
def export(box, project, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "project.ndjson"
    return ProjectExporter(box.client(), project.id).export(path, progress=False)


@pytest.fixture(scope="module")
def settings(project, export):
    return {"job": "build", "project_id": project.id, "export": str(export.path), "annotate": True}


def create(project, export, path, **options):
    return create_dataset_from_video_annotation_project(
        path, project.id, None, project_json=export, progress=False, **options
    )[0]


def annotate(project, export, dataset):
    return converter_for_video_project_with_id(
        project.id, lambda _: dataset, None, project_json=export, progress=False
    ).dataset_with_applied_annotations()


@pytest.fixture(scope="module")
def undisturbed(project, export):
    dataset = create(project, export, f"mem://never-killed-{uuid4()}")
    frames = contents(dataset)
    return frames, contents(annotate(project, export, dataset)), LabelboxMeta.read(dataset)


def finished_videos(path):
    """Names of the videos that an unfinished build is done with."""
    if not deeplake.exists(path):
        return set()
    dataset = deeplake.open(path)
    if "labelbox_meta" not in dataset.metadata:
        return set()
    return {video.name for video in LabelboxMeta.read(dataset).videos if video.status == "done"}


@pytest.fixture(scope="module")
def moments(settings, tmp_path_factory):
    """At which calls runs are killed, by whether they overwrite.

    Half of them are spread over the whole run; the others are right after commits, as what is
    there then is neither what it was before the step nor what it is after it.
    """
    dice = random.Random(SEED)  # noqa: S311 - not for secrets
    folder = tmp_path_factory.mktemp("counted")
    found = []
    for overwrite in (False, True):
        path = str(folder / f"{overwrite}")
        if overwrite:
            deeplake.create(path).add_column("value", "int32")
        calls = calls_of({**settings, "path": path, "overwrite": overwrite})
        parts = KILLS // 4
        kills = [
            (
                dice.randint(1 + len(calls) * part // parts, len(calls) * (part + 1) // parts),
                dice.choice([None, 0.0, 0.001, 0.004]),
            )
            for part in range(parts)
        ]
        commits = [number for number, name in enumerate(calls, start=1) if name == "commit"]
        kills += [(at + 1, None) for at in dice.sample(commits[:-1], parts)]
        # The run that goes on is killed too, early, when it has looked at what is there.
        found += [(overwrite, (kill, (dice.randint(2, 12), None))) for kill in kills]
    return found


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_that_was_killed_is_finished_by_the_next(
    box, project, export, settings, undisturbed, moments, tmp_path, number
):
    overwrite, kills = moments[number]
    path = str(tmp_path / "dataset")
    frames, labeled, meta = undisturbed
    old = None
    if overwrite:
        theirs = deeplake.create(path)
        theirs.add_column("value", "int32")
        theirs.append({"value": [1, 2, 3]})
        theirs.commit()
        old = contents(theirs)
        del theirs

    for kill_at, within in kills:
        run({**settings, "path": path, "overwrite": overwrite}, kill_at=kill_at, within=within)

        # What is at the path is whole: the old dataset, the frames, or the frames with all labels.
        if overwrite:
            assert contents(deeplake.open(path)) in (old, frames, labeled)
        elif deeplake.exists(path):
            there = deeplake.open(path)
            columns = {column.name for column in there.schema.columns}
            assert columns in (set(), set(frames), set(labeled))
            if columns == set(labeled):
                assert contents(there) == labeled
            del there

    unfinished = f"{path}.building" if overwrite else path
    finished = finished_videos(unfinished)
    since = len(box.requests)
    try:
        dataset = create(project, export, path, overwrite=overwrite)
    except DatasetExistsError:
        dataset = deeplake.open(path)
    fetched = {request.path.rpartition("/")[2] for request in box.requests[since:]}
    assert not finished & fetched
    assert LabelboxMeta.read(dataset) == meta
    if set(contents(dataset)) == set(frames):
        assert contents(dataset) == frames
    assert contents(annotate(project, export, dataset)) == labeled
    assert LabelboxMeta.read(deeplake.open(path)) == meta
    assert contents(deeplake.open(path)) == labeled
    assert sorted(child.name for child in tmp_path.iterdir()) == ["dataset"]
