"""Messages that only a location and its server can read, and that nobody else can make: AES-256-GCM (NIST SP 800-38D).

Both have the digest of the location's token: the server keeps it, the worker computes it. Each use has a key of its
own, derived by HKDF (RFC 5869). Whoever carries a message sees its length.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Final

from outrider.model import OutriderError, UsageError

_NONCE_BYTES: Final = 12
ORDERS, RESULTS, SPOOL = "orders", "results", "spool"
"""What a key is for."""


class ForgedMessage(OutriderError):
    """A message was not made by who has the token, or was changed on its way."""

    def __init__(self, what: str) -> None:
        fix = "was the token of the location replaced? Give the worker the one that is valid, and look who is between"
        super().__init__(f"{what} does not come from who has the token", slug="forged-message", fix=fix)


class SealedBox:
    """Seals and opens messages of one use.

    Args:
        token_digest: SHA-256 of the location's token, in hexadecimal.
        use: What the messages are; one of another use cannot be opened.

    Raises:
        UsageError: missing-extra.
    """

    def __init__(self, token_digest: str, use: str) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra
            from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415
        except ImportError:
            fix = 'pip install "outrider[locations]"'
            raise UsageError("locations need an extra that is not installed", slug="missing-extra", fix=fix) from None
        derive = HKDF(SHA256(), 32, salt=None, info=f"outrider {use} 1".encode())
        self._cipher = AESGCM(derive.derive(bytes.fromhex(token_digest)))
        self._use = use

    def seal(self, message: bytes, about: str) -> bytes:
        """Return a message sealed; `about` says what it is of, and is needed to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, message, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Return the message.

        Raises:
            ForgedMessage: If it was sealed with another key, for another use or about something else, or was changed.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):
            raise ForgedMessage(f"a message of {self._use}") from None


def token_digest(token: str) -> str:
    """Return what the server keeps of a token."""
    return sha256(token.encode()).hexdigest()
