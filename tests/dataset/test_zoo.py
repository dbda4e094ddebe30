"""The whole job over every kind of video: each label is on the row that shows its number."""

import dataclasses
import re

import numpy as np
import pytest
from video_files import read_number
from video_zoo import ZOO, write_zoo

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta

EVERY = 3
ONTOLOGY = {
    "tools": [{"tool": "rectangle", "name": "bar"}],
    "classifications": [
        {
            "type": "checklist",
            "name": "band",
            "scope": "index",
            "options": [{"value": str(band)} for band in range(4)],
        }
    ],
}


def labels_of(video):
    """A box on every third frame, whose left edge is the number shown, and the number's band."""
    segments = [
        {
            "keyframes": [
                {"frame": n, "bbox": {"left": number, "top": 1, "width": 5, "height": 4}}
            ],
            "end": n,
        }
        for n, number in list(enumerate(video.drawn, start=1))[::EVERY]
    ]
    answers = []
    for band in range(4):
        frames = [
            {"start": n, "end": n}
            for n, number in enumerate(video.drawn, start=1)
            if number // 5 == band
        ]
        if frames:
            answers.append({"name": str(band), "frames": frames})
    yield {"name": "bar", "segments": segments}
    yield {"name": "band", "answer": answers}


@dataclasses.dataclass
class Outcome:
    dataset: object
    rows: dict
    frame_idx: np.ndarray
    built: dict
    applied: dict
    meta: dict


@pytest.fixture(scope="module")
def outcome(box, client, tmp_path_factory):
    paths = write_zoo(tmp_path_factory.mktemp("zoo"))
    project = box.add_project("Zoo", ONTOLOGY)
    for video in ZOO:
        row = project.add_video(paths[video.file], external_id=video.file)
        row.add_label(labels_of(video))
    built = Report()
    dataset, export = create_dataset_from_video_annotation_project(
        str(tmp_path_factory.mktemp("dataset") / "zoo"),
        project.id,
        None,
        lb_client=client,
        report=built,
        progress=False,
    )
    converter = converter_for_video_project_with_id(
        project.id,
        lambda _: dataset,
        None,
        lb_client=client,
        project_json=export,
        progress=False,
    )
    dataset = converter.dataset_with_applied_annotations()
    frame_idx = dataset["frame_idx"][:]
    return Outcome(
        dataset=dataset,
        rows={
            video.file: np.flatnonzero(dataset["video_idx"][:] == index).tolist()
            for index, video in enumerate(ZOO)
        },
        frame_idx=frame_idx,
        built={video.name: video for video in built},
        applied={video.name: video for video in converter.report},
        meta={entry.name: entry for entry in LabelboxMeta.read(dataset).videos},
    )


WHOLE = [video for video in ZOO if not video.problem]
BROKEN = [video for video in ZOO if video.problem]


def kind(video):
    return video.file


def check_rows(outcome, video):
    """Every row shows the number that its frame has, and carries the label drawn on it."""
    dataset = outcome.dataset
    names = dataset["band"].metadata["class_names"]
    for row in outcome.rows[video.file]:
        index = int(outcome.frame_idx[row])
        picture = dataset["frames"][row]
        number = read_number(picture)
        assert picture.shape == (*video.size[::-1], 3)
        assert number == video.drawn[index]
        boxes = dataset["bar"][row].tolist()
        assert boxes == ([[number, 1, 5, 4]] if index % EVERY == 0 else []), index
        assert [names[answer] for answer in dataset["band"][row]] == [str(number // 5)]


@pytest.mark.parametrize("video", WHOLE, ids=kind)
def test_whole_videos_are_right_on_every_row(outcome, video):
    rows = outcome.rows[video.file]
    assert outcome.frame_idx[rows].tolist() == list(range(len(video.drawn)))
    check_rows(outcome, video)
    assert outcome.built[video.file].gaps == []
    assert outcome.applied[video.file].gaps == []
    assert outcome.meta[video.file].status == "done"


@pytest.mark.parametrize("video", BROKEN, ids=kind)
def test_of_broken_videos_it_is_told_what_is_missing(outcome, video):
    rows = outcome.rows[video.file]
    here = [int(index) + 1 for index in outcome.frame_idx[rows]]
    check_rows(outcome, video)
    assert len(here) >= video.least
    assert video.least or not here
    entry = outcome.meta[video.file]
    assert entry.status == ("partial" if here else "failed")

    gaps = outcome.built[video.file].gaps
    assert {gap.data_row_id for gap in gaps} == {entry.data_row_id}
    assert video.problem in gaps[0].what
    absent = [n for n in range(1, len(video.drawn) + 1) if n not in here]
    assert gaps[0].frame == (absent[0] if here else None)
    assert (bool(here) and here[-1] > absent[0]) == video.goes_on
    if video.goes_on:
        (run,) = re.findall(r"frames (\d+) to (\d+)", gaps[0].what)
        assert absent == list(range(int(run[0]), int(run[1]) + 1))

    # What was drawn on frames that are not there is told, too.
    told = outcome.applied[video.file].gaps
    assert told
    assert all(gap.frame is None or gap.frame in absent for gap in told)


def test_nothing_else_is_in_the_dataset(outcome):
    assert len(outcome.dataset) == sum(map(len, outcome.rows.values()))
    assert len(outcome.built) == len(outcome.applied) == len(ZOO)


def test_what_is_odd_is_kept_beside_each_video(outcome):
    def warnings(name):
        assert outcome.meta[name].warnings == tuple(outcome.built[name].warnings)
        return " ".join(outcome.meta[name].warnings)

    assert warnings("b-frames.mp4") == ""
    assert "follow each other after 0.026 to 5.047 s" in warnings("variable.mp4")
    assert "its first time is 9.0" in warnings("starts-at-9s.mkv")
    assert "pixels are 4:3" in warnings("anamorphic.mp4")
    assert "declares 99 frames and shows 20" in warnings("declares-99.avi")
    assert "declares 20 frames and shows 16" in warnings("hides-start.mp4")
