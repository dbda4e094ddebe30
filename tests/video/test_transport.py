import gzip
import logging
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from faulty_server import Answer, FaultyServer

from deeplake_labelbox._video.access import Access
from deeplake_labelbox._video.response_body import VIDEO_ERRORS, FetchErrors
from deeplake_labelbox._video.transport import DEFAULT_RETRY, Transport
from deeplake_labelbox.errors import (
    MaskError,
    VideoError,
    VideoForbiddenError,
    VideoNotFoundError,
    VideoUnreachableError,
)

BODY = bytes(range(256)) * 2000
NO_WAIT = DEFAULT_RETRY.new(backoff_factor=0, backoff_jitter=0)


@pytest.fixture
def server():
    with FaultyServer() as server:
        yield server


@pytest.fixture
def transport():
    with Transport(retry=NO_WAIT, connect_timeout=5, read_timeout=5) as transport:
        yield transport


@pytest.fixture
def fetch(transport, tmp_path):
    def fetch(url, headers=None, **options):
        path = tmp_path / "body"
        count = transport.download(Access(url, VIDEO_ERRORS, headers=headers), path, **options)
        data = path.read_bytes()
        assert count == len(data)
        return data

    return fetch


def test_a_body_arrives_as_it_is(server, fetch):
    assert fetch(server.serve("/a", Answer(BODY))) == BODY
    assert fetch(server.serve("/empty", Answer(b""))) == b""
    assert fetch(server.serve("/chunked", Answer(BODY, chunked=True))) == BODY


def test_a_broken_body_is_resumed_where_it_broke(server, fetch):
    cuts = [Answer(BODY, etag='"1"', cut=n) for n in (1000, 5000, 70_000)]
    url = server.serve("/a", *cuts, Answer(BODY, etag='"1"'))
    assert fetch(url) == BODY
    asked = [headers.get("range") for _, headers in server.requests]
    assert asked == [None, "bytes=1000-", "bytes=6000-", "bytes=76000-"]
    assert {headers.get("if-range") for _, headers in server.requests[1:]} == {'"1"'}


def test_last_modified_serves_as_validator(server, fetch):
    modified = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
    url = server.serve("/a", Answer(BODY, headers=modified, cut=10), Answer(BODY))
    assert fetch(url) == BODY
    assert server.requests[1][1]["if-range"] == modified["Last-Modified"]


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_without_a_strong_validator_the_body_is_fetched_anew(server, fetch, etag):
    url = server.serve("/a", Answer(BODY, etag=etag, cut=100), Answer(BODY, etag=etag))
    assert fetch(url) == BODY
    assert "range" not in server.requests[1][1]


def test_a_server_that_ignores_ranges_restarts_the_file(server, fetch):
    url = server.serve("/a", Answer(BODY, etag='"1"', cut=100), Answer(BODY, ranges=False))
    assert fetch(url) == BODY


def test_a_file_that_changed_in_between_is_not_stitched(server, fetch):
    other = BODY[::-1]
    url = server.serve("/a", Answer(BODY, etag='"1"', cut=100), Answer(other, etag='"2"'))
    assert fetch(url) == other


def test_a_part_that_was_not_asked_for_is_not_taken(server, fetch):
    wrong = Answer(BODY, status=206, headers={"Content-Range": f"bytes 50-99/{len(BODY)}"})
    url = server.serve("/a", Answer(BODY, etag='"1"', cut=100), wrong, Answer(BODY))
    assert fetch(url) == BODY


def test_a_range_beyond_the_end_restarts(server, fetch):
    short = BODY[:50]
    url = server.serve(
        "/a", Answer(BODY, etag='"1"', cut=100), Answer(short, etag='"1"'), Answer(short)
    )
    assert fetch(url) == short


def test_a_cut_chunked_body_is_not_accepted(server, fetch):
    url = server.serve("/a", Answer(BODY, chunked=True, cut=100), Answer(BODY, chunked=True))
    assert fetch(url) == BODY


def test_a_body_that_always_breaks_ends_in_an_error(server, fetch):
    url = server.serve("/clip.mp4", Answer(BODY, cut=100))
    with pytest.raises(VideoUnreachableError, match=r"/clip\.mp4 could not .* after 6 attempts"):
        fetch(url)
    assert len(server.requests) == 6


def test_a_long_download_over_a_bad_line_gets_there(server, fetch):
    large = BODY * 24  # 12 MB, cut after each 1.5 MB: more cuts than one budget of retries
    url = server.serve("/a", Answer(large, etag='"1"', cut=3 << 19))
    assert fetch(url) == large
    assert len(server.requests) > 6


def test_a_server_that_restarts_for_ever_is_given_up(server, fetch):
    url = server.serve("/a", Answer(BODY * 8, ranges=False, cut=2 << 20))
    with pytest.raises(VideoUnreachableError):
        fetch(url)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_failures_are_tried_again(server, fetch, status):
    url = server.serve("/a", Answer(status=status), Answer(status=status), Answer(BODY))
    assert fetch(url) == BODY
    assert len(server.requests) == 3


