"""The server of a page, over real HTTP and in a browser."""

import socket

import deeplake
import pytest
import requests
from chromium import chromium, needs_chromium
from video_files import draw_number, read_number

from deeplake_labelbox._pictures.page_content import PageContent
from deeplake_labelbox._pictures.page_server import PageServer
from deeplake_labelbox._video.encodings import encode_png
from deeplake_labelbox.errors import ConfigurationError


@pytest.fixture(scope="module")
def served(labeled):
    with PageServer(PageContent(labeled()), width=160) as server:
        yield server


@pytest.fixture(scope="module")
def get():
    with requests.Session() as session:
        session.trust_env = False
        yield lambda url, **headers: session.get(url, headers=headers, timeout=60)


def test_the_server_serves_the_data_of_the_page(served, get):
    page = get(served.url)
    assert page.headers["Content-Type"].startswith("text/html")
    assert '<script type="application/json" id="index">' in page.text
    video = get(f"{served.url}video-0.json").json()
    assert len(video["numbers"]) == 48
    part = get(f"{served.url}part-0-0.json").json()
    assert part["size"] == [160, 120]
    assert len(part["packets"]) == len(part["layers"][0]) == 48
    for name in ("part-0-1.json", "part-9-0.json", "video-4.json", "x", "../", "part-0.json"):
        assert get(f"{served.url}{name}").status_code == 404, name


def test_requests_without_secret_or_with_another_host_are_refused(served, get):
    assert get(served.url.rsplit("/", 2)[0] + "/").status_code == 404
    assert get(f"{served.url[:-3]}x/").status_code == 404
    assert get(served.url, Host="evil.example").status_code == 404
    assert "Access-Control-Allow-Origin" not in get(served.url).headers


def test_a_port_in_use_is_an_error(labeled):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match="choose another `port`"):
            PageServer(PageContent(labeled()), port=port)


def test_unreadable_data_is_reported(tmp_path, get):
    ds = deeplake.create(str(tmp_path / "damaged"))
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    whole = encode_png(draw_number(0))
    ds.append({"frames": [whole, whole[:60] + bytes(40) + whole[100:]]})
    ds.commit()
    with PageServer(PageContent(ds)) as server:
        answer = get(f"{server.url}part-0-0.json")
    assert answer.status_code == 500
    assert "The picture in row 1 of column 'frames' is damaged" in answer.text


@needs_chromium
def test_a_browser_fetches_the_frames_that_it_shows(tmp_path):
    ds = deeplake.create("mem://served")
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    ds.append({"frames": [draw_number(n) for n in range(150)]})
    ds.commit()
    with PageServer(PageContent(ds)) as server, chromium(tmp_path) as browser:
        browser.browser.get(server.url)
        for place in (0, 149, 75):
            address = f"#video=Frames&frame={place + 1}"
            browser.browser.execute_script("location.hash = arguments[0]", address)
            browser.wait(lambda number=place + 1: browser.where == f"frame {number}")
            assert read_number(browser.picture()) == place
        assert browser.console() == []
