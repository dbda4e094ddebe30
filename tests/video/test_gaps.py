"""Damage in the middle of a video: what is decoded behind it keeps its number."""

import bisect
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import video_files
from video_files import read_number, real_clip, write_video

from deeplake_labelbox._video import FrameExtractor
from deeplake_labelbox.errors import VideoDecodeError


def extract(path):
    """Frames by number, and the runs of 1-based numbers that are missing."""
    frames, missing = {}, ()
    with FrameExtractor(path) as extractor:
        try:
            for batch in extractor:
                frames |= dict(zip(batch.indices.tolist(), batch.frames, strict=True))
        except VideoDecodeError as error:
            missing = error.missing
    return frames, missing


def count(missing):
    return sum(last - first + 1 for first, last in missing)


OPEN = {"x264-params": "open-gop=1"}
REFRESH = {"x264-params": "intra-refresh=1"}
CODECS = {
    "h264": {"b_frames": 2},
    "h264 with an open GOP": {"b_frames": 3, "options": OPEN},
    "h264 with intra refresh": {"options": REFRESH},
    "hevc": {"codec": "libx265", "options": {"x265-params": "log-level=none:bframes=3"}},
    "vp9": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "av1": {"codec": "libsvtav1", "options": {"preset": "11"}, "size": (128, 96)},
}


def groups_of_pictures(path):
    """Of each frame, in order of time: the bytes of its group of pictures and of that before."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    starts = [n for n, packet in enumerate(packets) if packet.is_keyframe]
    spans = {}
    for n, packet in enumerate(packets):
        own = bisect.bisect_right(starts, n) - 1
        last = packets[starts[own + 1] - 1] if own + 1 < len(starts) else packets[-1]
        first = packets[starts[max(own - 1, 0)]]  # leading pictures of an open group need it
        spans[packet.pts] = (first.pos, last.pos + last.size)
    return [spans[time] for time in sorted(spans)]


@pytest.mark.parametrize("options", CODECS.values(), ids=CODECS)
def test_noise_at_random_places_shifts_no_number(tmp_path, options):
    path = write_video(tmp_path / "a.mp4", frames=60, gop=10, **options)
    whole = path.read_bytes()
    reference, _ = extract(path)
    spans = groups_of_pictures(path)
    index_at = whole.rindex(b"moov")  # noise in the index itself may mean anything
    assert len(reference) == 60
    random = np.random.default_rng(5)
    went_on = 0
    for _ in range(15):
        at, length = int(random.integers(60, len(whole) - 60)), int(random.integers(1, 60))
        noise = random.integers(0, 256, length, np.uint8).tobytes()
        path.write_bytes(whole[:at] + noise + whole[at + length :])
        try:
            frames, missing = extract(path)
        except VideoDecodeError:
            continue  # nothing can be had of it
        for index, frame in frames.items():
            start, end = spans[index]
            if at + length <= start or end <= at < index_at:
                assert np.array_equal(frame, reference[index]), (at, length, index)
        went_on += bool(missing) and max(frames, default=0) > missing[0][1]
    # Neither of these has a picture, behind the first, that a decoder could start at.
    assert went_on or options.get("options") in (OPEN, REFRESH)


def test_a_real_clip_with_noise(tmp_path):
    clip = real_clip("bigbuckbunny.mp4")
    reference, missing = extract(clip)
    assert missing == ()
    path = video_files.overwrite(Path(shutil.copy(clip, tmp_path)), 0.3, 3000)
    frames, missing = extract(path)
    assert missing
    assert len(frames) + count(missing) == len(reference)
    expected = set(range(len(reference)))
    assert expected - {n - 1 for a, b in missing for n in range(a, b + 1)} == set(frames)
    wrong = [n for n, frame in frames.items() if not np.array_equal(frame, reference[n])]
    assert len(wrong) <= 2  # noise may be noticed a picture or two late


def test_the_message_names_the_gaps(tmp_path):
    path = write_video(
        tmp_path / "a.mp4", codec="libx265", options={"x265-params": "log-level=none:bframes=0"}
    )
    video_files.blank_packet(path, 10)
    with FrameExtractor(path) as extractor:
        batches = iter(extractor)
        for index, frame in enumerate(next(batches).frames[:10]):
            assert read_number(frame) == index
        with pytest.raises(VideoDecodeError, match=r"lacks its frames 11 to 16: .* it again\."):
            next(batches)


def test_a_container_that_may_lose_packets_ends_at_the_damage(tmp_path):
    path = write_video(tmp_path / "a.mkv", b_frames=2)
    video_files.blank_packet(path, 11)
    frames, missing = extract(path)
    assert missing == ()
    assert [read_number(frames[n]) for n in sorted(frames)] == list(range(len(frames)))
    assert 8 <= len(frames) <= 11
