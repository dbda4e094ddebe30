"""Requests to this machine go around proxies, as a proxy's 127.0.0.1 is another machine.

``requests`` sends every request to the proxy of ``HTTP_PROXY`` and the like, unless ``NO_PROXY``
names its host.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import labelbox


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine: ``localhost``, 127.0.0.0/8 or ``::1``."""
    try:
        host = (urlsplit(url).hostname or "").lower()
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LoopbackAdapter(HTTPAdapter):
    """Sends what is for this machine without a proxy, and all else as `HTTPAdapter` does."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the interface of requests
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the interface of requests
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send a request; the arguments are those of `HTTPAdapter.send`."""
        if is_loopback(request.url or ""):
            proxies = None
            request.headers.pop("Proxy-Authorization", None)  # of a redirect from elsewhere
        return super().send(
            request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies
        )


def loopback_session() -> requests.Session:
    """A session that goes around proxies for URLs of this machine."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, LoopbackAdapter())
    return session


def reach_loopback(client: labelbox.Client) -> None:
    """Let a client whose endpoint is on this machine go around proxies to it.

    A session with an adapter of the user's own, or without adapters, is left as it is.
    """
    session, endpoint = getattr(client, "connection", None), str(getattr(client, "endpoint", ""))
    if not isinstance(session, requests.Session) or not is_loopback(endpoint):
        return
    before = session.get_adapter(endpoint)
    if type(before) is HTTPAdapter:
        parts = urlsplit(endpoint)
        prefix = f"{parts.scheme}://{parts.netloc}/"
        session.mount(prefix, LoopbackAdapter(max_retries=before.max_retries))
