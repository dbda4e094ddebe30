"""Syncs while Labelbox's exports lag behind what was done."""

from datetime import UTC, datetime, timedelta

import pytest
from sync_projects import car, clip, person

from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._sync.sync import removed_data_rows


@pytest.fixture(autouse=True)
def settled(box):
    """What lags in one test is seen before the next."""
    yield
    box.faults.clear()


def test_a_label_that_appears_late_is_not_missed(box, sync, dataset, project, is_in_step):
    first, second, _ = project.data_rows
    moment = datetime.now(UTC)
    box.faults.lag("labels")
    first.update_label(first.labels[0], [car(8)], updated_at=moment)
    box.faults.lag("labels", 0)
    # What happened later is seen earlier.
    later = moment + timedelta(minutes=5)
    second.update_label(second.labels[0], [person(4)], updated_at=later)
    assert [change.data_row_id for change in sync(dataset).changes] == [second.id]
    box.faults.clear()
    assert [change.data_row_id for change in sync(dataset).changes] == [first.id]
    is_in_step(dataset)


def test_a_sync_right_after_an_import_finds_the_rest_later(box, sync, dataset, project, is_in_step):
    third = project.data_rows[2]
    box.faults.lag("labels")
    found = [{"data_row": third.id, "track": 1, "frame": 2, "class": "car", "box": [1, 2, 3, 4]}]
    result = import_annotations(
        found, project.id, None, lb_client=box.client(), progress=False, poll_seconds=0.001
    )
    assert len(result.accepted) == 1
    assert sync(dataset).changes == ()
    box.faults.clear()
    assert [change.what for change in sync(dataset).changes] == ["label added"]
    is_in_step(dataset)


def test_data_rows_come_and_go_late(box, sync, dataset, project, is_in_step):
    first = project.data_rows[0]
    box.faults.lag("exports")
    box.faults.lag("deletions")
    fourth = project.add_video(clip(first=40), external_id="d.mp4")
    project.remove_video(first)
    assert sync(dataset).changes == ()
    assert removed_data_rows(dataset) == ()
    box.faults.clear()
    changes = {change.what: change.data_row_id for change in sync(dataset).changes}
    assert changes == {"video added": fourth.id, "video left the project": first.id}
    assert sync(dataset, prune=True).summary == "1 video removed"
    is_in_step(dataset)
