"""Chosen frames keep their numbers, times and pixels, however little is decoded for them."""

import av
import numpy as np
import pytest
from video_files import (
    overwrite,
    read_number,
    real_clip,
    set_edit_list,
    truncate,
    write_remuxed,
    write_rotated,
    write_video,
)

from deeplake_labelbox._video import FrameExtractor
from deeplake_labelbox._video.chosen_frames import ChosenFrames
from deeplake_labelbox._video.frame_choice import FrameChoice, merged_ranges, runs_of
from deeplake_labelbox._video.opened import opened_video
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError

CHOICES = [
    FrameChoice(stride=7),
    FrameChoice(ranges=((30, 33),)),
    FrameChoice(ranges=((1, 2), (41, 50)), stride=2),
    FrameChoice(fps=3),
    FrameChoice(ranges=((60, 9999),)),
    FrameChoice(ranges=((9999, 99999),)),
]
QUIET = "log-level=none"
VIDEOS = {
    "b-frames.mp4": {"b_frames": 3},
    "open-groups.mp4": {"b_frames": 3, "options": {"x264-params": "open-gop=1"}},
    "no-key-frames.mp4": {"options": {"x264-params": "intra-refresh=1"}},
    "hevc-open.mp4": {"codec": "libx265", "options": {"x265-params": QUIET}},
    "hevc-closed.mp4": {"codec": "libx265", "options": {"x265-params": QUIET + ":open-gop=0"}},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "vp8.webm": {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "10"}},
    "matroska.mkv": {"b_frames": 2},
    "mpeg4.avi": {"codec": "mpeg4"},
    "transport.ts": {},
    "av1.mp4": {"codec": "libsvtav1"},
    "fragments.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
}


def decoded(path, choice=None):
    with FrameExtractor(path, choice=choice) as extractor:
        frames = [
            (int(index), float(seconds), frame)
            for batch in extractor
            for index, seconds, frame in zip(
                batch.indices, batch.timestamps, batch.frames, strict=True
            )
        ]
        return frames, extractor.frame_count


def check_same(path, choices=CHOICES, *, seconds_within=0.0):
    full, count = decoded(path)
    for choice in choices:
        picker = choice.picker()
        expected = [frame for frame in full if picker.wants(*frame[:2])]
        found, found_count = decoded(path, choice)
        assert found_count == count
        assert [index for index, _, _ in found] == [index for index, _, _ in expected]
        for (_, seconds, frame), (_, expected_seconds, expected_frame) in zip(
            found, expected, strict=True
        ):
            assert seconds == pytest.approx(expected_seconds, abs=seconds_within)
            assert np.array_equal(frame, expected_frame)


@pytest.mark.parametrize("name", VIDEOS)
def test_chosen_frames_are_the_same_as_when_all_are_decoded(tmp_path, name):
    check_same(write_video(tmp_path / name, frames=60, **VIDEOS[name]))


def test_chosen_frames_of_real_clips():
    for name in ("bikes.mp4", "carphone_pristine.mp4"):
        check_same(real_clip(name), CHOICES[:3])


def test_edit_lists_that_hide_frames(tmp_path):
    path = write_video(tmp_path / "edited.mp4", frames=60, b_frames=2)
    check_same(set_edit_list(path, skip_ticks=512 * 5, show_seconds=1.8))


def test_times_that_go_back(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=60, b_frames=0)
    swapped = write_remuxed(path, tmp_path / "b.mp4", swap_times=(20, 21))
    # Where the group that goes back is not decoded, it does not push the times of later frames.
    choices = [choice for choice in CHOICES if choice.fps is None]
    check_same(swapped, choices, seconds_within=0.05)


def test_times_of_decoding_in_place_of_those_of_presentation(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=60, b_frames=2, gop=30)
    check_same(write_without_order(path, tmp_path / "b.mp4"), seconds_within=9)


def write_without_order(source, path):
    with av.open(str(source)) as given, av.open(str(path), "w") as taken:
        stream = taken.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.pts = packet.dts
                packet.stream = stream
                taken.mux(packet)
    return path


def test_few_packets_are_decoded_for_few_frames(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=80, gop=8, b_frames=0)
    with opened_video(path) as video:
        frames = ChosenFrames(
            path, "it", video.packets, "h264", FrameChoice(ranges=((35, 36),)), delay=0
        )
        found = [item for item in frames._decode(frames._plan) if not isinstance(item, int)]
    assert len(found) == 4  # from the key frame before on: 33 to 36
    assert [read_number(frame.to_ndarray(format="rgb24")) for frame, _ in found] == [32, 33, 34, 35]


