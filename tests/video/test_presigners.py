"""Presigners: S3 on a local server, the others against the documented signatures."""

import base64
import hashlib
import hmac
import json
import pickle
import subprocess
import sys
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import pytest
import requests
from faulty_server import Answer, FaultyServer
from google_keys import write_key_file
from local_s3 import BUCKET, SECRET, bucket_in, put_object
from small_exports import FRAMES, data_row
from video_files import write_video

from deeplake_labelbox import create_dataset, presigners
from deeplake_labelbox._video import Transport, labelbox_presigner, mixed_presigner, open_video
from deeplake_labelbox.errors import ConfigurationError, VideoNotFoundError

NAME = "a b/ü+v%20.mp4"
QUOTED = "a%20b/%C3%BC%2Bv%2520.mp4"
KEY = base64.b64encode(b"key of the account").decode()


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch, tmp_path):
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AZURE_STORAGE_ACCOUNT",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    for name in ("HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.fixture
def own_s3():
    return presigners.s3(access_key_id="id", secret_access_key=SECRET, region=None)


def test_a_project_of_private_and_public_videos_becomes_a_dataset(creds, tmp_path):
    video = write_video(tmp_path / "clip.mp4", frames=FRAMES)
    put_object(creds, NAME, video.read_bytes())
    there = f"{creds['endpoint_url']}/{BUCKET}/{QUOTED}"
    assert requests.get(there, timeout=10).status_code == 403
    presigner = presigners.s3(
        endpoint_url=creds["endpoint_url"],
        access_key_id=creds["aws_access_key_id"],
        secret_access_key=creds["aws_secret_access_key"],
    )
    with FaultyServer() as public:
        public.serve("/clip.mp4", Answer(video.read_bytes()))
        urls = (f"s3://{BUCKET}/{NAME}", there, f"{public.url}/clip.mp4")
        report = create_dataset(
            f"mem://{tmp_path.name}",
            [data_row(f"row-{n}", url) for n, url in enumerate(urls)],
            url_presigner=presigner,
            progress=False,
        )
    assert len(report.dataset) == 3 * FRAMES
    assert not report.gaps


def test_the_region_of_a_bucket_is_looked_up_and_a_refusal_has_its_reason(creds, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with bucket_in(creds, "eu-central-1") as bucket:
        own = presigners.s3(
            endpoint_url=creds["endpoint_url"],
            access_key_id=creds["aws_access_key_id"],
            secret_access_key=creds["aws_secret_access_key"],
        )
        signed, _ = own(f"s3://{bucket}/{NAME}")
        (scope,) = parse_qs(urlsplit(signed).query)["X-Amz-Credential"]
        assert scope.split("/")[2] == "eu-central-1"
        for url, code in [(f"s3://{bucket}/no", "NoSuchKey"), ("s3://no-such/v", "NoSuchBucket")]:
            with (
                Transport() as transport,
                pytest.raises(VideoNotFoundError, match=f"404 .*{code}") as told,
                open_video(url, url_presigner=own, transport=transport),
            ):
                pass
            assert "X-Amz" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (f"s3://clips/{NAME}", f"clips.s3.eu-west-1.amazonaws.com/{QUOTED}"),
        ("s3://clips/a?b#c.mp4", "clips.s3.eu-west-1.amazonaws.com/a%3Fb%23c.mp4"),
        (f"https://clips.s3.eu-central-1.amazonaws.com/{QUOTED}", None),
        (f"https://clips.s3-eu-central-1.amazonaws.com/{QUOTED}?X-Amz-Signature=old", None),
        (f"https://s3.dualstack.eu-central-1.amazonaws.com/clips/{QUOTED}", None),
        # Amazon reads a plus as a space.
        (f"https://clips.s3.eu-central-1.amazonaws.com/{QUOTED.replace('%20', '+', 1)}", None),
        (
            f"https://clips.s3.amazonaws.com/{QUOTED}?versionId=7",
            f"clips.s3.eu-west-1.amazonaws.com/{QUOTED}?versionId=7",
        ),
        (
            "https://s3.us-east-1.amazonaws.com/my.clips/v.mp4",
            "s3.us-east-1.amazonaws.com/my.clips/v.mp4",
        ),
    ],
)
def test_urls_of_s3_are_signed_for_the_region_of_their_bucket(url, signed):
    own = presigners.s3(
        access_key_id="id",
        secret_access_key=SECRET,
        expires_seconds=60,
        region=None if "central" in url or "east" in url else "eu-west-1",
    )
    got, options = own(url)
    signed = signed or f"clips.s3.eu-central-1.amazonaws.com/{QUOTED}"
    assert got.startswith(f"https://{signed}")
    assert options == {}
    query = parse_qs(urlsplit(got).query)
    assert query["X-Amz-Expires"] == ["60"]
    (scope,) = query["X-Amz-Credential"]
    assert scope.split("/")[2] in urlsplit(got).netloc
    assert len(query["X-Amz-Signature"][0]) == 64


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/clips/v.mp4",
        "https://s3.eu-west-1.amazonaws.com.example.com/clips/v.mp4",
        "https://evils3.amazonaws.com/v.mp4",
        "https://storage.googleapis.com.example.com/clips/v.mp4",
        "https://account.blob.core.windows.net.example.com/clips/v.mp4",
        "https://another.blob.core.windows.net/clips/v.mp4",
        "/clips/v.mp4",
        "ftp://storage.googleapis.com/clips/v.mp4",
    ],
)
def test_urls_of_other_hosts_are_returned_unchanged(own_s3, url):
    assert own_s3(url) == (url, {})
    assert presigners.GcsPresigner()(url) == (url, {})
    assert presigners.azure(account="account", account_key=KEY)(url) == (url, {})


