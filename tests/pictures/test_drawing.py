import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from deeplake_labelbox import (
    LabeledDataset,
    dataset_statistics,
    draw_contact_sheet,
    draw_frame,
)
from deeplake_labelbox._pictures import text_layout as lettering_module
from deeplake_labelbox._pictures.colors import class_colors, ink_on
from deeplake_labelbox._pictures.frame_annotations import ShownObject
from deeplake_labelbox._pictures.overlay import draw_objects
from deeplake_labelbox._pictures.tags import draw_tags
from deeplake_labelbox._pictures.text_layout import Lettering
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.sandbox.sample import sample_videos

RED = {"car": (255, 0, 0)}
UNPRINTABLE = "\ud800"


def shown(kind, shape, class_name="car", **more):
    return ShownObject(kind, class_name, 1, False, np.asarray(shape), **more)


def changed(before, after):
    """(H, W) bool: where two pictures differ clearly."""
    return np.asarray(ImageChops.difference(before, after).convert("L")) > 24


def test_small_frames_are_enlarged_by_a_whole_number(labeled):
    ds = labeled()
    picture = draw_frame(ds, 20)
    assert picture.mode == "RGB"
    assert picture.width == 320 * 2
    assert picture.height > 240 * 2
    upright = draw_frame(ds, 100)
    assert upright.height == 240 * 3
    assert upright.width > 180 * 3


def test_negative_rows_count_from_the_end_and_others_are_refused(labeled):
    ds = labeled()
    assert draw_frame(ds, -1).tobytes() == draw_frame(ds, len(ds) - 1).tobytes()
    with pytest.raises(ConfigurationError, match="no row 112"):
        draw_frame(ds, 112)
    with pytest.raises(ConfigurationError, match="no column 'pictures'"):
        draw_frame(ds, 0, image_column="pictures")
    with pytest.raises(ConfigurationError, match="is no picture"):
        draw_frame(ds, 0, image_column="car/car")


def test_a_row_of_a_query_is_drawn(labeled):
    ds = labeled()
    view = ds.query('SELECT * WHERE shape("car/car")[0] >= 2 ORDER BY frame_idx DESC')
    first = int(view["video_idx"][0]), int(view["frame_idx"][0])
    rows = list(zip(ds["video_idx"][:].tolist(), ds["frame_idx"][:].tolist(), strict=True))
    expected = draw_frame(ds, rows.index(first))
    for given in (view, LabeledDataset(view)):
        assert ImageChops.difference(draw_frame(given, 0), expected).getbbox() is None


def test_a_labeled_dataset_is_drawn_as_the_open_one(labeled):
    ds = labeled()
    whole = LabeledDataset(ds)
    assert ImageChops.difference(draw_frame(whole, 20), draw_frame(ds, 20)).getbbox() is None
    assert dataset_statistics(whole, progress=False) == dataset_statistics(ds, progress=False)


def test_without_labels_only_the_frame_is_drawn(sample_frames):
    ds, _ = sample_frames
    picture = draw_frame(ds, 3)
    frame = Image.fromarray(ds["frames"][3])
    assert picture.size == (640, 480)
    assert not changed(picture, frame.resize(picture.size, Image.Resampling.LANCZOS)).any()
    assert draw_contact_sheet(ds, frames=2).width == 1800


@pytest.mark.parametrize("zoom", [1, 2, 5])
def test_shapes_are_drawn_where_they_are(zoom):
    size = (160 * zoom, 120 * zoom)
    gray = Image.new("RGB", size, (120, 120, 120))
    drawn = draw_objects(
        gray, [shown("rectangle", [40, 70, 50, 30])], (zoom, zoom), RED, text_size=10
    )
    pixels = np.asarray(drawn).astype(int)
    red = (pixels[:, :, 0] > 190) & (pixels[:, :, 1] < 70)
    for x, y in ((40, 85), (90, 85), (65, 70), (65, 100)):
        x, y = x * zoom, y * zoom  # noqa: PLW2901 - to pixels of the picture
        assert red[y - 3 : y + 4, x - 3 : x + 4].any(), (x, y)
    assert not red[110 * zoom :].any()


