"""Files of the sandbox over plain HTTP: signed and private videos, masks, media attributes."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
import requests
from PIL import Image
from sandbox_projects import composite_png, exported_annotations, mask_frame, new_project

from deeplake_labelbox.sandbox import SandboxError

RED, GREEN = (255, 0, 0), (0, 255, 0)
DATA = bytes(range(256)) * 400


def get(url, **headers):
    return requests.get(url, headers=headers, timeout=10)


@pytest.fixture(scope="module")
def project(box):
    return new_project(box)


@pytest.fixture(scope="module")
def signed(project):
    return project.add_video(DATA, external_id="clip ä.mp4").row_data


@pytest.fixture(scope="module")
def private(project):
    return project.add_video(DATA, private=True).row_data


@pytest.fixture
def key(box):
    return {"Authorization": f"Bearer {box.api_key}"}


def test_a_signed_video_needs_no_key_and_refuses_one(box, signed, key):
    assert signed.startswith(box.storage_url)
    assert not signed.startswith(box.url)
    assert get(signed).content == DATA
    assert get(signed, **key).status_code == 400
    assert get(signed.split("?")[0]).status_code == 403
    assert get(signed.replace("Expires=1", "Expires=2")).status_code == 403


@pytest.mark.parametrize("name", ["a b%20c?d#e.mp4", "/", "日本.mp4"])
def test_file_names_may_contain_any_character(project, name, key):
    assert get(project.add_video(DATA, external_id=name).row_data).content == DATA
    hidden = project.add_video(DATA, external_id=name, private=True)
    assert get(hidden.row_data, **key).content == DATA


def test_a_signature_of_strange_characters_is_refused(signed):
    assert get(signed.split("&")[0] + "&Signature=ä").status_code == 403


def test_signed_urls_stay_the_same_until_they_expire(box, project):
    row = project.add_video(DATA)
    url = row.row_data
    assert row.row_data == url
    box.expire_signed_urls()
    assert get(url).status_code == 403
    assert row.row_data != url
    assert get(row.row_data).content == DATA


def test_a_private_video_needs_the_key(box, private, key):
    assert private.startswith(box.rest_endpoint)
    assert get(private).status_code == 401
    assert get(private, Authorization="Bearer wrong").status_code == 401
    assert get(private, **key).content == DATA


def test_videos_are_served_in_ranges(project):
    url = project.add_video(DATA).row_data
    head = requests.head(url, timeout=10)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))
    assert head.headers["accept-ranges"] == "bytes"
    part = get(url, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, DATA[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(DATA)}"
    assert get(url, **{"Range": "bytes=5-", "If-Range": head.headers["etag"]}).content == DATA[5:]
    assert get(url, **{"Range": "bytes=5-", "If-Range": '"old"'}).content == DATA
    assert get(url, Range=f"bytes={len(DATA)}-").status_code == 416


def test_a_video_may_be_a_path_and_is_probed(project, tmp_path):
    path = tmp_path / "clip.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(30000, 1001))
        stream.width, stream.height = 64, 48
        for level in range(7):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level * 9, np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    row = project.add_video(path)
    assert row.media_attributes == {
        "height": 48,
        "width": 64,
        "mime_type": "video/mp4",
        "frame_rate": pytest.approx(29.97, abs=0.001),
        "frame_count": 7,
        "asset_type": "video",
    }
    assert "/clip.mp4?" in row.row_data
    assert get(row.row_data).content == path.read_bytes()


def test_a_file_that_is_not_a_video_has_no_media_attributes(project):
    assert project.add_video(b"<html>").media_attributes == {}


def test_row_data_is_exported_unchanged(project):
    assert project.add_video(row_data="/videos/a.mp4").row_data == "/videos/a.mp4"


def test_bad_videos_are_refused(project, tmp_path):
    with pytest.raises(SandboxError, match="There is no file"):
        project.add_video(tmp_path / "none.mp4")
    with pytest.raises(SandboxError, match="needs a video or row_data"):
        project.add_video()
    project.add_video(b"", global_key="taken twice")
    with pytest.raises(SandboxError, match="'taken twice' is taken"):
        project.add_video(b"", global_key="taken twice")
    with pytest.raises(SandboxError, match="Unknown workflow status 'Done'"):
        project.add_video(b"", workflow_status="Done")


def masks(box, mask_format):
    """The URLs of the masks of two instances, by tool."""
    project = new_project(box)
    row = project.add_video(row_data="https://videos.test/a.mp4")
    png = composite_png((RED, 0), (GREEN, 4))
    instances = [
        {"name": "road", "colorRGB": list(RED)},
        {"name": "sky", "colorRGB": list(GREEN)},
    ]
    row.add_label(
        [{"masks": {"frames": [mask_frame(3, png)], "instances": instances}}],
        mask_format=mask_format,
    )
    objects = exported_annotations(box, project)["frames"]["3"]["objects"].values()
    return png, {
        shown["name"]: (shown.get("mask") or shown["composite_mask"])["url"] for shown in objects
    }


def test_a_composite_mask_is_one_picture_behind_the_key(box, key):
    png, urls = masks(box, "composite")
    assert urls["road"] == urls["sky"]
    assert get(urls["road"]).status_code == 401
    answer = get(urls["road"], **key)
    assert (answer.content, answer.headers["content-type"]) == (png, "image/png")
    assert get(urls["road"].replace("/index/3", "/index/2"), **key).status_code == 404
    assert get(urls["road"].replace("/tasks/", "/tasks/x"), **key).status_code == 404


def test_a_single_mask_is_grayscale(box, key):
    _, urls = masks(box, "single")
    assert get(urls["sky"]).status_code == 401
    picture = Image.open(io.BytesIO(get(urls["sky"], **key).content))
    expected = np.zeros((8, 8), np.uint8)
    expected[4:6, 0:2] = 255
    assert picture.mode == "L"
    np.testing.assert_array_equal(np.asarray(picture), expected)
    assert get(urls["sky"].replace("/annotations/", "/annotations/x"), **key).status_code == 404


def test_the_sdk_uploads_files(box, key):
    url = box.client().upload_data(DATA, filename="notes ä.bin", content_type="x/y", sign=True)
    assert box.requests[-1].operation == "UploadFile"
    assert get(url).content == DATA
    assert get(url, **key).status_code == 400


@pytest.mark.parametrize(
    "parts",
    [
        {"operations": (None, "{}")},
        {"operations": (None, "{}"), "map": (None, '{"1": ["variables.file"]}'), "1": ("a", b"")},
        {"operations": (None, "{}"), "map": (None, '{"1": ["file"]}'), "1": (None, "no file")},
        {"operations": (None, "no json"), "map": (None, "{}")},
    ],
)
def test_a_broken_upload_is_malformed(box, key, parts):
    answer = requests.post(box.endpoint, files=parts, headers=key, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "MALFORMED_REQUEST"


def test_an_upload_needs_a_file(box, key):
    query = "mutation U($file: Upload!) { uploadFile(file: $file, contentLength: 1) { url } }"
    body = {"query": query, "variables": {"file": "text"}}
    answer = requests.post(box.endpoint, json=body, headers=key, timeout=10).json()
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
