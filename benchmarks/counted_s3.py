"""An S3 in a process of its own that waits before each answer, and counts requests and bytes."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import boto3

BUCKET: Final = "clips"

_SERVER: Final = """
import json, sys, threading, time
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

application = DomainDispatcherApplication(create_backend_app)
lock, counted = threading.Lock(), {"requests": 0, "bytes": 0}

def answer(environ, start_response):
    if environ["PATH_INFO"] == "/counted":
        start_response("200 OK", [])
        with lock:
            body = json.dumps(counted).encode()
            counted.update(requests=0, bytes=0)
        return [body]
    time.sleep(float(sys.argv[1]))
    body = b"".join(application(environ, start_response))
    with lock:
        counted["requests"] += 1
        counted["bytes"] += len(body)
    return [body]

class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass

server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class CountedS3:
    """The running server.

    Attributes:
        creds: The credentials with which Deep Lake reaches ``s3://clips``.
    """

    creds: dict[str, str]

    def counted(self) -> tuple[int, int]:
        """How many requests and bytes were answered since the last call."""
        with urllib.request.urlopen(f"{self.creds['endpoint_url']}/counted") as answer:  # noqa: S310 - HTTP
            found = json.load(answer)
        return found["requests"], found["bytes"]


@contextmanager
def counted_s3(*, seconds: float) -> Iterator[CountedS3]:
    """Run it; each request takes so many seconds longer."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(seconds)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            endpoint = f"http://127.0.0.1:{port}"
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            boto3.client(
                "s3", endpoint_url=endpoint, region_name="us-east-1", **keys
            ).create_bucket(Bucket=BUCKET)
            yield CountedS3({**keys, "endpoint_url": endpoint, "aws_region": "us-east-1"})
        finally:
            server.kill()
