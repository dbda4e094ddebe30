"""Wait and retry when Labelbox's rate limit is exceeded.

The SDK gives up at once on status 429, and ignores its ``Retry-After``. Labelbox does not execute a
request that it answers with 429, so every request can be retried, even one that writes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from urllib3.util.retry import Retry

from deeplake_labelbox._loopback import LoopbackAdapter

if TYPE_CHECKING:
    import labelbox
    from requests import Session
    from urllib3.response import BaseHTTPResponse

logger = logging.getLogger(__name__)


class _LoggedRetry(Retry):
    """A retry policy that logs why it waits."""

    RETRY_AFTER_STATUS_CODES = frozenset({HTTPStatus.TOO_MANY_REQUESTS})

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        logger.warning("Labelbox's rate limit is exceeded; waiting before the next request.")
        super().sleep(response)


# Labelbox counts requests by the minute; so without Retry-After 0, 2, 4, 8, 16, 30 and 30 s.
_RETRIES: Final = _LoggedRetry(
    total=7,
    connect=0,
    read=False,  # errors are raised unchanged
    redirect=0,
    other=0,
    status_forcelist={HTTPStatus.TOO_MANY_REQUESTS},
    allowed_methods=None,  # any
    backoff_factor=1.0,
    backoff_max=30.0,
    retry_after_max=120,
    raise_on_status=False,
)


def wait_for_rate_limit(client: labelbox.Client) -> None:
    """Make a client wait and retry on status 429, seven times at most.

    It waits as long as ``Retry-After`` says, up to two minutes at a time.
    """
    session = _session(client)
    if session is not None:
        session.mount(_host(client), LoopbackAdapter(max_retries=_RETRIES))


@contextmanager
def waiting_for_rate_limit(client: labelbox.Client) -> Iterator[None]:
    """Make a client wait for the rate limit within a block; restore it afterwards."""
    session = _session(client)
    before = None if session is None else session.adapters.get(_host(client))
    wait_for_rate_limit(client)
    try:
        yield
    finally:
        if session is not None:
            # requests has no method to remove an adapter.
            mounted: Any = session.adapters.pop(_host(client), None)
            if before is not None:
                session.mount(_host(client), before)
            if mounted is not None and mounted is not before:
                mounted.close()


def _session(client: labelbox.Client) -> Session | None:
    """The SDK's HTTP session; other clients may have none."""
    session: Session | None = getattr(client, "connection", None)
    return session if hasattr(session, "mount") else None


def _host(client: labelbox.Client) -> str:
    parts = urlsplit(client.endpoint)
    return f"{parts.scheme}://{parts.netloc}/"
