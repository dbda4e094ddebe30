"""An S3 on this machine, with a bucket, in a process of its own.

Deep Lake 4.7.4 keeps Python's lock while it deletes a tag in S3, so that a server in the same
process could never answer.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "clips"
SECRET = "a-secret-of-the-storage"

_SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), flush=True)
sys.stdin.read()
"""


@contextmanager
def local_s3() -> Iterator[dict[str, str]]:
    """Run it; yields the credentials with which Deep Lake reaches ``s3://clips``."""
    with subprocess.Popen(  # noqa: S603 - Python itself
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            host, port = server.stdout.readline().split()
            endpoint = f"http://{host}:{port}"
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": SECRET}
            creds = {**keys, "endpoint_url": endpoint, "aws_region": "us-east-1"}
            with _client(creds) as client:
                client.create_bucket(Bucket=BUCKET)
            yield creds
        finally:
            server.kill()


def put_object(creds: dict[str, str], key: str, body: bytes) -> None:
    """Put a private object into the bucket."""
    with _client(creds) as client:
        client.put_object(Bucket=BUCKET, Key=key, Body=body)


@contextmanager
def bucket_in(creds: dict[str, str], region: str) -> Iterator[str]:
    """Another bucket, in a region."""
    name = f"clips-{region}"
    with _client(creds) as client:
        where = {"LocationConstraint": region}
        client.create_bucket(Bucket=name, CreateBucketConfiguration=where)
        yield name
        client.delete_bucket(Bucket=name)


def delete_objects(creds: dict[str, str], prefix: str) -> None:
    """Delete the objects of the bucket whose keys begin so."""
    with _client(creds) as client:
        found = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
        keys = [{"Key": each["Key"]} for each in found]
        client.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})


def _client(creds: dict[str, str]):
    found = boto3.client(
        "s3",
        endpoint_url=creds["endpoint_url"],
        region_name=creds["aws_region"],
        aws_access_key_id=creds["aws_access_key_id"],
        aws_secret_access_key=creds["aws_secret_access_key"],
    )
    return closing(found)
