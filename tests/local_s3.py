"""An S3 on this machine, with a bucket."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "clips"


@contextmanager
def local_s3(*, secret: str) -> Iterator[dict[str, str]]:
    """Run it; yields the credentials with which Deep Lake reaches ``s3://clips``."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": secret}
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
        client.create_bucket(Bucket=BUCKET)
        client.close()
        yield {**keys, "endpoint_url": endpoint, "aws_region": "us-east-1"}
    finally:
        server.stop()
