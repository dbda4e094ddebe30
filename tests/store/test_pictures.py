"""Pictures of rows: every way in which a dataset may hold them."""

import io
import zlib

import deeplake
import numpy as np
import pytest
from deeplake import types
from PIL import Image

from deeplake_labelbox._store.frames.pictures import PictureReader, decode_own_png
from deeplake_labelbox._video.encodings import encode_jpeg, encode_png
from deeplake_labelbox.errors import DatasetError

RNG = np.random.default_rng(1)
PICTURE = RNG.integers(0, 256, (37, 23, 3), dtype=np.uint8)


def stored(files, compression="png"):
    """The pictures that a dataset gives for picture files."""
    dataset = deeplake.create(f"mem://files-{compression}-{zlib.crc32(b''.join(files))}")
    dataset.add_column("frames", types.Image(sample_compression=compression))
    dataset.append({"frames": files})
    dataset.commit()
    return list(PictureReader(dataset).read(dataset, range(len(files))))


@pytest.mark.parametrize("shape", [(37, 23, 3), (1, 1, 3), (1, 40, 3), (40, 1, 3), (720, 1280, 3)])
def test_the_packages_own_png_files(shape):
    picture = RNG.integers(0, 256, shape, dtype=np.uint8)
    decoded = decode_own_png(encode_png(picture))
    assert (decoded == picture).all()
    assert decoded.flags.writeable
    [decoded] = stored([encode_png(picture)])
    assert (decoded == picture).all()


def test_png_files_of_others():
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, format="PNG")
    assert decode_own_png(file.getvalue()) is None
    theirs, ours = stored([file.getvalue(), encode_png(PICTURE)])
    assert (theirs == PICTURE).all()
    assert (ours == PICTURE).all()
    assert theirs.flags.writeable
    [gray] = stored([encode_png(PICTURE[:, :, 0])])
    assert (gray == PICTURE[:, :, :1]).all()
    assert gray.shape == PICTURE.shape
    rgba = np.dstack([PICTURE, np.full(PICTURE.shape[:2], 128, np.uint8)])
    [opaque] = stored([encode_png(rgba)])
    assert (opaque == PICTURE).all()


def test_a_png_with_several_data_chunks():
    file = encode_png(PICTURE)
    start = file.index(b"IDAT") - 4
    size = int.from_bytes(file[start : start + 4], "big")
    data = file[start + 8 : start + 8 + size]
    # Checksums are not looked at.
    chunks = b"".join(
        len(part).to_bytes(4, "big") + b"IDAT" + part + b"\0\0\0\0"
        for part in (data[:100], b"", data[100:])
    )
    assert (decode_own_png(file[:start] + chunks + file[start + 12 + size :]) == PICTURE).all()


@pytest.mark.parametrize("length", [40, 60, 500])
def test_damaged_files_are_named(length):
    with pytest.raises(DatasetError, match="picture in row 1 of column 'frames' is damaged"):
        stored([encode_png(PICTURE), encode_png(PICTURE)[:length]])


@pytest.mark.parametrize("length", [0, 4, 25])
def test_files_cut_within_their_header_are_no_own_png(length):
    assert decode_own_png(encode_png(PICTURE)[:length]) is None


@pytest.mark.parametrize("quality", [70, 95])
def test_jpeg_files(quality):
    file = encode_jpeg(PICTURE, quality)
    with Image.open(io.BytesIO(file)) as image:
        expected = np.asarray(image)
    [picture] = stored([file], "jpg")
    assert (picture == expected).all()
    assert picture.flags.writeable


def test_jpeg_files_of_others():
    turned = Image.Exif()
    turned[0x0112] = 6
    files = [saved(PICTURE, exif=turned), saved(PICTURE[:, :, 0])]
    dataset = deeplake.create("mem://jpeg-of-others")
    dataset.add_column("frames", types.Image(sample_compression="jpg"))
    dataset.append({"frames": files})
    dataset.commit()
    upright, gray = PictureReader(dataset).read(dataset, [0, 1])
    assert (upright == dataset["frames"][0]).all()
    assert (gray == dataset["frames"][1]).all()
    assert gray.shape == PICTURE.shape


def test_a_jpeg_that_was_cut_is_named():
    with pytest.raises(DatasetError, match="picture in row 1 of column 'frames' is damaged"):
        stored([saved(PICTURE), saved(PICTURE)[:700]], "jpg")


def saved(picture, **options):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpg", "none", "array", "gray array"])
def test_columns_of_pictures(kind):
    dataset = deeplake.create(f"mem://pictures-{kind.replace(' ', '-')}")
    column, values = {
        "png": (types.Image(sample_compression="png"), [PICTURE] * 3),
        "jpg": (types.Image(sample_compression="jpg"), [PICTURE] * 3),
        "none": (types.Image(), [PICTURE] * 3),
        "array": (types.Array("uint8", 3), [PICTURE] * 3),
        "gray array": (types.Array("uint8", 2), [PICTURE[:, :, 0]] * 3),
    }[kind]
    dataset.add_column("pictures", column)
    dataset.append({"pictures": values})
    dataset.commit()
    pictures = list(PictureReader(dataset, "pictures").read(dataset, [2, 0]))
    assert len(pictures) == 2
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert picture.flags.writeable
        expected = np.asarray(dataset["pictures"][0])
        assert (picture == (expected[:, :, None] if expected.ndim == 2 else expected)).all()
        assert picture.shape == PICTURE.shape


def test_a_missing_picture_is_named():
    dataset = deeplake.create("mem://missing-picture")
    dataset.add_column("video_idx", "int32")
    dataset.append({"video_idx": [0, 0]})
    dataset.add_column("pictures", types.Array("uint8", 3))
    dataset["pictures"][0] = PICTURE
    dataset.commit()
    with pytest.raises(DatasetError, match="Row 1 has no picture in column 'pictures'"):
        list(PictureReader(dataset, "pictures").read(dataset, [0, 1]))
