import shutil
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import video_files
from faulty_server import Answer, FaultyServer
from video_files import read_number, real_clip, write_video

from deeplake_labelbox._video import FrameExtractor, Transport
from deeplake_labelbox._video.transport import DEFAULT_RETRY
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError

FAST_VP9 = {"deadline": "realtime", "cpu-used": "8"}


def extract(source, **options):
    """All that comes out up to the first gap: frames, timestamps, and the error at the end."""
    frames, timestamps, indices, error = [], [], [], None
    with FrameExtractor(source, **options) as extractor:
        try:
            for batch in extractor:
                indices += batch.indices.tolist()
                frames += batch.frames
                timestamps += batch.timestamps.tolist()
        except VideoDecodeError as caught:
            error = caught
    whole = next((n for n, index in enumerate(indices) if n != index), len(frames))
    assert whole == (len(frames) if error is None else error.frames_decoded)
    assert all(later > earlier for earlier, later in pairwise(timestamps))
    return frames[:whole], timestamps[:whole], error


def numbers(source, **options):
    frames, _, error = extract(source, **options)
    if error is not None:
        raise error
    return [read_number(frame) for frame in frames]


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4"])
def test_real_clips_equal_what_pyav_decodes(name):
    with (
        FrameExtractor(real_clip(name), batch_size=7) as extractor,
        av.open(str(real_clip(name))) as container,
    ):
        expected = container.decode(video=0)
        for batch in extractor:
            for frame, timestamp in zip(batch.frames, batch.timestamps, strict=True):
                reference = next(expected)
                assert np.array_equal(frame, reference.to_ndarray(format="rgb24"))
                assert timestamp == pytest.approx(reference.time)
        assert next(expected, None) is None


