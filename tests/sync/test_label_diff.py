"""What changed between two versions of a dataset."""

import pytest
from sync_projects import ONTOLOGY, car, clip, make, nose, note, person, place, road, weather

from deeplake_labelbox._store.label_diff import diff_labels
from deeplake_labelbox._sync.sync import sync_dataset
from deeplake_labelbox.errors import ConfigurationError


@pytest.fixture(scope="module")
def relabeled(box, tmp_path_factory):
    """A dataset whose versions are tagged ``before`` and ``after``, and the ids of its rows."""
    project = box.add_project("Relabeled", ONTOLOGY)
    rows = [project.add_video(clip(first=10 * n), external_id=f"{n}.mp4") for n in range(4)]
    rows[0].add_label([car(2), person(5), road(3), weather("sun"), note("hm"), place("town")])
    rows[1].add_label([car(4), road(2)])
    rows[2].add_label([car(1)])
    dataset = make(box, project, f"mem://{tmp_path_factory.mktemp('relabeled').name}")
    dataset.tag("before")
    label = rows[0].labels[0]
    rows[0].update_label(
        label, [car(2, "blue"), nose(3), road(8), weather("rain"), note("hm"), place("land")]
    )
    rows[1].update_label(rows[1].labels[0], [car(6), road(2)])
    project.add_video(clip(first=50), external_id="new.mp4").add_label([car(3)])
    sync_dataset(dataset, lb_client=box.client(), progress=False, tag="after")
    return dataset, [row.id for row in rows]


def test_what_changed_is_told_by_data_row(relabeled):
    dataset, ids = relabeled
    diff = diff_labels(dataset, "before", "after")
    assert [video.name for video in diff.videos] == ["0.mp4", "1.mp4", "new.mp4"]
    first, second, new = diff.videos
    assert first.data_row_id == ids[0]
    assert [(o.column, o.frames) for o in first.removed] == [("person", (2, 3, 4))]
    assert [(o.column, o.frames) for o in first.added] == [("nose", (3,))]
    assert [(o.column, o.frames) for o in first.moved] == [("road", (2,))]
    assert {(a.column, a.frames, a.before, a.after) for a in first.answers} == {
        ("car/color", (1, 2, 3, 4), "red", "blue"),
        ("weather", (1, 2, 3, 4), "sun", "rain"),
        ("place", (1, 2, 3, 4, 5, 6), "town", "land"),
    }
    assert [(o.column, o.frames) for o in second.moved] == [("car/car", (1, 2, 3, 4, 5))]
    assert [(a.column, a.before, a.after) for a in second.answers] == [
        ("car/plate", "plate 4", "plate 6")
    ]
    assert second.moved[0].feature_id
    assert (new.rows_added, len(new.added)) == (6, 1)
    assert str(diff).splitlines()[0] == (
        f"0.mp4 ({ids[0]}): 1 object added, 1 removed, 1 moved, 3 answers changed"
    )


def test_the_other_way_round(relabeled):
    dataset, _ = relabeled
    last = [version.id for version in dataset.history][-1]
    diff = diff_labels(dataset, last, "before")
    assert [(o.column, o.frames) for o in diff.videos[0].added] == [("person", (2, 3, 4))]
    assert diff.videos[-1].rows_removed == 6


def test_a_version_does_not_differ_from_itself(relabeled):
    dataset, _ = relabeled
    diff = diff_labels(dataset, "main", "after")
    assert diff.videos == ()
    assert str(diff) == "no label changed"


def test_cells_that_a_person_changed_are_told(relabeled):
    dataset, ids = relabeled
    dataset.branch("mine")
    branch = dataset.branches["mine"].open()
    branch["car/car"][0:1] = [branch["car/car"][0] + 1]
    branch.commit()
    (video,) = diff_labels(dataset, "main", "mine").videos
    assert video.data_row_id == ids[0]
    assert [(o.column, o.frames) for o in video.moved] == [("car/car", (1,))]


def test_an_unknown_version_is_refused(relabeled):
    dataset, _ = relabeled
    with pytest.raises(ConfigurationError, match="'nope'"):
        diff_labels(dataset, "nope", "after")
