"""The page as its readers use it."""

import numpy as np
import pytest
from chromium import chromium, needs_chromium

from deeplake_labelbox import write_preview_page

pytestmark = needs_chromium

LEFT, RIGHT, END = "\ue012", "\ue014", "\ue010"  # keys, as WebDriver names them
CAR = (0xE4, 0x57, 0x2E)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def shown(browser, page):
    """The page of the sample project, just loaded; its console has to stay empty."""
    browser.open(page)
    yield browser
    assert browser.console() == []


def pixels_of(picture, color):
    return int((np.abs(picture - color).sum(axis=2) < 40).sum())


def test_a_click_on_the_timeline_goes_to_its_frame(shown):
    assert shown.browser.title == "Street and harbour"
    assert shown.where == "frame 1"
    first = shown.picture()
    shown.click_middle(shown.find("#timeline .track .lane"))
    assert shown.where == "frame 25"
    assert shown.find("#slider").get_attribute("value") == "24"
    assert "frame 25" in shown.find("#slider").get_attribute("aria-valuetext")
    assert "crossing" in shown.find("#told").text
    assert (shown.picture() != first).any()
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


def test_another_video_is_played_to_its_end(shown):
    shown.select("#video", "night.mp4")
    assert shown.where == "frame 1"
    assert "Überholverbot" in shown.find("#timeline").text
    shown.select("#speed", "4×")  # noqa: RUF001 - a multiplication sign
    shown.find("#play").click()
    shown.wait(lambda: shown.where == "frame 36")
    shown.wait(lambda: shown.find("#play").get_attribute("aria-label") == "Play")
    shown.select("#video", "video.mp4 (not labeled)")
    assert shown.find("#timeline").text == "This video is not labeled."
    assert shown.find("#told").text == "This video is not labeled."


def test_it_follows_the_color_scheme_and_fits_narrow_windows(shown):
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


def test_what_can_be_used_has_a_name(shown):
    script = """return [...document.querySelectorAll("button, select, input")].filter(
        (e) => !(e.innerText || "").trim() && !e.ariaLabel && !e.labels?.length).length"""
    assert shown.browser.execute_script(script) == 0


def test_frames_without_labels(browser, sample_frames, tmp_path):
    write_preview_page(sample_frames[0], tmp_path / "bare.html", progress=False)
    browser.open(tmp_path / "bare.html")
    assert browser.picture().std() > 20
    assert not browser.find("#timeline-card").is_displayed()
    assert not browser.find("#classes-card").is_displayed()
    assert browser.console() == []


def test_texts_that_look_like_html_do_no_harm(browser, evil, tmp_path):
    ds, _, _, text, name = evil
    write_preview_page(ds, tmp_path / "evil.html", progress=False)
    browser.open(tmp_path / "evil.html")
    assert text in browser.find("#told").text
    assert name in browser.find("#timeline").text
    assert browser.browser.execute_script("return window.harm") is None
    assert browser.console() == []
