"""Files of other tools: their format is told by their ending, or asked for."""

import pytest

from deeplake_labelbox.errors import AnnotationSourceError


def test_the_format_of_a_path_must_be_clear(imported, tmp_path):
    (tmp_path / "labels.dat").write_text("1,1,1,1,1,1")
    with pytest.raises(AnnotationSourceError, match="cannot be told from its ending"):
        imported(tmp_path / "labels.dat")
    with pytest.raises(AnnotationSourceError, match="There is no Deep Lake dataset"):
        imported(tmp_path / "nothing")
    with pytest.raises(AnnotationSourceError, match="no MOTChallenge file"):
        imported(tmp_path)
    named = imported(
        tmp_path / "labels.dat", source_format="mot", mapping={"pedestrian": "car"}, data_rows="one"
    )
    assert len(named.accepted) == 1
