"""Access to the URL of a video or mask: the URL itself, or a URL and headers of a presigner."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from deeplake_labelbox.errors import ConfigurationError, DeepLakeLabelboxError

if TYPE_CHECKING:
    from deeplake_labelbox._video.response_body import FetchErrors

UrlPresigner: TypeAlias = Callable[[str], tuple[str, Mapping[str, Any]]]
"""``url -> (url, {"headers": {name: value}})``, or ``(url, {})`` when no header is needed."""

_HTTP: Final = frozenset({"http", "https"})
_EXPECTED: Final = 'a pair (url, {"headers": {"Name": "value"}}) or (url, {})'


def url_scheme(source: str) -> str:
    """Return the URL scheme of ``source``; a single letter is a Windows drive, so a path."""
    head, separator, _ = source.partition("://")
    return head.lower() if separator and len(head) > 1 and head.isascii() else ""


def without_query(url: str) -> str:
    """Remove user, query and fragment of a URL, which may hold signatures and tokens."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(a URL that cannot be parsed)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class _LabelboxPresigner:
    def __init__(self, api_key: str, hosts: Collection[str]) -> None:
        self._api_key = api_key
        self._hosts = frozenset(host.lower() for host in hosts)

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        netloc = parts.netloc.rpartition("@")[2].lower()
        labelbox_cloud = parts.scheme == "https" and f".{host}".endswith(".labelbox.com")
        if labelbox_cloud or (parts.scheme in _HTTP and netloc in self._hosts):
            return url, {"headers": {"Authorization": f"Bearer {self._api_key}"}}
        return url, {}


def labelbox_presigner(api_key: str, hosts: Collection[str] = ()) -> UrlPresigner:
    """Create the default presigner: it sends the API key to Labelbox's own hosts only.

    Args:
        api_key: Sent as ``Authorization: Bearer``.
        hosts: Labelbox's hosts (``host:port`` or ``host``), such as those of the client's
            endpoints, in addition to all ``https`` hosts of labelbox.com.
    """
    return _LabelboxPresigner(api_key, hosts)


class _MixedPresigner:
    """The user's presigner; for URLs that it returns unchanged, that of Labelbox."""

    def __init__(self, passed: UrlPresigner, labelbox: UrlPresigner) -> None:
        self._passed = passed
        self.labelbox = labelbox

    def __call__(self, url: str) -> tuple[str, Mapping[str, Any]]:
        answer = self._passed(url)
        if answer in ((url, {}), (url, {"headers": {}})):
            return self.labelbox(url)
        return answer


def mixed_presigner(passed: UrlPresigner | None, labelbox: UrlPresigner) -> UrlPresigner:
    """Create a presigner for videos in the user's storage, in Labelbox's, or in both.

    Args:
        passed: Presigner of the user. It is called first, also for Labelbox's hosts.
        labelbox: See `labelbox_presigner`.
    """
    return labelbox if passed is None else _MixedPresigner(passed, labelbox)


