"""Work done ahead keeps order, carries errors, and ends cleanly."""

import threading

import pytest
from video_files import write_video

from deeplake_labelbox._video.extractor import FrameExtractor
from deeplake_labelbox._video.prefetch import grouped, in_background, opened_ahead
from deeplake_labelbox.errors import VideoDecodeError, VideoNotFoundError


def test_items_come_in_order_and_from_another_thread():
    threads = set()

    def items():
        for number in range(100):
            threads.add(threading.get_ident())
            yield number

    assert list(in_background(items(), ahead=3)) == list(range(100))
    assert threading.get_ident() not in threads


def test_an_error_comes_at_its_place():
    def items():
        yield 1
        yield 2
        raise VideoDecodeError("cut")

    taken = []
    with pytest.raises(VideoDecodeError, match="cut"):
        taken.extend(in_background(items(), ahead=1))
    assert taken == [1, 2]


def test_closing_stops_the_thread_and_closes_the_source():
    made, closed = [], threading.Event()

    def items():
        try:
            for number in range(10**9):
                made.append(number)
                yield number
        finally:
            closed.set()

    before = threading.active_count()
    source = in_background(items(), ahead=2)
    assert next(source) == 0
    source.close()
    assert closed.is_set()
    assert threading.active_count() == before
    # One taken, two waiting, one in the hand, one being made.
    assert len(made) <= 5


def test_no_more_than_ahead_is_made_before_it_is_taken():
    made = []
    third = threading.Event()

    def items():
        for number in range(50):
            made.append(number)
            if len(made) == 3:
                third.set()
            yield number

    source = in_background(items(), ahead=2)
    assert next(source) == 0
    assert third.wait(60)
    assert len(made) <= 4
    assert list(source) == list(range(1, 50))


def test_an_error_of_closing_the_items_is_raised():
    def items():
        try:
            yield from range(9)
        finally:
            raise VideoDecodeError("at its end")

    source = in_background(items(), ahead=1)
    assert next(source) == 0
    source.close()  # waits for the thread, which comes to its end
    with pytest.raises(VideoDecodeError, match="at its end"):
        list(in_background(items(), ahead=1))


def test_videos_are_opened_in_order_and_closed_one_by_one(tmp_path):
    paths = [write_video(tmp_path / f"{n}.mp4", frames=n + 1) for n in range(5)]
    made = []

    def make(path):
        extractor = FrameExtractor(path)
        made.append(path)
        return extractor

    counts = []
    for extractor in opened_ahead(map(make, paths), ahead=2):
        assert len(made) <= len(counts) + 3
        counts.append(sum(len(batch) for batch in extractor))
    assert counts == [1, 2, 3, 4, 5]


def test_a_video_that_cannot_be_opened_is_yielded_as_its_error(tmp_path):
    paths = [write_video(tmp_path / "a.mp4", frames=2), tmp_path / "missing.mp4"]
    opened = opened_ahead(map(FrameExtractor, (*paths, paths[0])), ahead=1)
    assert sum(len(batch) for batch in next(opened)) == 2
    assert isinstance(next(opened), VideoNotFoundError)
    assert sum(len(batch) for batch in next(opened)) == 2
    assert list(opened) == []


def test_groups_are_bounded_and_an_error_comes_after_them():
    assert list(grouped([3, 3, 3, 9, 1], int, max_size=6, max_count=9)) == [[3, 3], [3], [9], [1]]
    assert list(grouped([1] * 5, int, max_size=99, max_count=2)) == [[1, 1], [1, 1], [1]]

    def items():
        yield 1
        raise VideoDecodeError("cut")

    taken = []
    with pytest.raises(VideoDecodeError):
        taken.extend(grouped(items(), int, max_size=9, max_count=9))
    assert taken == [[1]]
