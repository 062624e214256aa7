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
        self._believed: dict[str, float] = {}

    def may_send(self, request: Request) -> bool:
        """Return whether a client of HTTP may send.

        Raises:
            StoreError: If a token cannot be looked up.
        """
        peer = request.client.host if request.client is not None else ""
        return self.allows(peer, request.headers.get("authorization", ""))

    def allows(self, peer: str, authorization: str = "") -> bool:
        """Return whether the machine at an address may send, or whoever has a token.

        A token that was valid a moment ago is not looked up again. It comes as a bearer's, or as the password of basic
        authentication, which clients of Loki have.

        Raises:
            StoreError: If a token cannot be looked up.
        """
        secret = _secret(authorization)
        if secret:
            return self._is_valid(secret)
        try:
            address = ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return (self._is_loopback and address.is_loopback) or any(address in network for network in self._networks)

    def _is_valid(self, secret: str) -> bool:
        now_s, digest = time.monotonic(), digest_of(secret)
        if self._believed.get(digest, 0.0) > now_s:
            return True
        try:
            self._access.token(secret, TokenKind.INGEST)
        except BadToken:
            self._believed.pop(digest, None)
            return False
        if len(self._believed) >= _MOST_BELIEVED:
            self._believed.clear()
        self._believed[digest] = now_s + _BELIEVED_S
        return True


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
