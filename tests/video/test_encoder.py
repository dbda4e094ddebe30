import io
import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image

from deeplake_labelbox._video import encode_frames, encode_jpeg, encode_png
from deeplake_labelbox._video.cores import limited_cores
from deeplake_labelbox._video.encoder import kept_encoder_threads, usable_cores
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError


def pictures(count):
    return [np.full((8, 8, 3), number, np.uint8) for number in range(count)]


@pytest.mark.parametrize("threads", [1, 2, 8, None])
def test_order_is_kept(threads):
    frames = pictures(50)
    encoded = list(encode_frames(frames, encode_png, threads=threads))
    assert len(encoded) == 50
    for data, frame in zip(encoded, frames, strict=True):
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(np.asarray(image), frame)


def test_jpeg_with_a_quality():
    frames = pictures(3)
    expected = [encode_jpeg(frame, 40) for frame in frames]
    assert list(encode_frames(frames, partial(encode_jpeg, quality=40))) == expected


def test_only_a_few_frames_are_held():
    pulled = 0

    def source():
        nonlocal pulled
        for picture in pictures(100):
            pulled += 1
            yield picture

    for done, _ in enumerate(encode_frames(source(), encode_png, threads=2)):
        assert pulled - done <= 5


def test_an_error_of_the_source_comes_after_what_came_before_it():
    def source():
        yield from pictures(5)
        raise VideoDecodeError("cut", frames_decoded=5)

    done = []
    with pytest.raises(VideoDecodeError, match="cut"):
        encode_frames_into(done, source())
    assert len(done) == 5


def encode_frames_into(done, source):
    for data in encode_frames(source, encode_png, threads=2):
        done.append(data)


def test_an_error_of_the_encoder_is_carried():
    frames = [*pictures(3), np.zeros((8, 8, 3), np.float64), *pictures(3)]
    done = []
    with pytest.raises(ConfigurationError, match="float64"):
        encode_frames_into(done, frames)
    assert len(done) == 3


def test_an_abandoned_run_ends_its_threads():
    before = threading.active_count()
    run = encode_frames(pictures(50), encode_png, threads=4)
    next(run)
    run.close()
    assert threading.active_count() == before


def test_threads_are_kept_over_many_runs():
    before = threading.active_count()
    names = set()

    def encode(frame):
        names.add(threading.current_thread().name)
        return encode_png(frame)

    with kept_encoder_threads():
        for count in (0, 1, 50, 50):
            assert len(list(encode_frames(pictures(count), encode))) == count
        assert len(names) <= usable_cores()
    assert threading.active_count() == before


def test_a_job_of_one_core_encodes_in_its_own_thread():
    with limited_cores(1):
        threads = list(encode_frames(pictures(5), lambda _: threading.get_ident()))
    assert threads == [threading.get_ident()] * 5


def test_wrong_arguments():
    with pytest.raises(ConfigurationError, match="threads is 0"):
        list(encode_frames([], encode_png, threads=0))