class Access:
    """The URL and headers with which a file is fetched, renewed when they expire.

    Signatures expire: between two attempts, or during a download. Storage then answers with 400
    (S3, Google), 401, 403 (S3, Google, Azure) or 404, so each of them counts as a refusal. If a
    renewed URL is refused at once, it is not renewed again.

    Args:
        source: The URL in the export.
        errors: The errors to raise.
        presigner: Gives access to it.
        headers: Headers for its origin.

    Attributes:
        name: Name of the file in messages.
        errors: The errors to raise.
        url: The URL to fetch.
        headers: Headers for its origin.
    """

    def __init__(
        self,
        source: str,
        errors: FetchErrors,
        *,
        presigner: UrlPresigner | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._source = source
        self.name = f"{errors.noun} {without_query(source)}"
        self._presigner = presigner
        self.errors = errors
        self._may_ask = True
        self.url, self.headers = source, dict(headers or {})

    @classmethod
    def to(
        cls,
        source: str,
        presigner: UrlPresigner | None,
        errors: FetchErrors,
        *,
        presign_first: bool = False,
    ) -> Access:
        """Access to a URL of any scheme.

        An http or https URL is first tried unchanged, because signed URLs refuse other headers;
        any other URL goes to the presigner at once. With ``presign_first``, Labelbox's hosts get
        the API key at once. A URL that Labelbox signed goes to the user's presigner only if it is
        refused.

        Raises:
            DeepLakeLabelboxError: The error of ``errors`` for a refusal, if the presigner fails, or
                there is none for a URL that is not http or https.
            ConfigurationError: If the presigner returned a value of another form.
        """
        access = cls(source, errors, presigner=presigner)
        if presigner is not None and url_scheme(source) not in _HTTP:
            access._ask(presigner)
        elif presign_first and isinstance(presigner, _MixedPresigner):
            access._ask(presigner.labelbox)
            access._may_ask = True
        elif presign_first and isinstance(presigner, _LabelboxPresigner):
            access._ask(presigner)
        access._check_scheme()
        return access

    def used(self) -> None:
        """Note that an attempt was not refused; after a later refusal, ask the presigner again."""
        self._may_ask = True

    def renew(self) -> bool:
        """Ask the presigner for other access after a refusal; return whether there is one.

        Raises:
            DeepLakeLabelboxError: See `to`.
            ConfigurationError: See `to`.
        """
        if self._presigner is None or not self._may_ask:
            return False
        refused = self.url, self.headers
        self._ask(self._presigner)
        self._check_scheme()
        return (self.url, self.headers) != refused

    @property
    def advice(self) -> str:
        """Advice after a refusal."""
        gave_nothing = self.url == self._source and not self.headers
        if self._presigner is None or (gave_nothing and not self._is_passed):
            return f"{self.errors.refused_hint} {self.errors.expiry_hint}".rstrip()
        if not self._is_passed:
            hint = "The API key was sent; check that it may read this project."
            return f"{hint} {self.errors.expiry_hint}".rstrip()
        if gave_nothing:
            return "`url_presigner` returned the URL unchanged; let it sign the URLs of this host."
        return "The access that `url_presigner` gave was refused; check that it can read this file."

    @property
    def _is_passed(self) -> bool:
        """Whether the user passed the presigner."""
        return self._presigner is not None and not isinstance(self._presigner, _LabelboxPresigner)

    def _ask(self, presigner: UrlPresigner) -> None:
        """Call the presigner and check its answer; messages do not quote it, as it has secrets."""
        self._may_ask = False
        try:
            answer: object = presigner(self._source)
        except DeepLakeLabelboxError as error:
            raise self.errors.forbidden(f"The {self.name} cannot be signed. {error}") from error
        except Exception as error:
            raise self.errors.forbidden(
                f"`url_presigner` failed with {type(error).__name__} for the {self.name}. "
                "Call it with this URL to see why."
            ) from error
        match answer:
            case (str() as signed, Mapping() as options) if set(options) <= {"headers"}:
                headers = options.get("headers") or {}
                if isinstance(headers, Mapping) and all(
                    isinstance(part, str) for item in headers.items() for part in item
                ):
                    self.url, self.headers = signed, dict(headers)
                    return
        raise ConfigurationError(
            f"`url_presigner` returned a {type(answer).__name__} of another shape than "
            f"expected for the {self.name}; return {_EXPECTED}."
        )

    def _check_scheme(self) -> None:
        if url_scheme(self.url) in _HTTP or not url_scheme(self._source):
            return  # a text that is no URL is refused when it is fetched
        if self._is_passed:
            raise self.errors.forbidden(
                f"`url_presigner` returned {without_query(self.url)} for the {self.name}; "
                "return an http:// or https:// URL."
            )
        raise self.errors.forbidden(
            f"The {self.name} cannot be read from {url_scheme(self._source)}:// storage as it "
            "is. Pass `url_presigner` to sign its URL."
        )
