import io
import struct

import deeplake
import numpy as np
import pytest
from PIL import Image
from video_files import read_number, real_clip, set_rotation, write_rotated, write_video

from deeplake_labelbox._video import FrameExtractor, encode_jpeg, encode_png
from deeplake_labelbox._video.encoder import subsampling_of
from deeplake_labelbox.errors import ConfigurationError

RANDOM = np.random.default_rng(0)


def noise(*shape, dtype=np.uint8):
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height, width):
    ramp = np.linspace(0, 255, height * width * 3).reshape(height, width, 3)
    return ramp.astype(np.uint8)


def read(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 7, 3), (7, 1, 3), (63, 97, 3), (5, 6, 4), (5, 6)])
def test_png_is_lossless(shape):
    for frame in (noise(*shape), np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)):
        assert np.array_equal(read(encode_png(frame)), frame)


def test_png_of_one_channel():
    frame = noise(9, 8, 1)
    assert np.array_equal(read(encode_png(frame)), frame[:, :, 0])


@pytest.mark.parametrize("channels", [1, 3])
def test_png_of_16_bits(channels):
    frame = noise(9, 8, channels, dtype=np.uint16)
    data = encode_png(frame)
    depth, color = struct.unpack_from(">BB", data, 24)
    assert (depth, color) == (16, {1: 0, 3: 2}[channels])
    swapped = encode_png(frame.astype(">u2"))
    assert np.array_equal(read(swapped), read(data))
    if channels == 1:
        assert np.array_equal(read(data), frame[:, :, 0])
    else:  # Pillow reads the upper 8 bits of RGB only
        assert np.array_equal(read(data), (frame >> 8).astype(np.uint8))


def test_png_of_arrays_that_are_not_contiguous():
    frame = noise(20, 30, 3)
    for view in (frame[::-1], frame[:, ::2], frame.transpose(1, 0, 2), frame[..., ::-1]):
        assert np.array_equal(read(encode_png(view)), view)


def test_png_reads_back_from_deep_lake_and_is_not_larger_than_its_own():
    with FrameExtractor(real_clip("bigbuckbunny.mp4"), batch_size=3) as extractor:
        frames = next(iter(extractor)).frames
    dataset = deeplake.create("mem://encodings")
    for name in ("ours", "theirs"):
        dataset.add_column(name, deeplake.types.Image(sample_compression="png"))
    encoded = [encode_png(frame) for frame in frames]
    dataset.append({"ours": encoded, "theirs": frames})
    dataset.commit()
    for row, frame in enumerate(frames):
        assert np.array_equal(dataset[row]["ours"], frame)
        assert len(encoded[row]) <= len(dataset["theirs"].get_bytes(row))


def test_jpeg_is_close_and_keeps_its_colors():
    frame = smooth(64, 96)
    frame[:, ::2] = (255, 0, 0)  # colors that change from pixel to pixel: 4:2:0 would mix them
    frame[:, 1::2] = (0, 0, 255)
    data = encode_jpeg(frame)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
    assert np.abs(read(data).astype(int) - frame).max() < 12


def test_jpeg_quality_and_gray():
    frame = noise(64, 96, 3)
    assert len(encode_jpeg(frame, 30)) < len(encode_jpeg(frame, 95))
    for gray in (smooth(64, 96)[..., 0], smooth(64, 96)[..., :1]):
        assert read(encode_jpeg(gray)).shape == (64, 96)


@pytest.mark.parametrize(
    ("encode", "frame"),
    [
        (encode_png, np.zeros((4, 4, 2), np.uint8)),
        (encode_png, np.zeros((0, 4, 3), np.uint8)),
        (encode_png, np.zeros((4, 4, 3), np.float32)),
        (encode_png, np.zeros((4,), np.uint8)),
        (encode_jpeg, np.zeros((4, 4, 3), np.uint16)),
        (encode_jpeg, np.zeros((4, 4, 2), np.uint8)),
    ],
)
def test_what_cannot_be_encoded_is_told(encode, frame):
    with pytest.raises(ConfigurationError, match="cannot be encoded; give"):
        encode(frame)


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_out_of_range(quality):
    with pytest.raises(ConfigurationError, match="from 1 to 100"):
        encode_jpeg(np.zeros((4, 4, 3), np.uint8), quality)