def test_retry_after_is_waited_for_but_bounded(server, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    url = server.serve(
        "/a",
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503, headers={"Retry-After": "86400"}),
        Answer(BODY),
    )
    with Transport() as transport:
        transport.download(url, tmp_path / "a")
    assert [wait for wait in waits if wait >= 5] == [7, 120]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, VideoForbiddenError),
        (401, VideoForbiddenError),
        (403, VideoForbiddenError),
        (404, VideoNotFoundError),
        (410, VideoNotFoundError),
        (501, VideoUnreachableError),
    ],
)
def test_refusals_are_not_tried_again(server, fetch, status, error):
    with pytest.raises(error, match=str(status)):
        fetch(server.serve("/a", Answer(status=status)))
    assert len(server.requests) == 1


def test_a_host_that_does_not_listen(fetch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(VideoUnreachableError, match="refused"):
            fetch(f"http://127.0.0.1:{port}/clip.mp4?Signature=s3cr3t")


def test_a_host_that_never_answers(tmp_path):
    with socket.socket() as silent, Transport(retry=NO_WAIT.new(total=1), read_timeout=0.1) as http:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        with pytest.raises(VideoUnreachableError, match="stopped sending, after 2 attempts"):
            http.download(url, tmp_path / "a")


@pytest.mark.parametrize("url", ["http://", "http://[", "http://a b/", "ftp://host/a"])
def test_what_is_no_url_is_not_tried_again(fetch, url):
    with pytest.raises(VideoNotFoundError, match="not a URL"):
        fetch(url)


def test_headers_stay_at_their_origin_on_redirects(server, fetch):
    secret = {"Authorization": "Bearer s3cr3t", "X-Token": "s3cr3t"}
    with FaultyServer() as other:
        target = other.serve("/moved", Answer(BODY))
        url = server.serve("/a", Answer(status=302, headers={"Location": target}))
        assert fetch(url, headers=secret) == BODY
        assert server.requests[0][1]["authorization"] == "Bearer s3cr3t"
        assert server.requests[0][1]["x-token"] == "s3cr3t"
        assert "s3cr3t" not in str(other.requests)


def test_headers_are_kept_on_redirects_within_their_origin(server, fetch):
    target = server.serve("/moved", Answer(BODY))
    url = server.serve("/a", Answer(status=302, headers={"Location": target}))
    fetch(url, headers={"X-Token": "t"})
    assert server.requests[1][1]["x-token"] == "t"


def test_redirects_are_bounded(server, fetch):
    url = server.serve("/a", Answer(status=302, headers={"Location": "/a"}))
    with pytest.raises(VideoUnreachableError, match="10 redirects"):
        fetch(url)


def test_netrc_adds_nothing(server, fetch, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cr3t\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fetch(server.serve("/a", Answer(BODY)))
    assert "authorization" not in server.requests[0][1]


def test_no_secret_in_messages_and_logs(server, fetch, caplog):
    caplog.set_level(logging.DEBUG)
    url = server.serve("/clip.mp4", Answer(status=503)) + "?Signature=s3cr3t#s3cr3t"
    url = url.replace("http://", "http://me:s3cr3t@")
    with pytest.raises(VideoUnreachableError) as caught:
        fetch(url, headers={"Authorization": "Bearer s3cr3t"})
    assert "/clip.mp4" in str(caught.value)
    assert "GET /clip.mp4" in caplog.text
    assert "s3cr3t" not in str(caught.value) + caplog.text
    assert caught.value.__cause__ is None  # requests would quote the whole URL
    assert caught.value.__suppress_context__


def test_too_large_bodies_are_refused(server, fetch):
    with pytest.raises(VideoError, match="limit of 100 bytes"):
        fetch(server.serve("/a", Answer(BODY)), max_bytes=100)
    with pytest.raises(VideoError, match="limit of 100 bytes"):
        fetch(server.serve("/b", Answer(BODY, chunked=True)), max_bytes=100)
    with pytest.raises(VideoError, match="limit of 100 bytes"):  # as announced, unread
        fetch(server.serve("/c", Answer(BODY, cut=10)), max_bytes=100)
    assert len(server.requests) == 3


def test_a_compressed_body_is_unpacked_within_the_limit(server, transport):
    bomb = gzip.compress(bytes(10 << 20))
    packed = {"Content-Encoding": "gzip"}
    url = server.serve("/a", Answer(gzip.compress(BODY), headers=packed))
    assert transport.get_bytes(url) == BODY
    url = server.serve("/b", Answer(bomb, headers=packed))
    with pytest.raises(VideoError, match="limit"):
        transport.get_bytes(url, max_bytes=1 << 20)


def test_bytes_with_errors_of_another_kind_from_many_threads(server, transport):
    errors = FetchErrors(
        noun="mask",
        not_found=MaskError,
        forbidden=MaskError,
        unreachable=MaskError,
        too_large=MaskError,
        refused_hint="Check the API key.",
    )
    urls = [
        server.serve(f"/{n}", Answer(status=503), Answer(b"%d" % n, needs=("X-Key", "k")))
        for n in range(20)
    ]

    def get(url):
        return transport.get_bytes(Access(url, errors, headers={"X-Key": "k"}))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(get, urls)) == [b"%d" % n for n in range(20)]
    with pytest.raises(MaskError, match=r"There is no mask .*/none: the server answers 404"):
        get(f"{server.url}/none")
    with pytest.raises(MaskError, match="Check the API key"):
        transport.get_bytes(Access(urls[0], errors))
