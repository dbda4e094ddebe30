"""Datasets of chosen and of scaled frames: labels stay on their frames and on their pixels."""

import base64
import io
from itertools import count

import numpy as np
import pytest
from PIL import Image
from video_files import read_number, write_rotated, write_video

from deeplake_labelbox import (
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    create_dataset_from_video_annotation_project_with_custom_data_filler,
)
from deeplake_labelbox.errors import ConfigurationError

SIZE = 96, 64
FRAMES = 60
ONTOLOGY = {
    "tools": [
        {"tool": "rectangle", "name": "car"},
        {"tool": "point", "name": "nose"},
        {"tool": "line", "name": "lane"},
        {"tool": "raster-segmentation", "name": "road"},
    ],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain"}],
        },
    ],
}
COLUMNS = ("car", "car_track_ids", "car_key_frames", "nose", "lane", "road", "weather")
_names = count()


def mask_png(frame):
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels[8:40, frame : frame + 30] = (255, 0, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def box_at(frame):
    return {"frame": frame, "bbox": {"top": 10, "left": frame, "height": 20, "width": 30}}


LABEL = [
    {"name": "car", "segments": [{"keyframes": [box_at(10), box_at(14)]}]},
    {"name": "car", "segments": [{"keyframes": [box_at(40)], "end": 42}]},
    {"name": "nose", "segments": [{"keyframes": [{"frame": 12, "point": {"x": 5, "y": 7}}]}]},
    {
        "name": "lane",
        "segments": [
            {"keyframes": [{"frame": 12, "line": [{"x": 1, "y": 2}, {"x": 90, "y": 60}]}]}
        ],
    },
    {
        "masks": {
            "frames": [{"index": 41, "imBytes": mask_png(41)}],
            "instances": [{"name": "road", "colorRGB": [255, 0, 0]}],
        },
    },
    {"name": "weather", "answer": {"name": "rain", "frames": [{"start": 50, "end": 51}]}},
]
LABELED = [*range(10, 15), 40, 41, 42, 50, 51]


def new_project(box, tmp_path, *labels, write=write_video, **options):
    project = box.add_project("Selection", ONTOLOGY)
    for number, label in enumerate(labels):
        path = tmp_path / f"{number}.mp4"
        project.add_video(write(path, **({"frames": FRAMES} | options))).add_label(label)
    return project


def create(box, project, path=None, **options):
    dataset, _ = create_dataset_from_video_annotation_project(
        path or f"mem://selection-{next(_names)}",
        project.id,
        None,
        lb_client=box.client(),
        progress=False,
        **options,
    )
    return dataset


def annotate(box, project, dataset):
    converter = converter_for_video_project_with_id(
        project.id, lambda _: dataset, None, lb_client=box.client(), progress=False
    )
    return converter.dataset_with_applied_annotations(), converter.report


def numbers(dataset):
    """The 1-based numbers of the frames that have rows; their pictures show them."""
    indices = np.asarray(dataset["frame_idx"][:]).reshape(-1).tolist()
    assert [read_number(frame) for frame in dataset["frames"][:]] == indices
    return [index + 1 for index in indices]


def cells(dataset, row):
    return {
        name: [np.asarray(part).tolist() for part in np.atleast_1d(dataset[name][row])]
        if name != "lane"
        else [np.asarray(line).tolist() for line in dataset[name][row]]
        for name in COLUMNS
    }


@pytest.fixture(scope="module")
def whole(box, tmp_path_factory):
    """A project, and the values of all rows of its dataset."""
    project = new_project(box, tmp_path_factory.mktemp("whole"), LABEL)
    dataset, report = annotate(box, project, create(box, project))
    assert report.gaps == []
    assert numbers(dataset) == list(range(1, FRAMES + 1))
    return project, [cells(dataset, row) for row in range(FRAMES)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"frame_stride": 7}, [*range(1, 61, 7)]),
        ({"fps": 5}, [*range(1, 61, 5)]),
        ({"frame_ranges": [(12, 13), (40, 99)]}, [12, 13, *range(40, 61)]),
        ({"only_labeled": True}, LABELED),
        (
            {"only_labeled": True, "frame_stride": 2, "frame_ranges": [(1, 41)]},
            [11, 13, 41],
        ),
        ({"frame_ranges": [(99, 100)]}, []),
        ({"frame_ranges": {"other": [(1, 1)]}, "frame_stride": 30}, [1, 31]),
    ],
)
def test_labels_stay_on_their_frames(box, whole, options, expected):
    project, values = whole
    dataset, report = annotate(box, project, create(box, project, **options))
    assert report.gaps == []
    assert numbers(dataset) == expected
    for row, number in enumerate(expected):
        assert cells(dataset, row) == values[number - 1]


def test_ranges_by_data_row(box, tmp_path):
    project = new_project(box, tmp_path, LABEL, LABEL, LABEL, frames=20)
    first, second, _ = project.data_rows
    dataset = create(box, project, frame_ranges={first.id: [(3, 4)], second.id: []})
    assert numbers(dataset) == [3, 4, *range(1, 21)]
    assert np.asarray(dataset["video_idx"][:]).reshape(-1).tolist() == [0, 0, *[2] * 20]


