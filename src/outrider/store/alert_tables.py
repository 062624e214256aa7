"""Incidents, the outbox and silences, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import IncidentLog, Outbox, SilenceLog
from outrider.store.alert_rows import (
    add_notification,
    knows_notification,
    read_acknowledgements,
    read_caught_up,
    read_incidents,
    read_notification,
    read_notifications,
    read_processed_until,
    read_reported,
    read_silences,
    read_state,
    read_times,
    read_undelivered,
    write_acknowledgement,
    write_caught_up,
    write_changes,
    write_notification,
    write_processed_until,
    write_reported,
    write_silence,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import (
        Acknowledgement,
        AlertChanges,
        AlertState,
        Excerpt,
        Notification,
        Silence,
        Status,
        StoredIncident,
        UndeliveredCount,
    )
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class IncidentTable(IncidentLog):
    """Incidents, what is remembered around them, and acknowledgements."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, changes: AlertChanges) -> None:
        self._writer.write(lambda connection: write_changes(connection, changes))

    def state(self, ended_since_us: int) -> AlertState:
        with self._database.reading() as connection:
            return read_state(connection, ended_since_us)

    def search(self, *, lasting: bool = False, since_us: int = 0, limit: int | None = 100) -> Excerpt[StoredIncident]:
        with self._database.reading() as connection:
            return read_incidents(connection, lasting=lasting, since_us=since_us, limit=limit)

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        self._writer.write(lambda connection: write_acknowledgement(connection, acknowledgement))

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        with self._database.reading() as connection:
            return read_acknowledgements(connection)

    def mark_processed(self, at_us: int) -> None:
        self._writer.write(lambda connection: write_processed_until(connection, at_us))

    def processed_us(self) -> int | None:
        with self._database.reading() as connection:
            return read_processed_until(connection)

    def mark_caught_up(self, began_us: int, due_us: int) -> None:
        self._writer.write(lambda connection: write_caught_up(connection, began_us, due_us))

    def caught_up(self) -> tuple[int, int] | None:
        with self._database.reading() as connection:
            return read_caught_up(connection)


class OutboxTable(Outbox):
    """Notifications, and which reports were sent."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def add(self, notification: Notification) -> None:
        self._writer.write(lambda connection: add_notification(connection, notification))

    def add_report(self, report: str, due_us: int, notifications: Sequence[Notification]) -> None:
        self._writer.write(lambda connection: write_reported(connection, report, due_us, notifications))

    def update(self, notification: Notification) -> None:
        self._writer.write(lambda connection: write_notification(connection, notification))

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
        with self._database.reading() as connection:
            return read_notifications(
                connection,
                receiver=receiver,
                status=status,
                due_us=due_us,
                created_since_us=created_since_us,
                created_until_us=created_until_us,
                limit=limit,
            )

    def get(self, notification_id: str) -> Notification | None:
        with self._database.reading() as connection:
            return read_notification(connection, notification_id)

    def undelivered(self) -> tuple[UndeliveredCount, ...]:
        with self._database.reading() as connection:
            return read_undelivered(connection)

    def contains(self, notification_id: str) -> bool:
        with self._database.reading() as connection:
            return knows_notification(connection, notification_id)

    def times(self, receiver: str, status: Status, since_us: int) -> tuple[int, ...]:
        with self._database.reading() as connection:
            return read_times(connection, receiver, status, since_us)

    def reported_us(self, report: str) -> int | None:
        with self._database.reading() as connection:
            return read_reported(connection, report)


class SilenceTable(SilenceLog):
    """Silences."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, silence: Silence) -> None:
        self._writer.write(lambda connection: write_silence(connection, silence))

    def ending_after(self, at_us: int) -> tuple[Silence, ...]:
        with self._database.reading() as connection:
            return read_silences(connection, at_us)
