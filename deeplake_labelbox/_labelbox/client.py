"""Connect to Labelbox through its SDK, and translate the SDK's errors.

The SDK raises its own tree (``lbox.exceptions``), google-api-core's ``RetryError`` after its
retries, plain ``KeyError``/``TypeError``/``AssertionError`` on replies it did not expect, and
``LabelboxError("401 ...")`` for HTTP errors; ``labelbox_errors`` turns each into one of ours.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from deeplake_labelbox._labelbox.rate_limit import wait_for_rate_limit
from deeplake_labelbox._loopback import reach_loopback
from deeplake_labelbox.errors import (
    AuthenticationError,
    ConfigurationError,
    DeepLakeLabelboxError,
    LabelboxError,
    LabelboxUnavailableError,
    ProjectNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import labelbox

API_KEY_VARIABLE: Final = "LABELBOX_API_KEY"
ENDPOINT_VARIABLE: Final = "LABELBOX_ENDPOINT"

_GET_A_KEY: Final = (
    "make one at https://app.labelbox.com/workspace-settings/api-keys and pass it as "
    f"`lb_api_key` or in the environment variable {API_KEY_VARIABLE}"
)
_RETRY_LATER: Final = "check the network and https://status.labelbox.com, then try again"
_MESSAGE_LENGTH: Final = 300
_HTTP_STATUS: Final = re.compile(r"^([1-5]\d\d)\b")
_SECRETS: Final = (
    (re.compile(r"Bearer\s+[^\s'\"]+", re.IGNORECASE), "Bearer ***"),
    (re.compile(r"\beyJ[\w-]+\.[\w.-]+"), "***"),  # JSON web tokens: Labelbox's keys
    (re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*"), r"\1"),
    (re.compile(r"\?\S*=\S*"), ""),  # urllib3 quotes a URL without its host
    (re.compile(r"(https?://)[^\s/@'\"]+@"), r"\1"),  # user and password of a proxy
)


def connect(
    lb_api_key: str | None,
    *,
    lb_client: labelbox.Client | None = None,
    endpoint: str | None = None,
) -> labelbox.Client:
    """Return a Labelbox client. No request is made.

    A new client waits and retries when Labelbox's rate limit is exceeded.

    Args:
        lb_api_key: The API key; None takes it from the environment variable LABELBOX_API_KEY.
        lb_client: A ready client, which is returned. If its server is on this machine, it no longer
            uses proxies.
        endpoint: The GraphQL URL of another server than Labelbox's, for example
            ``"http://127.0.0.1:8000/graphql"``; its REST API is expected at ``/api/v1``. None takes
            it from the environment variable LABELBOX_ENDPOINT, where that is set.

    Returns:
        The client.

    Raises:
        AuthenticationError: If there is no API key, or it cannot be sent in a header.
        ConfigurationError: If the endpoint is not an HTTP URL, or ``lb_client`` is not a client.
    """
    if lb_client is not None:
        if not hasattr(lb_client, "execute"):
            raise ConfigurationError(
                f"lb_client must be a labelbox.Client, not a {type(lb_client).__name__}; "
                "pass an API key as `lb_api_key`."
            )
        reach_loopback(lb_client)
        return lb_client
    api_key = (os.environ.get(API_KEY_VARIABLE, "") if lb_api_key is None else lb_api_key).strip()
    if not api_key:
        raise AuthenticationError(f"There is no Labelbox API key; {_GET_A_KEY}.")
    if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
        raise AuthenticationError(
            f"The Labelbox API key has characters that no key has; {_GET_A_KEY}."
        )
    import labelbox  # noqa: PLC0415 - the SDK is slow to import and not needed offline

    if endpoint is None:
        endpoint = os.environ.get(ENDPOINT_VARIABLE, "").strip() or None
    client = labelbox.Client(api_key=api_key, **({} if endpoint is None else _server(endpoint)))
    name_caller(client)
    wait_for_rate_limit(client)
    return client


def name_caller(client: labelbox.Client) -> None:
    """Name this package as the caller in a client's requests.

    Otherwise the SDK (7.17) searches the whole stack and all modules for the name of the calling
    method with every request, which takes 5 to 50 ms.
    """
    client.set_sdk_method("deeplake_labelbox:connect")


def labelbox_hosts(client: labelbox.Client) -> frozenset[str]:
    """Return the hosts that may receive the API key: those of the client's own URLs.

    Args:
        client: A Labelbox client.

    Returns:
        Lower-case ``host:port`` pairs as ``urlsplit(url).netloc`` gives them; for a default port
        both with and without it.
    """
    hosts: set[str] = set()
    for url in (client.endpoint, client.rest_endpoint, client.app_url):
        parts = urlsplit(url)
        host, default = parts.hostname, {"https": 443, "http": 80}.get(parts.scheme)
        if host is None:
            continue
        host = f"[{host}]" if ":" in host else host
        port = parts.port or default
        hosts.add(f"{host}:{port}")
        if port == default:
            hosts.add(host)
    return frozenset(hosts)


def api_key_of(client: labelbox.Client) -> str:
    """Return the API key that a client sends, for downloads beside the SDK (masks, videos).

    Raises:
        AuthenticationError: If the client has no API key.
    """
    scheme, _, api_key = str(client.headers.get("Authorization", "")).partition(" ")
    if scheme != "Bearer" or not api_key.strip():
        raise AuthenticationError(f"The Labelbox client has no API key; {_GET_A_KEY}.")
    return api_key.strip()


@contextmanager
def labelbox_errors(doing: str) -> Iterator[None]:
    """Translate what the Labelbox SDK raises in the block into errors of this package.

    Args:
        doing: What the block does, for messages: ``"reading project abc"``.

    Raises:
        AuthenticationError: If the API key is refused, or may not do this.
        ProjectNotFoundError: If the project does not exist for this key.
        LabelboxUnavailableError: If the network or server failed, or its rate limit was exceeded.
        LabelboxError: If Labelbox returned another error, or an unexpected reply.
    """
    import lbox.exceptions as sdk  # noqa: PLC0415 - part of the SDK, see connect
    import requests  # noqa: PLC0415 - comes with the SDK
    from google.api_core.exceptions import RetryError  # noqa: PLC0415 - comes with the SDK

    try:
        yield
    except DeepLakeLabelboxError:
        raise
    except RetryError as error:
        raise LabelboxUnavailableError(
            f"Labelbox kept failing while {doing}, after retries; {_RETRY_LATER}."
        ) from error
    except sdk.NetworkError as error:
        if isinstance(error.cause, requests.exceptions.InvalidHeader):
            # from None: its message quotes the header, and so the key
            raise AuthenticationError(
                f"The Labelbox API key has characters that no key has; {_GET_A_KEY}."
            ) from None
        raise _unreachable(doing, error) from error
    except (sdk.LabelboxError, *_loose(sdk)) as error:
        raise _translated(error, doing) from error
    except (requests.RequestException, TimeoutError) as error:
        raise _unreachable(doing, error) from error
    except (LookupError, TypeError, AttributeError, AssertionError, ValueError) as error:
        if not _raised_in_sdk(error):
            raise
        raise LabelboxError(
            f"Labelbox sent a reply that its SDK cannot read while {doing} "
            f"({type(error).__name__}: {clean(str(error))}); try again, and check the endpoint."
        ) from error


def clean(text: str) -> str:
    """Shorten a message of another library to one line without keys and URL queries."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    text = " ".join(text.split())
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[:_MESSAGE_LENGTH]}..."


