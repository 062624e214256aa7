"""Ports: incidents, the outbox, and silences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model.access import AccessToken
    from outrider.model.alert_record import (
        Acknowledgement,
        AlertChanges,
        AlertState,
        Comment,
        IncidentQuery,
        Notification,
        ReceiverState,
        Silence,
        Status,
        StoredIncident,
        UndeliveredCount,
    )
    from outrider.model.excerpt import Excerpt


class IncidentLog(Protocol):
    """Incidents. One process writes changes; any process may write acknowledgements, which it then reads."""

    def record(self, changes: AlertChanges) -> None:
        """Write what changed, with its notifications, in one transaction; the same changes twice change nothing."""
        ...

    def state(self, ended_since_us: int) -> AlertState:
        """Return the incidents that last, ended since then or are in a group, and what is remembered around them."""
        ...

    def search(self, *, lasting: bool = False, since_us: int = 0, limit: int | None = 100) -> Excerpt[StoredIncident]:
        """Return the incidents that last, or ended since then, the latest first; without a limit, all."""
        ...

    def list(self, query: IncidentQuery, limit: int) -> Excerpt[StoredIncident]:
        """Return incidents that fit a query, the latest begun first, and of one moment by id."""
        ...

    def named(self, name: str, limit: int) -> Excerpt[StoredIncident]:
        """Return the incidents whose id is, begins or ends with a name, the latest begun first."""
        ...

    def counts(self, since_us: int) -> Mapping[str, int]:
        """Return how many incidents last or ended since then, by phase."""
        ...

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Add what somebody did to an incident, for the process that writes incidents."""
        ...

    def acknowledge_by_link(self, acknowledgement: Acknowledgement, used: AccessToken) -> bool:
        """Add what somebody did by a link that can be used once, and keep that it was; false if it was used before."""
        ...

    def is_link_used(self, digest: str) -> bool:
        """Return whether a link with this digest was used."""
        ...

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return the acknowledgements that no recorded changes took in yet, in the order in which they were made."""
        ...

    def comment(self, comment: Comment) -> None:
        """Add a comment on an incident."""
        ...

    def comments(self, incident: str, *, limit: int = 200) -> tuple[Comment, ...]:
        """Return the comments on an incident in their order; of too many the latest."""
        ...

    def mark_processed(self, at_us: int) -> None:
        """Note up to when all stored runs were processed for alerts; catching up has ended then."""
        ...

    def processed_us(self) -> int | None:
        """Return up to when all stored runs were processed for alerts; None if never."""
        ...

    def mark_caught_up(self, began_us: int, due_us: int) -> None:
        """Note how far the runs are caught up that were stored and perhaps not processed.

        Args:
            began_us: When catching up began; runs that were stored later are not meant.
            due_us: All runs that were due until then are processed.
        """
        ...

    def caught_up(self) -> tuple[int, int] | None:
        """Return what `mark_caught_up` noted last; None if no catching up is under way."""
        ...


class Outbox(Protocol):
    """Notifications that wait for delivery or were delivered, in the order in which they were written.

    Delivery is at least once: a row stays queued until an update says what became of it.
    """

    def add(self, notification: Notification) -> None:
        """Add a row; the same id twice changes nothing. A queued row of its topic and receiver is superseded."""
        ...

    def add_report(self, report: str, due_us: int, notifications: Sequence[Notification]) -> None:
        """Add the notifications of a report that was due, unless this or a later one of its name was added before.

        All or none, and once, whichever process does it. Without notifications the report counts as sent.
        """
        ...

    def take(self, notification_id: str, until_us: int) -> bool:
        """Have a queued row wait until a time, since it is being sent; return false if it is not queued any more.

        If no update tells what became of it, as after a crash, it is due again then.
        """
        ...

    def update(self, notification: Notification) -> None:
        """Write the delivery state of a row; a delivered row never changes again."""
        ...

    def search(
        self,
        *,
        receiver: str | None = None,
        status: Status | None = None,
        due_us: int | None = None,
        created_since_us: int | None = None,
        created_until_us: int | None = None,
        limit: int | None = 100,
    ) -> Excerpt[Notification]:
        """Return rows in their order.

        Args:
            receiver: Of this one only.
            status: In this one only.
            due_us: Due by then, microseconds UTC.
            created_since_us: Added then or later.
            created_until_us: Added before then.
            limit: How many at most; None for all.
        """
        ...

    def get(self, notification_id: str) -> Notification | None:
        """Return the row with this id, whatever became of it; None if there is none."""
        ...

    def contains(self, notification_id: str) -> bool:
        """Return whether a row with this id exists, whatever became of it."""
        ...

    def undelivered(self) -> tuple[UndeliveredCount, ...]:
        """Return how many rows of each receiver could not be delivered, by receiver."""
        ...

    def receivers(self, since_us: int) -> tuple[ReceiverState, ...]:
        """Return what became of what was added since then, and of all that waits, by receiver."""
        ...

    def times(self, receiver: str, status: Status, since_us: int) -> tuple[int, ...]:
        """Return when notifications of a receiver reached a status since then, the earliest first."""
        ...

    def reported_us(self, report: str) -> int | None:
        """Return when the last added report of this name was due; None if none was added."""
        ...


class SilenceLog(Protocol):
    """Silences."""

    def record(self, silence: Silence) -> None:
        """Keep a silence, in place of one with the same id; to end a silence, record it with an earlier end."""
        ...

    def ending_after(self, at_us: int) -> tuple[Silence, ...]:
        """Return the silences that end later than that, in the order in which they start."""
        ...
