"""Stored packets give the same frames, in any order, as the file that they come from."""

import random

import numpy as np
import pytest
from video_files import real_clip, write_video
from video_zoo import ZOO

from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.opened import WantedFrames, opened_video
from deeplake_labelbox._video.packet_decoder import PacketDecoder
from deeplake_labelbox._video.packet_index import PacketIndex
from deeplake_labelbox._video.packet_recorder import PacketRecorder
from deeplake_labelbox._video.packet_session import PacketSession
from deeplake_labelbox.errors import DatasetError, VideoDecodeError, VideoError


class Expected:
    """What decoding a file gives."""

    def __init__(self, video, choice):
        self.frames, self.times, self.error = {}, {}, None
        try:
            for batch in video.decode(WantedFrames(choice=choice)):
                numbers = batch.indices.tolist()
                self.frames |= zip(numbers, batch.frames, strict=True)
                self.times |= zip(numbers, batch.timestamps.tolist(), strict=True)
        except VideoDecodeError as error:
            self.error = str(error)
        self.told = (video.frame_count, video.sizes)


class Stored:
    """What recording its packets gives."""

    def __init__(self, video, choice, *, verify=True):
        self.groups, self.times, self.error = {}, {}, None
        recorder = PacketRecorder(video, choice, verify=verify)
        try:
            for group in recorder:
                self.groups[group.group] = group.data
                self.times |= zip(group.indices.tolist(), group.timestamps.tolist(), strict=True)
        except VideoDecodeError as error:
            self.error = str(error)
        self.told = (video.frame_count, video.sizes)
        self.index = PacketIndex.from_bytes(recorder.index.to_bytes())

    def decoder(self):
        return PacketDecoder(self.index, self.groups.__getitem__)


def check_same(path, choice=None, *, verify=True, sample=12):
    """Compare in order, frame by frame in random order, and a random bulk."""
    choice = choice or FrameChoice()
    with opened_video(path) as video:
        expected = Expected(video, choice)
        stored = Stored(video, choice, verify=verify)
    assert list(stored.times.items()) == list(expected.times.items())
    assert stored.told == expected.told
    assert stored.error == expected.error
    numbers = list(expected.frames)
    assert stored.index.groups_of(numbers).tolist() == list(stored.groups)
    decoder = stored.decoder()
    for number, frame in zip(numbers, decoder.read(numbers), strict=True):
        assert np.array_equal(frame, expected.frames[number]), number
    chosen = random.Random(1).choices(numbers, k=sample)  # noqa: S311 - a test
    for number in chosen:
        (frame,) = decoder.read([number])
        assert np.array_equal(frame, expected.frames[number]), number
    for number, frame in zip(chosen, decoder.read(chosen), strict=True):
        assert np.array_equal(frame, expected.frames[number]), number
    return stored


@pytest.mark.parametrize("video", ZOO, ids=lambda video: video.file)
def test_every_video_of_the_zoo(tmp_path, video):
    path = tmp_path / video.file
    video.make(path)
    try:
        check_same(path)
    except VideoError:
        assert video.problem
        assert not video.least


@pytest.mark.parametrize("name", ["bikes.mp4", "carphone_pristine.mp4"])
def test_real_clips(name):
    check_same(real_clip(name), sample=4)


CHOICES = [
    FrameChoice(stride=7),
    FrameChoice(ranges=((30, 33),)),
    FrameChoice(ranges=((1, 2), (41, 50)), stride=2),
    FrameChoice(fps=3),
]
QUIET = "log-level=none"
SELECTED = {
    "b-frames.mp4": {"b_frames": 3},
    "hevc.mkv": {"codec": "libx265", "options": {"x265-params": QUIET}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "mpeg4.avi": {"codec": "mpeg4", "b_frames": 2},
    "stream.ts": {"b_frames": 2},
}


@pytest.mark.parametrize("name", SELECTED)
def test_groups_that_no_wanted_frame_needs_are_not_stored(tmp_path, name):
    path = write_video(tmp_path / name, frames=60, **SELECTED[name])
    for choice in CHOICES:
        check_same(path, choice)
    stored = check_same(path, FrameChoice(ranges=((30, 33),)))
    assert len(stored.groups) < max(len(stored.index.firsts), 2)


def test_a_frame_that_is_not_stored_is_refused(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=24, gop=8)
    with opened_video(path) as video:
        stored = Stored(video, FrameChoice(ranges=((9, 16),)))
    assert list(stored.groups) == [1]
    with pytest.raises(DatasetError, match="Frame 17 of a video is not among its stored packets"):
        list(stored.decoder().read([8, 16]))
    with pytest.raises(DatasetError, match="are not those that were stored"):
        list(PacketDecoder(stored.index, lambda _: b"other").read([8]))


def test_a_damaged_index_is_refused(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=24)
    with opened_video(path) as video:
        data = Stored(video, FrameChoice()).index.to_bytes()
    for damaged in (b"", data[:100], data[:60] + b"\0\0\0" + data[63:], b"other" + data):
        with pytest.raises(DatasetError, match="cannot be read"):
            PacketIndex.from_bytes(damaged)
    with pytest.raises(DatasetError, match="Install the latest"):
        PacketIndex.from_bytes(data[:4] + b"\x09" + data[5:])


def test_four_groups_that_are_read_side_by_side_are_each_decoded_once(tmp_path, monkeypatch):
    options = {"sc_threshold": "0"}  # no key frames of the encoder's own choice
    path = write_video(tmp_path / "v.mp4", frames=96, gop=24, b_frames=2, options=options)
    with opened_video(path) as video:
        expected = Expected(video, FrameChoice()).frames
        stored = Stored(video, FrameChoice())
    decoded = []
    real = PacketSession._take  # the work that a decoder does shows nowhere else

    def counted(session, packet, least):
        decoded.append(packet)
        real(session, packet, least)

    monkeypatch.setattr(PacketSession, "_take", counted)
    decoder = stored.decoder()
    for begin in range(0, 24, 2):
        chosen = [24 * group + begin + n for group in (2, 0, 3, 1) for n in range(2)]
        for number, frame in zip(chosen, decoder.read(chosen), strict=True):
            assert np.array_equal(frame, expected[number]), number
    # The first frames of a group do not tell yet that others will follow.
    packets = sum(packet is not None for packet in decoded)
    assert packets < 96 + 96 // 2


def test_frames_are_right_after_an_interrupt(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4", frames=12, size=(32, 32), gop=12)
    with opened_video(path) as video:
        decoder = Stored(video, FrameChoice()).decoder()
    expected = list(decoder.read(range(12)))
    data = PacketSession._data

    def interrupted(*_):
        monkeypatch.setattr(PacketSession, "_data", data)
        raise KeyboardInterrupt

    next(decoder.read([0]))
    monkeypatch.setattr(PacketSession, "_data", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(decoder.read([8]))
    np.testing.assert_array_equal(list(decoder.read(range(8, 12))), expected[8:])
