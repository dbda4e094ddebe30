"""The page in a browser."""

import json
import re

import deeplake
import numpy as np
import pytest
from chromium import chromium, needs_chromium
from video_files import draw_number, read_number

from deeplake_labelbox import create_dataset, write_preview_page

pytestmark = needs_chromium

LEFT, RIGHT, END = "\ue012", "\ue014", "\ue010"  # keys, as WebDriver names them
CAR = (0xE4, 0x57, 0x2E)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def shown(browser, page):
    """The page of the sample project, just loaded; its console must stay empty."""
    browser.open(page)
    yield browser
    assert browser.console() == []


def pixels_of(picture, color):
    return int((np.abs(picture - color).sum(axis=2) < 40).sum())


def test_a_click_on_the_timeline_goes_to_its_frame(shown):
    assert shown.browser.title == "Street and harbor"
    assert shown.where == "frame 1"
    first = shown.picture()
    shown.click_middle(shown.find("#timeline .track .lane"))
    assert shown.where == "frame 25"
    assert shown.find("#slider").get_attribute("value") == "24"
    assert "frame 25" in shown.find("#slider").get_attribute("aria-valuetext")
    assert (shown.picture() != first).any()
    assert "crossing" in shown.find("#details").text
    assert shown.screenshot().std() > 20


def test_classes_and_tracks_can_be_switched_off(shown):
    before = pixels_of(shown.picture(), CAR)
    assert before > 300
    button = shown.find("#classes button")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert pixels_of(shown.picture(), CAR) < before / 10
    button.click()
    assert pixels_of(shown.picture(), CAR) == before
    for track in shown.all(".track button")[:3]:
        track.click()
    assert pixels_of(shown.picture(), CAR) < before / 10


def test_keys_and_buttons_go_from_frame_to_frame(shown):
    shown.press(RIGHT)
    assert shown.where == "frame 2"
    shown.find("#slider").send_keys(RIGHT)
    assert shown.where == "frame 3"
    shown.press(LEFT)
    assert shown.where == "frame 2"
    shown.press("]")
    assert shown.where == "frame 5"
    shown.find("#key-back").click()
    assert shown.where == "frame 1"
    shown.press(END)
    assert shown.where == "frame 48"
    shown.find("#back").click()
    assert shown.where == "frame 47"


def test_every_control_has_a_name_and_the_frame_is_announced_unless_it_plays(shown):
    shown.wait(lambda: shown.find("#timeline .track"))
    controls = shown.controls()
    assert all(name.strip().isascii() and name.strip() for _, name in controls), controls
    assert controls[:8] == [
        *(("combobox", name) for name in ("Video", "Annotator", "Answer")),
        *(("button", name) for name in ("Previous frame", "Play", "Next frame")),
        ("slider", "Frame"),
        ("combobox", "Speed"),
    ]
    assert {("button", "Previous key frame"), ("button", "car"), ("button", "car 2")} < {*controls}
    where = shown.find("#where")
    assert where.get_attribute("aria-live") == "polite"
    shown.select("#speed", "¼×")  # noqa: RUF001 - a multiplication sign
    shown.find("#play").click()
    shown.wait(lambda: where.get_attribute("aria-live") == "off")
    assert ("button", "Pause") in shown.controls()
    shown.press(RIGHT)
    assert where.get_attribute("aria-live") == "polite"
    shown.find("#slider").send_keys(RIGHT)
    assert where.get_attribute("aria-live") == "off"  # the slider announces it


def test_another_video_is_played_to_its_end(shown):
    shown.select("#video", "harbor.mp4")
    assert shown.where == "frame 1"
    assert "Motorboot hält auf die Insel zu" in shown.find("#timeline").text
    shown.select("#speed", "4×")  # noqa: RUF001 - a multiplication sign
    shown.find("#play").click()
    shown.wait(lambda: shown.where == "frame 40")
    shown.wait(lambda: shown.find("#play").get_attribute("aria-label") == "Play")
    shown.select("#video", "video.mp4 (not labeled)")
    shown.wait(lambda: shown.find("#timeline").text == "This video is not labeled.")
    shown.picture()
    assert shown.find("#details").text == "This video is not labeled."


