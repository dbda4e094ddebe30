"""Where a dataset is there already: it is left, taken, or replaced."""

import deeplake
import pytest
from sample_builds import FailingList, create, new_project
from sample_oracle import check_frames, contents

from deeplake_labelbox import (
    Report,
)
from deeplake_labelbox.errors import (
    DatasetExistsError,
    ExportFailedError,
    LabelboxError,
)


def test_a_complete_dataset_is_not_touched(sample_box, export, tmp_path):
    path = str(tmp_path / "dataset")
    create(sample_box, path, project_json=export)
    since = len(sample_box.requests)
    with pytest.raises(DatasetExistsError, match="overwrite=True") as caught:
        create(sample_box, path)
    assert path in str(caught.value)
    assert len(sample_box.requests) == since
    check_frames(deeplake.open(path))


def test_an_unfinished_dataset_of_another_project_is_not_touched(box, tmp_path):
    path = str(tmp_path / "dataset")
    project = new_project(box, tmp_path, 3, 4)
    with pytest.raises(LookupError):
        create(box, path, project.id, report=Report(FailingList()))
    (tmp_path / "other").mkdir()
    other = new_project(box, tmp_path / "other", 2)
    with pytest.raises(DatasetExistsError, match="another path"):
        create(box, path, other.id)
    assert len(deeplake.open(path)) == 3


def test_a_dataset_of_somebody_else_is_not_touched(sample_box, export, tmp_path):
    path = str(tmp_path / "dataset")
    theirs = deeplake.create(path)
    theirs.add_column("value", "int32")
    theirs.append({"value": [1, 2, 3]})
    theirs.commit()
    with pytest.raises(DatasetExistsError):
        create(sample_box, path, project_json=export)
    reopened = deeplake.open(path)
    assert reopened["value"][:].tolist() == [1, 2, 3]


def test_an_empty_dataset_is_taken(sample_box, export, undisturbed, tmp_path):
    """A build that was killed at its very start leaves one."""
    path = str(tmp_path / "dataset")
    deeplake.create(path)
    dataset, _ = create(sample_box, path, project_json=export)
    assert contents(dataset) == undisturbed


def test_overwrite_replaces(box, tmp_path):
    path = str(tmp_path / "dataset")
    create(box, path, new_project(box, tmp_path, 3).id)
    other = tmp_path / "other"
    other.mkdir()
    replaced, _ = create(box, path, new_project(box, other, 4, 5).id, overwrite=True)
    assert len(replaced) == len(deeplake.open(path)) == 9


def test_overwrite_where_nothing_is(box, tmp_path):
    project = new_project(box, tmp_path, 3)
    dataset, _ = create(box, str(tmp_path / "dataset"), project.id, overwrite=True)
    assert len(dataset) == 3


def test_overwrite_keeps_the_old_when_the_export_fails(box, tmp_path):
    path = str(tmp_path / "dataset")
    project = new_project(box, tmp_path, 3)
    before = contents(create(box, path, project.id)[0])

    box.exports.next_status = "FAILED"
    with pytest.raises(ExportFailedError):
        create(box, path, project.id, overwrite=True)
    with pytest.raises(LabelboxError):
        create(box, path, "cl0000000000000000000000a", overwrite=True)
    assert contents(deeplake.open(path)) == before


def test_overwrite_does_not_delete_a_folder_with_other_files(box, tmp_path):
    project = new_project(box, tmp_path, 3)
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "photo.txt").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(DatasetExistsError, match="photos"):
            create(box, str(folder), project.id, overwrite=overwrite)
    assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("photo.txt", "precious")]