def test_pickles_and_reprs_of_presigners_contain_no_secrets(own_s3, monkeypatch):
    passed = presigners.azure(account="account", account_key=KEY)
    for each in (own_s3, passed, presigners.GcsPresigner(key_file="key.json")):
        assert pickle.loads(pickle.dumps(each)) == each  # noqa: S301 - our own
        assert not any(secret in repr(each) for secret in (SECRET, KEY))
    url = "https://account.blob.core.windows.net/clips/v.mp4?versionid=7"
    assert pickle.loads(pickle.dumps(passed))(url)[0].startswith(f"{url}&")  # noqa: S301 - the same
    # What the environment holds stays in the process.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "account")
    monkeypatch.setenv("AZURE_STORAGE_KEY", KEY)
    for each in (presigners.s3(), presigners.azure()):
        assert not any(secret.encode() in pickle.dumps(each) for secret in (SECRET, KEY))


@pytest.mark.parametrize("cloud", ["s3", "gcs", "azure"])
def test_a_missing_extra_is_named_before_anything_is_written(monkeypatch, cloud):
    for module in ("botocore.session", "google.cloud", "azure.storage.blob"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf'pip install "deeplake-labelbox\[{cloud}\]"'):
        getattr(presigners, cloud)()


@pytest.mark.parametrize(
    ("cloud", "module"),
    [("s3", "botocore.session"), ("gcs", "google.cloud.storage"), ("azure", "azure.storage.blob")],
)
def test_missing_credentials_are_named_before_anything_is_written(cloud, module):
    pytest.importorskip(module)
    with pytest.raises(ConfigurationError, match=r"No .*credentials were found"):
        getattr(presigners, cloud)()
    with pytest.raises(ConfigurationError, match="1 to 604800 seconds"):
        getattr(presigners, cloud)(expires_seconds=0)


def test_an_azure_token_goes_only_to_its_own_account():
    with pytest.raises(ConfigurationError, match="AZURE_STORAGE_ACCOUNT"):
        presigners.azure(sas_token="sig=x")
    host = "https://account.blob.core.windows.net"
    own = presigners.azure(
        connection_string=f"BlobEndpoint={host}/;SharedAccessSignature=sv=1&sig=x%2B"
    )
    assert own(f"{host}/clips/v.mp4") == (f"{host}/clips/v.mp4?sv=1&sig=x%2B", {})
    other = "https://another.blob.core.windows.net/clips/v.mp4"
    assert own(other) == (other, {})


