"""How much of one request, record and process is kept; what is beyond is cut or left out, and counted."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER: Final = "other"
_SOURCES: Final = 20
_SERVICES_OF_A_SOURCE: Final = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """Most of what clients send that is kept.

    Attributes:
        body_bytes: Of a request as it is sent, and `inflated_bytes` once it is inflated.
        records: Lines of a request of Loki or NDJSON.
        ahead_s: By how much a clock may be ahead, and by how much a record may be late (`behind_s`); others get the
            time at which they were received.
        services: Names of services a process keeps apart; the rest is `other`.
        attribute_names: The same of names of attributes; the rest is left out.
    """

    body_bytes: int = 16 << 20
    inflated_bytes: int = 64 << 20
    records: int = 200_000
    attributes: int = 128
    name_characters: int = 256
    value_characters: int = 8_192
    text_characters: int = 65_536
    events: int = 128
    links: int = 128
    buckets: int = 1_024
    ahead_s: float = 600.0
    behind_s: float = 7 * 86_400.0
    services: int = 1_000
    attribute_names: int = 10_000


USUAL_LIMITS: Final = Limits()


class Share(NamedTuple):
    """Of what a reason counts, the part of one sender.

    Attributes:
        source: Who sent it: `token NAME`, or how it came without one; empty where that is not known.
        service: Of the records, likewise.
    """

    reason: str
    source: str
    service: str


class Tally:
    """How often something was cut, left out or dropped, by reason; of one process, safe between threads.

    Twenty sources, and fifty services of each, are kept apart; the rest is `other`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._shares: Counter[Share] = Counter()
        self._senders: dict[str, Known] = {}

    def add(self, reason: str, count: int = 1, *, source: str = "", service: str = "") -> int:
        """Count what happened, and whose it was where that is known; return how often it has until now."""
        with self._lock:
            self._counts[reason] += count
            if count and (source or service):
                self._shares[self._share(reason, source, service)] += count
            return self._counts[reason]

    def restore(self, counts: Mapping[str, int], shares: Mapping[Share, int]) -> None:
        """Add what was counted before."""
        with self._lock:
            self._counts.update(counts)
            for share, count in shares.items():
                self._shares[self._share(*share)] += count

    def clear(self) -> None:
        """Begin anew, as a new day does."""
        with self._lock:
            self._counts.clear()
            self._shares.clear()
            self._senders.clear()

    def counts(self) -> dict[str, int]:
        """Return how often each reason occurred."""
        with self._lock:
            return dict(self._counts)

    def shares(self) -> dict[Share, int]:
        """Return whose it was, as far as that is known."""
        with self._lock:
            return dict(self._shares)

    def _share(self, reason: str, source: str, service: str) -> Share:
        if source not in self._senders and len(self._senders) >= _SOURCES:
            source = OTHER
        services = self._senders.setdefault(source, Known(_SERVICES_OF_A_SOURCE))
        return Share(reason, source, service if not service or services.takes(service) else OTHER)


class Known:
    """The names that a process has seen, up to a limit, beyond which no new one is taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._names: set[str] = set()

    def takes(self, name: str) -> bool:
        """Return whether a name is one of those that are kept apart, and take it while there is room."""
        if name in self._names:
            return True
        if len(self._names) >= self._most:
            return False
        self._names.add(name)
        return True