def test_labels_beyond_the_video_are_told_whatever_was_chosen(box, tmp_path):
    late = [{"name": "car", "segments": [{"keyframes": [box_at(10)], "end": 30}]}]
    project = new_project(box, tmp_path, late, frames=20)
    _, everything = annotate(box, project, create(box, project))
    (expected,) = everything.gaps
    for options in ({"only_labeled": True}, {"frame_stride": 5}, {"frame_ranges": [(11, 12)]}):
        _, report = annotate(box, project, create(box, project, **options))
        assert [gap.what for gap in report.gaps] == [expected.what]


def test_unlabeled_videos_have_no_labeled_frames(box, tmp_path):
    project = new_project(box, tmp_path, LABEL, [], frames=20)
    report = Report()
    dataset, labels = annotate(box, project, create(box, project, only_labeled=True, report=report))
    assert numbers(dataset) == [10, 11, 12, 13, 14]
    assert [video.rows for video in report] == [5, 0]
    assert report.gaps == []
    assert all("beyond" in gap.what or "20" in gap.what for gap in labels.gaps)


def test_rows_that_do_not_tell_their_frames(box, whole):
    project, values = whole
    dataset, _ = create_dataset_from_video_annotation_project_with_custom_data_filler(
        f"mem://selection-{next(_names)}",
        project.id,
        None,
        {
            "create_tensors": lambda ds: ds.add_column("number", "int32"),
            "fill_data": lambda ds, _videos, _indices, frames: ds.append(
                {"number": [read_number(frame) for frame in frames]}
            ),
        },
        lb_client=box.client(),
        progress=False,
        frame_stride=3,
        frame_ranges=[(10, 45)],
    )
    dataset, report = annotate(box, project, dataset)
    assert report.gaps == []
    found = np.asarray(dataset["number"][:]).reshape(-1) + 1
    assert found.tolist() == list(range(10, 46, 3))
    for row, number in enumerate(found):
        assert cells(dataset, row) == values[number - 1]


@pytest.mark.parametrize("storage", ["png", "jpg"])
@pytest.mark.parametrize(
    ("resize", "size"),
    [(48, (48, 32)), ((96, 32), (96, 32)), ((192, 160), (192, 160)), (200, SIZE)],
)
def test_labels_are_scaled_with_their_frames(box, whole, resize, size, storage):
    project, values = whole
    dataset, report = annotate(
        box,
        project,
        create(box, project, resize=resize, only_labeled=True, frame_storage=storage),
    )
    assert report.gaps == []
    assert numbers(dataset) == LABELED
    x, y = size[0] / SIZE[0], size[1] / SIZE[1]
    for row, number in enumerate(LABELED):
        full = values[number - 1]
        assert dataset["frames"][row].shape == (size[1], size[0], 3)
        for name, factors in (("car", [x, y, x, y]), ("nose", [x, y]), ("lane", [x, y])):
            for found, original in zip(dataset[name][row], full[name], strict=True):
                np.testing.assert_allclose(found, np.array(original) * factors, rtol=1e-6)
        mask = dataset["road"][row]
        assert mask.shape[:2] == (size[1], size[0])
        if number == 41:
            expected = np.zeros(mask.shape[:2], np.bool_)
            expected[round(8 * y) : round(40 * y), round(41 * x) : round(71 * x)] = True
            wrong = mask[..., 0] != expected
            assert wrong.sum() <= size[1]  # a column, where a border falls between pixels
    meta = np.asarray(dataset["lb_meta/width"][:]).reshape(-1)
    assert set(meta.tolist()) == {SIZE[0]}


def test_labels_of_a_turned_video_are_scaled_as_displayed(box, tmp_path):
    project = new_project(
        box,
        tmp_path,
        LABEL[:1],
        write=lambda path, frames: write_rotated(path, 90, frames=frames),
        frames=20,
    )
    dataset, report = annotate(box, project, create(box, project, resize=(48, 64)))
    assert report.gaps == []
    assert numbers(dataset) == list(range(1, 21))
    np.testing.assert_allclose(dataset["car"][9], [[5, 10, 15, 20]])


class _FailingList(list):
    def append(self, item):
        if len(self) == 1:
            raise LookupError
        super().append(item)


def test_a_build_is_resumed_with_the_same_options_only(box, tmp_path):
    path = str(tmp_path / "dataset")
    project = new_project(box, tmp_path, LABEL, LABEL, frames=20)
    options = {"frame_stride": 4, "resize": 48, "frame_ranges": [(1, 15)]}
    with pytest.raises(LookupError):
        create(box, project, path, **options, report=Report(_FailingList()))
    for other in ({}, options | {"frame_stride": 5}, options | {"frame_storage": "jpg"}):
        with pytest.raises(ConfigurationError, match=r"started with .*same options"):
            create(box, project, path, **other)
    assert numbers(create(box, project, path, **options)) == [1, 5, 9, 13] * 2


@pytest.mark.parametrize(
    "options",
    [
        {"frame_stride": 0},
        {"fps": -1},
        {"frame_ranges": [(0, 1)]},
        {"frame_ranges": "1-5"},
        {"frame_ranges": 5},
        {"frame_ranges": {"row": [(2, 1)]}},
        {"resize": 0},
        {"resize": (10,)},
    ],
)
def test_options_that_make_no_sense(box, whole, options):
    project, _ = whole
    before = len(box.requests)
    with pytest.raises(ConfigurationError, match=next(iter(options)).removeprefix("frame_")):
        create(box, project, **options)
    assert len(box.requests) == before