def test_a_shape_does_not_hide_the_outlines_below_it():
    gray = Image.new("RGB", (300, 300), (120, 120, 120))
    small = shown("rectangle", [100, 100, 40, 40])
    for above in (
        shown("rectangle", [20, 20, 260, 260], "bus"),
        shown("polygon", [[20, 20], [280, 20], [280, 280], [20, 280]], "bus"),
    ):
        drawn = draw_objects(
            gray, [small, above], (1, 1), {**RED, "bus": (0, 0, 255)}, text_size=10
        )
        red = np.asarray(drawn).astype(int) @ (1, -1, 0) > 60
        assert all(red[y, x] for x, y in ((100, 120), (140, 120), (120, 140))), above.kind


def test_masks_are_translucent_with_an_outline():
    gray = Image.new("RGB", (200, 200), (120, 120, 120))
    mask = np.zeros((100, 100), dtype=bool)
    mask[20:80, 20:80] = True
    pixels = np.asarray(
        draw_objects(gray, [shown("raster-segmentation", mask)], (2, 2), RED, text_size=10)
    ).astype(int)
    inside, edge, outside = pixels[60, 60], pixels[100, 40:44].max(axis=0), pixels[10, 10]
    assert tuple(outside) == (120, 120, 120)
    assert 140 < inside[0] < 220
    assert edge[0] > inside[0] + 20


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("rectangle", [-20, -20, 500, 500]),
        ("rectangle", [50, 50, -30, -20]),
        ("rectangle", [10, 10, 0, 0]),
        ("point", [-5, 400]),
        ("line", [[5, 5]]),
        ("line", np.zeros((0, 2))),
        ("polygon", [[5, 5], [60, 10]]),
        ("polygon", [[5, 5], [60, 10], [40, 300]]),
        ("raster-segmentation", np.zeros((80, 100), dtype=bool)),
    ],
)
def test_unusual_shapes_are_drawn_without_error(kind, shape):
    gray = Image.new("RGB", (100, 80), (120, 120, 120))
    assert draw_objects(gray, [shown(kind, shape)], (1, 1), RED, text_size=12).size == (100, 80)


def test_tags_do_not_cover_each_other():
    picture = Image.new("RGB", (600, 400))
    boxes = [shown("rectangle", [150 + 40 * n, 150, 30, 60]) for n in range(5)]
    together = picture.copy()
    draw_tags(together, boxes, (1, 1), RED, text_size=14)
    alone = 0
    for box in boxes:
        one = picture.copy()
        draw_tags(one, [box], (1, 1), RED, text_size=14)
        alone += int(changed(picture, one).sum())
    assert changed(picture, together).sum() > 0.98 * alone


def test_class_colors_are_stable_and_distinct_and_known_ones_win():
    names = [f"class {n}" for n in range(12)]
    colors = class_colors(names)
    assert len(set(colors.values())) == len(names)
    assert class_colors(reversed(names)) == colors
    assert class_colors(["car"], {"car": "#e4572e"}) == {"car": (0xE4, 0x57, 0x2E)}
    assert class_colors(["car"], {"car": "no color"}) == class_colors(["car"])
    assert ink_on((255, 255, 0)) != ink_on((0, 0, 90))


@pytest.mark.parametrize(
    "text", ["Überholverbot", "禁止超车", "Привет", "tab\there", "", UNPRINTABLE]
)
def test_any_text_can_be_drawn(text):
    picture = Image.new("RGB", (300, 40))
    lettering = Lettering(20)
    lettering.draw(ImageDraw.Draw(picture), (2, 2), text, (255, 255, 255))
    assert (lettering.width(text) > 0) == bool(text)
    assert (np.asarray(picture).max() > 0) == (text not in {"", UNPRINTABLE})


def test_long_texts_are_cut_and_wrapped():
    lettering = Lettering(16)
    long = "the quick brown fox jumps over the lazy dog " * 4
    assert lettering.width(lettering.fit(long, 200)) <= 200
    assert lettering.fit(long, 200).endswith("…")
    lines = lettering.wrap(long, 200, 3)
    assert len(lines) == 3
    assert all(lettering.width(line) <= 200 for line in lines)
    assert lettering.wrap("", 200, 3) == []
    assert lettering.wrap("x" * 200, 100, 2)[0].endswith("…")


def test_the_sample_is_drawn_without_a_font_of_the_system(monkeypatch):
    monkeypatch.setattr(lettering_module, "_SYSTEM_FONTS", ())
    lettering_module._shown.cache_clear()
    built_in = lettering_module._built_in(16)
    for character in sorted(set(repr(sample_videos()))):
        shown, font = lettering_module._shown(character, 16)
        assert all(lettering_module._has(font, part) for part in shown), character
        assert font is built_in
    lettering_module._shown.cache_clear()
