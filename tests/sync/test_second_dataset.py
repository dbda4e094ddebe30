"""The recipe of Deep Lake's documentation: labels in a second dataset, beside the frames.

It asks for the same length and the same ``labelbox_meta``. What its "UNION" names is a join in
TQL: ``UNION`` puts the rows of datasets with equal columns one below the other.
"""

import deeplake
import pytest
from sync_projects import ONTOLOGY, car, clip, contents, make, person, road

from deeplake_labelbox import converter_for_video_project_with_id, sync_dataset
from deeplake_labelbox._store.columns import column_kind, column_names


@pytest.fixture
def project(box):
    project = box.add_project("Two datasets", ONTOLOGY)
    for number in range(2):
        row = project.add_video(clip(first=10 * number), external_id=f"{number}.mp4")
        row.add_label([car(number), road(number)])
    return project


def labels_beside(frames, path, columns=()):
    """A dataset of the same length and the same ``labelbox_meta``, with columns of the frames'."""
    labels = deeplake.create(path)
    labels.add_column("row", deeplake.types.Int32())
    values = {"row": list(range(len(frames)))}
    for column in columns:
        labels.add_column(column, deeplake.types.Int32())
        values[column] = frames[column][:]
    labels.append(values)
    labels.metadata["labelbox_meta"] = dict(frames.metadata["labelbox_meta"])
    labels.commit()
    return labels


def apply(box, project, labels):
    return converter_for_video_project_with_id(
        project.id, lambda _: labels, None, lb_client=box.client(), progress=False
    ).dataset_with_applied_annotations()


@pytest.mark.parametrize("columns", [(), ("video_idx", "frame_idx")], ids=["length", "identity"])
def test_labels_in_a_second_dataset_join_the_frames(box, project, tmp_path, columns):
    path, beside = str(tmp_path / "frames"), str(tmp_path / "labels")
    frames = make(box, project, path, labels=False)
    labels = apply(box, project, labels_beside(frames, beside, columns))
    first = project.data_rows[0]
    first.update_label(first.labels[0], [person(3), road(8)])
    report = sync_dataset(labels, lb_client=box.client(), progress=False)
    assert report.summary == "1 label corrected"
    assert not sync_dataset(labels, lb_client=box.client(), progress=False).committed

    added = [name for name in column_names(labels) if column_kind(labels, name) is not None]
    chosen = [f'f."{name}"' for name in column_names(frames)] + [f'l."{name}"' for name in added]
    query = f'select {", ".join(chosen)} from "{path}" as f, "{beside}" as l'  # noqa: S608 - TQL
    both = deeplake.query(query)
    whole = make(box, project, str(tmp_path / "whole"))
    assert len(both) == len(whole)
    names = [column.name for column in both.schema.columns]
    assert sorted(names) == sorted(column_names(whole))
    for row in range(len(whole)):
        assert both["frames"][row].tobytes() == whole["frames"][row].tobytes()
        for name in ("person", "road", "car/car"):
            assert both[name][row].tobytes() == whole[name][row].tobytes()
        assert both["lb_meta/id"][row] == whole["lb_meta/id"][row]


def test_union_of_a_dataset_that_was_made_in_two_parts(box, project, tmp_path):
    """Where both have the columns of one project, UNION gives the rows of both."""
    parts = []
    for number in range(2):
        path = str(tmp_path / f"part{number}")
        whole = make(box, project, str(tmp_path / f"whole{number}"))
        part = deeplake.like(whole.query("select *"), path)
        part.append(whole.query(f"select * where video_idx = {number}"))
        part.metadata["labelbox_meta"] = dict(whole.metadata["labelbox_meta"])
        part.commit()
        parts.append(path)
    for path in parts:
        sync_dataset(path, lb_client=box.client(), progress=False)
    query = f'select * from "{parts[0]}" UNION (select * from "{parts[1]}")'  # noqa: S608 - TQL
    both = deeplake.query(query)
    whole = contents(deeplake.open(str(tmp_path / "whole0")))
    assert len(both) == len(whole) == 12
