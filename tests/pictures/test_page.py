import base64
import io
import json
import re

import deeplake
import numpy as np
import pytest
from PIL import Image

from deeplake_labelbox import preview, write_preview_page
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import ConfigurationError


def data_of(page):
    text = page.read_text("utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(data)


def test_a_page_holds_all_it_needs(page):
    text = page.read_text("utf-8")
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//)""", text)
    assert "default-src 'none'" in text
    data = data_of(page)
    assert [video["name"] for video in data["videos"]][:2] == ["crossing.mp4", "harbour.mp4"]
    assert [len(video["frames"]) for video in data["videos"]] == [48, 40, 36, 24]
    with Image.open(io.BytesIO(base64.b64decode(data["videos"][0]["frames"][0]["jpeg"]))) as jpeg:
        assert jpeg.size == (320, 240)
    assert data["step"] == 1


def test_masks_are_cut_out_and_shared_by_the_frames_that_hold_them(page, labeled):
    data, ds = data_of(page), labeled()
    frame = data["videos"][0]["frames"][20]
    roads = [item for item in frame["o"] if item["c"] == "road"]
    drawn = np.zeros((240, 320), dtype=bool)
    for item in roads:
        left, top, width, height, png = data["masks"][item["m"]]
        with Image.open(io.BytesIO(base64.b64decode(png))) as image:
            inside = np.asarray(image.convert("RGBA"))[:, :, 3] > 0
        assert inside.shape == (height, width)
        drawn[int(top) : int(top + height), int(left) : int(left + width)] |= inside
    np.testing.assert_array_equal(drawn, np.asarray(ds["road"][20]).any(axis=2))
    used = [o["m"] for v in data["videos"] for f in v["frames"] for o in f["o"] if "m" in o]
    assert len(data["masks"]) < len(used) / 2


@pytest.mark.parametrize("max_bytes", [1_000_000, 250_000])
def test_a_page_is_no_larger_than_allowed(labeled, tmp_path, max_bytes):
    path = tmp_path / "page.html"
    written = write_preview_page(labeled(), path, max_bytes=max_bytes, progress=False)
    assert written.bytes == path.stat().st_size <= max_bytes
    assert written.step in (2, 4, 8, 16)
    video = data_of(path)["videos"][0]
    assert [frame["p"] for frame in video["frames"]] == list(range(0, 48, written.step))
    assert video["tracks"][0]["spans"] == [[1, 18]]  # the timeline is whole
    with pytest.raises(ConfigurationError, match="fewer `videos` or a smaller `width`"):
        write_preview_page(labeled(), path, max_bytes=1000, progress=False)
    assert path.stat().st_size == written.bytes


def test_pictures_are_scaled_and_shapes_are_not(labeled, tmp_path):
    path = tmp_path / "page.html"
    write_preview_page(
        labeled(), path, videos=["crossing.mp4"], frames=(21, 21), width=160, progress=False
    )
    data = data_of(path)
    (frame,) = data["videos"][0]["frames"]
    assert frame["size"] == [320, 240]
    with Image.open(io.BytesIO(base64.b64decode(frame["jpeg"]))) as jpeg:
        assert jpeg.size == (160, 120)
    (car,) = (item for item in frame["o"] if item["c"] == "car")
    np.testing.assert_allclose(car["s"], [57.75, 169.5, 68.5, 31.5], atol=0.06)
    (mask, *_) = (data["masks"][item["m"]] for item in frame["o"] if "m" in item)
    assert mask[2] > 300


def test_of_many_videos_some_are_shown_and_the_rest_is_counted(tmp_path):
    ds = deeplake.create("mem://many")
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    for name in ("frame_idx", "video_idx"):
        ds.add_column(name, deeplake.types.Int32())
    count = 30
    ds.append(
        {
            "frames": [np.full((40, 60, 3), n, np.uint8) for n in range(count)],
            "frame_idx": [0] * count,
            "video_idx": list(range(count)),
        }
    )
    names = [(f"r{n}", f"v{n}") for n in range(count)]
    LabelboxMeta("p", "Many", "complete").with_data_rows(names).write(ds)
    ds.commit()
    written = write_preview_page(ds, tmp_path / "page.html", progress=False)
    assert (len(written.videos), written.left_out) == (24, 6)


def test_no_text_of_the_data_is_taken_for_anything_else(evil, tmp_path):
    ds, export, report, text, _ = evil
    path = tmp_path / "page.html"
    write_preview_page(ds, path, progress=False)
    data = data_of(path)
    assert data["videos"][0]["answers"][0]["spans"] == [[1, 4, text]]
    page = path.read_text("utf-8")
    assert page.count("<script") == 2
    assert "<img" not in page
    for shown in (export, report, preview(ds, videos=["0"])):
        assert "<script" not in shown._repr_html_()
        assert "<img src=x" not in shown._repr_html_()