def test_importing_presigners_imports_no_client():
    script = (
        "import sys, deeplake_labelbox.presigners; "
        "sys.exit(any(name.startswith(('botocore', 'google.', 'azure')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603 - our own


def test_videos_that_labelbox_hosts_are_opened_with_the_key_beside_a_presigner(own_s3):
    with FaultyServer() as server:
        server.serve("/clip.mp4", Answer(status=401), Answer(b"body"))
        host = urlsplit(server.url).netloc
        presigner = mixed_presigner(own_s3, labelbox_presigner("key", {host}))
        with (
            Transport() as transport,
            open_video(
                f"{server.url}/clip.mp4", url_presigner=presigner, transport=transport
            ) as path,
        ):
            assert path.read_bytes() == b"body"
        assert [headers.get("authorization") for _, headers in server.requests] == [
            None,
            "Bearer key",
        ]


@pytest.mark.parametrize(
    "url",
    [
        f"gs://clips/{NAME}",
        f"https://storage.googleapis.com/clips/{QUOTED}?X-Goog-Signature=old",
        f"https://clips.storage.googleapis.com/{QUOTED}",
        f"https://storage.googleapis.com/storage/v1/b/clips/o/{quote(NAME, safe='')}?alt=media",
    ],
)
def test_google_verifies_the_signature_with_the_public_key(key_file, url):
    """https://cloud.google.com/storage/docs/authentication/canonical-requests."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - extra
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - extra

    signed, options = presigners.gcs(key_file=key_file, expires_seconds=60)(url)
    assert options == {}
    parts = urlsplit(signed)
    assert (parts.netloc, parts.path) == ("storage.googleapis.com", f"/clips/{QUOTED}")
    query = dict(parse_qsl(parts.query))
    assert query["X-Goog-Expires"] == "60"
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    canonical = "\n".join(
        (
            "GET",
            parts.path,
            urlencode(sorted(query.items()), quote_via=quote, safe=""),
            "host:storage.googleapis.com\n",
            "host",
            "UNSIGNED-PAYLOAD",
        )
    )
    scope = query["X-Goog-Credential"].partition("/")[2]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"GOOG4-RSA-SHA256\n{query['X-Goog-Date']}\n{scope}\n{digest}"
    private = json.loads(key_file.read_text("utf-8"))["private_key"].encode()
    public = serialization.load_pem_private_key(private, None).public_key()
    public.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture
def key_file(tmp_path):
    """The key file of a service account, with a new key."""
    pytest.importorskip("google.cloud.storage")
    return write_key_file(tmp_path / "key.json")


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("https://account.blob.core.windows.net", ""),
        ("http://127.0.0.1:10000/account", "BlobEndpoint=http://127.0.0.1:10000/account"),
    ],
)
def test_azure_verifies_the_signature_with_the_key_of_the_account(host, more):
    """https://learn.microsoft.com/rest/api/storageservices/create-service-sas."""
    pytest.importorskip("azure.storage.blob")
    own = presigners.azure(connection_string=f"AccountName=account;AccountKey={KEY};{more}")
    signed, options = own(f"{host}/clips/{QUOTED}?sig=old")
    assert options == {}
    assert signed.startswith(f"{host}/clips/{QUOTED}?")
    query = dict(parse_qsl(urlsplit(signed).query))
    signature = query.pop("sig")
    resource = f"/blob/account/clips/{NAME}"
    # Rights, start, expiry, what, and no policy, address or protocol; version, kind, nothing else.
    fields = (query["sp"], "", query["se"], resource, "", "", "", query["sv"], query["sr"])
    text = "\n".join((*fields, *[""] * 7))
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    assert signature == base64.b64encode(digest).decode()
    assert (query["sp"], query["sr"]) == ("r", "b")
