"""Sign the URLs of files on the sandbox's storage host."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from urllib.parse import quote

_LIFETIME_SECONDS = 7 * 24 * 3600


class SignedUrls:
    """Signs paths of the storage host and checks the signatures, as object stores do."""

    def __init__(self, storage_url: str) -> None:
        self.storage_url = storage_url
        self._secret = secrets.token_bytes(32)
        # One expiry per sandbox, so a file keeps its URL.
        self._expires = int(time.time()) + _LIFETIME_SECONDS

    def sign(self, path: str) -> str:
        """Return the signed URL of a path."""
        quoted = quote(path)
        signature = self._signature(quoted, str(self._expires))
        return f"{self.storage_url}{quoted}?Expires={self._expires}&Signature={signature}"

    def accepts(self, path: str, expires: str, signature: str) -> bool:
        """Return whether a signature is valid for a path and has not expired."""
        expected = self._signature(quote(path), expires)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return False
        return int(expires) >= time.time()

    def expire(self) -> None:
        """Expire every URL signed so far."""
        self._secret = secrets.token_bytes(32)

    def _signature(self, path: str, expires: str) -> str:
        return hmac.new(self._secret, f"{path}?{expires}".encode(), hashlib.sha256).hexdigest()
