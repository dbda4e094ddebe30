"""Listing buckets: S3 against a local server; Azure's client cannot be run here."""

import logging
import sys

import pytest
from moto.server import ThreadedMotoServer

from deeplake_labelbox._upload.azure import blob_urls, load_blob_file_paths_from_azure
from deeplake_labelbox._upload.listing import list_videos
from deeplake_labelbox.errors import (
    ConfigurationError,
    LabelboxUnavailableError,
    VideoForbiddenError,
    VideoNotFoundError,
)

KEYS = ("clips/a.mp4", "clips/b c.mp4", "clips/deep/d.MOV", "clips/notes.txt", "other/e.mp4")


@pytest.fixture(scope="module")
def options():
    pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    import boto3  # noqa: PLC0415 - comes with the extra

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="bucket")
    for key in KEYS:
        client.put_object(Bucket="bucket", Key=key, Body=key.encode())
    client.close()
    yield {"key": "test", "secret": "test", "endpoint_url": endpoint}
    server.stop()


def names(urls):
    return [url.partition("/bucket/")[2].partition("?")[0] for url in urls]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("s3://bucket/clips/*.mp4", ["clips/a.mp4", "clips/b%20c.mp4"]),
        ("s3://bucket/**/*.mp4", ["clips/a.mp4", "clips/b%20c.mp4", "other/e.mp4"]),
        ("s3://bucket/clips/", ["clips/a.mp4", "clips/b%20c.mp4", "clips/deep/d.MOV"]),
        ("s3://bucket/clips", ["clips/a.mp4", "clips/b%20c.mp4", "clips/deep/d.MOV"]),
        ("s3://bucket/clips/notes.txt", ["clips/notes.txt"]),
    ],
)
def test_patterns_prefixes_and_files(options, pattern, expected):
    urls = list_videos(pattern, storage_options=options)
    assert names(urls) == expected
    assert all(url.startswith(options["endpoint_url"]) for url in urls)


def test_signed_urls_can_be_read_by_anyone(options):
    import requests  # noqa: PLC0415 - used once

    (url,) = list_videos("s3://bucket/clips/b*.mp4", sign_urls=True, storage_options=options)
    assert requests.get(url, timeout=10).content == b"clips/b c.mp4"


def test_credentials_may_have_the_names_that_deep_lake_gives_them(options):
    creds = {
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "aws_region": "us-east-1",
        "endpoint_url": options["endpoint_url"],
    }
    assert names(list_videos("s3://bucket/other/", storage_options=creds)) == ["other/e.mp4"]


def test_a_pattern_without_matches(options):
    with pytest.raises(VideoNotFoundError, match="No video matches"):
        list_videos("s3://bucket/none/*.mp4", storage_options=options)
    with pytest.raises(VideoNotFoundError):
        list_videos("s3://no-such-bucket/", storage_options=options)


def test_local_patterns_and_other_urls(tmp_path):
    for name in ("b.mp4", "a.mp4", "x[1].mp4"):
        (tmp_path / name).touch()
    found = list_videos(f"{tmp_path}/?.mp4")
    assert found == [f"{tmp_path}/a.mp4", f"{tmp_path}/b.mp4"]
    assert list_videos(f"{tmp_path}/x[1].mp4") == [f"{tmp_path}/x[1].mp4"]
    assert list_videos("plain.mp4") == ["plain.mp4"]
    assert list_videos("https://videos.test/*.mp4") == ["https://videos.test/*.mp4"]


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigurationError, match=r'pip install "deeplake-labelbox\[gcs\]"'):
        list_videos("gs://bucket/*.mp4")
    monkeypatch.setitem(sys.modules, "azure.core", None)
    with pytest.raises(ConfigurationError, match=r'pip install "deeplake-labelbox\[azure\]"'):
        load_blob_file_paths_from_azure("account", "container", "", "token")


def test_a_refused_listing_is_an_error(monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="no extra for a storage is installed")

    class Refusing:
        def glob(self, *_args, **_options):
            raise PermissionError("Forbidden https://h.test/?X-Amz-Signature=s")

    monkeypatch.setattr(fsspec, "filesystem", lambda *_args, **_options: Refusing())
    with pytest.raises(VideoForbiddenError, match="check the credentials") as caught:
        list_videos("s3://bucket/*.mp4")
    assert "Signature" not in str(caught.value)


def test_names_of_blobs_are_quoted_and_signed():
    urls = blob_urls(
        ["p/a b.mp4", "p/ü#1.mp4", "p/notes.txt"],
        "https://x.blob.core.windows.net",
        "clips",
        predicate=lambda name: name.endswith(".mp4"),
        token="sv=1&sig=s",
    )
    assert urls == [
        "https://x.blob.core.windows.net/clips/p/a%20b.mp4?sv=1&sig=s",
        "https://x.blob.core.windows.net/clips/p/%C3%BC%231.mp4?sv=1&sig=s",
    ]


def test_credentials_that_the_environment_gets_later_are_used(options, monkeypatch, tmp_path):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", options["endpoint_url"])
    with pytest.raises(LabelboxUnavailableError, match="credentials"):
        list_videos("s3://bucket/clips/*.mp4")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", options["key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", options["secret"])
    assert len(list_videos("s3://bucket/clips/*.mp4")) == 2