def test_padded_pixels_and_rgb_make_the_same_jpeg():
    frame = smooth(63, 97)
    padded = np.dstack([frame, noise(63, 97)])
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        assert encode_jpeg(padded, subsampling=subsampling) == encode_jpeg(
            frame, subsampling=subsampling
        )


def test_an_unknown_subsampling():
    with pytest.raises(ConfigurationError, match="subsampling is '4:1:1'"):
        encode_jpeg(np.zeros((4, 4, 3), np.uint8), subsampling="4:1:1")


def chroma_of(data):
    """How many samples of brightness there are for one of chroma, across and down."""
    with Image.open(io.BytesIO(data)) as image:
        (_, across, down, _), (_, *chroma, _), _ = image.layer
    return across // chroma[0], down // chroma[1]


def psnr(picture, reference):
    error = (picture.astype(float) - reference).reshape(-1)
    return 10 * np.log10(255**2 / max((error**2).mean(), 1e-9))


@pytest.mark.parametrize(
    ("name", "options", "chroma"),
    [
        ("a.mp4", {}, (2, 2)),
        ("a.mp4", {"pixel_format": "yuv422p"}, (2, 1)),
        ("a.mp4", {"pixel_format": "yuv444p"}, (1, 1)),
        ("a.mp4", {"pixel_format": "yuv420p10le"}, (2, 2)),
        ("a.mp4", {"pixel_format": "yuvj420p"}, (2, 2)),
        ("a.mp4", {"pixel_format": "gray"}, (2, 2)),
        ("a.mp4", {"size": (100, 64)}, (2, 2)),  # of which libswscale leaves columns unset
        ("a.mp4", {"size": (97, 65), "pixel_format": "yuv444p"}, (1, 1)),
        ("a.mp4", {"options": {"colorspace": "bt709", "color_range": "pc"}}, (2, 2)),
        ("a.mkv", {"codec": "ffv1", "pixel_format": "bgr0"}, (1, 1)),
        ("a.mkv", {"codec": "ffv1", "size": (97, 65)}, (2, 2)),
    ],
)
def test_a_jpeg_shows_what_the_frame_shows(tmp_path, name, options, chroma):
    path = write_video(tmp_path / name, frames=3, **options)
    with FrameExtractor(path) as extractor, FrameExtractor(path, padded=True) as padded:
        frames = next(iter(extractor)).frames
        subsampling = subsampling_of(padded.info)
        files = [encode_jpeg(frame, subsampling=subsampling) for frame in next(iter(padded)).frames]
    for frame, file in zip(frames, files, strict=True):
        assert chroma_of(file) == chroma
        assert psnr(read(file), frame) > 40
        assert np.abs(read(file).mean((0, 1)) - frame.mean((0, 1))).max() < 1


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_jpeg_of_a_turned_video(tmp_path, degrees):
    path = write_rotated(tmp_path / "turned.mp4", degrees, frames=3)
    with FrameExtractor(path, padded=True) as extractor:
        frames = next(iter(extractor)).frames
        subsampling = subsampling_of(extractor.info)
        files = [encode_jpeg(frame, subsampling=subsampling) for frame in frames]
        assert [read_number(read(file)) for file in files] == [0, 1, 2]


def test_turned_chroma_that_is_coarse_across_is_coarse_down(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=1, pixel_format="yuv422p")
    with FrameExtractor(set_rotation(path, 90)) as extractor:
        assert subsampling_of(extractor.info) == "4:4:4"
