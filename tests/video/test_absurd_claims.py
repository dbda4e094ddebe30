"""Files that claim to be absurdly large: refused with a sentence, before memory is taken."""

import struct

import pytest
from faulty_server import Answer, FaultyServer
from video_files import read_number, write_video

from deeplake_labelbox._video import FrameExtractor, Transport, open_video, scan_video
from deeplake_labelbox.errors import VideoDecodeError, VideoError, VideoUnreachableError


def refused(path, match):
    with pytest.raises(VideoDecodeError, match=match) as caught:
        scan_video(path)
    with pytest.raises(VideoDecodeError, match=match), FrameExtractor(path):
        pass
    assert str(path) in str(caught.value)


def claim(path, box, skip, *numbers):
    """Overwrite numbers in the first box of a kind, behind its version, flags and ``skip``."""
    data = bytearray(path.read_bytes())
    struct.pack_into(f">{len(numbers)}I", data, data.index(box) + 8 + skip, *numbers)
    path.write_bytes(data)


def test_samples_of_one_size_without_end(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    claim(path, b"stsz", 0, 1, 10**9)  # each of one byte
    claim(path, b"stsc", 4, 1, 10**9)  # all in one chunk
    refused(path, r"declares 1000000000 frames, more than the limit of 10000000\. Check")


def test_more_samples_than_bytes(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    claim(path, b"stsz", 0, 1, 2 * 10**6)
    refused(path, r"declares 2000000 frames in a file of [\d,]+ bytes")


@pytest.mark.parametrize("box", [b"stts", b"ctts"])
def test_runs_of_samples_without_end(tmp_path, box):
    path = write_video(tmp_path / "a.mp4", b_frames=2)
    claim(path, box, 4, 10**9)
    refused(path, r"declares 10000000\d\d frames, more than the limit")


def test_fragments_with_samples_without_end(tmp_path):
    path = write_video(
        tmp_path / "a.mp4", container_options={"movflags": "frag_keyframe+empty_moov"}
    )
    claim(path, b"trun", 0, 10**9)
    refused(path, r"declares 10000000\d\d frames, more than the limit")


def test_an_edit_list_that_repeats_without_end(tmp_path):
    path = write_video(tmp_path / "a.mp4", b_frames=2)
    claim(path, b"elst", 0, 10**8)
    refused(path, r"declares 2400000000 frames, more than the limit")


def test_parts_without_end(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08free" * 1_000_001)
    refused(path, "declares more than 1000000 parts")


def test_pictures_of_a_million_by_a_million_pixels(tmp_path):
    path = write_video(tmp_path / "a.avi", codec="rawvideo", frames=2)
    data = bytearray(path.read_bytes())
    struct.pack_into("<ii", data, data.index(b"strf") + 8 + 4, 10**6, 10**6)
    path.write_bytes(data)
    with (
        pytest.raises(VideoDecodeError, match="declares no size of its pictures, or one that"),
        FrameExtractor(path),
    ):
        pass


def test_an_mp4_with_the_suffix_of_bare_streams_may_be_large(tmp_path):
    path = write_video(tmp_path / "a.m4v", container_format="mp4")
    with path.open("ab") as file:
        file.truncate(100 << 20)
    assert scan_video(path).packets == 24


@pytest.mark.parametrize("head", [b"", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", b"\x1a\x45\xdf\xa3"])
def test_a_gigabyte_of_nothing(tmp_path, head):
    path = tmp_path / "a.mp4"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(1 << 30)
    refused(path, "cannot be opened as a video")


def test_a_gigabyte_behind_a_video_is_no_part_of_it(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    with path.open("ab") as file:
        file.truncate(1 << 30)
    with FrameExtractor(path) as extractor:
        frames = [frame for batch in extractor for frame in batch.frames]
    assert [read_number(frame) for frame in frames] == list(range(24))


def test_a_large_bare_stream(tmp_path):
    path = tmp_path / "a.h264"
    with path.open("wb") as file:
        file.truncate(65 << 20)
    refused(path, "is a bare stream of 68157440 bytes, and those are read up to 67108864")


def test_a_server_that_sends_without_end(tmp_path):
    endless = Answer(bytes(1 << 20), chunked=True)
    with FaultyServer() as server, Transport() as transport:
        url = server.serve("/a.mp4", endless)
        with (
            pytest.raises(VideoError, match="larger than the limit of 500000 bytes"),
            open_video(url, transport=transport, max_bytes=500_000),
        ):
            pass
        with (
            Transport(max_seconds=0) as hasty,
            pytest.raises(VideoUnreachableError, match="was not whole after 0 s"),
        ):
            hasty.download(url, tmp_path / "a.mp4")


def test_a_full_disk_is_told_before_it_is_full(monkeypatch):
    usage = type("Usage", (), {"free": (256 << 20) + 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with FaultyServer() as server:
        url = server.serve("/a.mp4", Answer(bytes(2000)))
        with (
            pytest.raises(VideoError, match="larger than the limit of 1000 bytes"),
            open_video(url),
        ):
            pass
