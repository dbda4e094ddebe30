"""Waiting when Labelbox says that it is asked too often.

The SDK gives up at once when Labelbox answers 429, and drops the ``Retry-After`` of the answer.
A request that was answered so was not carried out, so any may be sent again, writing ones too.
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


class _Patience(Retry):
    """A retry policy that says what it waits for."""

    RETRY_AFTER_STATUS_CODES = frozenset({HTTPStatus.TOO_MANY_REQUESTS})

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        logger.warning("Labelbox's rate limit is exceeded; waiting before the next request.")
        super().sleep(response)


# Labelbox counts requests by the minute; so without Retry-After 0, 2, 4, 8, 16, 30 and 30 s.
_PATIENCE: Final = _Patience(
    total=7,
    connect=0,
    read=False,  # an error is raised as it is
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
    """Let a client wait and ask again, seven times at most, where Labelbox answers 429.

    It waits as long as ``Retry-After`` says, up to two minutes at a time.
    """
    session = _session(client)
    if session is not None:
        session.mount(_host(client), LoopbackAdapter(max_retries=_PATIENCE))


@contextmanager
def waiting_for_rate_limit(client: labelbox.Client) -> Iterator[None]:
    """The same within a block; afterwards the client is as it was."""
    session = _session(client)
    before = None if session is None else session.adapters.get(_host(client))
    wait_for_rate_limit(client)
    try:
        yield
    finally:
        if session is not None:
            # requests has no method that takes an adapter away.
            mounted: Any = session.adapters.pop(_host(client), None)
            if before is not None:
                session.mount(_host(client), before)
            if mounted is not None and mounted is not before:
                mounted.close()


def _session(client: labelbox.Client) -> Session | None:
    """The session that the SDK sends with; a client of another make may have none."""
    session: Session | None = getattr(client, "connection", None)
    return session if hasattr(session, "mount") else None


def _host(client: labelbox.Client) -> str:
    parts = urlsplit(client.endpoint)
    return f"{parts.scheme}://{parts.netloc}/"
