"""``labelbox_meta``: what is written is read again, and Deep Lake's log of it stays readable."""

from dataclasses import replace

import deeplake
import pytest

from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta, VideoEntry


@pytest.fixture
def path(tmp_path):
    return tmp_path / "dataset"


def meta_of(count):
    names = [
        (f"data-row-{n:03}", f"a video with a rather long name, number {n}.mp4")
        for n in range(count)
    ]
    return LabelboxMeta("p", "Project").with_data_rows(names)


def test_entries_are_read_as_they_were_written(path):
    dataset = deeplake.create(str(path))
    entry = VideoEntry(
        "data-row-001",
        1,
        "b.mp4",
        "partial",
        5,
        7,
        9,
        48,
        64,
        "it is cut",
        ((3, 4),),
        ("its rate varies",),
        ((1, 9, 2),),
        96,
        128,
    )
    meta = meta_of(3).with_video(entry)
    meta.write(dataset)
    dataset.commit()
    assert LabelboxMeta.read(deeplake.open(str(path))) == meta


def test_a_text_that_grows_with_many_commits_leaves_no_broken_log(path):
    dataset = deeplake.create(str(path))
    dataset.add_column("number", deeplake.types.Int32())
    meta = meta_of(80)
    for video in meta.videos:
        dataset.append({"number": [video.video_idx]})
        dataset.commit()
        done = replace(
            video,
            status="done",
            rows=10,
            frame_count=10,
            height=48,
            width=64,
            warnings=("its declared number of frames is not the one that it has",),
        )
        meta = meta.with_video(done)
        meta.write(dataset)
        dataset.commit()
    logs = list((path / "_deeplake_log").rglob("*.lz4"))
    assert len(logs) > 80
    assert [log.name for log in logs if log.read_bytes().startswith(b"{")] == []
    assert LabelboxMeta.read(deeplake.open(str(path))) == meta
