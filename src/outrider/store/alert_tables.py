"""Incidents, the outbox and silences, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from outrider.model import IncidentLog, Outbox, SilenceLog
from outrider.store.access_schema import tokens
from outrider.store.access_tables import Unchanged, changed, knows_token, token_row
from outrider.store.alert_rows import (
    add_notification,
    count_incidents,
    knows_notification,
    list_incidents,
    named_incidents,
    read_acknowledgements,
    read_caught_up,
    read_comments,
    read_incidents,
    read_notification,
    read_notifications,
    read_processed_until,
    read_receivers,
    read_reported,
    read_silences,
    read_state,
    read_times,
    read_undelivered,
    take_notification,
    write_acknowledgement,
    write_caught_up,
    write_changes,
    write_comment,
    write_notification,
    write_processed_until,
    write_reported,
    write_silence,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from outrider.model import (
        AccessToken,
        Acknowledgement,
        AlertChanges,
        AlertState,
        Comment,
        Excerpt,
        IncidentQuery,
        Notification,
        ReceiverState,
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

    def list(self, query: IncidentQuery, limit: int) -> Excerpt[StoredIncident]:
        with self._database.reading() as connection:
            return list_incidents(connection, query, limit)

    def named(self, name: str, limit: int) -> Excerpt[StoredIncident]:
        with self._database.reading() as connection:
            return named_incidents(connection, name, limit)

    def counts(self, since_us: int) -> Mapping[str, int]:
        with self._database.reading() as connection:
            return count_incidents(connection, since_us)

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        self._writer.write(lambda connection: write_acknowledgement(connection, acknowledgement))

    def acknowledge_by_link(self, acknowledgement: Acknowledgement, used: AccessToken) -> bool:
        def write(connection: Connection) -> bool:
            if knows_token(connection, used.digest):
                raise Unchanged
            connection.execute(insert(tokens), token_row(used))
            write_acknowledgement(connection, acknowledgement)
            return True

        return changed(self._writer, write)

    def is_link_used(self, digest: str) -> bool:
        with self._database.reading() as connection:
            return knows_token(connection, digest)

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        with self._database.reading() as connection:
            return read_acknowledgements(connection)

    def comment(self, comment: Comment) -> None:
        self._writer.write(lambda connection: write_comment(connection, comment))

    def comments(self, incident: str, *, limit: int = 200) -> tuple[Comment, ...]:
        with self._database.reading() as connection:
            return read_comments(connection, incident, limit)

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

    def take(self, notification_id: str, until_us: int) -> bool:
        return self._writer.write(lambda connection: take_notification(connection, notification_id, until_us))

    def update(self, notification: Notification) -> None:
        # What was sent was sent, whoever leads by now.
        self._writer.write(lambda connection: write_notification(connection, notification), is_leaders=False)

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

    def receivers(self, since_us: int) -> tuple[ReceiverState, ...]:
        with self._database.reading() as connection:
            return read_receivers(connection, since_us)

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
