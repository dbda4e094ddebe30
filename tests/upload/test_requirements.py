"""What the check of local files refuses, and what it warns of."""

import pytest
from video_files import write_video

from deeplake_labelbox._upload import requirements
from deeplake_labelbox._upload.requirements import FileCheck, check_file
from deeplake_labelbox._upload.sources import read_sources


def look(path):
    (source,) = read_sources([path])
    return check_file(source)


def test_a_plain_mp4_passes(tmp_path):
    write_video(tmp_path / "a.mp4", frames=10)
    assert look(tmp_path / "a.mp4") == FileCheck()


def test_remote_videos_are_not_fetched():
    assert look("https://videos.test/a.mp4") == FileCheck()


@pytest.mark.parametrize(
    ("name", "options", "refusal"),
    [
        ("a.mkv", {}, "its container is matroska,webm, not MP4"),
        ("a.mp4", {"codec": "mpeg4"}, "its codec is mpeg4, not H.264"),
    ],
)
def test_other_containers_and_codecs_are_refused(tmp_path, name, options, refusal):
    write_video(tmp_path / name, frames=10, **options)
    (reason,) = look(tmp_path / name).refusals
    assert refusal in reason


def test_large_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "MAX_UPLOAD_BYTES", 1024)
    write_video(tmp_path / "a.mp4", frames=10)
    (reason,) = look(tmp_path / "a.mp4").refusals
    assert "put it into a bucket and give its URL" in reason


def test_a_file_that_is_no_video_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"text")
    (reason,) = look(tmp_path / "a.mp4").refusals
    assert "a.mp4" in reason


def test_a_variable_rate_a_late_start_and_odd_pixels_are_warned_of(tmp_path):
    from fractions import Fraction  # noqa: PLC0415 - used once

    write_video(
        tmp_path / "a.mp4",
        frames=6,
        times=[10, 20, 30, 70, 80, 90],
        time_base=Fraction(1, 100),
        sample_aspect_ratio=Fraction(4, 3),
        b_frames=0,
    )
    seen = look(tmp_path / "a.mp4")
    assert seen.refusals == ()
    told = "\n".join(seen.warnings)
    assert "frames follow each other after 0.100 to 0.400 s; frame numbers in Labelbox may" in told
    assert "pixels are 4:3 wide to high" in told
