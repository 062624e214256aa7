"""Addresses of artifacts that name one file until they expire, and that nobody else can write.

A token is base64url(JSON of the file and the expiry) "." base64url(HMAC-SHA256 of that text). No cookie goes with it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from dataclasses import dataclass

from outrider.model import UsageError

LIFETIME_S = 3600
_STEP_S = 600
_PURPOSE = b"outrider artifact\0"
_MOST_CHARACTERS = 2_000
_NAME_CHARACTERS = 200
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ForgedAddress(UsageError):
    """An address was not signed here."""


class ExpiredAddress(UsageError):
    """An address was signed here, and its time is over."""


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file as an address names it; `media_type` comes from our own table."""

    digest: str
    name: str
    media_type: str
    is_shown: bool
    is_packed: bool


class AddressSigner:
    """Signs and reads addresses.

    Args:
        key: Kept from everybody else.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, file: SignedFile, now_s: int) -> str:
        """Return the token of a file; the same one within ten minutes, so that browsers keep what they have."""
        expires_s = now_s // _STEP_S * _STEP_S + LIFETIME_S
        name = file.name[:_NAME_CHARACTERS]
        fields = [file.digest, name, file.media_type, int(file.is_shown), int(file.is_packed), expires_s]
        content = _encoded(json.dumps(fields, separators=(",", ":")).encode())
        return f"{content}.{self._signature(content)}"

    def read(self, token: str, now_s: int) -> SignedFile:
        """Return the file that a token names.

        Raises:
            ForgedAddress: If it was not signed with this key.
            ExpiredAddress: If its time is over.
        """
        content, _, signature = token.partition(".")
        is_ours = len(token) <= _MOST_CHARACTERS and token.isascii()
        if not is_ours or not hmac.compare_digest(signature, self._signature(content)):
            raise _forged()
        digest, name, media_type, is_shown, is_packed, expires_s = json.loads(_decoded(content))
        if not _DIGEST.fullmatch(digest):
            raise _forged()
        if now_s >= expires_s:
            raise ExpiredAddress(
                "the address of this file has expired", slug="expired-address", fix="load the run's page again"
            )
        return SignedFile(digest, name, media_type, bool(is_shown), bool(is_packed))

    def _signature(self, content: str) -> str:
        return _encoded(hmac.digest(self._key, _PURPOSE + content.encode(), "sha256"))


def _forged() -> ForgedAddress:
    return ForgedAddress(
        "the address of this file was not made here", slug="forged-address", fix="open the file from its run's page"
    )


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise _forged() from None
