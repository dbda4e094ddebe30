"""Recordings that are joined byte by byte: one video, or told where FFmpeg reads the first only."""

import pytest
from video_files import read_number, write_video

from deeplake_labelbox._video import FrameExtractor, scan_video
from deeplake_labelbox.errors import VideoDecodeError

FRAMES = 20
KINDS = {
    "h264": ("a.ts", {"b_frames": 2}),
    "hevc": ("a.ts", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
    "mpeg2": ("a.ts", {"codec": "mpeg2video", "b_frames": 2}),
    "with time codes": ("a.m2ts", {}),
}

LARGE_PICTURES = {"gop": 1, "size": (192, 128)}  # each takes several packets


def recordings(folder, name="a.ts", parts=2, **options):
    """The bytes of videos that show 0 to 19, 20 to 39, …."""
    made = []
    for part in range(parts):
        path = folder / f"{part}{name}"
        made.append(write_video(path, frames=FRAMES, first=part * FRAMES, **options).read_bytes())
    return made


def decoded(folder, data, name="joined.ts"):
    """Numbers on the frames, timestamps, and the error."""
    path = folder / name
    path.write_bytes(data)
    numbers, times = [], []
    try:
        with FrameExtractor(path) as extractor:
            for batch in extractor:
                numbers += [read_number(frame) for frame in batch.frames]
                times += batch.timestamps.tolist()
    except VideoDecodeError as error:
        return numbers, times, error
    return numbers, times, None


def packets_of(data):
    return [data[start : start + 188] for start in range(0, len(data), 188)]


def is_video(packet):
    return (packet[1] & 0x1F) << 8 | packet[2] == 0x100  # where FFmpeg puts the first stream


def begins(packet):
    return bool(packet[1] & 0x40)


@pytest.mark.parametrize(("name", "options"), KINDS.values(), ids=KINDS)
def test_joined_recordings_are_decoded_to_their_end(tmp_path, name, options):
    data = b"".join(recordings(tmp_path, name, parts=3, **options))
    numbers, times, error = decoded(tmp_path, data, f"joined{name}")
    assert error is None
    assert numbers == list(range(3 * FRAMES))
    assert times == pytest.approx([number / 25 for number in range(3 * FRAMES)], abs=0.05)
    assert scan_video(tmp_path / f"joined{name}").damage is None


def test_times_that_run_on_over_a_joint(tmp_path):
    (first,) = recordings(tmp_path, parts=1)
    second = write_video(
        tmp_path / "b.ts", frames=FRAMES, first=FRAMES, times=list(range(FRAMES, 2 * FRAMES))
    ).read_bytes()
    numbers, _, error = decoded(tmp_path, first + second)
    assert (numbers, error) == (list(range(2 * FRAMES)), None)


def test_counters_that_start_anywhere(tmp_path):
    first, second = recordings(tmp_path)
    shifted = b"".join(
        packet[:3] + bytes([packet[3] & 0xF0 | (packet[3] + 5) & 0x0F]) + packet[4:]
        for packet in packets_of(second)
    )
    numbers, _, error = decoded(tmp_path, first + shifted)
    assert (numbers, error) == (list(range(2 * FRAMES)), None)


@pytest.mark.parametrize("part", [0, 1])
def test_a_lost_packet_beside_a_joint_is_damage(tmp_path, part):
    parts = recordings(tmp_path, **LARGE_PICTURES)
    packets = packets_of(parts[part])
    lost = [
        place for place, packet in enumerate(packets) if is_video(packet) and not begins(packet)
    ]
    del packets[lost[len(lost) // 2]]
    parts[part] = b"".join(packets)
    numbers, _, error = decoded(tmp_path, b"".join(parts))
    assert "a packet of the stream is incomplete" in str(error)
    assert part * FRAMES < len(numbers) < (part + 1) * FRAMES
    assert numbers == list(range(len(numbers)))


def test_a_packet_lost_before_a_table_is_no_joint(tmp_path):
    (data,) = recordings(tmp_path, parts=1, **LARGE_PICTURES)
    packets = packets_of(data)
    tables = [place for place, packet in enumerate(packets) if packet[1] & 0x1F == packet[2] == 0]
    before = max(place for place in range(tables[-1]) if is_video(packets[place]))
    del packets[before]
    numbers, _, error = decoded(tmp_path, b"".join(packets))
    assert "a packet of the stream is incomplete" in str(error)
    assert numbers == list(range(len(numbers)))


def test_a_picture_that_is_cut_at_a_joint_is_damage(tmp_path):
    first, second = recordings(tmp_path, **LARGE_PICTURES)
    packets = packets_of(first)
    while not is_video(packets[-1]):
        packets.pop()
    assert not begins(packets[-1])
    packets.pop()
    numbers, _, error = decoded(tmp_path, b"".join(packets) + second)
    assert "could be decoded only up to" in str(error)
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("name", ["a.flv", "a.mp4"])
def test_a_recording_that_is_not_read_is_told(tmp_path, name):
    first, second = recordings(tmp_path, name)
    numbers, _, error = decoded(tmp_path, first + second, f"joined{name}")
    assert numbers == list(range(FRAMES))
    assert f"the file holds another recording from byte {len(first)} on" in str(error)
    assert "another recording" in str(scan_video(tmp_path / f"joined{name}").damage)
    assert decoded(tmp_path, first, f"alone{name}")[2] is None


@pytest.mark.parametrize("name", ["a.avi", "a.mkv"])
def test_containers_that_are_read_on(tmp_path, name):
    numbers, _, error = decoded(tmp_path, b"".join(recordings(tmp_path, name)), f"joined{name}")
    assert (numbers, error) == (list(range(2 * FRAMES)), None)
