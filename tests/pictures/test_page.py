import base64
import io
import json
import re

import av
import deeplake
import numpy as np
import pytest
from PIL import Image

from deeplake_labelbox import preview, write_preview_page
from deeplake_labelbox._pictures.page import SCRIPTS
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox.errors import ConfigurationError


def data_of(page):
    """The data of a page by the names of its elements."""
    text = page.read_text("utf-8")
    found = re.findall(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', text)
    return {name: json.loads(value) for name, value in found}


def parts_of(data, video):
    return [part for name, part in data.items() if name.startswith(f"part-{video}-")]


def objects_of(data, video, place):
    """The objects of a frame: track, whether it is drawn here, and its numbers or mask."""
    part = data[f"part-{video}-{place // data[f'video-{video}']['part']}"]
    found = part["layers"][0][place % data[f"video-{video}"]["part"]]
    tracks = data[f"video-{video}"]["layers"][0]["tracks"]
    for track, is_key, value, _ in found:
        is_mask = tracks[track]["t"] == "raster-segmentation"
        yield tracks[track], is_key, part["masks"][value] if is_mask else value


def test_a_page_is_self_contained(page):
    text = page.read_text("utf-8")
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//)""", text)
    assert "default-src 'none'" in text
    data = data_of(page)
    videos = data["index"]["videos"]
    assert [video["name"] for video in videos][:2] == ["crossing.mp4", "harbor.mp4"]
    assert videos[0]["link"].startswith("https://app.labelbox.com/projects/")
    for video, count in enumerate([48, 40, 24]):
        parts = parts_of(data, video)
        assert sum(len(part["packets"]) for part in parts) == count
        assert [part["size"] for part in parts] == [part["sizes"][0] for part in parts]


def test_a_clip_contains_the_frames(page, labeled):
    part, ds = data_of(page)["part-0-0"], labeled()
    decoder = av.CodecContext.create("h264", "r")
    clip = io.BytesIO(base64.b64decode(part["clip"]))
    packets = [av.Packet(clip.read(size)) for _, size in part["packets"]]
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert len(decoded) == 48
    for place in (0, 17, 47):
        difference = decoded[place].to_ndarray(format="rgb24").astype(int) - ds["frames"][place]
        assert np.abs(difference).mean() < 4


def test_masks_are_cropped_and_shared_between_frames(page, labeled):
    data, ds = data_of(page), labeled()
    drawn = np.zeros((240, 320), dtype=bool)
    for track, _, value in objects_of(data, 0, 20):
        if track["c"] != "road":
            continue
        left, top, width, height, png = value
        with Image.open(io.BytesIO(base64.b64decode(png))) as image:
            inside = np.asarray(image.convert("RGBA"))[:, :, 3] > 0
        assert inside.shape == (height, width)
        drawn[int(top) : int(top + height), int(left) : int(left + width)] |= inside
    np.testing.assert_array_equal(drawn, np.asarray(ds["road"][20]).any(axis=2))
    part = data["part-0-0"]
    used = [value for place in range(48) for _, _, value in objects_of(data, 0, place)]
    assert 0 < len(part["masks"]) < sum(value in part["masks"] for value in used) / 2


@pytest.mark.parametrize("max_bytes", [1_000_000, 200_000])
def test_a_page_respects_max_bytes_and_has_all_frames(labeled, tmp_path, max_bytes):
    path = tmp_path / "page.html"
    written = write_preview_page(
        labeled(), path, videos=["0", "1", "2"], max_bytes=max_bytes, progress=False
    )
    assert written.bytes == path.stat().st_size <= max_bytes
    data = data_of(path)
    assert sum(len(part["packets"]) for part in parts_of(data, 0)) == 48
    assert data["video-0"]["layers"][0]["tracks"][0]["spans"] == [[1, 18]]
    with pytest.raises(ConfigurationError, match="fewer `videos` or `frames`"):
        write_preview_page(labeled(), path, max_bytes=1000, progress=False)
    assert path.stat().st_size == written.bytes


def test_pictures_are_scaled_and_shapes_are_not(labeled, tmp_path):
    path = tmp_path / "page.html"
    write_preview_page(
        labeled(), path, videos=["crossing.mp4"], frames=(21, 21), width=160, progress=False
    )
    data = data_of(path)
    part = data["part-0-0"]
    assert (part["size"], part["sizes"]) == ([160, 120], [[320, 240]])
    found = list(objects_of(data, 0, 0))
    (car,) = (value for track, _, value in found if track["c"] == "car")
    np.testing.assert_allclose(car, [57.75, 169.5, 68.5, 31.5], atol=0.06)
    (mask, *_) = (value for track, _, value in found if track["c"] == "road")
    assert mask[2] > 300


def test_some_of_many_videos_are_shown_and_the_others_are_counted(tmp_path):
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


def test_text_of_the_data_is_never_parsed_as_markup(evil, tmp_path):
    ds, export, report, text, _ = evil
    path = tmp_path / "page.html"
    write_preview_page(ds, path, progress=False)
    data = data_of(path)
    assert data["video-0"]["layers"][0]["answers"][0]["spans"] == [[1, 4, text]]
    page = path.read_text("utf-8")
    assert page.count("<script") == len(data) + len(SCRIPTS)
    assert "<img" not in page
    for shown in (export, report, preview(ds, videos=["0"])):
        assert "<script" not in shown._repr_html_()
        assert "<img src=x" not in shown._repr_html_()
