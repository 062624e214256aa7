"""How many different users: exact up to 256, estimated beyond, in at most 2 KiB; sketches can be united.

It keeps the 256 smallest hashes (k minimum values: Bar-Yossef and others, "Counting distinct elements in a data
stream", RANDOM 2002). The standard error of the estimate is 1 / sqrt(254), 6.3 %.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT: Final = 256
_BYTES: Final = 8
_SPACE: Final = 1 << (8 * _BYTES)


class UserSketch:
    """A set of users of which only the smallest hashes are kept."""

    def __init__(self, stored: bytes = b"") -> None:
        self._hashes = {stored[start : start + _BYTES] for start in range(0, len(stored), _BYTES)}

    def add(self, users: Iterable[str]) -> Self:
        """Add users by what tells them from others."""
        return self._take(map(_hash, users))

    def replace(self, users: Iterable[str]) -> bool:
        """Put a random hash in the place of each user's, so that the number stays; return whether there was any."""
        known = self._hashes & {_hash(user) for user in users}
        below = int.from_bytes(max(self._hashes)) if len(self._hashes) >= _KEPT else _SPACE
        while len(self._hashes & known):
            self._hashes.discard(next(iter(self._hashes & known)))
            size = len(self._hashes)
            while len(self._hashes) == size:
                self._hashes.add(secrets.randbelow(below).to_bytes(_BYTES))
        return bool(known)

    def unite(self, stored: bytes) -> Self:
        """Add all users of another sketch."""
        return self._take(stored[start : start + _BYTES] for start in range(0, len(stored), _BYTES))

    def _take(self, hashes: Iterable[bytes]) -> Self:
        self._hashes.update(hashes)
        if len(self._hashes) > _KEPT:
            self._hashes = set(sorted(self._hashes)[:_KEPT])
        return self

    @property
    def users(self) -> int:
        """How many there are."""
        if len(self._hashes) < _KEPT:
            return len(self._hashes)
        return round((_KEPT - 1) * _SPACE / (int.from_bytes(max(self._hashes)) + 1))

    @property
    def stored(self) -> bytes:
        """The sketch for a database."""
        return b"".join(sorted(self._hashes))


def _hash(user: str) -> bytes:
    return sha256(user.encode("utf-8", "surrogatepass")).digest()[:_BYTES]
