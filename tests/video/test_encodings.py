import io
import struct

import deeplake
import numpy as np
import pytest
from PIL import Image
from video_files import real_clip

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.video import FrameExtractor, encode_jpeg, encode_png

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


def test_jpeg_is_close_and_keeps_its_colours():
    frame = smooth(64, 96)
    frame[:, ::2] = (255, 0, 0)  # colours that change from pixel to pixel: 4:2:0 would mix them
    frame[:, 1::2] = (0, 0, 255)
    data = encode_jpeg(frame)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
    assert np.abs(read(data).astype(int) - frame).max() < 12


def test_jpeg_quality_and_grey():
    frame = noise(64, 96, 3)
    assert len(encode_jpeg(frame, 30)) < len(encode_jpeg(frame, 95))
    for grey in (smooth(64, 96)[..., 0], smooth(64, 96)[..., :1]):
        assert read(encode_jpeg(grey)).shape == (64, 96)


@pytest.mark.parametrize(
    ("encode", "frame"),
    [
        (encode_png, np.zeros((4, 4, 2), np.uint8)),
        (encode_png, np.zeros((0, 4, 3), np.uint8)),
        (encode_png, np.zeros((4, 4, 3), np.float32)),
        (encode_png, np.zeros((4,), np.uint8)),
        (encode_jpeg, np.zeros((4, 4, 3), np.uint16)),
        (encode_jpeg, np.zeros((4, 4, 4), np.uint8)),
    ],
)
def test_what_cannot_be_encoded_is_told(encode, frame):
    with pytest.raises(ConfigurationError, match="cannot be encoded; give"):
        encode(frame)


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_out_of_range(quality):
    with pytest.raises(ConfigurationError, match="from 1 to 100"):
        encode_jpeg(np.zeros((4, 4, 3), np.uint8), quality)
