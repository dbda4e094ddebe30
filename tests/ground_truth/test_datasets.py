"""Datasets that this package did not make: the user names the columns."""

from uuid import uuid4

import deeplake
import numpy as np
import pytest
from deeplake import types

from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames
from deeplake_labelbox.errors import AnnotationSourceError


@pytest.fixture
def dataset():
    made = deeplake.create(f"mem://of-others-{uuid4()}")
    made.add_column("boxes", types.BoundingBox("float32", "LTWH", "pixel"))
    made.add_column("boxes_track_ids", types.Array("int32", 1))
    made.add_column("mask", types.BinaryMask(sample_compression="lz4"))
    made.add_column("mask_track_ids", types.Array("int32", 1))
    made.add_column("sky", types.ClassLabel(types.Array("int32", 1)))
    made.add_column("remark", types.Text())
    made["sky"].metadata["class_names"] = ["rain", "sun"]
    for frame in range(5):
        masks = np.zeros((48, 64, 1), dtype=bool)
        masks[frame : frame + 3, 2:5] = True
        made.append(
            {
                "boxes": [np.array([[frame, 1.1, 5, 6], [9, 9, 2, 2]], dtype=np.float32)],
                "boxes_track_ids": [np.array([7, 8], dtype=np.int32)],
                "mask": [masks],
                "mask_track_ids": [np.array([1], dtype=np.int32)],
                "sky": [np.array([frame // 3], dtype=np.int32)],
                "remark": ["dark" if frame < 2 else ""],
            }
        )
    made.commit()
    return made


@pytest.fixture
def imported(client, project, dataset):
    def run(**options):
        return import_annotations(
            dataset, project.id, None, lb_client=client, progress=False, **options
        )

    return run


def test_mapped_columns(imported, labels_of, project):
    mapping = {"boxes": "car", "mask": "road", "sky": "weather", "remark": "note"}
    result = imported(mapping=mapping, data_rows={"0": "two.mp4"})
    assert not result.refused
    assert sorted(outcome.name for outcome in result.accepted) == [
        "car", "car", "note", "road", "weather",
    ]  # fmt: skip
    label = parse_label(labels_of(project)["two.mp4"][0])
    (moving, still) = [track for track in label.tracks if track.kind == "rectangle"]
    assert moving.frames.tolist() == still.frames.tolist() == [1, 5]
    assert moving.coordinates.tolist() == [[0, 1.1, 5, 6], [4, 1.1, 5, 6]]
    (weather,) = [answer for answer in label.frame_answers if answer.kind == "radio"]
    states = {frame: a.options[0].feature.value for frame, a in weather.answers.items()}
    # Both ends of each segment, as Labelbox exports them.
    assert states == {1: "rain", 3: "rain", 4: "sun", 5: "sun"}
    (road,) = [track for track in label.tracks if track.kind == "raster-segmentation"]
    assert visible_frames(road, 40).frames.tolist() == [1, 2, 3, 4, 5]


def test_only_one_column_answers_a_classification(imported):
    result = imported(mapping={"remark": "note", "sky": "note"}, data_rows={"0": "two.mp4"})
    assert [outcome.name for outcome in result.accepted] == ["note"]
    (refused,) = result.refused
    assert "something else in the source answers it already" in refused.reason


def test_what_cannot_be_mapped_is_named(imported):
    with pytest.raises(AnnotationSourceError, match="map its columns"):
        imported()
    with pytest.raises(AnnotationSourceError, match="has no column 'box'"):
        imported(mapping={"box": "car"})
    with pytest.raises(AnnotationSourceError, match="no column 'box'"):
        imported(mapping={"boxes": "car", "box": ""})
    with pytest.raises(AnnotationSourceError, match="'boxes_track_ids' is of type Generic"):
        imported(mapping={"boxes_track_ids": "car"})
