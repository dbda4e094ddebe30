from fractions import Fraction

import pytest
import video_files
from video_files import write_video

from deeplake_labelbox._video import scan_video
from deeplake_labelbox.errors import VideoDecodeError


def test_a_plain_video(tmp_path):
    scan = scan_video(write_video(tmp_path / "a.mp4", b_frames=2))
    assert (scan.packets, scan.key_packets, scan.discarded, scan.missing_times) == (24, 3, 0, 0)
    assert scan.starts_at == 0
    assert scan.shortest_gap == pytest.approx(1 / 25)
    assert not scan.variable_rate
    assert scan.damage is None


@pytest.mark.parametrize("suffix", [".webm", ".ts", ".avi"])
def test_rounded_clocks_are_no_variable_rate(tmp_path, suffix):
    codec = {".webm": "libvpx-vp9", ".ts": "libx264", ".avi": "mpeg4"}[suffix]
    path = write_video(tmp_path / f"a{suffix}", codec=codec, rate=Fraction(30000, 1001))
    scan = scan_video(path)
    assert scan.packets == 24
    assert not scan.variable_rate


def test_a_variable_rate(tmp_path):
    ticks = [40 * n + (5000 if n > 9 else 0) for n in range(24)]
    scan = scan_video(
        write_video(tmp_path / "a.mp4", times=ticks, time_base=Fraction(1, 1000), b_frames=2)
    )
    assert scan.variable_rate
    assert scan.longest_gap == pytest.approx(5.04)


def test_a_start_that_is_not_zero(tmp_path):
    plain = write_video(tmp_path / "plain.mp4")
    moved = video_files.write_remuxed(plain, tmp_path / "a.mkv", shift=12800 * 9)
    assert scan_video(moved).starts_at == pytest.approx(9)


def test_hidden_packets_are_told_apart(tmp_path):
    path = write_video(tmp_path / "a.mp4", b_frames=2)
    video_files.set_edit_list(path, skip_ticks=512 * 4, show_seconds=20 / 25)
    scan = scan_video(path)
    assert scan.packets == 20
    assert scan.discarded > 0


def test_damage_is_told_without_decoding(tmp_path):
    path = write_video(tmp_path / "a.mkv")
    assert "truncated" in str(scan_video(video_files.truncate(path, 0.6)).damage)
    path = write_video(tmp_path / "a.mp4", container_options={"movflags": "frag_keyframe"})
    assert "truncated" in str(scan_video(video_files.truncate(path, 0.7)).damage)


def test_what_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(VideoDecodeError, match=r"a\.mp4 cannot be opened"):
        scan_video(tmp_path / "a.mp4")
