import numpy as np
import pytest

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader

# Row 20 is frame 21 of crossing.mp4, row 48 the first of harbor.mp4; from 88 on no label.
FRAME_21, HARBOR_1, UNLABELED = 20, 48, 100


@pytest.mark.parametrize(
    "groups",
    [
        {},
        {"raster_segmentation": "mask"},
        {"rectangle": "box", "raster_segmentation": "mask", "point": "p", "line": "l"},
    ],
)
def test_objects_are_the_same_with_every_group_mapping(labeled, groups):
    ds = labeled(**groups)
    objects = AnnotationReader(ds).read(FRAME_21).objects
    assert sorted((item.kind, item.class_name) for item in objects) == [
        ("line", "lane"),
        ("point", "lamp"),
        ("raster-segmentation", "road"),
        ("raster-segmentation", "road"),
        ("rectangle", "car"),
        ("rectangle", "person"),
    ]
    assert len({item.track_id for item in objects}) == len(objects)
    (car,) = (item for item in objects if item.class_name == "car")
    np.testing.assert_allclose(car.shape, [57.75, 169.5, 68.5, 31.5])
    assert {answer.question: answer.answer for answer in car.answers} == {
        "color": "blue",
        "state": "moving, braking",
        "plate": "AI 2024",
    }
    (person,) = (item for item in objects if item.class_name == "person")
    assert person.answers == ()
    for mask in (item for item in objects if item.kind == "raster-segmentation"):
        assert mask.shape.shape == (240, 320)
        assert mask.shape.any()


def test_key_frames_are_distinguished_from_interpolated_ones(labeled):
    reader = AnnotationReader(labeled())
    assert {item.is_key_frame for item in reader.read(HARBOR_1).objects} == {True}
    assert {item.is_key_frame for item in reader.read(FRAME_21).objects} == {False}


def test_answers_of_a_frame_include_nested_ones(labeled):
    answers = AnnotationReader(labeled()).read(HARBOR_1).answers
    told = {answer.question: answer.answer for answer in answers}
    assert told["weather"] == "fog (visibility: 200 m)"
    assert told["scene"] == "harbor (port: Old Harbor)"
    assert told["camera"] == "steady, wide"
    assert not any("/" in question for question in told)


def test_grouped_answers_are_read_too(labeled):
    ds = labeled(radio="choice", checklist="choices", text="words")
    told = {a.question: a.answer for a in AnnotationReader(ds).read(FRAME_21).answers}
    assert told["choice"].startswith("weather/sun, scene/city")
    assert told["words"] == "blue car waits for a walker"


def test_the_labels_that_count_are_read_by_default(sample_box, sample_client):
    project_id = sample_box.sample.project_id
    ds, export = create_dataset_from_video_annotation_project(
        "mem://annotators", project_id, None, lb_client=sample_client, progress=False
    )
    converter = converter_for_video_project_with_id(
        project_id,
        lambda _: ds,
        None,
        lb_client=sample_client,
        project_json=export,
        progress=False,
        label_selection="all",
    )
    ds = converter.dataset_with_applied_annotations()
    assert any("@" in column.name for column in ds.schema.columns)
    frame = AnnotationReader(ds).read(FRAME_21)
    assert len(frame.objects) == 6
    assert len({answer.question for answer in frame.answers}) == len(frame.answers) == 5
    assert not any("@" in answer.question for answer in frame.answers)


def test_unlabeled_rows_and_datasets_are_recognized(labeled, sample_frames):
    reader = AnnotationReader(labeled())
    assert reader.read(UNLABELED).is_labeled is False
    assert reader.read(UNLABELED).objects == ()
    assert reader.labeled(reader.dataset.videos).count(False) == 1
    assert reader.weight(UNLABELED) == 0
    assert reader.weight(FRAME_21) > 0
    frames_only = AnnotationReader(sample_frames[0])
    assert not frames_only.has_labels
    assert frames_only.read(0).is_labeled is False


def test_the_colors_of_the_ontology_are_known(labeled):
    expected = {"car": "#e4572e", "person": "#2e86e4", "boat": "#00bbf9"}
    for groups in ({}, {"rectangle": "box", "raster_segmentation": "mask"}):
        colors = AnnotationReader(labeled(**groups)).class_colors
        assert expected.items() <= colors.items()
