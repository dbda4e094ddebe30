"""Pictures of rows: every way in which a dataset may hold them."""

import io

import deeplake
import numpy as np
import pytest
from deeplake import types
from PIL import Image

from deeplake_labelbox.errors import DatasetError
from deeplake_labelbox.training.pictures import PictureReader, decode_picture
from deeplake_labelbox.video.encodings import encode_jpeg, encode_png

RNG = np.random.default_rng(1)
PICTURE = RNG.integers(0, 256, (37, 23, 3), dtype=np.uint8)


def pillow_file(array, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, **options)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(37, 23, 3), (1, 1, 3), (1, 40, 3), (40, 1, 3), (720, 1280, 3)])
def test_the_packages_own_png_files(shape):
    picture = RNG.integers(0, 256, shape, dtype=np.uint8)
    decoded = decode_picture(encode_png(picture))
    assert (decoded == picture).all()
    assert decoded.flags.writeable


def test_png_files_of_others():
    assert (decode_picture(pillow_file(PICTURE, format="PNG")) == PICTURE).all()
    grey = decode_picture(encode_png(PICTURE[:, :, 0]))
    assert (grey == PICTURE[:, :, :1]).all()
    rgba = np.dstack([PICTURE, np.full(PICTURE.shape[:2], 128, np.uint8)])
    assert (decode_picture(encode_png(rgba)) == PICTURE).all()
    palette = Image.fromarray(PICTURE).quantize(16)
    file = io.BytesIO()
    palette.save(file, "PNG")
    assert (decode_picture(file.getvalue()) == np.asarray(palette.convert("RGB"))).all()


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
    assert (decode_picture(file[:start] + chunks + file[start + 12 + size :]) == PICTURE).all()


def test_jpeg_files():
    with Image.open(io.BytesIO(encode_jpeg(PICTURE))) as image:
        expected = np.asarray(image)
    assert (decode_picture(encode_jpeg(PICTURE)) == expected).all()


@pytest.mark.parametrize("kind", ["png", "jpg", "none", "array", "grey array"])
def test_columns_of_pictures(kind):
    dataset = deeplake.create(f"mem://pictures-{kind.replace(' ', '-')}")
    column, values = {
        "png": (types.Image(sample_compression="png"), [PICTURE] * 3),
        "jpg": (types.Image(sample_compression="jpg"), [PICTURE] * 3),
        "none": (types.Image(), [PICTURE] * 3),
        "array": (types.Array("uint8", 3), [PICTURE] * 3),
        "grey array": (types.Array("uint8", 2), [PICTURE[:, :, 0]] * 3),
    }[kind]
    dataset.add_column("pictures", column)
    dataset.append({"pictures": values})
    dataset.commit()
    pictures = PictureReader(dataset, "pictures").read(dataset, [2, 0])
    assert len(pictures) == 2
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert picture.flags.writeable
        expected = np.asarray(dataset["pictures"][0])
        assert (picture == (expected[:, :, None] if expected.ndim == 2 else expected)).all()
        assert picture.shape == PICTURE.shape


@pytest.mark.parametrize("length", [0, 4, 25, 60, 500])
def test_damaged_pictures_are_named(length):
    dataset = deeplake.create(f"mem://damaged-{length}")
    dataset.add_column("frames", types.Image(sample_compression="png"))
    dataset.append({"frames": [encode_png(PICTURE)]})
    dataset.commit()
    reader = PictureReader(dataset)

    class Damaged:
        schema = dataset.schema

        def __getitem__(self, name):
            return self

        def get_bytes(self, rows):
            return [encode_png(PICTURE)[:length] for _ in rows]

    with pytest.raises(DatasetError, match="picture in row 5 of column 'frames' cannot be decoded"):
        reader.read(Damaged(), [5])
