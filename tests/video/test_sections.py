"""The sections of a video have all of its frames once, and join to the steps of one video."""

import pickle
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from video_files import write_video

from deeplake_labelbox._jobs.joined_sections import joined
from deeplake_labelbox._jobs.video_task import VideoEnd, VideoOpened, VideoRestarted, VideoTask
from deeplake_labelbox._store.frames.pictures import EncodedBatch
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.opened import OpenedVideo, WantedFrames, opened_video
from deeplake_labelbox._video.sections import Section, sections_of
from deeplake_labelbox.errors import VideoError

RANGES = st.lists(
    st.tuples(st.integers(1, 90), st.integers(0, 40)).map(lambda r: (r[0], r[0] + r[1])), max_size=4
)


@given(
    st.integers(1, 100),
    st.integers(1, 100),
    st.sets(st.integers(1, 99)),
    st.builds(
        FrameChoice,
        ranges=st.none() | RANGES.map(tuple),
        stride=st.integers(1, 4),
        fps=st.none() | st.floats(0.5, 60),
    ),
    st.integers(1, 20),
    st.integers(2, 9),
)
def test_each_frame_is_in_one_section(count, declared, starts, choice, least, most):
    sections = sections_of(choice, declared, least=least, most=most)
    assert len(sections) in {0, *range(2, most + 1)}
    if not sections:
        return
    places = np.array(sorted(start for start in starts if start < count), np.int64)
    found = [section.frames(places, count) for section in sections]
    frames = [frame for first, last in found for frame in range(first, last + 1)]
    assert frames == list(range(1, count + 1))
    assert all(first == 1 or first > last or first - 1 in starts for first, last in found)

    def chosen(choice):
        picker = choice.picker()
        return [number for number in range(count) if picker.wants(number, number / 30)]

    parts = [chosen(choice.within(*section)) for section in found]
    assert [number for part in parts for number in part] == chosen(choice)


def test_sections_decode_equally_many_frames():
    assert sections_of(FrameChoice(), 100, least=30, most=16) == (
        Section(1, 34),
        Section(34, 67),
        Section(67, None),
    )
    assert sections_of(FrameChoice(), 59, least=30, most=16) == ()
    few = FrameChoice(ranges=((11, 20), (51, 60), (1000, 2000)))
    assert sections_of(few, 100, least=5, most=2) == (Section(1, 51), Section(51, None))


SIZES = st.lists(st.sampled_from([(96, 64), (64, 48)]), min_size=1, max_size=20)


def opened(packets=9):
    return VideoOpened(SimpleNamespace(width=96), SimpleNamespace(packets=packets))


def batch(numbers):
    return EncodedBatch([b""] * len(numbers), np.array(numbers, np.int32), np.zeros(len(numbers)))


def runs(numbers, sizes):
    """What `OpenedVideo.sizes` is for these frames."""
    return tuple(
        (number + 1, *sizes[number])
        for place, number in enumerate(numbers)
        if place == 0 or sizes[numbers[place - 1]] != sizes[number]
    )


def written(steps):
    """What a writer has of steps: the opened video, its rows, and its end; and what they return."""
    video, rows, end = None, [], None
    while True:
        try:
            step = next(steps)
        except StopIteration as stop:
            return (video, rows, end), stop.value
        assert end is None
        if isinstance(step, VideoRestarted):
            assert step.rows <= len(rows)
            video, rows = None, rows[: step.rows]
        elif isinstance(step, VideoOpened):
            assert video is None
            video = step
        elif isinstance(step, VideoEnd):
            end = step
        else:
            assert video is not None
            rows += step.indices.tolist()


@given(SIZES, st.sets(st.integers(1, 19)), st.data())
def test_sections_join_whatever_starts_again(sizes, cuts, data):
    bounds = [0, *sorted(cut for cut in cuts if cut < len(sizes)), len(sizes)]
    sections = [range(*pair) for pair in pairwise(bounds)]

    def steps(numbers):
        for lost in data.draw(st.lists(st.integers(0, len(numbers)), max_size=2)):
            yield opened()
            yield batch(numbers[:lost])
            yield VideoRestarted()
        yield opened()
        yield batch(numbers)
        yield VideoEnd(None, len(sizes), runs(numbers, sizes), whole=len(sections) == 1)

    every = list(range(len(sizes)))
    end = VideoEnd(None, len(sizes), runs(every, sizes), whole=True)
    assert written(joined(map(steps, sections))) == ((opened(), every, end), True)


