"""Where errors are sent: a project, and the keys of its clients."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

_BEACONS_AN_EVENT: Final = 20


class KeyPurpose(StrEnum):
    """Who has a key. Either can send, and nothing else; one for browsers is public."""

    SERVER = "server"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class ErrorProject:
    """Whose errors they are.

    Attributes:
        id: The number at the end of its address, from 1; 0 until the store gives it one.
        environment: Of events that name none.
        per_day: Events that are taken a day (UTC).
    """

    id: int
    service: str
    environment: str
    created_us: int
    per_day: int = 100_000

    @property
    def beacons_per_day(self) -> int:
        """Beacons that are taken a day (UTC): a page view is told of several times, and most have no error."""
        return _BEACONS_AN_EVENT * self.per_day


class QuotaUse(NamedTuple):
    """What a project refuses, since its day is used up.

    Attributes:
        what: "errors", "page views", "replays" or "spans, logs, metrics and sessions".
        most: How many are taken a day; bytes of replays, and of spans, logs, metrics and sessions.
        refused: How many were refused today.
    """

    project: ErrorProject
    what: str
    most: int
    refused: int


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """What a client names itself with. It stands in programs and pages, so it is kept as it is, and shown again.

    Attributes:
        id: 32 hexadecimal digits.
        project: The number of its project.
        origins: Of pages that may send, as browsers write them; "*" for all. A key for servers has none.
        per_minute: Events that are taken a minute.
        per_address: Events that are taken a minute of one address; 0 for no such limit.
        author: Who made it.
        expires_us: From when it is not valid any more: it was revoked, or replaced; None for never.
    """

    id: str
    project: int
    purpose: KeyPurpose
    created_us: int
    author: str
    origins: tuple[str, ...] = ()
    per_minute: int = 10_000
    per_address: int = 0
    expires_us: int | None = None

    def is_valid(self, at_us: int) -> bool:
        """Return whether it may send."""
        return self.expires_us is None or at_us < self.expires_us

    def allows(self, origin: str) -> bool:
        """Return whether a page of an origin may send with it; "" is a program that is no page.

        A key for servers is none for pages: it would be public.
        """
        if self.purpose is KeyPurpose.SERVER:
            return not origin
        return not origin or "*" in self.origins or origin in self.origins