def _server(endpoint: str) -> dict[str, str]:
    """Derive the three URLs of a server from its GraphQL endpoint."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise ConfigurationError(
            f"The endpoint {clean(endpoint)!r} is not an HTTP URL of a GraphQL API; pass one (or "
            f"set {ENDPOINT_VARIABLE} to one) like 'https://api.labelbox.com/graphql'."
        )
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/graphql')}"
    urls = {"endpoint": f"{base}/graphql", "rest_endpoint": f"{base}/api/v1"}
    if not (parts.hostname or "").endswith("labelbox.com"):
        urls["app_url"] = base  # another server's key must never go to Labelbox, or the reverse
    return urls


def _loose(sdk: object) -> tuple[type[Exception], ...]:
    """Return the exceptions of the SDK that are outside its own error tree."""
    names = (
        "MalformedQueryException",
        "OperationNotAllowedException",
        "OperationNotSupportedException",
        "InconsistentOntologyException",
        "ProcessingWaitTimeout",
    )
    return tuple(getattr(sdk, name) for name in names)


def _translated(error: Exception, doing: str) -> LabelboxError:
    """Map an error of the SDK by its type, or by the HTTP status that its message begins with."""
    import lbox.exceptions as sdk  # noqa: PLC0415 - part of the SDK, see connect

    message = clean(str(error)).rstrip(".")
    status = _HTTP_STATUS.match(message)
    code = int(status.group(1)) if status else 0
    passing = (sdk.TimeoutError, sdk.InternalServerError, sdk.ProcessingWaitTimeout)
    if isinstance(error, sdk.ResourceNotFoundError):
        return _not_found(message, doing)
    if isinstance(error, passing):
        return _unreachable(doing, error)
    if isinstance(error, sdk.AuthenticationError) or code == 401:
        kind: type[LabelboxError] = AuthenticationError
        text = f"Labelbox refused the API key while {doing}; {_GET_A_KEY}."
    elif isinstance(error, sdk.AuthorizationError) or code == 403:
        kind = AuthenticationError
        text = (
            f"The API key has no permission while {doing} (Labelbox: {message}); "
            "use a key of a member with the right role."
        )
    elif isinstance(error, sdk.ApiLimitError) or code == 429:
        kind = LabelboxUnavailableError
        text = f"Labelbox's rate limit was exceeded while {doing}; wait a minute and try again."
    elif isinstance(error, sdk.OperationNotAllowedException):
        kind = LabelboxError
        text = (
            f"Labelbox refused the request while {doing}: {message}; check the rights of the API "
            "key and the limits of the workspace."
        )
    elif message.startswith("Failed to parse response as JSON"):
        kind = LabelboxError
        text = (
            f"The server did not answer like Labelbox while {doing}: the answer is not JSON; check "
            "the endpoint, and any proxy in between."
        )
    else:
        kind = LabelboxError
        text = (
            f"Labelbox answered with an error while {doing}: {message}; "
            "check the arguments, then try again."
        )
    return kind(text)


def _not_found(message: str, doing: str) -> LabelboxError:
    if "'Project'" in message or "roject not found" in message:
        return ProjectNotFoundError(
            f"Labelbox found no such project while {doing}, or the API key may not see it; "
            "check the id in the project's URL and the workspace of the key."
        )
    return LabelboxError(f"Labelbox did not find something while {doing} ({message}); try again.")


def _unreachable(doing: str, error: Exception) -> LabelboxUnavailableError:
    message = clean(str(_innermost(error)) or str(error)).rstrip(".")
    return LabelboxUnavailableError(
        f"Labelbox could not be reached while {doing} ({message}); {_RETRY_LATER}."
    )


def _innermost(error: Exception) -> Exception:
    """Return the original error, which the SDK, requests and urllib3 wrap in their own errors."""
    while True:
        first = error.args[0] if error.args else None
        within = (getattr(error, "cause", None), getattr(error, "reason", None), first)
        inner = next((item for item in within if isinstance(item, Exception)), None)
        if inner is None or inner is error:
            return error
        error = inner


def _raised_in_sdk(error: BaseException) -> bool:
    """Return whether an error of a general type was raised in the SDK, not in this package."""
    traceback = error.__traceback__
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if module.split(".", 1)[0] in ("labelbox", "lbox"):
            return True
        traceback = traceback.tb_next
    return False
