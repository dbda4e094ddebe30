import numpy as np
from label_json import box, frame, label, layout, new_dataset, point, values_of

from deeplake_labelbox._store.columns import ensure_column, write_class_names
from deeplake_labelbox._store.track_ids import TrackIds, read_tracks

CARS_AND_NOSES = layout(
    {
        "tools": [
            {"name": "car", "tool": "rectangle"},
            {"name": "person", "tool": "rectangle"},
            {"name": "nose", "tool": "point"},
        ]
    },
    {"rectangle": "box"},
)
BOX, NOSE = CARS_AND_NOSES.geometries


def dataset_with_columns():
    dataset = new_dataset()
    for column in (BOX, NOSE):
        ensure_column(dataset, column.track_ids, "track_ids")
        ensure_column(dataset, column.labels, "labels")
    return dataset


def test_track_ids_are_unique_in_the_dataset():
    track_ids = TrackIds(dataset_with_columns(), (BOX, NOSE))
    given = []
    for data_row_id in ("row-1", "row-2"):
        track_ids.enter(data_row_id)
        # Feature ids are unique in their label only: a copied label has those of its original.
        given += [track_ids.of(BOX, "a"), track_ids.of(BOX, "b"), track_ids.of(NOSE, "a")]

    assert given == [0, 1, 2, 3, 4, 5]


def test_an_object_keeps_its_track_id_in_all_its_frames_and_at_a_later_run():
    dataset = dataset_with_columns()
    drawn = label({1: frame(box("b"), box("a")), 3: frame(box("a"), point("n"))}, {"a": [[1, 3]]})
    runs = []
    for _ in range(2):
        track_ids = TrackIds(dataset, (BOX, NOSE))
        track_ids.enter("row-1")
        columns = values_of(drawn, 3, CARS_AND_NOSES, track_ids=track_ids).columns
        runs.append(
            [cell.tolist() for cell in columns["box_track_ids"] + columns["nose_track_ids"]]
        )
        track_ids.save()
        dataset.commit()

    assert runs[0] == runs[1] == [[0, 1], [1], [1], [], [], [2]]
    metadata = dataset["box_track_ids"].metadata
    assert {key: metadata["feature_ids"][key] for key in metadata["feature_ids"]} == {
        "0": "b",
        "1": "a",
    }
    assert read_tracks(dataset, "box_track_ids") == {0: ("row-1", "b"), 1: ("row-1", "a")}


def test_a_later_run_goes_on_after_the_numbers_that_are_taken():
    dataset = dataset_with_columns()
    first = TrackIds(dataset, (BOX, NOSE))
    first.enter("row-1")
    assert [first.of(BOX, "a"), first.of(NOSE, "n")] == [0, 1]
    first.save()
    dataset.commit()

    # The noses are in no column of the later run, but in the dataset.
    later = TrackIds(dataset, (BOX,))
    later.enter("row-1")
    assert [later.of(BOX, "new"), later.of(BOX, "a")] == [2, 0]
    later.save()
    dataset.commit()
    assert set(dataset["box_track_ids"].metadata["feature_ids"]) == {"0", "2"}


def test_what_was_not_saved_is_not_kept():
    dataset = dataset_with_columns()
    lost = TrackIds(dataset, (BOX, NOSE))
    lost.enter("row-1")
    lost.of(BOX, "lost")

    again = TrackIds(dataset, (BOX, NOSE))
    again.enter("row-1")
    assert again.of(BOX, "another") == 0


def test_class_names_of_a_group_are_its_tools_with_earlier_ones_first():
    dataset = dataset_with_columns()
    assert TrackIds(dataset, (BOX,)).class_names(BOX) == ("car", "person")

    write_class_names(dataset, BOX.labels, ("bike", "person"))
    dataset.commit()

    known = TrackIds(dataset, (BOX,))
    assert known.class_names(BOX) == ("bike", "person", "car")
    cells = values_of(label({1: frame(box("a"))}), 1, CARS_AND_NOSES, track_ids=known).columns
    np.testing.assert_array_equal(cells["box_labels"][0], [2])
