"""The frames of numbered pictures follow from numbers and lengths, or must be given."""

import pytest

from deeplake_labelbox._formats.frame_numbers import (
    Numbering,
    VideoLength,
    frames_of_pictures,
)


def frames(numbers, count, *, rate=30.0, step=None, first_number=None, **told):
    found = frames_of_pictures(
        numbers, VideoLength(count, rate), given=Numbering(step, first_number), **told
    )
    return found.tolist()


@pytest.mark.parametrize(
    ("numbers", "count", "expected"),
    [
        ([0, 5, 10, 15, 20], 25, [1, 6, 11, 16, 21]),  # every fifth frame of YouTube-VIS
        ([1, 6, 11, 16, 21], 25, [1, 6, 11, 16, 21]),  # the same from 1
        ([0, 5, 10, 15], 40, [1, 6, 11, 16]),  # its end is not annotated
        ([0, 5, 10, 15, 20], 5, [1, 2, 3, 4, 5]),  # the video was made of the pictures
        ([10, 0, 5], 3, [3, 1, 2]),
        ([0, 1, 2, 3], 4, [1, 2, 3, 4]),
        ([1, 2, 3, 4], 4, [1, 2, 3, 4]),
        ([7, 8, 9], 3, [1, 2, 3]),
        ([0, 1, 2, 3], 5, [1, 2, 3, 4]),  # with every second frame it would be longer
        ([1, 2, 3, 4], 6, [1, 2, 3, 4]),
        ([3, 40], 40, [3, 40]),  # from 0, the last would be frame 41
        ([0, 7, 8], 40, [1, 8, 9]),  # no count of pictures leaves out numbers
        ([0], 40, [1]),
        ([1], 40, [1]),
        ([], 40, []),
    ],
)
def test_numbers_and_length_that_agree(numbers, count, expected):
    assert frames(numbers, count) == expected


@pytest.mark.parametrize(
    ("numbers", "count", "rate", "why"),
    [
        ([0, 1, 2, 3, 4], 25, 30.0, "its 5 pictures are numbered 0 to 4, .* has 25 frames; the"),
        ([1, 2, 3, 4, 5], 25, 30.0, "numbered 1 to 5, .*frame_step"),
        ([0, 1, 2], None, None, "an unknown number of frames.*frame_step"),
        ([0, 5, 10, 15, 20], 50, 60.0, "numbered 0 to 20, .*frame_step.*: 5 if they .*, 10 if"),
        (
            [0, 5, 10, 15, 20],
            13,
            15.0,
            "last picture has number 20.*has 13 frames; pass `frame_step`",
        ),
        ([0, 1, 2, 3], 3, 30.0, "has 3 frames; pass `frame_step`"),
        ([10, 15, 20], 25, 30.0, "numbered from 10 on, .*first_number"),
        ([0, 0, 1], 25, 30.0, "two of its pictures have the same number"),
    ],
)
def test_ambiguous_numbers(numbers, count, rate, why):
    with pytest.raises(ValueError, match=why):
        frames(numbers, count, rate=rate)


def test_options_of_the_user():
    assert frames([0, 1, 2], 25, step=1) == [1, 2, 3]
    assert frames([0, 1, 2], 25, step=5) == [1, 6, 11]
    assert frames([1, 2, 4], 25, step=5) == [1, 6, 16]
    assert frames([0, 5, 10], 9, step=2) == [1, 3, 5]
    assert frames([0, 1, 2], 3, step=1) == [1, 2, 3]
    assert frames([10, 15, 20], 25, first_number=0) == [11, 16, 21]
    assert frames([10, 15, 20], 25, first_number=1) == [10, 15, 20]
    assert frames([0, 5, 10], 80, step=10) == [1, 11, 21]
    with pytest.raises(
        ValueError, match=r"steps of 5 up to 10, .* 1 frames apart; pass `frame_step=5`"
    ):
        frames([0, 5, 10], 80, step=1)
    with pytest.raises(ValueError, match=r"steps of 10 up to 20, .* pass `frame_step=10`"):
        frames([0, 10, 20], 40, step=5)
    with pytest.raises(ValueError, match="is frame 11, but the video in Labelbox has 10 frames"):
        frames([0, 1, 2], 10, step=5)
    with pytest.raises(ValueError, match=r"not a multiple of 5.*first_number"):
        frames([6, 11], 40, step=5, first_number=0)
    with pytest.raises(ValueError, match="numbered from 0, but `first_number` is 1"):
        frames([0, 5], 40, first_number=1)


def test_numbering_that_the_source_declares():
    assert frames([10, 15], 40, first=0) == [11, 16]
    assert frames([0, 1, 2], 25, declared=25) == [1, 2, 3]
    with pytest.raises(ValueError, match="frame_step"):
        frames([0, 1, 2], 25, declared=3)
    assert frames([0], 1, counted=True) == [1]
    with pytest.raises(ValueError, match="frame_step"):
        frames([0], 40, counted=True)
