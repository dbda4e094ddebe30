"""Files of other tools: their ending determines the format, or it must be given."""

from typing import get_args

import pytest

from deeplake_labelbox._formats.registry import FORMATS, SourceFormat, source_formats
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError


def test_every_format_is_registered_and_can_be_read():
    assert get_args(SourceFormat) == source_formats()
    for name in source_formats():
        assert callable(FORMATS[name].read())


def test_formats_and_their_options_are_listed_in_errors(imported):
    with pytest.raises(ConfigurationError, match="the formats are deep-lake, mot, mot17"):
        imported("gt.txt", source_format="kitti")
    with pytest.raises(ConfigurationError, match="for files of MOT, YouTube-VIS, COCO and YOLO;"):
        imported([], frame_step=2)


def test_the_format_of_a_path_must_be_clear(imported, tmp_path):
    (tmp_path / "labels.dat").write_text("1,1,1,1,1,1")
    with pytest.raises(AnnotationSourceError, match="cannot be detected from its ending"):
        imported(tmp_path / "labels.dat")
    with pytest.raises(AnnotationSourceError, match="There is no Deep Lake dataset"):
        imported(tmp_path / "nothing")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_train.json").touch()
    with pytest.raises(AnnotationSourceError, match=r"has no gt\.txt, .* as .*train\.json, or a D"):
        imported(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotationSourceError, match=r"empty is empty; pass a Deep Lake dataset .*"):
        imported(tmp_path / "empty")
    with pytest.raises(AnnotationSourceError, match="There is no MOTChallenge file at"):
        imported(tmp_path / "empty", source_format="mot")
    for file in ("annotations.xml", "gt.txt"):
        (tmp_path / "empty" / file).touch()
    with pytest.raises(AnnotationSourceError, match="has files of mot and cvat; pass `source_form"):
        imported(tmp_path / "empty")
    named = imported(
        tmp_path / "labels.dat", source_format="mot", mapping={"pedestrian": "car"}, data_rows="one"
    )
    assert len(named.accepted) == 1