WHOLE_VIDEOS = {
    "h264 with B-frames": ("a.mp4", {"b_frames": 3}),
    "h264 with an open GOP": ("a.mp4", {"b_frames": 3, "options": {"x264-params": "open-gop=1"}}),
    "hevc": ("a.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
    "vp9": ("a.webm", {"codec": "libvpx-vp9", "options": FAST_VP9}),
    "live webm": (
        "a.webm",
        {"codec": "libvpx-vp9", "options": FAST_VP9, "container_options": {"live": "1"}},
    ),
    "av1": ("a.mp4", {"codec": "libsvtav1", "options": {"preset": "11"}, "size": (128, 96)}),
    "mpeg4 in avi": ("a.avi", {"codec": "mpeg4", "b_frames": 2}),
    "mpeg-ts": ("a.ts", {"b_frames": 2}),
    "mpeg-ts with time codes": ("a.m2ts", {}),
    "fragmented mp4": ("a.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "index first": ("a.mp4", {"container_options": {"movflags": "faststart"}}),
    "10 bit": ("a.mp4", {"pixel_format": "yuv420p10le"}),
    "4:4:4": ("a.mp4", {"pixel_format": "yuv444p"}),
    "odd size": ("a.mp4", {"pixel_format": "yuv444p", "size": (97, 63)}),
    "odd size, 4:2:0": ("a.webm", {"codec": "libvpx-vp9", "options": FAST_VP9, "size": (97, 63)}),
    "rgb": ("a.mkv", {"codec": "ffv1", "pixel_format": "bgr0"}),
    "no suffix": ("a", {"container_format": "mp4"}),
    "a protocol in the name": ("concat:a|b.mp4", {"container_format": "mp4"}),
}


@pytest.mark.parametrize(("name", "options"), WHOLE_VIDEOS.values(), ids=WHOLE_VIDEOS)
def test_frames_are_numbered_as_the_decoder_emits_them(tmp_path, monkeypatch, name, options):
    monkeypatch.chdir(tmp_path)
    with Path(name).open("wb") as file:  # FFmpeg would take the odd name for a protocol
        file.write(
            write_video(
                tmp_path / "made", **{"container_format": _muxer(name), **options}
            ).read_bytes()
        )
    frames, timestamps, error = extract(name)
    assert error is None
    assert [read_number(frame) for frame in frames] == list(range(24))
    width, height = options.get("size", (96, 64))
    assert {(frame.shape, frame.dtype, frame.flags.c_contiguous) for frame in frames} == {
        ((height, width, 3), np.dtype("uint8"), True)
    }
    assert timestamps == pytest.approx([n / 25 for n in range(24)])


def _muxer(name):
    return {
        ".webm": "webm",
        ".avi": "avi",
        ".ts": "mpegts",
        ".m2ts": "mpegts",
        ".mkv": "matroska",
    }.get(Path(name).suffix, "mp4")


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_display_matrix_is_applied(tmp_path, degrees, mirrored):
    path = video_files.write_rotated(tmp_path / "a.mp4", degrees, mirrored=mirrored)
    assert numbers(path) == list(range(12))
    with FrameExtractor(path) as extractor:
        info = extractor.info
        assert (info.rotation, info.mirrored) == (degrees, mirrored)
        batch = next(iter(extractor))
        assert (info.width, info.height) == (96, 64) == batch.frames[0].shape[1::-1]
        assert batch.frames[0].flags.c_contiguous


def test_info(tmp_path):
    path = write_video(
        tmp_path / "a.mp4",
        rate=Fraction(30000, 1001),
        pixel_format="yuv420p10le",
        sample_aspect_ratio=Fraction(4, 3),
    )
    with FrameExtractor(path) as extractor:
        info = extractor.info
    assert (info.codec, info.width, info.height) == ("h264", 96, 64)
    assert "mp4" in info.container
    assert info.frame_rate == pytest.approx(29.97002997)
    assert info.declared_frames == 24
    assert info.duration == pytest.approx(24 * 1.001 / 30, abs=1e-3)
    assert (info.pixel_format, info.bit_depth) == ("yuv420p10le", 10)
    assert info.sample_aspect_ratio == Fraction(4, 3)


def test_times_of_a_variable_rate(tmp_path):
    ticks = [40 * n + (5000 if n > 9 else 0) + 7 * (n % 3) for n in range(24)]
    path = write_video(tmp_path / "a.mp4", times=ticks, time_base=Fraction(1, 1000))
    _, timestamps, _ = extract(path)
    assert timestamps == pytest.approx([tick / 1000 for tick in ticks])


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4"])
def test_times_count_from_the_first_frame(tmp_path, suffix):
    plain = write_video(tmp_path / "plain.mp4", b_frames=2)
    moved = video_files.write_remuxed(plain, tmp_path / f"moved{suffix}", shift=12800 * 9)
    frames, timestamps, _ = extract(moved)
    assert [read_number(frame) for frame in frames] == list(range(24))
    assert timestamps == pytest.approx([n / 25 for n in range(24)], abs=1e-3)


def test_a_stream_without_times_is_spaced_by_its_rate(tmp_path):
    path = write_video(tmp_path / "a.h264", container_format="h264", b_frames=2)
    frames, timestamps, _ = extract(path)
    assert [read_number(frame) for frame in frames] == list(range(24))
    assert timestamps[0] == 0
    assert np.diff(timestamps) == pytest.approx([timestamps[1]] * 23)


def test_times_that_go_back_still_rise_and_do_not_reorder(tmp_path):
    plain = write_video(tmp_path / "plain.mp4", codec="mpeg4")
    path = video_files.write_remuxed(plain, tmp_path / "a.mp4", swap_times=(6, 7))
    frames, timestamps, _ = extract(path)
    assert [read_number(frame) for frame in frames] == list(range(24))
    assert timestamps[6] == pytest.approx(7 / 25)
    with av.open(str(path)) as container:
        times = [frame.pts for frame in container.decode(video=0)]
    assert times != sorted(times)


@pytest.mark.parametrize(("skip", "shown"), [(4, range(4, 24)), (0, range(20))])
def test_edit_lists_are_honored_as_players_do(tmp_path, skip, shown):
    path = write_video(tmp_path / "a.mp4", b_frames=2)
    video_files.set_edit_list(path, skip_ticks=512 * skip, show_seconds=20 / 25)
    frames, timestamps, error = extract(path)
    assert error is None
    assert [read_number(frame) for frame in frames] == list(shown)
    assert timestamps == pytest.approx([n / 25 for n in range(20)])


@pytest.mark.parametrize("declared", [7, 99])
def test_a_wrong_declared_count_is_no_damage(tmp_path, declared):
    path = write_video(tmp_path / "a.avi", codec="mpeg4")
    video_files.set_declared_frames(path, declared)
    assert numbers(path) == list(range(24))
    with FrameExtractor(path) as extractor:
        assert extractor.info.declared_frames == declared


def test_the_first_of_two_streams_is_taken(tmp_path):
    assert numbers(video_files.write_two_streams(tmp_path / "a.mp4")) == list(range(12))


def test_metadata_that_are_not_utf_8(tmp_path):
    path = write_video(tmp_path / "a.mkv", frames=3, title="TITLE of the video")
    path.write_bytes(path.read_bytes().replace(b"TITLE", b"Caf\xe9s"))
    assert numbers(path) == [0, 1, 2]


def test_a_cover_picture_is_no_video(tmp_path):
    path = tmp_path / "a.mp4"
    video_files.write_cover_picture(path, write_video(tmp_path / "plain.mp4"))
    assert numbers(path) == list(range(24))


def test_batches_are_bounded_by_frames_and_by_bytes(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    picture = 96 * 64 * 3
    for options, sizes in [
        ({}, [24]),
        ({"batch_size": 10}, [10, 10, 4]),
        ({"batch_size": 24}, [24]),
        ({"max_batch_bytes": 7 * picture}, [7, 7, 7, 3]),
        ({"batch_size": 5, "max_batch_bytes": 7 * picture}, [5, 5, 5, 5, 4]),
        ({"max_batch_bytes": 1}, [1] * 24),
    ]:
        with FrameExtractor(path, **options) as extractor:
            assert [len(batch) for batch in extractor] == sizes
            assert [len(batch) for batch in extractor] == sizes  # again, from the start


def test_batches_hold_arrays_of_the_promised_types(tmp_path):
    with FrameExtractor(write_video(tmp_path / "a.mp4")) as extractor:
        batch = next(iter(extractor))
    assert batch.indices.dtype == np.int32
    assert batch.timestamps.dtype == np.float64


def test_an_abandoned_iteration_leaves_the_extractor_usable(tmp_path):
    with FrameExtractor(write_video(tmp_path / "a.mp4"), batch_size=2) as extractor:
        for batch in extractor:
            assert batch.indices[0] == 0
            break
        assert sum(len(batch) for batch in extractor) == 24


def test_wrong_arguments_and_use(tmp_path):
    with pytest.raises(ConfigurationError, match="batch_size is 0"):
        FrameExtractor("a.mp4", batch_size=0)
    extractor = FrameExtractor(write_video(tmp_path / "a.mp4"))
    with pytest.raises(ConfigurationError, match="with"):
        next(iter(extractor))


def test_a_video_behind_a_url_that_breaks(tmp_path):
    body = write_video(tmp_path / "a.mp4").read_bytes()
    retry = DEFAULT_RETRY.new(backoff_factor=0, backoff_jitter=0)
    with FaultyServer() as server, Transport(retry=retry) as transport:
        cut = Answer(body, etag='"1"', cut=1500)
        needs = ("X-Key", "k")
        url = server.serve("/a.mp4", Answer(status=503), cut, cut, Answer(body, etag='"1"'))
        assert numbers(url, transport=transport) == list(range(24))
        private = server.serve("/b.mp4", Answer(body, needs=needs))
        presigner = lambda url: (url, {"headers": {"X-Key": "k"}})  # noqa: E731 - shorter here
        assert numbers(private, url_presigner=presigner, transport=transport) == list(range(24))


# The file, its muxer's options, and what is done to it.
DAMAGED_VIDEOS = {
    "index first, cut": ("a.mp4", {"movflags": "faststart"}, "truncate"),
    "fragmented, cut": ("a.mp4", {"movflags": "frag_keyframe+empty_moov"}, "truncate"),
    "matroska, cut": ("a.mkv", {}, "truncate"),
    "live matroska, cut": ("a.mkv", {"live": "1"}, "truncate"),
    "avi, cut": ("a.avi", {}, "truncate"),
    "mpeg-ts, cut": ("a.ts", {}, "truncate"),
    "index first, noise": ("a.mp4", {"movflags": "faststart"}, "overwrite"),
    "fragmented, noise": ("a.mp4", {"movflags": "frag_keyframe+empty_moov"}, "overwrite"),
    "matroska, noise": ("a.mkv", {}, "overwrite"),
    "mpeg-ts, noise": ("a.ts", {}, "overwrite"),
}


@pytest.mark.parametrize(("name", "muxer", "how"), DAMAGED_VIDEOS.values(), ids=DAMAGED_VIDEOS)
def test_frames_before_damage_come_out_and_then_it_is_told(tmp_path, name, muxer, how):
    clip = real_clip("carphone_pristine.mp4")
    if name == "a.avi":
        with av.open(str(clip)) as container:
            whole = write_noise(
                tmp_path / name, [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
            )
    else:
        whole = video_files.write_remuxed(clip, tmp_path / name, container_options=muxer)
    expected, _, error = extract(whole)
    assert error is None
    path = Path(shutil.copy(whole, tmp_path / f"damaged-{name}"))
    if how == "truncate":
        video_files.truncate(path, 0.73)
    else:
        video_files.overwrite(path, 0.5, 2000)
    frames, _, error = extract(path)
    assert error is not None
    assert str(path) in str(error)
    assert len(expected) * 0.4 < len(frames) < len(expected)
    for index, (frame, reference) in enumerate(zip(frames, expected, strict=False)):
        assert np.array_equal(frame, reference), f"frame {index} is another one"


def write_noise(path, pictures):
    """An AVI of pictures that do not compress away."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 1_000_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("place", [0.2, 0.35, 0.5, 0.65, 0.8])
def test_pictures_with_concealed_errors_and_those_made_from_them_are_held_back(tmp_path, place):
    clip = real_clip("carphone_pristine.mp4")
    expected, _, _ = extract(clip)
    path = video_files.overwrite(Path(shutil.copy(clip, tmp_path)), place, 500)
    frames, _, error = extract(path)
    assert error is not None
    assert len(expected) * (place - 0.15) < len(frames) < len(expected)
    # Arithmetic coding may notice its damage a picture or two late.
    assert all(map(np.array_equal, frames[:-2], expected))


def test_what_only_a_strict_decoder_minds_is_no_damage(tmp_path):
    path = write_video(tmp_path / "a.mp4", b_frames=2)
    data = bytearray(path.read_bytes())
    message = data.index(b"\x06\x05\xff\xff")  # x264's note on itself, an H.264 SEI message
    data[message + 4] = 0xFF  # which now claims to be longer than it is
    path.write_bytes(data)
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        with pytest.raises(av.error.InvalidDataError):
            list(container.decode(video=0))
    assert numbers(path) == list(range(24))


def test_pictures_that_the_decoder_drops_without_a_word(tmp_path):
    path = write_video(
        tmp_path / "a.mp4", codec="libx265", options={"x265-params": "log-level=none:bframes=0"}
    )
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    slice_header = packets[10].pos + 4 + 2
    data[slice_header : slice_header + 8] = bytes(8)
    path.write_bytes(data)
    frames, _, error = extract(path)
    assert error is not None
    assert [read_number(frame) for frame in frames] == list(range(len(frames)))
    assert len(frames) <= 10


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize("padding", [bytes(1000), b"\xff" * 1000])
def test_what_follows_the_video_in_its_file_is_no_damage(tmp_path, suffix, padding):
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    path = write_video(tmp_path / f"a{suffix}", codec=codec)
    path.write_bytes(path.read_bytes() + padding)
    assert numbers(path) == list(range(24))


def test_a_riff_size_that_counts_its_own_header_is_no_damage(tmp_path):
    path = write_video(tmp_path / "a.avi", codec="mpeg4")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, len(data))
    path.write_bytes(data)
    assert numbers(path) == list(range(24))


NO_VIDEOS = {
    "empty": (b"", "the file is empty"),
    "html": (b"<!DOCTYPE html><html><body>Not Found</body></html>", "an HTML or XML page"),
    "json": (b'{"error": "expired"}' * 10, "FFmpeg says: invalid data"),
    "playlist": (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n", "FFmpeg says"),
    "concat script": (b"ffconcat version 1.0\nfile a.ts\n", "FFmpeg says"),
}


@pytest.mark.parametrize(("content", "why"), NO_VIDEOS.values(), ids=NO_VIDEOS)
def test_what_is_no_video(tmp_path, content, why):
    write_video(tmp_path / "a.ts")
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoDecodeError, match=rf"clip\.mp4 cannot be opened .*{why}"):
        extract(path)


def test_a_cut_before_the_index(tmp_path):
    path = video_files.truncate(write_video(tmp_path / "a.mp4"), 0.5)
    with pytest.raises(VideoDecodeError, match="truncated: it ends before its index"):
        extract(path)


def test_a_cut_in_the_first_frame(tmp_path):
    path = write_video(tmp_path / "a.mp4", container_options={"movflags": "faststart"})
    with pytest.raises(VideoDecodeError, match="from its first frame on: the file is truncated"):
        extract(video_files.truncate(path, 0.6))


def test_audio_only(tmp_path):
    with pytest.raises(VideoDecodeError, match="no video stream, only: audio"):
        extract(video_files.write_audio_only(tmp_path / "a.mp4"))


def test_pictures_of_absurd_size_are_refused(tmp_path):
    path = write_video(tmp_path / "a.avi", codec="rawvideo", frames=2)
    data = bytearray(path.read_bytes())
    struct.pack_into("<ii", data, data.index(b"strf") + 8 + 4, 15_000, 15_000)
    path.write_bytes(data)
    with pytest.raises(VideoDecodeError, match="15000 x 15000 pixels, more than the limit"):
        extract(path)
