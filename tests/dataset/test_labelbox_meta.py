"""``labelbox_meta``: what is written is read again, and Deep Lake's log of it stays readable."""

from dataclasses import replace

import deeplake
import pytest

from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry


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
    meta = meta_of(200)
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
    assert logs
    assert [log.name for log in logs if log.read_bytes().startswith(b'{"')] == []
    assert LabelboxMeta.read(deeplake.open(str(path))) == meta


def test_branches_and_tags_outlast_the_metadata_of_many_videos(path):
    """Deep Lake loses those that were made before a long value of metadata."""
    dataset = deeplake.create(str(path))
    dataset.add_column("number", deeplake.types.Int32())
    meta = meta_of(500)
    meta.write(dataset)
    dataset.commit()
    for number in range(3):
        dataset.branch(f"branch-{number}")
        dataset.tag(f"tag-{number}")
    dataset.append({"number": [1]})
    more = [(f"more-{number}", "x" * 100) for number in range(200)]
    meta = replace(meta.with_data_rows(more), status="complete")
    meta.write(dataset)
    dataset.commit()
    opened = deeplake.open(str(path))
    assert set(opened.branches.names()) == {"main", "branch-0", "branch-1", "branch-2"}
    assert set(opened.tags.names()) == {"tag-0", "tag-1", "tag-2"}
    assert LabelboxMeta.read(opened) == meta
