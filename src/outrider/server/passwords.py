"""Passwords: hashed by argon2id, compared in the same time whether there is such a user or not."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from outrider.model import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1_000
_HASHES_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 64 MiB for its time."""


class WeakPassword(UsageError):
    """A password is too short to be kept, or too long."""


def check_password(password: str) -> None:
    """Accept a password that can be kept.

    Raises:
        WeakPassword: weak-password.
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        what = f"the password has {len(password)} characters"
        fix = f"choose one of {LEAST_CHARACTERS} to {MOST_CHARACTERS:,} characters, such as four words"
        raise WeakPassword(what, slug="weak-password", fix=fix)


def hash_password(password: str) -> str:
    """Return what is kept of a password.

    Raises:
        WeakPassword: weak-password.
    """
    check_password(password)
    with _HASHES_AT_ONCE:
        return _hasher().hash(_normal(password))


def is_password(password: str, stored_hash: str | None) -> bool:
    """Return whether a password is the one that was hashed; without a hash it takes as long, and is not."""
    if len(password) > MOST_CHARACTERS:
        password, stored_hash = "", None
    with _HASHES_AT_ONCE:
        nobodys = _nobodys_hash()  # made by the first try of this process, whoever it names
        return _matches(_normal(password), stored_hash or nobodys) and stored_hash is not None


def _matches(password: bytes, stored_hash: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as `_hasher`

    try:
        return _hasher().verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> bytes:
    """Return a password as it is hashed: keyboards differ in the Unicode form of a letter (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _hasher() -> PasswordHasher:
    """Return the hasher, with the parameters of RFC 9106 for little memory."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - most processes hash nothing

    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(b"nobody has this password")