def test_pictures_that_no_other_needs_are_left_out(tmp_path):
    path = write_video(
        tmp_path / "a.mp4",
        frames=48,
        gop=48,
        b_frames=2,
        options={"x264-params": "b-adapt=0:b-pyramid=none:scenecut=0"},
    )
    with opened_video(path) as video:
        frames = ChosenFrames(path, "it", video.packets, "h264", FrameChoice(stride=12), delay=2)
        found = [item for item in frames._decode(frames._plan) if not isinstance(item, int)]
    assert len(found) < 20
    check_same(path, [FrameChoice(stride=12), FrameChoice(stride=11)])


@pytest.mark.parametrize("at", [0.4, 0.6])
def test_damage_where_nothing_is_chosen_costs_no_chosen_frame(tmp_path, at):
    path = write_video(tmp_path / "a.mp4", frames=60)
    overwrite(path, at, 40)
    found, count = decoded(path, FrameChoice(ranges=((1, 4),)))
    assert [read_number(frame) for _, _, frame in found] == [0, 1, 2, 3]
    assert count == 60


def test_damage_where_frames_are_chosen_is_told(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=60)
    overwrite(path, 0.5, 60)
    with FrameExtractor(path, choice=FrameChoice(ranges=((1, 60),), stride=2)) as extractor:
        found = []
        with pytest.raises(VideoDecodeError):
            found.extend((batch.indices, batch.frames) for batch in extractor)
    numbers = [
        (i, read_number(f))
        for indices, frames in found
        for i, f in zip(indices, frames, strict=True)
    ]
    assert len(numbers) > 5
    assert all(index == number and index % 2 == 0 for index, number in numbers)


def test_a_truncated_video(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=60, container_options={"movflags": "faststart"})
    truncate(path, 0.6)
    with FrameExtractor(path, choice=FrameChoice(ranges=((3, 9),))) as extractor:
        found = []
        with pytest.raises(VideoDecodeError, match="truncated"):
            found.extend(batch.indices.tolist() for batch in extractor)
    assert found == [[2, 3, 4, 5, 6, 7, 8]]


def test_fps_takes_the_first_frame_of_each_interval():
    def picked(times, fps):
        picker = FrameChoice(fps=fps).picker()
        return [index for index, seconds in enumerate(times) if picker.wants(index, seconds)]

    assert picked(np.arange(25) / 25, 10) == [0, 3, 5, 8, 10, 13, 15, 18, 20, 23]
    assert picked(np.round(np.arange(30) / 30, 3), 30) == list(range(30))  # in milliseconds
    assert picked(np.arange(10) / 5, 30) == list(range(10))
    assert picked([0, 0.1, 5.0, 5.01, 6.0], 1) == [0, 2, 4]


def test_ranges_are_merged():
    assert merged_ranges([(5, 9), (1, 2), (3, 3), (8, 12), (20, 20)]) == ((1, 3), (5, 12), (20, 20))


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 0},
        {"stride": 1.5},
        {"fps": 0},
        {"fps": float("nan")},
        {"ranges": ((0, 3),)},
        {"ranges": ((4, 3),)},
        {"ranges": ((1, 2, 3),)},
        {"ranges": (5,)},
    ],
)
def test_choices_that_make_no_sense(options):
    with pytest.raises(ConfigurationError, match=r"is .*; give|`ranges` has"):
        FrameChoice(**options)


def test_runs():
    assert runs_of([]) == ()
    assert runs_of([4]) == ((4, 4, 1),)
    assert runs_of([1, 2, 3, 7, 9, 11, 20]) == ((1, 3, 1), (7, 11, 2), (20, 20, 1))


@pytest.mark.parametrize(
    ("resize", "size"),
    [(48, (48, 32)), (960, (96, 64)), ((50, 50), (50, 50)), ((192, 128), (192, 128))],
)
def test_frames_are_scaled(tmp_path, resize, size):
    path = write_video(tmp_path / "a.mp4", frames=20)
    with FrameExtractor(path, resize=resize) as extractor:
        frames = [frame for batch in extractor for frame in batch.frames]
    assert {frame.shape for frame in frames} == {(size[1], size[0], 3)}
    assert [read_number(frame) for frame in frames] == list(range(20))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_scaled_as_displayed(tmp_path, degrees):
    path = write_rotated(tmp_path / "a.mp4", degrees)
    with FrameExtractor(path, resize=(80, 40)) as extractor:
        frames = [frame for batch in extractor for frame in batch.frames]
    assert {frame.shape for frame in frames} == {(40, 80, 3)}
    assert [read_number(frame) for frame in frames] == list(range(12))


@pytest.mark.parametrize("resize", [0, -1, True, 1.5, (3,), (3, 0), (1 << 20, 1 << 20), "640"])
def test_sizes_that_make_no_sense(resize):
    with pytest.raises(ConfigurationError, match="`resize` is"):
        FrameExtractor("a.mp4", resize=resize)
