"""What a dataset knows of many videos is too long for one value of its metadata.

Long names stand for many videos, so that a few are enough.
"""

from contextlib import nullcontext

import deeplake
import pytest
from sync_projects import ONTOLOGY, clip, contents, make, nose

from deeplake_labelbox import converter_for_video_project_with_id, sync_dataset
from deeplake_labelbox._store.label_writer import LabelWriter
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import DatasetMismatchError


@pytest.fixture
def project(box):
    project = box.add_project("Many", ONTOLOGY)
    add_videos(project, 12)
    return project


def add_videos(project, count):
    for number in range(len(project.data_rows), len(project.data_rows) + count):
        row = project.add_video(clip(3, first=number), external_id=f"{number} {'x' * 1500}.mp4")
        row.add_label([nose(number)])


def test_branches_and_tags_outlast_a_sync_that_adds_many_videos(
    box, sync, project, tmp_path, is_in_step
):
    path = str(tmp_path / "clips")
    dataset = make(box, project, path)
    before = contents(dataset)
    for number in range(3):
        dataset.branch(f"branch-{number}")
        dataset.tag(f"tag-{number}")
    add_videos(project, 10)
    report = sync(path, branch="branch-0", tag="after")
    assert report.summary == "10 videos added"
    opened = deeplake.open(path)
    assert set(opened.branches.names()) == {"main", "branch-0", "branch-1", "branch-2"}
    assert set(opened.tags.names()) == {"tag-0", "tag-1", "tag-2", "after"}
    assert contents(opened.tags["tag-1"].open()) == contents(opened) == before
    is_in_step(opened.branches["branch-0"].open())
    assert sync(path).summary == "10 videos added"
    assert not sync(path).committed


def test_no_number_is_given_twice_by_syncs_of_two_branches(
    box, sync, project, tmp_path, monkeypatch
):
    """Another machine syncs another branch in between, when another video is there."""
    path = str(tmp_path / "clips")
    make(box, project, path).branch("other")
    added = project.add_video(clip(1, first=50), external_id="a")
    check, others = LabelWriter._check_ontology, []

    def other_first(converter):
        if not others:
            project.remove_video(added)
            project.add_video(clip(1, first=51), external_id="b")
            others.append(None)
            others.append(sync(path, branch="other"))
        check(converter)

    monkeypatch.setattr(LabelWriter, "_check_ontology", other_first)
    monkeypatch.setattr("deeplake_labelbox._sync.sync.process_lock", lambda *_, **__: nullcontext())
    report = sync(path)
    assert [said.summary for said in (report, others[1])] == 2 * ["1 video added"]
    entries = LabelboxMeta.read(deeplake.open(path)).videos
    assert [video.video_idx for video in entries] == list(range(13))
    assert entries[-1].name == "b"


def test_labels_in_a_second_dataset_need_all_of_the_metadata(box, project, tmp_path):
    frames = make(box, project, str(tmp_path / "frames"), labels=False)
    labels = deeplake.create(str(tmp_path / "labels"))
    labels.add_column("row", deeplake.types.Int32())
    labels.append({"row": list(range(len(frames)))})
    labels.metadata["labelbox_meta"] = dict(frames.metadata["labelbox_meta"])
    labels.commit()

    def apply():
        return converter_for_video_project_with_id(
            project.id, lambda _: labels, None, lb_client=box.client(), progress=False
        ).dataset_with_applied_annotations()

    with pytest.raises(DatasetMismatchError, match='startswith\\("labelbox_meta"\\)'):
        apply()
    for key in frames.metadata.keys():  # noqa: SIM118 - it is no mapping
        if key.startswith("labelbox_meta"):
            labels.metadata[key] = frames.metadata[key]
    labels.commit()
    apply()
    assert not sync_dataset(labels, lb_client=box.client(), progress=False).committed
    whole = make(box, project, str(tmp_path / "whole"))
    for row in range(len(whole)):
        assert labels["nose"][row].tobytes() == whole["nose"][row].tobytes()
