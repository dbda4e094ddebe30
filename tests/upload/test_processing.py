"""Data rows while Labelbox processes or deletes them, and while exports lag."""

from types import SimpleNamespace

import pytest

from deeplake_labelbox.errors import (
    UploadError,
)


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video")
    return path


def test_a_broken_video_does_not_stop_a_second_call(box, upload, clips, broken):
    first = upload([clips[0], broken], preflight="off")
    for result in (first, upload([clips[0], broken], preflight="off")):
        (row,) = result.data_rows
        (refused,) = result.refused
        assert (row.path, refused.path, refused.by) == (str(clips[0]), str(broken), "labelbox")
        assert "could not process the file" in refused.reason
    assert len(first.batch_ids) == 1
    third = upload([*clips, broken], preflight="off")
    assert [row.created for row in third.data_rows] == [False, True, True]
    assert len(third.refused) == 1
    names = [batch.name for batch in box.client().get_project(first.project_id).batches()]
    assert names == ["Clips_batch-0000", "Clips_batch-0001"]


def test_a_broken_video_is_an_error_on_request_or_if_it_is_the_only_one(upload, clips, broken):
    for paths, options in (([broken], {}), ([clips[0], broken], {"fail_on_error": True})):
        with pytest.raises(UploadError, match=r"rejected 1 of .*broken\.mp4: .* could not process"):
            upload(paths, preflight="off", **options)
    assert len(upload([clips[0]]).data_rows) == 1


def test_data_rows_missing_from_large_batches_are_found(upload, clips, broken, monkeypatch):
    monkeypatch.setattr("labelbox.schema.project.MAX_SYNC_BATCH_ROW_COUNT", 1)
    result = upload([*clips, broken], preflight="off")
    assert [row.path for row in result.data_rows] == list(map(str, clips))
    assert [each.path for each in result.refused] == [str(broken)]
    again = upload([*clips, broken], preflight="off")
    assert (again.data_row_ids, again.batch_ids) == (result.data_row_ids, ())
    assert [each.path for each in again.refused] == [str(broken)]


def test_an_immediate_second_call_waits_for_exports(box, upload, clips, broken):
    box.faults.lag("exports", 0.6)
    first = upload([*clips[:2], broken], preflight="off")
    second = upload([*clips, broken], preflight="off")
    assert second.data_row_ids.items() > first.data_row_ids.items()
    assert [row.created for row in second.data_rows] == [False, False, True]
    assert [each.path for each in second.refused] == [str(broken)]
    assert len(box.project(first.project_id).data_rows) == 3


def test_a_data_row_that_exports_never_show_is_refused(box, upload, clips, monkeypatch):
    monkeypatch.setattr("deeplake_labelbox._upload.batches.LAG_DELAYS", (0.01,))
    box.faults.lag("exports")
    upload(clips[:1])
    with pytest.raises(UploadError, match="try again in a minute"):
        upload(clips[:1])
    box.faults.clear()
    assert len(upload(clips[:1]).data_rows) == 1


def test_a_deleted_data_row_holds_its_key_for_a_while(box, upload, clips):
    box.faults.lag("global keys")
    first = upload(clips[:1])
    client = box.client()
    client.get_data_row(first.data_rows[0].data_row_id).delete()
    with pytest.raises(UploadError, match=r"Duplicate global key.*used again after some minutes"):
        upload(clips[:1])
    box.faults.clear()
    assert upload(clips[:1]).data_rows[0].created


def test_a_data_row_that_is_deleted_late_is_used_until_then(box, upload, clips):
    first = upload(clips[:1])
    box.faults.lag("deletions")
    box.client().get_data_row(first.data_rows[0].data_row_id).delete()
    assert upload(clips[:1]).data_row_ids == first.data_row_ids
    box.faults.clear()
    assert upload(clips[:1]).data_rows[0].created


def test_videos_are_sent_once_they_are_processed(box, upload, clips, monkeypatch):
    monkeypatch.setattr("labelbox.schema.project.time", SimpleNamespace(sleep=lambda _: None))
    box.faults.lag("processing", 0.3)
    result = upload(clips)
    assert len(result.data_rows) == len(box.project(result.project_id).data_rows) == 3
