"""Reports: gaps that follow each other are one, and files read back as they were."""

import errno
from pathlib import Path

import pytest

from deeplake_labelbox import Gap, Report, VideoOutcome
from deeplake_labelbox.errors import ConfigurationError


def test_gaps_of_frames_that_follow_each_other_are_one():
    outcome = VideoOutcome("row", "clip.mp4")
    for frame in (3, 4, 5, 8, 9):
        outcome.gap("mask a is lost", frame)
        outcome.gap(f"mask of frame {frame} is lost", frame)
    outcome.gap("mask a is lost", 10, 12)
    held = [gap for gap in outcome.gaps if "mask a" in gap.what]
    assert [list(gap.frames) for gap in held] == [[3, 4, 5], [8, 9, 10, 11, 12]]
    assert len(outcome.gaps) == 2 + 5
    assert str(held[0]) == "clip.mp4 (row, frames 3 to 5): mask a is lost"


def test_gaps_of_one_frame_or_of_the_video_stay_apart():
    outcome = VideoOutcome("row", "clip.mp4")
    for _ in range(2):
        outcome.gap("it cannot be had")
        outcome.gap("two objects of one name", 4)
    assert [gap.frame for gap in outcome.gaps] == [None, 4, None, 4]
    assert list(outcome.gaps[0].frames) == []
    assert str(outcome.gaps[1]) == "clip.mp4 (row, frame 4): two objects of one name"
    assert str(outcome.gaps[0]) == "clip.mp4 (row): it cannot be had"


def example():
    first = VideoOutcome("a", "a.mp4", rows=10, warnings=["odd rate"])
    first.gap("cut", 11)
    first.gap("mask lost", 2, 5)
    return Report([first, VideoOutcome("b", "ü.mp4", rows=3, objects={"rectangle": 2})])


def test_a_saved_report_reads_back(tmp_path):
    path = tmp_path / "report.json"
    example().save(path)
    assert Report.load(path) == example()
    assert Report.load(path).gaps[1] == Gap("a", "a.mp4", "mask lost", 2, 5)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"videos": [{}]}', '{"videos": 7}', "[" * 9999])
def test_files_that_are_no_report(tmp_path, text):
    path = tmp_path / "notes.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"notes\.json"):
        Report.load(path)


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.json"):
        Report.load(tmp_path / "none.json")
    with pytest.raises(ConfigurationError, match="is a folder; give the file"):
        example().save(tmp_path)
    with pytest.raises(ConfigurationError, match="choose a path in an existing folder"):
        example().save(tmp_path / "none" / "report.json")


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    example().save(path)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        Report().save(path)
    assert Report.load(path) == example()
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_a_name_that_is_no_text_is_written(tmp_path):
    path = tmp_path / "report.json"
    Report([VideoOutcome("a", "half a pair \ud83d.mp4")]).save(path)
    assert Report.load(path).videos[0].name == "half a pair ?.mp4"


def test_the_report_of_labels_joins_that_of_frames():
    labels = Report(
        [
            VideoOutcome("b", "ü.mp4", rows=3, labeled=True, objects={"rectangle": 4}),
            VideoOutcome("a", "a.mp4", rows=10, labeled=True),
            VideoOutcome("c", "c.mp4"),
        ]
    )
    labels.videos[1].gap("its labels have no frames to go to: cut")
    labels.videos[1].gap("label beyond the end", 11)
    merged = example().merge(labels)
    assert [video.data_row_id for video in merged] == ["a", "b", "c"]
    assert [gap.what for gap in merged.gaps] == ["cut", "mask lost", "label beyond the end"]
    assert merged.rows == 13
    assert [video.labeled for video in merged] == [True, True, False]
    assert merged.objects == {"rectangle": 4}
    assert merged.videos[0].warnings == ["odd rate"]
