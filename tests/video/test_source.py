from pathlib import Path

import pytest
from faulty_server import Answer, FaultyServer

from deeplake_labelbox._video.access import labelbox_presigner
from deeplake_labelbox._video.source import describe_source, open_video
from deeplake_labelbox._video.transport import DEFAULT_RETRY, Transport
from deeplake_labelbox.errors import (
    ConfigurationError,
    VideoError,
    VideoForbiddenError,
    VideoNotFoundError,
)

BODY = b"video" * 100
KEY = "lb-s3cr3t-key"


@pytest.fixture
def server():
    with FaultyServer() as server:
        yield server


def read(source, **options):
    with Transport(retry=DEFAULT_RETRY.new(backoff_factor=0, backoff_jitter=0)) as transport:
        with open_video(source, transport=transport, **options) as path:
            data = path.read_bytes()
            assert path.is_file()
        if path != source:
            assert path.exists() == (str(source) in {str(path), path.as_uri()})
    return data


def test_local_files_are_used_where_they_are(tmp_path):
    path = tmp_path / "a clip.mp4"
    path.write_bytes(BODY)
    for source in (path, str(path), path.as_uri()):
        with open_video(source) as opened:
            assert opened == path
        assert path.exists()


@pytest.mark.parametrize("form", [str, Path, lambda path: Path(path).as_uri()])
def test_a_missing_file_is_named(tmp_path, form):
    with pytest.raises(VideoNotFoundError, match=r"mistyped\.mp4 does not exist"):
        read(form(tmp_path / "mistyped.mp4"))


def test_a_folder_is_no_video(tmp_path):
    with pytest.raises(VideoNotFoundError, match="is a folder"):
        read(tmp_path)


def test_a_public_url_is_fetched_without_headers_and_without_the_presigner(server):
    url = server.serve("/clip.mp4", Answer(BODY, refuses="Authorization")) + "?Signature=x"
    assert read(url, url_presigner=lambda _: pytest.fail("must not be called")) == BODY


def test_the_temporary_file_keeps_the_suffix_and_goes_away(server, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_video(server.serve("/clip.MOV", Answer(BODY))) as path:
        assert path.suffix == ".MOV"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(VideoNotFoundError), open_video(f"{server.url}/none"):
        pytest.fail("must not be opened")
    with pytest.raises(RuntimeError), open_video(f"{server.url}/clip.MOV"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refusal", [{"needs": ("X-Key", "k")}, {"status": 403}])
def test_a_private_url_goes_through_the_presigner(server, refusal):
    private = server.serve("/private.mp4", Answer(BODY, **refusal))
    if "needs" in refusal:
        assert read(private, url_presigner=lambda url: (url, {"headers": {"X-Key": "k"}})) == BODY
    else:
        signed = server.serve("/signed.mp4", Answer(BODY))
        assert read(private, url_presigner=lambda _: (signed, {})) == BODY
        assert server.paths() == ["/private.mp4", "/signed.mp4"]


def test_a_presigner_that_does_not_help(server):
    private = server.serve("/private.mp4", Answer(status=403))
    with pytest.raises(VideoForbiddenError, match="403"):
        read(private)
    with pytest.raises(VideoForbiddenError, match="403"):
        read(private, url_presigner=lambda url: (url, {}))
    assert len(server.requests) == 2  # nothing new to send: not sent again
    with pytest.raises(VideoForbiddenError, match="403"):
        read(private, url_presigner=lambda url: (url, {"headers": {"X-Key": "wrong"}}))


def test_cloud_urls_go_to_the_presigner(server):
    signed = server.serve("/signed.mp4", Answer(BODY))
    assert read("s3://bucket/clip.mp4", url_presigner=lambda _: (signed, {})) == BODY
    with pytest.raises(VideoForbiddenError, match=r"s3://bucket/clip\.mp4 .* Pass `url_presigner`"):
        read("s3://bucket/clip.mp4")
    with pytest.raises(VideoForbiddenError, match="return an http"):
        read("gs://bucket/clip.mp4", url_presigner=lambda url: (url, {}))


@pytest.mark.parametrize(
    "answer",
    [
        "https://host/clip?Signature=s3cr3t",
        None,
        ("https://host/clip?Signature=s3cr3t",),
        ("https://host/clip", {"Authorization": "s3cr3t"}),
        ("https://host/clip", {"headers": ["s3cr3t"]}),
        ("https://host/clip", {"headers": {"X-Key": b"s3cr3t"}}),
    ],
)
def test_another_shape_from_the_presigner_is_explained(answer):
    with pytest.raises(ConfigurationError, match=r'return a pair \(url, \{"headers"') as caught:
        read("s3://bucket/clip.mp4", url_presigner=lambda _: answer)
    assert "s3cr3t" not in str(caught.value)


def test_a_presigner_that_raises():
    def presigner(_url):
        return {}["missing"]

    with pytest.raises(VideoForbiddenError, match="`url_presigner` failed with KeyError") as caught:
        read("s3://bucket/clip.mp4?token=s3cr3t", url_presigner=presigner)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "s3cr3t" not in str(caught.value)


def test_a_full_disk_is_told(server, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Transport, "download", full)
    with pytest.raises(VideoError, match=r"No space left on device\. Free some space"):
        read(f"{server.url}/clip.mp4?Signature=s3cr3t")


def test_the_default_presigner_knows_labelbox():
    presign = labelbox_presigner(KEY, {"127.0.0.1:8080"})
    for url in (
        "https://api.labelbox.com/clip",
        "https://storage.labelbox.com/clip?x=1",
        "https://api.eu-west.labelbox.com:443/clip",
        "http://127.0.0.1:8080/api/v1/clip",
    ):
        assert presign(url) == (url, {"headers": {"Authorization": f"Bearer {KEY}"}})


@pytest.mark.parametrize(
    "url",
    [
        "http://api.labelbox.com/clip",
        "https://labelbox.com.evil.test/clip",
        "https://evillabelbox.com/clip",
        "https://evil.test/api.labelbox.com",
        "https://api.labelbox.com@evil.test/clip",
        "https://evil.test/?https://api.labelbox.com",
        "http://127.0.0.1:8081/clip",
        "http://127.0.0.1:8080@evil.test/clip",
        "s3://api.labelbox.com/clip",
    ],
)
def test_the_default_presigner_gives_the_key_to_no_other_host(url):
    assert labelbox_presigner(KEY, {"127.0.0.1:8080"})(url) == (url, {})


def test_the_key_opens_private_videos_of_labelbox_only(server):
    presigner = labelbox_presigner(KEY, {server.host})
    private = Answer(BODY, needs=("Authorization", f"Bearer {KEY}"))
    assert read(server.serve("/private", private), url_presigner=presigner) == BODY
    with FaultyServer() as other, pytest.raises(VideoForbiddenError):
        read(other.serve("/private", private), url_presigner=presigner)
    assert KEY not in str(other.requests)


def test_sources_are_described_without_secrets():
    assert describe_source("https://me:pw@host/clip.mp4?Signature=x#y") == "https://host/clip.mp4"
    assert describe_source(Path("/videos/clip.mp4")) == "/videos/clip.mp4"
    assert describe_source("C:\\videos\\what?.mp4") == "C:\\videos\\what?.mp4"