def test_the_labels_of_an_annotator_are_shown_and_the_url_keeps_the_view(
    browser, sample_box, sample_client, tmp_path
):
    create_dataset(
        str(tmp_path / "all"),
        sample_box.sample.project_id,
        lb_client=sample_client,
        label_selection="all",
        progress=False,
    )
    path = tmp_path / "all.html"
    write_preview_page(tmp_path / "all", path, progress=False)
    browser.open(path)
    videos = browser.find("#video").text.split()
    browser.select("#annotator", browser.all("#annotator option")[-1].text)
    annotator = browser.find("#annotator").get_attribute("value")
    browser.wait(lambda: browser.find("#labeled-by").text.endswith(annotator))
    assert len(browser.find("#video").text.split()) < len(videos)
    browser.select("#annotator", "all annotators")
    browser.select("#video", "crossing.mp4")
    browser.wait(lambda: "car 2" in browser.find("#timeline").text)
    browser.select("#answer", "blue")
    browser.find("#next").click()
    browser.press("n")
    assert browser.where == "frame 5"
    assert browser.picture().std() > 20
    said = [item.get_attribute("class") for item in browser.all("#details .objects li")]
    assert "off" in said
    assert said.count("") == 1, "one car is blue"
    browser.find("#classes button").click()
    browser.wait(lambda: "off=car" in browser.address)
    address = browser.address
    browser.open(path)
    assert browser.where == "frame 1"
    browser.browser.execute_script("location.hash = arguments[0]", address)
    browser.wait(lambda: browser.where == "frame 5")
    assert browser.find("#classes button").get_attribute("aria-pressed") == "false"
    assert browser.find("#answer option:checked").text == "blue"
    browser.picture()
    assert [i.get_attribute("class") for i in browser.all("#details .objects li")].count("") == 0
    assert browser.console() == []


def test_the_page_follows_the_color_scheme_and_fits_narrow_windows(shown):
    grounds = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        shown.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        grounds[scheme] = shown.screenshot()[3, 3].sum()
    assert grounds["light"] > 600
    assert grounds["dark"] < 150
    shown.browser.set_window_size(500, 900)
    beyond = "const e = document.documentElement; return e.scrollWidth - e.clientWidth"
    assert shown.browser.execute_script(beyond) == 0
    shown.browser.set_window_size(1300, 1000)


def test_controls_have_accessible_names(shown):
    script = """return [...document.querySelectorAll("button, select, input")].filter(
        (e) => !(e.innerText || "").trim() && !e.ariaLabel && !e.labels?.length).length"""
    assert shown.browser.execute_script(script) == 0


def test_the_requested_frame_is_shown(browser, tmp_path):
    ds = deeplake.create("mem://numbered")
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    count = 200
    ds.append({"frames": [draw_number(n) for n in range(count)]})
    ds.commit()
    path = tmp_path / "numbered.html"
    write_preview_page(ds, path, progress=False)
    packets = re.findall(r'"packets":(\[.*?\]\])', path.read_text("utf-8"))
    places = [place for part in packets for place, _ in json.loads(part)]
    assert len(places) == count
    assert (np.diff(places) < -1).any(), "there are B-frames"
    browser.open(path)
    asked = [*range(0, count, 37), 59, 60, count - 1]
    for place in asked + asked[-2::-1]:
        browser.browser.execute_script(
            "const s = document.getElementById('slider'); s.value = arguments[0]; s.oninput()",
            place,
        )
        assert browser.where == f"frame {place + 1}"
        assert read_number(browser.picture()) == place
    browser.press(LEFT)
    assert read_number(browser.picture()) == 0
    browser.press(RIGHT)
    assert read_number(browser.picture()) == 1
    assert browser.console() == []


def test_frames_without_labels(browser, sample_frames, tmp_path):
    write_preview_page(sample_frames[0], tmp_path / "bare.html", progress=False)
    browser.open(tmp_path / "bare.html")
    assert browser.picture().std() > 20
    assert not browser.find("#timeline-card").is_displayed()
    assert not browser.find("#classes-card").is_displayed()
    assert browser.console() == []


def test_texts_that_look_like_html_are_shown_as_text(browser, evil, tmp_path):
    ds, _, _, text, name = evil
    write_preview_page(ds, tmp_path / "evil.html", progress=False)
    browser.open(tmp_path / "evil.html")
    browser.picture()
    assert text in browser.find("#details").text
    assert name in browser.find("#timeline").text
    assert browser.browser.execute_script("return window.harm") is None
    assert browser.console() == []
