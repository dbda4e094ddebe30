"""`LabeledDataset` against the columns of the same dataset, read one cell at a time."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import deeplake
import numpy as np
import pytest
from process_runs import read_row

from deeplake_labelbox import LabeledDataset
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

GROUPS = ({}, {"raster_segmentation": "mask", "rectangle": "box"})
ROWS = ([0], [5, 3, 60, 3], list(range(40, 60)), [111, 0, 91], [])


@pytest.fixture(params=GROUPS, ids=["tools", "groups"])
def opened(request, sample):
    path = sample(**request.param)
    return LabeledDataset(path), deeplake.open(path)


def test_frames_by_number_slice_and_list(opened):
    labeled, ds = opened
    assert len(labeled) == len(labeled.frames) == len(ds)
    assert labeled.frames[7].dtype == np.uint8
    assert np.array_equal(labeled.frames[7], ds["frames"][7])
    assert np.array_equal(labeled.frames[np.int64(-1)], ds["frames"][len(ds) - 1])
    for rows, read in ((range(2, 9, 3), labeled.frames[2:9:3]), ([90, 4], labeled.frames[[90, 4]])):
        assert len(read) == len(rows)
        assert all(np.array_equal(f, ds["frames"][r]) for f, r in zip(read, rows, strict=True))


@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_objects_equal_the_cells_of_their_columns(opened, rows):
    labeled, ds = opened
    objects = labeled.objects(rows)
    assert {part.family.name for part in objects.families} >= {"lamp", "lane"}
    for part in objects.families:
        name, at = part.family.column, 0
        for row in rows:
            tracks = ds[f"{name}_track_ids"][row]
            assert part.labeled[rows.index(row)] == (tracks is not None)
            if tracks is None:
                continue
            own = slice(at, at + len(tracks))
            at += len(tracks)
            assert part.rows[own].tolist() == [row] * len(tracks)
            assert part.track_ids[own].tolist() == tracks.tolist()
            assert part.key_frames[own].tolist() == ds[f"{name}_key_frames"][row].tolist()
            if part.family.labels is not None:
                labels = ds[part.family.labels]
                assert part.class_ids[own].tolist() == labels[row].tolist()
                assert part.family.class_names == tuple(labels.metadata["class_names"])
            cell = ds[name][row]
            if part.family.kind == "raster-segmentation":
                cell = np.moveaxis(np.asarray(cell), -1, 0)
            for shape, expected in zip(part.shapes[own], cell, strict=True):
                assert np.array_equal(shape, expected)
        assert at == len(part)


def test_joined_objects_keep_the_order_of_their_columns(opened):
    labeled, _ = opened
    objects = labeled.objects(range(20, 50))
    parts = objects.families
    assert len(objects) == sum(map(len, parts)) > 0
    assert objects.track_ids.tolist() == [t for part in parts for t in part.track_ids.tolist()]
    names = [objects.class_names[number] for number in objects.class_ids]
    own = [part.family.class_names[number] for part in parts for number in part.class_ids]
    assert names == own
    assert len(objects.shapes) == len(objects.kinds) == len(objects.boxes) == len(objects)


def test_boxes_go_around_shapes(opened):
    labeled, _ = opened
    for part in labeled.objects(range(0, 112, 9)).families:
        for box, shape in zip(part.boxes, part.shapes, strict=True):
            left, top, width, height = box.tolist()
            if part.family.kind == "rectangle":
                assert box.tolist() == shape.tolist()
            elif part.family.kind == "raster-segmentation":
                inside = np.zeros_like(shape)
                inside[int(top) : int(top + height), int(left) : int(left + width)] = True
                assert not (shape & ~inside).any()
                assert shape.sum() == 0 or shape[int(top)].any()
            else:
                corners = shape.reshape(-1, 2)
                assert (corners.min(axis=0) == (left, top)).all()
                assert np.allclose(corners.max(axis=0), (left + width, top + height))


def test_masks_of_masks_and_rectangles(opened):
    labeled, _ = opened
    height, width = labeled.frames[0].shape[:2]
    for part in labeled.objects([0, 1]).families:
        masks = part.masks(height, width)
        assert masks.shape == (len(part), height, width)
        if part.family.kind == "raster-segmentation":
            assert all(np.array_equal(m, s) for m, s in zip(masks, part.shapes, strict=True))
        elif part.family.kind == "rectangle":
            for mask, (left, top, *_) in zip(masks, part.shapes, strict=True):
                assert mask[int(top) + 1, int(left) + 1]
                assert mask.any()


def test_answers_of_objects_one_for_each(opened):
    labeled, ds = opened
    rows = list(range(0, 112, 7))
    checked = 0
    for part in labeled.objects(rows).families:
        for answers in part.answers.values():
            assert len(answers) == len(part)
            column = ds[answers.family.column]
            for row, channel, value in zip(part.rows, part.channels, answers.values, strict=True):
                expected = column[int(row)][int(channel)]
                assert np.array_equal(value, expected)
                checked += 1
    assert checked


def test_answers_of_frames_in_numbers_and_words(opened):
    labeled, ds = opened
    rows = list(range(0, 112, 5))
    answers = labeled.answers(rows)
    weather = answers["weather"]
    names = ds["weather"].metadata["class_names"]
    for index, row in enumerate(rows):
        cell = ds["weather"][row]
        numbers = [] if cell is None else cell.tolist()
        assert weather.labeled[index] == (cell is not None)
        assert weather.options[index].tolist() == numbers
        assert weather.multi_hot[index].nonzero()[0].tolist() == sorted(numbers)
        assert weather.class_ids[index] == (numbers[0] if len(numbers) == 1 else -1)
        assert weather.words[index] == ", ".join(names[number] for number in numbers)
    assert answers["note"].words == [ds["note"][row] or "" for row in rows]
    assert answers["weather/rain/intensity"].family.parent == "weather"


def test_videos_and_their_rows(opened):
    labeled, ds = opened
    assert [video.short_name for video in labeled.videos][:2] == ["crossing.mp4", "harbor.mp4"]
    for video in labeled.videos:
        rows = labeled.rows_of(video)
        assert np.array_equal(rows, labeled.rows_of(video.data_row_id))
        assert np.array_equal(rows, labeled.rows_of(video.video_idx))
        assert {int(ds["video_idx"][int(row)]) for row in rows} == {video.video_idx}
        assert [int(ds["frame_idx"][int(row)]) + 1 for row in rows] == video.frames.tolist()
        assert labeled.frames[rows[0]].shape[:2] == video.size
    assert sum(map(len, labeled.videos)) == len(ds)


def test_where_takes_tql_a_function_and_a_view(opened):
    labeled, ds = opened
    expected = [row for row in range(len(ds)) if ds["frame_idx"][row] in (2, 5)]
    condition = "frame_idx = 2 or frame_idx = 5"
    assert labeled.where(condition).tolist() == expected
    assert labeled.where(lambda row: row["frame_idx"] in (2, 5)).tolist() == expected
    view = ds.query(f"select * where {condition} order by frame_idx desc")
    assert labeled.where(view).tolist() == expected
    first = [row for row in expected if ds["video_idx"][row] == 1]
    assert labeled.where(condition, videos=[1]).tolist() == first


def test_cells_of_rows_in_any_order_and_distance(opened):
    labeled, ds = opened
    for column in ("lane_track_ids", "weather", "frame_idx"):
        every = [ds[column][row] for row in range(len(ds))]
        for rows in ([3], [4, 5], [7, 6, 5], [9, 3, 9], [0, 111], [2, 4, 6, 8], [1, 40, 90], []):
            cells = labeled.cells(column, np.array(rows, dtype=np.int64))
            assert len(cells) == len(rows)
            assert all(np.array_equal(c, every[r]) for c, r in zip(cells, rows, strict=True))


def test_a_view_is_read_where_it_was_made(sample):
    ds = deeplake.open(sample())
    view = ds.query("SELECT * WHERE frame_idx = 2 ORDER BY video_idx DESC")
    labeled, whole = LabeledDataset(view), LabeledDataset(ds)
    assert len(labeled) == len(view)
    rows = [
        int(whole.rows_of(int(v))[whole.video(int(v)).frames.tolist().index(3)])
        for v in view["video_idx"][:]
    ]
    assert np.array_equal(labeled.frames[0], whole.frames[rows[0]])
    for part, expected in zip(
        labeled.objects().families, whole.objects(rows).families, strict=True
    ):
        assert part.track_ids.tolist() == expected.track_ids.tolist()
        assert part.boxes.tolist() == expected.boxes.tolist()
    with pytest.raises(ConfigurationError, match="only in the process that made it"):
        pickle.dumps(labeled)
    with pytest.raises(ConfigurationError, match="no other versions"):
        LabeledDataset(view, version="main")


def test_an_unlabeled_video_has_no_objects_and_reads_as_not_labeled(sample_box, tmp_path):
    from sample_builds import create  # noqa: PLC0415 - only here

    ds, _ = create(sample_box, str(tmp_path / "plain"))
    labeled = LabeledDataset(ds)
    assert len(labeled.objects()) == 0
    assert labeled.answers() == {}
    assert "LabeledDataset: 3 videos, 112 frames" in repr(labeled)


def test_versions_and_branches(sample):
    ds = deeplake.open(sample())
    first = ds.history[0].id
    assert len(LabeledDataset(ds, version=first)) == 0
    assert len(LabeledDataset(sample(), version=first)) == 0
    ds.tag("labeled-dataset")
    assert len(LabeledDataset(ds, version="labeled-dataset")) == len(ds)
    with pytest.raises(ConfigurationError, match="no version 'nope'"):
        LabeledDataset(ds, version="nope")


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_other_processes_read_the_same(sample, method):
    labeled = LabeledDataset(sample())
    frame, tracks = read_row(labeled, 3)
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        other, found = pool.submit(read_row, labeled, 3).result()
    assert np.array_equal(frame, other)
    assert found == tracks != []
    assert np.array_equal(pickle.loads(pickle.dumps(labeled)).frames[3], frame)  # noqa: S301


def test_it_shows_itself(opened):
    labeled, _ = opened
    assert "lamp: point (lamp)" in repr(labeled)
    assert "weather: sun, rain, fog" in repr(labeled)
    html = labeled._repr_html_()
    assert "crossing.mp4" in html
    assert "point" in html


def test_what_is_not_there_is_named(opened):
    labeled, _ = opened
    with pytest.raises(ConfigurationError, match="no row 112; the dataset has 112 rows"):
        labeled.frames[112]
    with pytest.raises(ConfigurationError, match="no row 999"):
        labeled.objects([0, 999])
    with pytest.raises(ConfigurationError, match=r"no geometry column 'submarine'.*lamp"):
        labeled.objects([0], columns=["submarine"])
    with pytest.raises(ConfigurationError, match=r"no rows of a video 'nope'.*crossing\.mp4"):
        labeled.rows_of("nope")
    with pytest.raises(ConfigurationError, match="not a TQL condition"):
        labeled.where("nonsense ===")
    with pytest.raises(ConfigurationError, match="annotator 'eve'"):
        LabeledDataset(labeled.dataset, annotator="eve")


def test_a_dataset_of_others_reads_as_one_video():
    ds = deeplake.create("mem://of-others")
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    ds.append({"frames": [np.full((4, 6, 3), number, np.uint8) for number in range(3)]})
    ds.commit()
    labeled = LabeledDataset(ds)
    assert [len(video) for video in labeled.videos] == [3]
    assert labeled.frames[2][0, 0, 0] == 2
    with pytest.raises(DatasetMismatchError, match="video_idx and frame_idx"):
        labeled.where("true")


def test_objects_as_a_table(opened):
    labeled, _ = opened
    objects = labeled.objects([60, 3])
    table = objects.to_pandas()
    assert len(table) == len(objects) > 0
    assert table["row"].tolist() == objects.rows.tolist()
    assert table[["left", "top", "width", "height"]].to_numpy().tolist() == objects.boxes.tolist()
    assert table["class"].tolist() == [objects.class_names[n] for n in objects.class_ids]
    cars = table[table["class"] == "car"]
    (part,) = (p for p in objects.families if "car" in p.family.class_names)
    assert cars["color"].tolist() == [
        word
        for word, number in zip(part.answers["color"].words, part.class_ids, strict=True)
        if part.family.class_names[number] == "car"
    ]
