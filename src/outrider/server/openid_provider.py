"""What a provider of OpenID Connect publishes: its endpoints (OpenID Connect Discovery 1.0), and its keys."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from joserfc.jwk import KeySet

_WELL_KNOWN = "/.well-known/openid-configuration"
_TIMEOUT_S = 10
_MOST_BYTES = 1_000_000
_KEPT_US = 3_600_000_000
_AGAIN_US = 60_000_000  # at most once a minute for a key that is not known
_FAILED_US = 5_000_000  # who waits meanwhile is told the same, and does not wait for it again


class ProviderError(OutriderError):
    """A provider does not answer, or answers with something else."""


class OpenIdProvider:
    """Endpoints and keys, read again every hour, and when a token names a key that is not known; for any thread.

    Args:
        issuer: The provider's address.
        now_us: The time, microseconds UTC.
    """

    def __init__(self, issuer: str, now_us: Callable[[], int]) -> None:
        self._issuer = issuer
        self._now_us = now_us
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_us = self._keys_us = 0
        self._failed_us, self._failure = 0, ""

    def endpoint(self, name: str) -> str:
        """Return an endpoint.

        Raises:
            ProviderError: oidc-unreachable.
        """
        with self._lock:
            return self._endpoint(name)

    def keys(self, token: str) -> KeySet:
        """Return the keys with which the provider signs, read anew if a token names none of them.

        Raises:
            ProviderError: oidc-unreachable.
        """
        from joserfc.jwk import KeySet  # noqa: PLC0415 - in the extra `auth`
        from joserfc.jws import extract_compact  # noqa: PLC0415

        named = extract_compact(token.encode()).headers().get("kid")
        with self._lock:
            age_us = self._now_us() - self._keys_us
            is_known = self._keys is not None and (named is None or any(key.kid == named for key in self._keys.keys))
            if self._keys is None or age_us >= _KEPT_US or (not is_known and age_us >= _AGAIN_US):
                document = self._fetch(self._endpoint("jwks_uri"))
                self._keys, self._keys_us = KeySet.import_key_set(document), self._now_us()  # type: ignore[arg-type]
            return self._keys

    def _endpoint(self, name: str) -> str:
        if not self._metadata or self._now_us() - self._read_us >= _KEPT_US:
            metadata = self._fetch(self._issuer.rstrip("/") + _WELL_KNOWN)
            if metadata.get("issuer") != self._issuer:
                raise self._failed(f"{self._issuer} says that it is {str(metadata.get('issuer'))[:200]!r}")
            self._metadata, self._read_us = metadata, self._now_us()
        address = self._metadata.get(name)
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", urlsplit(self._issuer).scheme}:
            raise _unusable(f"{self._issuer} names no {name} that can be used")
        return address

    def _fetch(self, address: str) -> Mapping[str, Any]:
        """Return a document of the provider's; fail at once while it has not answered a moment ago."""
        if self._failure and 0 <= self._now_us() - self._failed_us < _FAILED_US:
            raise _unusable(self._failure)
        try:
            return _fetched(address)
        except ProviderError as error:
            raise self._failed(error.what) from None

    def _failed(self, what: str) -> ProviderError:
        self._failed_us, self._failure = self._now_us(), what
        return _unusable(what)


def _fetched(address: str) -> Mapping[str, Any]:
    """Return a JSON document of bounded size."""
    import requests  # noqa: PLC0415 - in the extra `auth`

    try:
        with requests.get(address, timeout=_TIMEOUT_S, stream=True, allow_redirects=False) as answer:
            answer.raise_for_status()
            body = answer.raw.read(_MOST_BYTES + 1, decode_content=True)
        document = json.loads(body) if answer.status_code == 200 and len(body) <= _MOST_BYTES else None
    except (requests.RequestException, OSError, ValueError, RecursionError) as error:
        raise _unusable(f"{address} does not answer: {type(error).__name__}") from None
    if not isinstance(document, dict):
        raise _unusable(f"{address} answers with something else")
    return document


def _unusable(what: str) -> ProviderError:
    return ProviderError(what, slug="oidc-unreachable", fix="look at issuer of [server.oidc] in outrider.toml")
