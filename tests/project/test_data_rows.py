import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_json import PATIENT

from deeplake_labelbox._model.data_rows import (
    data_row_name,
    declared_frames,
    video_name,
    without_signature,
)


def row(row_data="https://x.test/a/clip.mp4?Signature=secret", external_id=None, **attributes):
    ids = {} if external_id is None else {"external_id": external_id}
    return {"data_row": {"row_data": row_data, **ids}, "media_attributes": attributes}


@pytest.mark.parametrize(
    ("data_row", "name", "video"),
    [
        (row(external_id="cars/one.mp4"), "cars/one.mp4", "one"),
        (row(external_id="C:\\cars\\one.mp4"), "C:\\cars\\one.mp4", "one"),
        (row(), "https://x.test/a/clip.mp4", "clip"),
        (row(external_id="https://u:p@x.test/b.mp4?Signature=s"), "https://x.test/b.mp4", "b"),
        (row("/videos/clip.mp4"), "/videos/clip.mp4", "clip"),
        (row(external_id=""), "https://x.test/a/clip.mp4", "clip"),
    ],
)
def test_a_data_row_is_named_by_its_external_id_or_its_url_without_secrets(data_row, name, video):
    assert data_row_name(data_row) == name
    assert video_name(data_row) == video


@PATIENT
@given(st.text(max_size=20))
def test_any_text_can_be_a_name(name):
    url = f"https://{name}?Signature=secret"

    assert "secret" not in without_signature(url).partition("Signature=")[2]
    assert isinstance(video_name(row(external_id=name)), str)


@pytest.mark.parametrize("url", ["https://[x.test/a.mp4?Signature=secret", "://?Signature=secret"])
def test_what_looks_like_a_url_but_is_none_keeps_no_query_either(url):
    assert "secret" not in without_signature(url)


@pytest.mark.parametrize(
    ("count", "frames"),
    [
        (10, 10),
        (10.0, 10),
        ("10", 10),
        (0, None),
        (-1, None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ([], None),
    ],
)
def test_the_declared_count_is_a_number_of_frames_or_nothing(count, frames):
    assert declared_frames(row(frame_count=count)) == frames


@pytest.mark.parametrize("attributes", [None, [], "x"])
def test_media_attributes_may_be_anything(attributes):
    assert declared_frames({"media_attributes": attributes}) is None
