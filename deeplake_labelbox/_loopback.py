"""Requests to this machine go around proxies, as a proxy's 127.0.0.1 is another machine.

``requests`` sends every request to the proxy of ``HTTP_PROXY`` and the like, unless ``NO_PROXY``
names its host.
"""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import labelbox

_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_VARIABLES: Final = ("no_proxy", "NO_PROXY")


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


class _Exemption:
    """This machine in ``NO_PROXY``, as long as somebody needs it there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._before: dict[str, str | None] = {}
        self._now: dict[str, str] = {}

    def take(self) -> bool:
        """Take the exemption; tells whether it is needed, and so is to be given back."""
        with self._lock:
            # Where no proxy is in the environment, a NO_PROXY would keep macOS and Windows from
            # looking for one in their settings.
            if not getproxies_environment():
                return False
            self._holders += 1
            if self._holders == 1:
                self._before = {name: os.environ.get(name) for name in _VARIABLES}
                either = next(filter(None, self._before.values()), "")
                for name, before in self._before.items():
                    value = before or either
                    if value.strip() != "*":  # which counts by itself only
                        self._now[name] = ",".join(filter(None, (value, *_NAMES)))
                os.environ.update(self._now)
            return True

    def give_back(self) -> None:
        """Give the exemption back, which ends with the last that took it."""
        with self._lock:
            self._holders -= 1
            if self._holders:
                return
            for name, value in self._now.items():
                before = self._before[name]
                if os.environ.get(name) != value:
                    continue  # somebody has set it since
                if before is None:
                    del os.environ[name]
                else:
                    os.environ[name] = before
            self._now.clear()


_exemption = _Exemption()


@contextmanager
def loopback_without_proxy() -> Iterator[None]:
    """Let all of this process reach this machine without the proxies of its environment.

    ``NO_PROXY`` names this machine within the block; other hosts are reached as before.
    """
    is_needed = _exemption.take()
    try:
        yield
    finally:
        if is_needed:
            _exemption.give_back()