def test_sections_that_do_not_fit_have_no_end():
    def first():
        return iter([opened(), batch([0]), VideoEnd(None, 2, whole=False)])

    error = VideoError("it is damaged")
    for other in (
        [opened(), batch([1]), VideoEnd(None, 3, whole=False)],  # another number of frames
        [opened(packets=8), VideoEnd(None, 2, whole=False)],  # another file
        [opened(), VideoEnd()],  # cannot be decoded in sections
        [VideoEnd(error)],
        [opened(), VideoEnd(error, whole=False)],
    ):
        assert written(joined([first(), iter(other)]))[1] is False
    lost = iter([VideoRestarted(), VideoEnd(error, whole=False)])
    assert written(joined([lost, first()])) == ((None, [], None), False)
    failed = iter([VideoEnd(error)])
    assert written(joined([failed, first()])) == ((None, [], VideoEnd(error)), True)


def recorded(steps):
    """What the steps of packets store, without the random number of the recording."""
    first, *batches, end = steps
    groups = [group for batch in batches for group in batch.groups]
    frames = [np.concatenate([getattr(b, n) for b in batches]) for n in ("indices", "timestamps")]
    return first, groups, [array.tolist() for array in frames], batches[-1].index, end


@pytest.mark.parametrize(
    "choice", [FrameChoice(), FrameChoice(stride=3), FrameChoice(ranges=((3, 20), (33, 40)))]
)
def test_packets_are_recorded_from_sections_without_decoding_again(tmp_path, monkeypatch, choice):
    path = write_video(tmp_path / "a.mp4", frames=56, b_frames=2)
    store = StorageOptions(frame_storage="video").store(batch_size=9)
    whole = VideoTask(str(path), WantedFrames(choice=choice), store, name="a", frames=56)
    tasks = whole.in_sections(least=7, most=3)
    assert [task.name for task in tasks] == ["a [1/3]", "a [2/3]", "a [3/3]"]
    decoded = [pickle.loads(pickle.dumps(task.decode())) for task in tasks]  # noqa: S301 - our own
    expected = recorded(whole.run())
    for lacking in (
        [decoded[0], None, decoded[2]],  # a section that failed
        [decoded[0], replace(decoded[1], scan=replace(decoded[1].scan, packets=9)), decoded[2]],
    ):
        assert recorded(whole.run(lacking)) == expected
    monkeypatch.setattr(OpenedVideo, "decoded", None)
    assert recorded(whole.run(decoded)) == expected


def test_the_first_section_decodes_a_file_that_does_not_number_its_frames(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.ts", frames=30, b_frames=2)
    store = StorageOptions(frame_storage="video").store(batch_size=9)
    whole = VideoTask(str(path), WantedFrames(), store, name="a", frames=30)
    decoded = [task.decode() for task in whole.in_sections(least=9, most=3)]
    assert decoded[1:] == [None, None]
    expected = recorded(whole.run())
    monkeypatch.setattr(OpenedVideo, "decoded", None)
    assert recorded(whole.run(decoded)) == expected


def test_a_file_that_does_not_number_its_frames_has_no_sections(tmp_path):
    def takes(name, end=9, **options):
        with opened_video(write_video(tmp_path / name, frames=24, **options)) as video:
            return video.restrict(Section(1, end)), video.section

    assert takes("a.mp4", b_frames=2) == (True, (1, 8))
    assert takes("b.mp4", 10, b_frames=2) == (True, (1, 16))
    assert takes("a.ts") == (False, None)
    assert takes("one-group.mp4", gop=24, options={"x264-params": "scenecut=0"}) == (False, None)
    assert takes("refresh.mp4", options={"x264-params": "intra-refresh=1"}) == (False, None)
    fields = {"x264-params": "interlaced=1"}
    assert takes("interlaced.mp4", options=fields, b_frames=0) == (False, None)
    assert takes("av1.mp4", codec="libsvtav1") == (False, None)
