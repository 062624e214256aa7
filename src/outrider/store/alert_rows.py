"""Incidents and their outbox: written and read."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from outrider.model import (
    Acknowledgement,
    AlertState,
    Comment,
    Excerpt,
    Notification,
    ReceiverState,
    Silence,
    Status,
    StoredConfirmation,
    StoredGroup,
    StoredIncident,
    UndeliveredCount,
    bounded,
    identity,
    printable_json,
)
from outrider.store.access_schema import audit_entries, tokens
from outrider.store.gate_table import gates
from outrider.store.run_rows import limit_and_one
from outrider.store.schema import (
    acknowledgements,
    alert_groups,
    annotation_entries,
    incident_comments,
    incidents,
    notifications,
    silences,
    store_info,
    watches,
)
from outrider.store.status_table import status_updates
from outrider.store.text_limits import COMMENT_CHARACTERS, REASON_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Select, Table

    from outrider.model import AlertChanges, IncidentQuery

_PROCESSED_UNTIL = "alerts_heard_us"
_CATCH_UP_BEGAN = "alerts_catch_up_began_us"
_CAUGHT_UP = "alerts_caught_up_us"
_REPORTED = "reported_us_"
_FURTHEST_US = 7_200_000_000
_LINKS = "acknowledge"  # the kind of tokens that mails bring; one that expired is refused for that alone
_PIECE = 500  # values in one IN (…)


def write_changes(connection: Connection, changes: AlertChanges) -> None:
    """Write what one moment changed; the same changes twice change nothing."""
    _put(connection, incidents, [asdict(incident) for incident in changes.incidents], "id")
    _put(connection, watches, [asdict(watch) for watch in changes.watches], "subject")
    _put(connection, alert_groups, [asdict(group) for group in changes.groups], "key")
    _remove(connection, incidents, "id", changes.forgotten_incidents)
    _remove(connection, watches, "subject", changes.forgotten_watches)
    _remove(connection, alert_groups, "key", changes.forgotten_groups)
    for notification in changes.notifications:
        add_notification(connection, notification)
    for key in changes.processed:
        connection.execute(update(acknowledgements).where(acknowledgements.c.key == key).values(done=True))


def add_notification(connection: Connection, new: Notification) -> None:
    """Put a row into the outbox, unless it is there; what waits of its topic for its receiver is superseded."""
    if knows_notification(connection, new.id):
        return
    waiting = (
        (notifications.c.topic == new.topic)
        & (notifications.c.receiver == new.receiver)
        & (notifications.c.status == Status.QUEUED.value)
    )
    superseded = {"status": Status.SUPERSEDED.value, "done_us": new.created_us}
    connection.execute(update(notifications).where(waiting).values(**superseded))
    connection.execute(insert(notifications), _row(new))


def knows_notification(connection: Connection, identity: str) -> bool:
    """Return whether a row with this id is in the outbox."""
    return connection.execute(select(notifications.c.key).where(notifications.c.id == identity)).first() is not None


def take_notification(connection: Connection, notification_id: str, until_us: int) -> bool:
    """Have a row wait, if it is queued."""
    own = (notifications.c.id == notification_id) & (notifications.c.status == Status.QUEUED.value)
    return bool(connection.execute(update(notifications).where(own).values(due_us=until_us)).rowcount)


def write_notification(connection: Connection, changed: Notification) -> None:
    """Note what became of a row; what was delivered stays so."""
    own = (notifications.c.id == changed.id) & (notifications.c.status != Status.DELIVERED.value)
    names = ("due_us", "status", "tries", "done_us", "note", "message")
    row = _row(changed)
    connection.execute(update(notifications).where(own).values(**{name: row[name] for name in names}))


def read_state(connection: Connection, ended_since_us: int) -> AlertState:
    """Return all incidents that last, ended since then or are in a group, and everything around them."""
    groups = tuple(StoredGroup(*row) for row in connection.execute(select(alert_groups)))
    grouped = {identity for group in groups for identity in json.loads(group.state)["incidents"]}
    wanted = or_(
        incidents.c.ended_us.is_(None), incidents.c.ended_us >= ended_since_us, incidents.c.id.in_(sorted(grouped))
    )
    return AlertState(
        tuple(StoredIncident(*row) for row in connection.execute(select(incidents).where(wanted))),
        tuple(StoredConfirmation(*row) for row in connection.execute(select(watches))),
        groups,
    )


def read_incidents(
    connection: Connection, *, lasting: bool, since_us: int, limit: int | None
) -> Excerpt[StoredIncident]:
    """Return incidents, the latest first."""
    statement = select(incidents).where(or_(incidents.c.ended_us.is_(None), incidents.c.ended_us >= since_us))
    if lasting:
        statement = statement.where(incidents.c.ended_us.is_(None))
    rows = connection.execute(statement.order_by(incidents.c.began_us.desc()).limit(limit_and_one(limit)))
    return Excerpt.within((StoredIncident(*row) for row in rows), limit)


def list_incidents(connection: Connection, query: IncidentQuery, limit: int) -> Excerpt[StoredIncident]:
    """Return incidents that fit a query, the latest begun first."""
    own = incidents.c
    lately = or_(own.ended_us.is_(None), own.ended_us >= query.since_us)
    statement = select(incidents).where(own.phase.in_(query.phases), lately)
    if query.before is not None:
        statement = statement.where(tuple_(own.began_us, own.id) < query.before)
    if query.naming:
        text = json.dumps(printable_json(query.naming))[1:-1]
        statement = statement.where(own.state.contains(text, autoescape=True))
    return _listed(connection, statement, limit)


def named_incidents(connection: Connection, name: str, limit: int) -> Excerpt[StoredIncident]:
    """Return the incidents whose id is, begins or ends with a name."""
    own = incidents.c.id
    matching = or_(own.startswith(name, autoescape=True), own.endswith(name, autoescape=True))
    return _listed(connection, select(incidents).where(matching), limit)


def _listed(connection: Connection, statement: Select[Any], limit: int) -> Excerpt[StoredIncident]:
    ordered = statement.order_by(incidents.c.began_us.desc(), incidents.c.id.desc()).limit(limit_and_one(limit))
    return Excerpt.within((StoredIncident(*row) for row in connection.execute(ordered)), limit)


def count_incidents(connection: Connection, since_us: int) -> dict[str, int]:
    """Return how many incidents last or ended since then, by phase."""
    lately = or_(incidents.c.ended_us.is_(None), incidents.c.ended_us >= since_us)
    statement = select(incidents.c.phase, func.count().label("number")).where(lately).group_by(incidents.c.phase)
    return {row.phase: row.number for row in connection.execute(statement)}


def read_notifications(
    connection: Connection,
    *,
    receiver: str | None,
    status: Status | None,
    due_us: int | None,
    created_since_us: int | None,
    created_until_us: int | None,
    limit: int | None,
) -> Excerpt[Notification]:
    """Return rows of the outbox, in the order in which they were written."""
    statement = select(notifications)
    if receiver is not None:
        statement = statement.where(notifications.c.receiver == receiver)
    if status is not None:
        statement = statement.where(notifications.c.status == status.value)
    if due_us is not None:
        ahead = notifications.c.due_us > due_us + _FURTHEST_US  # by a clock that was set back since
        statement = statement.where(or_(notifications.c.due_us <= due_us, ahead))
    if created_since_us is not None:
        statement = statement.where(notifications.c.created_us >= created_since_us)
    if created_until_us is not None:
        statement = statement.where(notifications.c.created_us < created_until_us)
    rows = connection.execute(statement.order_by(notifications.c.key).limit(limit_and_one(limit))).mappings()
    return Excerpt.within(map(_notification, rows), limit)


def read_notification(connection: Connection, identity: str) -> Notification | None:
    """Return a row of the outbox."""
    row = connection.execute(select(notifications).where(notifications.c.id == identity)).mappings().one_or_none()
    return None if row is None else _notification(row)


def read_undelivered(connection: Connection) -> tuple[UndeliveredCount, ...]:
    """Return how many rows of each receiver could not be delivered, and why the last could not."""
    own = notifications.c
    failed = own.status == Status.UNDELIVERED.value
    counted = select(own.receiver, func.count().label("count"), func.max(own.key).label("last"))
    counts = counted.where(failed).group_by(own.receiver).subquery()
    last = select(counts.c.receiver, counts.c.count, own.note).join(notifications, own.key == counts.c.last)
    return tuple(UndeliveredCount(*row) for row in connection.execute(last.order_by(counts.c.receiver)))


def read_receivers(connection: Connection, since_us: int) -> tuple[ReceiverState, ...]:
    """Return what became of what was added since then, and of all that waits, by receiver."""
    own = notifications.c
    wanted = or_(own.created_us >= since_us, own.status == Status.QUEUED.value)
    counts = select(
        own.receiver, own.status, func.count().label("number"), func.max(own.done_us).label("done_us"),
        func.min(own.created_us).label("created_us"),
    ).where(wanted).group_by(own.receiver, own.status)  # fmt: skip
    last = select(func.max(own.key).label("key")).where(wanted, own.note != "").group_by(own.receiver).subquery()
    noted = select(own.receiver, own.note).join(last, last.c.key == own.key)
    notes = {row.receiver: row.note for row in connection.execute(noted)}
    by_receiver: dict[str, dict[str, Any]] = {}
    for row in connection.execute(counts):
        by_receiver.setdefault(row.receiver, {})[row.status] = row
    return tuple(_receiver(name, rows, notes.get(name, "")) for name, rows in sorted(by_receiver.items()))


def _receiver(name: str, rows: Mapping[str, Any], note: str) -> ReceiverState:
    def count(status: Status) -> int:
        return rows[status.value].number if status.value in rows else 0

    delivered, waiting = rows.get(Status.DELIVERED.value), rows.get(Status.QUEUED.value)
    return ReceiverState(
        name, count(Status.QUEUED), count(Status.DELIVERED), count(Status.UNDELIVERED), count(Status.SUPPRESSED),
        delivered.done_us if delivered else None, waiting.created_us if waiting else None, note,
    )  # fmt: skip


def read_times(connection: Connection, receiver: str, status: Status, since_us: int) -> tuple[int, ...]:
    """Return when rows of a receiver reached a status since then, the earliest first."""
    done = notifications.c.done_us
    own = (notifications.c.receiver == receiver) & (notifications.c.status == status.value) & (done >= since_us)
    return tuple(connection.execute(select(done).where(own).order_by(done)).scalars())


def write_silence(connection: Connection, silence: Silence) -> None:
    """Keep a silence, in place of one with the same id."""
    _put(connection, silences, [{**asdict(silence), "matchers": json.dumps(silence.matchers)}], "id")


def read_silences(connection: Connection, until_us: int) -> tuple[Silence, ...]:
    """Return the silences that end later than that."""
    rows = connection.execute(select(silences).where(silences.c.ends_us > until_us).order_by(silences.c.starts_us))
    silences_of_rows = (Silence(*row) for row in rows)
    return tuple(replace(silence, matchers=tuple(json.loads(str(silence.matchers)))) for silence in silences_of_rows)


def write_acknowledgement(connection: Connection, acknowledgement: Acknowledgement) -> None:
    """Store an acknowledgement for the process that writes incidents."""
    row = printable_json(asdict(acknowledgement))
    del row["key"]
    connection.execute(insert(acknowledgements), {**row, "done": False})


def read_acknowledgements(connection: Connection) -> tuple[Acknowledgement, ...]:
    """Return the acknowledgements that are not processed yet, in order."""
    statement = select(acknowledgements).where(acknowledgements.c.done.is_(False)).order_by(acknowledgements.c.key)
    return tuple(
        Acknowledgement(row.incident, row.at_us, row.action, row.author, row.key, row.assignee)
        for row in connection.execute(statement)
    )


def write_comment(connection: Connection, comment: Comment) -> None:
    """Keep a comment on an incident."""
    row = {**asdict(comment), "author": identity(comment.author), "text": bounded(comment.text, COMMENT_CHARACTERS)}
    connection.execute(insert(incident_comments), row)


def read_comments(connection: Connection, incident: str, limit: int) -> tuple[Comment, ...]:
    """Return the latest comments on an incident, the earliest first."""
    own = incident_comments.c
    statement = select(own.incident, own.at_us, own.author, own.text).where(own.incident == incident)
    rows = connection.execute(statement.order_by(own.at_us.desc(), own.key.desc()).limit(limit)).all()
    return tuple(Comment(*row) for row in reversed(rows))


def forget_alerts(connection: Connection, before_us: int, limit: int) -> int:
    """Remove what was over before then, at most so many rows of each kind, and return how many that were.

    The audit log and decisions of the gate are kept as long.
    """
    removed = 0
    for table, key, over in (
        (notifications, "key", notifications.c.done_us < before_us),
        (incidents, "id", incidents.c.ended_us < before_us),
        (silences, "id", silences.c.ends_us < before_us),
        (acknowledgements, "key", acknowledgements.c.done & (acknowledgements.c.at_us < before_us)),
        (audit_entries, "key", audit_entries.c.at_us < before_us),
        (tokens, "id", (tokens.c.kind == _LINKS) & (tokens.c.expires_us < before_us)),
        (annotation_entries, "id", annotation_entries.c.at_us < before_us),
        (incident_comments, "key", incident_comments.c.incident.in_(_lost_incidents(before_us))),
        (gates, "id", gates.c.at_us < before_us),
        (status_updates, "id", status_updates.c.at_us < before_us),
    ):
        old = select(table.c[key]).where(over).limit(limit)
        removed += connection.execute(delete(table).where(table.c[key].in_(old))).rowcount
    return removed


def _lost_incidents(before_us: int) -> Any:
    """Return which incidents have comments from before then, and are not kept any more."""
    own = incident_comments.c
    return select(own.incident).where(own.at_us < before_us, own.incident.not_in(select(incidents.c.id)))


def write_processed_until(connection: Connection, at_us: int) -> None:
    """Note up to when all runs are processed."""
    _put(connection, store_info, [{"name": _PROCESSED_UNTIL, "value": at_us}], "name")
    connection.execute(delete(store_info).where(store_info.c.name.in_([_CATCH_UP_BEGAN, _CAUGHT_UP])))


def read_processed_until(connection: Connection) -> int | None:
    """Return up to when all runs are processed."""
    return connection.execute(
        select(store_info.c.value).where(store_info.c.name == _PROCESSED_UNTIL)
    ).scalar_one_or_none()


def write_caught_up(connection: Connection, began_us: int, due_us: int) -> None:
    """Note how far the runs are caught up that were stored and perhaps not processed."""
    rows = [{"name": _CATCH_UP_BEGAN, "value": began_us}, {"name": _CAUGHT_UP, "value": due_us}]
    _put(connection, store_info, rows, "name")


def read_caught_up(connection: Connection) -> tuple[int, int] | None:
    """Return when catching up began, and up to which due time it came; None if it is not under way."""
    wanted = select(store_info.c.name, store_info.c.value).where(store_info.c.name.in_([_CATCH_UP_BEGAN, _CAUGHT_UP]))
    values = {row.name: row.value for row in connection.execute(wanted)}
    return (values[_CATCH_UP_BEGAN], values[_CAUGHT_UP]) if len(values) == 2 else None


def write_reported(connection: Connection, report: str, due_us: int, rows: Iterable[Notification]) -> None:
    """Put a report that was due into the outbox, unless it or a later one was; without rows it only counts as sent."""
    known = read_reported(connection, report)
    if known is not None and known >= due_us:
        return
    _put(connection, store_info, [{"name": f"{_REPORTED}{report}", "value": due_us}], "name")
    for row in rows:
        add_notification(connection, row)


def read_reported(connection: Connection, report: str) -> int | None:
    """Return when the last report that was put into the outbox was due."""
    wanted = store_info.c.name == f"{_REPORTED}{report}"
    return connection.execute(select(store_info.c.value).where(wanted)).scalar_one_or_none()


def _put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], key: str) -> None:
    """Insert rows in place of those with the same key."""
    if not rows:
        return
    upsert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    texts = [printable_json(row) for row in rows]
    statement = upsert(table)
    fresh = {name: statement.excluded[name] for name in rows[0] if name != key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=fresh), texts)


def _remove(connection: Connection, table: Table, key: str, values: Iterable[str]) -> None:
    wanted = list(values)
    for start in range(0, len(wanted), _PIECE):
        connection.execute(delete(table).where(table.c[key].in_(wanted[start : start + _PIECE])))


def _row(notification: Notification) -> dict[str, Any]:
    return {
        **printable_json(asdict(notification)),
        "status": notification.status.value,
        "note": bounded(notification.note, REASON_CHARACTERS),
    }


def _notification(row: Any) -> Notification:
    values = {name: value for name, value in row.items() if name != "key"}
    return Notification(**{**values, "status": Status(row["status"])})
