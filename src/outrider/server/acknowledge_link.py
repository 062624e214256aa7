"""Links of mails by which a recipient acknowledges an incident: signed, for one use, and for a day.

A token is base64url(JSON of incident, recipient, notification and expiry) "." base64url(HMAC-SHA256 of that text). That
it was used is kept in the store, as a token of kind `acknowledge`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass

from outrider.model import AccessToken, Role, TokenKind, UsageError
from outrider.server.session_cookie import digest_of

LIFETIME_S = 86_400
_PURPOSE = b"outrider acknowledge\0"
_MOST_CHARACTERS = 2_000
_ID_BYTES = 4


class ForgedLink(UsageError):
    """A link was not signed here."""


class ExpiredLink(UsageError):
    """A link was signed here, and its day is over."""


@dataclass(frozen=True, slots=True)
class AcknowledgeGrant:
    """What a link permits, and until when.

    Attributes:
        recipient: Mail address of who may acknowledge.
        notification: Id of the row of the outbox that the link went out with.
    """

    incident: str
    recipient: str
    notification: str
    expires_s: int


class AcknowledgeSigner:
    """Makes and reads the tokens of links.

    Args:
        key: Kept from everybody else.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, grant: AcknowledgeGrant) -> str:
        """Return the token of a grant; the same for the same grant."""
        fields = [grant.incident, grant.recipient, grant.notification, grant.expires_s]
        content = _encoded(json.dumps(fields, separators=(",", ":")).encode())
        return f"{content}.{self._signature(content)}"

    def read(self, token: str, now_s: int) -> AcknowledgeGrant:
        """Return what a token permits.

        Raises:
            ForgedLink: If it was not signed with this key.
            ExpiredLink: If its time is over.
        """
        content, _, signature = token.partition(".")
        is_ours = len(token) <= _MOST_CHARACTERS and token.isascii()
        if not is_ours or not hmac.compare_digest(signature, self._signature(content)):
            raise ForgedLink(
                "this link was not made here, or not all of it arrived",
                slug="forged-link", fix="open the link of the mail as it is",
            )  # fmt: skip
        grant = AcknowledgeGrant(*json.loads(_decoded(content)))
        if now_s >= grant.expires_s:
            raise ExpiredLink(
                "this link has expired: it is valid for a day",
                slug="expired-link", fix="acknowledge on the page of the incident, or by outrider ack",
            )  # fmt: skip
        return grant

    def _signature(self, content: str) -> str:
        return _encoded(hmac.digest(self._key, _PURPOSE + content.encode(), "sha256"))


def used_token(token: str, grant: AcknowledgeGrant, at_us: int) -> AccessToken:
    """Return what the store keeps of a link that is used: nobody can use another with its digest."""
    return AccessToken(
        secrets.token_hex(_ID_BYTES), f"mail to {grant.recipient}", TokenKind.ACKNOWLEDGE, Role.VIEWER,
        digest_of(token), at_us, grant.recipient, grant.incident, grant.expires_s * 1_000_000, at_us, at_us,
    )  # fmt: skip


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:  # which nothing signed with our key is
        return b""
