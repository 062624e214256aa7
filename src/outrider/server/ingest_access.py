"""Who may send telemetry: this machine, networks that are listed, and whoever has a token of kind `ingest`."""

from __future__ import annotations

import base64
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from outrider.model import TokenKind
from outrider.server.access_control import BadToken
from outrider.server.client_origin import networks_of
from outrider.server.session_cookie import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from outrider.server.access_control import Access

_ANONYMOUS: Final = "no token"
_BELIEVED_S: Final = 15.0
_MOST_BELIEVED: Final = 1_000


class IngestAccess:
    """Decides by the address from which a client connects, or by its token; no proxy is believed.

    Args:
        access: Knows tokens.
        networks: Whose machines may send without a token.
        is_loopback: Whether the server is reached from this machine only.
    """

    def __init__(self, access: Access, networks: Sequence[str], *, is_loopback: bool) -> None:
        self._access = access
        self._networks = networks_of(networks)
        self._is_loopback = is_loopback
        self._believed: dict[str, tuple[float, str]] = {}

    def source_of(self, request: Request) -> str:
        """Return who a client of HTTP is, as `source` does.

        Raises:
            StoreError: If a token cannot be looked up.
        """
        peer = request.client.host if request.client is not None else ""
        return self.source(peer, request.headers.get("authorization", ""))

    def allows(self, peer: str) -> bool:
        """Return whether the machine at an address may send."""
        return bool(self.source(peer))

    def source(self, peer: str, authorization: str = "") -> str:
        """Return who sends from an address: `token NAME`, or `no token`; "" if it may not.

        A token that was valid a moment ago is not looked up again. It comes as a bearer's, or as the password of basic
        authentication, which clients of Loki have.

        Raises:
            StoreError: If a token cannot be looked up.
        """
        secret = _secret(authorization)
        if secret:
            return self._token(secret)
        try:
            address = ip_address(peer.partition("%")[0])
        except ValueError:
            return ""
        address = getattr(address, "ipv4_mapped", None) or address
        is_near = self._is_loopback and address.is_loopback
        return _ANONYMOUS if is_near or any(address in network for network in self._networks) else ""

    def _token(self, secret: str) -> str:
        now_s, digest = time.monotonic(), digest_of(secret)
        until_s, source = self._believed.get(digest, (0.0, ""))
        if until_s > now_s:
            return source
        try:
            token = self._access.token(secret, TokenKind.INGEST)
        except BadToken:
            self._believed.pop(digest, None)
            return ""
        if len(self._believed) >= _MOST_BELIEVED:
            self._believed.clear()
        source = f"token {token.name}"
        self._believed[digest] = (now_s + _BELIEVED_S, source)
        return source


def _secret(authorization: str) -> str:
    scheme, _, secret = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return secret.strip()
        case "basic":
            return _password(secret)
        case _:
            return ""


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
