"""What is kept of incidents and notifications; only the room `alerts` can read their `state` and `message`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident; times in microseconds UTC, `ended_us` None while it lasts."""

    id: str
    phase: str
    began_us: int
    ended_us: int | None
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents are asked for.

    Attributes:
        phases: In one of these only.
        since_us: That last, or ended since then, microseconds UTC.
        before: Begun before this time, or at it with a smaller id.
        naming: Whose state holds this text; empty for all.
    """

    phases: tuple[str, ...]
    since_us: int = 0
    before: tuple[int, str] | None = None
    naming: str = ""


@dataclass(frozen=True, slots=True)
class StoredConfirmation:
    """What is remembered of one subject; `incident` is that which it belongs to."""

    subject: str
    incident: str
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """The last notification of a group of incidents, and when the next evaluation is due."""

    key: str
    state: str = field(repr=False)


class Status(StrEnum):
    """What became of a notification."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # given up, or handed to another channel
    SUPPRESSED = "suppressed"  # above the receiver's cap
    SUPERSEDED = "superseded"  # by a later one of the same topic


@dataclass(frozen=True, slots=True)
class Notification:
    """A row of the outbox.

    Attributes:
        id: Made when it is written; the receiver's Message-ID comes from it, so that a duplicate can be recognised.
        topic: What it is about: later rows of one topic supersede earlier ones that wait.
        kind: In the words of the room `alerts`.
        due_us: When to try next.
        tries: How often it was tried.
        done_us: When it reached its present status; None while queued.
        note: Why it could not be delivered, for a reader.
    """

    id: str
    receiver: str
    topic: str
    kind: str
    created_us: int
    due_us: int
    message: str = field(repr=False)
    status: Status = Status.QUEUED
    tries: int = 0
    done_us: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class UndeliveredCount:
    """How many notifications to a receiver could not be delivered, and why the last of them could not."""

    receiver: str
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """What became of the notifications of a receiver; times in microseconds UTC.

    Attributes:
        waiting: How many are queued, the oldest since `waiting_since_us`.
        suppressed: How many were above its cap.
        delivered_us: When the last one was delivered.
        note: Why the last one that failed, or waits after a failure, could not be delivered.
    """

    receiver: str
    waiting: int = 0
    delivered: int = 0
    undelivered: int = 0
    suppressed: int = 0
    delivered_us: int | None = None
    waiting_since_us: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Incidents whose labels match notify nobody meanwhile; `matchers` are texts such as `team=shop`."""

    id: str
    starts_us: int
    ends_us: int
    matchers: tuple[str, ...]
    author: str
    comment: str


ASSIGN = "assign"
"""The action of an acknowledgement that assigns."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What somebody did to an incident.

    Attributes:
        action: "acknowledge", "close" or `ASSIGN`.
        key: Given by the store.
        assignee: To whom it is assigned; empty for nobody.
    """

    incident: str
    at_us: int
    action: str
    author: str
    key: int = 0
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an incident."""

    incident: str
    at_us: int
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class AlertState:
    """The state of the incident tracker."""

    incidents: tuple[StoredIncident, ...] = ()
    watches: tuple[StoredConfirmation, ...] = ()
    groups: tuple[StoredGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """What one moment changed; written in one transaction.

    Attributes:
        notifications: New rows of the outbox; those of their topic and receiver that wait are superseded.
        forgotten_incidents: Ids of those that never were more than a suspicion.
        forgotten_watches: Subjects that are well.
        forgotten_groups: Keys of groups whose resolution is notified.
        processed: Keys of acknowledgements that are in these changes.
    """

    incidents: tuple[StoredIncident, ...] = ()
    watches: tuple[StoredConfirmation, ...] = ()
    groups: tuple[StoredGroup, ...] = ()
    notifications: tuple[Notification, ...] = ()
    forgotten_incidents: tuple[str, ...] = ()
    forgotten_watches: tuple[str, ...] = ()
    forgotten_groups: tuple[str, ...] = ()
    processed: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)
