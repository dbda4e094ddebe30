"""Global keys by content and by URL, and the https URLs of objects in buckets."""

import hashlib

import pytest

from deeplake_labelbox._upload.bucket_urls import https_url
from deeplake_labelbox._upload.global_keys import deterministic_global_key
from deeplake_labelbox._upload.sources import read_sources
from deeplake_labelbox.errors import ConfigurationError


def test_a_file_has_the_key_of_its_content(tmp_path):
    (tmp_path / "a b.mp4").write_bytes(b"content")
    expected = f"sha256-{hashlib.sha256(b'content').hexdigest()}"
    assert deterministic_global_key(tmp_path / "a b.mp4") == expected
    uri = (tmp_path / "a b.mp4").as_uri()
    assert deterministic_global_key(uri) == expected
    assert deterministic_global_key(uri.replace("file", "FILE", 1)) == expected


def test_a_url_is_its_own_key_without_its_query():
    url = "https://user:pw@videos.test/a.mp4?Signature=s&Expires=1#t"
    assert deterministic_global_key(url) == "https://videos.test/a.mp4"


def test_a_url_that_cannot_be_a_key_is_hashed():
    long = f"https://videos.test/{'a' * 200}.mp4"
    assert deterministic_global_key(f"{long}?s=1") == deterministic_global_key(f"{long}?s=2")
    assert deterministic_global_key(long).startswith("url-sha256-")
    assert deterministic_global_key("https://videos.test/a  b.mp4").startswith("url-sha256-")


@pytest.mark.parametrize(
    ("url", "options", "expected"),
    [
        ("s3://b/a b.mp4", {}, "https://b.s3.amazonaws.com/a%20b.mp4"),
        ("s3://b/p/a#1.mp4", {"region": "eu-west-1"},
         "https://b.s3.eu-west-1.amazonaws.com/p/a%231.mp4"),
        ("s3://b/a.mp4", {"endpoint": "http://m:9000/"}, "http://m:9000/b/a.mp4"),
        ("gs://b/p/a.mp4", {}, "https://storage.googleapis.com/b/p/a.mp4"),
        ("az://c/p/a.mp4", {"account": "x"}, "https://x.blob.core.windows.net/c/p/a.mp4"),
    ],
)  # fmt: skip
def test_objects_have_https_urls(url, options, expected):
    assert https_url(url, **options) == expected


@pytest.mark.parametrize("url", ["az://c/a.mp4", "hdfs://c/a.mp4", "s3://", "s3://bucket/"])
def test_other_urls_are_refused(url):
    with pytest.raises(ConfigurationError):
        https_url(url)


def test_bucket_urls_go_to_labelbox_as_https():
    (source,) = read_sources(["s3://bucket/deep/a b.mp4"])
    assert source.url == "https://bucket.s3.amazonaws.com/deep/a%20b.mp4"
    assert (source.external_id, source.name) == ("a b.mp4", "s3://bucket/deep/a b.mp4")
