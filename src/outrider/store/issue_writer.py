"""Storing events: each is counted with its issue, and some are kept whole."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outrider.errors import EventMoment, Tally, arrived, earlier_keys, group, owner_of, title_of_event
from outrider.model import (
    AddedEvent,
    Arrival,
    IssueId,
    IssueLife,
    IssueNote,
    IssueState,
    bounded,
    identity,
    is_trace_id,
    printable,
)
from outrider.store.event_sample import FIRST, LAST, EventSample
from outrider.store.issue_rows import content_of, life_columns, life_of, note_row
from outrider.store.issue_schema import (
    error_event_ids,
    error_events,
    error_releases,
    issue_hours,
    issue_keys,
    issue_notes,
    issue_tags,
    issues,
)
from outrider.store.rollups import hour_of
from outrider.store.text_limits import MESSAGE_CHARACTERS, TITLE_CHARACTERS
from outrider.store.user_sketch import UserSketch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from outrider.model import ErrorEvent, ErrorRules, Grouping

_PIECE: Final = 500
_TAG_NAMES: Final = 40
_TAG_VALUES: Final = 50
_TAG_CHARACTERS: Final = 200
_CONTEXT_TAGS: Final = (
    ("browser", "name"), ("os", "name"), ("device", "family"), ("device", "model"), ("runtime", "name"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupedEvent:
    """An event, what groups it, and what older versions would."""

    event: ErrorEvent
    grouping: Grouping
    earlier: tuple[Grouping, ...]

    @property
    def id(self) -> bytes:
        """The id of the event, as it is stored."""
        return bytes.fromhex(self.event.id)

    @property
    def key(self) -> tuple[int, bytes]:
        """The key of its issue."""
        return self.event.project, bytes.fromhex(self.grouping.key)


@dataclass(slots=True)
class _Touched:
    """An issue that gets events, as it will be; `kept` are the ids that the database has."""

    row: dict[str, Any]
    is_new: bool
    sample: EventSample = field(default_factory=EventSample)
    kept: frozenset[str] = frozenset()
    users: set[str] = field(default_factory=set)
    hours: Counter[int] = field(default_factory=Counter)
    notes: list[IssueNote] = field(default_factory=list)
    items: dict[str, GroupedEvent] = field(default_factory=dict)


def grouped(events: Iterable[ErrorEvent], rules: ErrorRules) -> list[GroupedEvent]:
    """Return events with what groups them."""
    return [GroupedEvent(event, group(event, rules), earlier_keys(event, rules)) for event in events]


def write_events(connection: Connection, items: Sequence[GroupedEvent], rules: ErrorRules) -> tuple[AddedEvent, ...]:
    """Store events that are not stored yet, and return what became of each, in their order."""
    fresh = _fresh(connection, items)
    releases = _write_releases(connection, [item.event for item in fresh.values()])
    placed, created = _placed(connection, fresh.values(), rules)
    touched = _read_touched(connection, placed.values(), created)
    arrivals = {
        event_id: _count(connection, touched[placed[item.key]], item, releases) for event_id, item in fresh.items()
    }
    _write_touched(connection, [issue for issue in touched.values() if issue.items])
    _write_keys(connection, fresh.values(), placed)
    added = []
    for item in items:
        key = placed.get(item.key, 0)
        arrival = arrivals.pop(item.event.id, Arrival.REPEATED)
        is_kept = arrival is not Arrival.REPEATED and touched[key].sample.position(item.event.id) is not None
        added.append(AddedEvent(item.event.id, IssueId(key), arrival, is_kept))
    return tuple(added)


def _fresh(connection: Connection, items: Sequence[GroupedEvent]) -> dict[str, GroupedEvent]:
    """Return the events that are not stored, by id, and note that they are."""
    by_id = {item.event.id: item for item in reversed(items)}
    own = error_event_ids.c.id
    for piece in _pieces([item.id for item in by_id.values()]):
        for known in connection.execute(select(own).where(own.in_(piece))).scalars():
            del by_id[bytes(known).hex()]
    rows = [{"id": item.id, "received_us": item.event.received_us} for item in by_id.values()]
    if rows:
        connection.execute(insert(error_event_ids), rows)
    return {item.event.id: item for item in items if item.event.id in by_id}


def _write_releases(connection: Connection, events: Sequence[ErrorEvent]) -> Mapping[int, dict[str, int]]:
    """Note the releases of events; return when each of their projects was first seen."""
    seen: dict[tuple[int, str], int] = {}
    for event in events:
        if event.release:
            place = event.project, identity(event.release)
            seen[place] = max(seen.get(place, 0), event.at_us)
    rows = [
        {"project": project, "release": release, "first_us": at_us, "last_us": at_us}
        for (project, release), at_us in seen.items()
    ]
    upsert(connection, error_releases, rows)
    releases: dict[int, dict[str, int]] = defaultdict(dict)
    for project in {event.project for event in events}:
        wanted = select(error_releases).where(error_releases.c.project == project)
        latest = wanted.order_by(error_releases.c.last_us.desc()).limit(_PIECE)
        releases[project] = {row.release: row.first_us for row in connection.execute(latest)}
    return releases


def _placed(
    connection: Connection, items: Iterable[GroupedEvent], rules: ErrorRules
) -> tuple[dict[tuple[int, bytes], int], set[int]]:
    """Return which issue each key leads to, and which issues were made for that."""
    items = tuple(items)
    wanted = {item.key for item in items}
    wanted |= {(item.event.project, bytes.fromhex(older.key)) for item in items for older in item.earlier}
    known: dict[tuple[int, bytes], int] = {}
    for project in {project for project, _ in wanted}:
        for piece in _pieces(sorted(key for own, key in wanted if own == project)):
            rows = select(issue_keys.c.key, issue_keys.c.issue_key).where(
                issue_keys.c.project == project, issue_keys.c.key.in_(piece)
            )
            known |= {(project, bytes(key)): issue for key, issue in connection.execute(rows)}
    created: set[int] = set()
    for item in items:
        if item.key not in known:
            older = ((item.event.project, bytes.fromhex(own.key)) for own in item.earlier)
            issue = next((known[key] for key in older if key in known), None)
            if issue is None:
                issue = _create(connection, item, rules)
                created.add(issue)
            known[item.key] = issue
    return known, created


def _create(connection: Connection, item: GroupedEvent, rules: ErrorRules) -> int:
    event = item.event
    title, value, culprit = title_of_event(event)
    owner = owner_of(event, rules)
    row = {
        "project": event.project,
        "title": bounded(title, TITLE_CHARACTERS),
        "value": bounded(value, MESSAGE_CHARACTERS),
        "culprit": bounded(culprit, TITLE_CHARACTERS),
        "level": event.level,
        "platform": identity(event.platform),
        "service": identity(event.service),
        "first_us": event.at_us,
        "last_us": event.at_us,
        "events": 0,
        "users": 0,
        "user_sketch": b"",
        "assignee": identity(owner),
        "first_release": identity(event.release),
        "last_release": identity(event.release),
        **life_columns(IssueLife(IssueState.NEW, event.at_us)),
    }
    inserted = connection.execute(insert(issues), row).inserted_primary_key
    assert inserted is not None
    key = int(inserted[0])
    if owner:
        note = IssueNote(event.at_us, "", "assign", f"to {owner}, by a rule")
        connection.execute(insert(issue_notes), note_row(key, note))
    return key


def _read_touched(connection: Connection, keys: Iterable[int], created: set[int]) -> dict[int, _Touched]:
    wanted = sorted(set(keys))
    touched: dict[int, _Touched] = {}
    for piece in _pieces(wanted):
        for row in connection.execute(select(issues).where(issues.c.key.in_(piece))).mappings():
            touched[row["key"]] = _Touched(dict(row), row["key"] in created)
            touched[row["key"]].sample.events = row["events"]
        own = error_events.c
        kept = select(own.id, own.issue_key, own.position).where(own.issue_key.in_(piece)).order_by(own.id)
        for event_id, key, position in connection.execute(kept):
            _remember(touched[key], bytes(event_id).hex(), position)
    return touched


def _remember(issue: _Touched, event_id: str, position: str) -> None:
    issue.kept |= {event_id}
    if position == FIRST:
        issue.sample.first = event_id
    elif position == LAST:
        issue.sample.last = event_id
    else:
        issue.sample.sample.append(event_id)


def _count(
    connection: Connection, issue: _Touched, item: GroupedEvent, releases: Mapping[int, Mapping[str, int]]
) -> Arrival:
    """Count an event with its issue; return what it did to it."""
    event, row = item.event, issue.row
    issue.items[event.id] = item
    issue.sample.add(event.id, event.weight)
    row["events"] += event.weight
    if event.visitor:
        issue.users.add(event.visitor)
    hour = hour_of(event.at_us)
    issue.hours[hour] += event.weight
    if event.at_us >= row["last_us"]:
        title_value = title_of_event(event)[1]
        row |= {"last_us": event.at_us, "value": bounded(title_value, MESSAGE_CHARACTERS), "level": event.level}
        row["last_release"] = identity(event.release) or row["last_release"]
    row["first_us"] = min(row["first_us"], event.at_us)
    if issue.is_new and len(issue.items) == 1:
        return Arrival.NEW
    before = life_of(row)
    tally = _tally(connection, issue, hour) if before.ignored is not None else Tally(row["events"], 0, 0)
    moment = EventMoment(event.at_us, event.release, releases[event.project])
    life, arrival = arrived(before, moment, tally)
    if life != before:
        row |= life_columns(life)
    if arrival in {Arrival.REGRESSED, Arrival.ESCALATED}:
        release = f"in {event.release}" if event.release else ""
        issue.notes.append(IssueNote(event.at_us, "", arrival.value, release))
    return arrival


def _tally(connection: Connection, issue: _Touched, hour: int) -> Tally:
    """Return what an ignored issue counts."""
    key = issue.row["key"]
    own = issue_hours.c
    stored = connection.execute(select(own.events).where(own.issue_key == key, own.number == hour)).scalar() or 0
    users = UserSketch(issue.row["user_sketch"]).add(issue.users).users
    return Tally(issue.row["events"], users, stored + issue.hours[hour])


def _write_touched(connection: Connection, touched: Sequence[_Touched]) -> None:
    """Write issues with all that changed, a statement for each table."""
    for issue in touched:
        if issue.users:
            sketch = UserSketch(issue.row["user_sketch"]).add(issue.users)
            issue.row |= {"user_sketch": sketch.stored, "users": sketch.users}
    if touched:
        rows = [{f"new_{name}": value for name, value in issue.row.items()} for issue in touched]
        connection.execute(_UPDATE, rows)
    upsert(connection, issue_hours, [
        {"issue_key": issue.row["key"], "number": hour, "events": events}
        for issue in touched for hour, events in issue.hours.items()
    ], adding="events")  # fmt: skip
    notes = [note_row(issue.row["key"], note) for issue in touched for note in issue.notes]
    if notes:
        connection.execute(insert(issue_notes), notes)
    _write_tags(connection, touched)
    _write_kept(connection, touched)


_UPDATE: Final = (
    update(issues)
    .where(issues.c.key == bindparam("new_key"))
    .values({column.name: bindparam(f"new_{column.name}") for column in issues.columns if column.name != "key"})
)


def _write_kept(connection: Connection, touched: Sequence[_Touched]) -> None:
    """Write the events that are kept now, and remove those that are not any more."""
    gone = [bytes.fromhex(own) for issue in touched for own in issue.sample.removed if own in issue.kept]
    for piece in _pieces(gone):
        connection.execute(delete(error_events).where(error_events.c.id.in_(piece)))
    demoted = [
        bytes.fromhex(own)
        for issue in touched
        if issue.sample.last not in issue.kept
        for own in issue.kept.intersection(issue.sample.sample)
    ]
    for piece in _pieces(demoted):
        connection.execute(update(error_events).where(error_events.c.id.in_(piece)).values(position=""))
    rows = [
        _kept_row(issue.row["key"], item, position)
        for issue in touched
        for event_id, item in issue.items.items()
        if (position := issue.sample.position(event_id)) is not None
    ]
    if rows:
        connection.execute(insert(error_events), rows)


def _kept_row(key: int, item: GroupedEvent, position: str) -> dict[str, Any]:
    event = item.event
    message = event.raised.value if event.raised is not None else event.message
    return {
        "id": item.id,
        "issue_key": key,
        "key": item.key[1],
        "at_us": event.at_us,
        "position": position,
        "release": identity(event.release),
        "environment": identity(event.environment),
        "user": identity(event.user.key),
        "trace_id": bytes.fromhex(event.trace_id) if is_trace_id(event.trace_id) else b"",
        "message": bounded(message, TITLE_CHARACTERS),
        "content": content_of(event),
    }


def _write_tags(connection: Connection, touched: Sequence[_Touched]) -> None:
    """Count the values of tags."""
    known: dict[int, set[tuple[str, str]]] = {issue.row["key"]: set() for issue in touched}
    own = issue_tags.c
    for piece in _pieces([issue.row["key"] for issue in touched if not issue.is_new]):
        stored = select(own.issue_key, own.name, own.value).where(own.issue_key.in_(piece))
        for key, name, value in connection.execute(stored):
            known[key].add((name, value))
    rows = [row for issue in touched for row in _tag_rows(issue, known[issue.row["key"]])]
    upsert(connection, issue_tags, rows, adding="events")


def _tag_rows(issue: _Touched, known: set[tuple[str, str]]) -> Iterable[dict[str, Any]]:
    """Return what is added to the tags of an issue; values beyond the limits are counted together, under no value."""
    values = Counter(name for name, value in known if value)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for item in issue.items.values():
        for name, value in _tags(item.event):
            place = name, value
            if place not in known:
                if name not in values and len(values) >= _TAG_NAMES:
                    continue
                if values[name] >= _TAG_VALUES:
                    place = name, ""
                else:
                    values[name] += 1
                    known.add(place)
            new = {"issue_key": issue.row["key"], "name": name, "value": place[1], "events": 0, "last_us": 0}
            row = rows.setdefault(place, new)
            row["events"] += item.event.weight
            row["last_us"] = max(row["last_us"], item.event.at_us)
    return rows.values()


def _tags(event: ErrorEvent) -> set[tuple[str, str]]:
    """Return the tags of an event; what it says of release, place, device and page are tags, too."""
    tags = {
        **event.tags,
        **{context if name in {"name", "family"} else f"{context}.{name}": event.contexts.get(context, {}).get(name, "")
           for context, name in _CONTEXT_TAGS},
        "level": event.level, "environment": event.environment, "release": event.release, "server": event.server,
        "transaction": event.transaction, "logger": event.logger, "url": event.request.url.partition("?")[0],
        "handled": _handled(event),
    }  # fmt: skip
    return {
        (printable(name)[:_TAG_CHARACTERS], printable(value)[:_TAG_CHARACTERS])
        for name, value in tags.items()
        if name and value
    }


def _handled(event: ErrorEvent) -> str:
    handled = event.raised.handled if event.raised is not None else None
    return "" if handled is None else "yes" if handled else "no"


def _write_keys(connection: Connection, items: Iterable[GroupedEvent], placed: Mapping[tuple[int, bytes], int]) -> None:
    rows: dict[tuple[int, bytes], dict[str, Any]] = {}
    for item in items:
        project, key = item.key
        row = rows.setdefault(item.key, {
            "project": project, "key": key, "issue_key": placed[item.key], "version": item.grouping.version,
            "reason": bounded(item.grouping.reason, TITLE_CHARACTERS),
            "parts": json.dumps([bounded(part, TITLE_CHARACTERS) for part in item.grouping.parts[:50]]),
            "events": 0, "first_us": item.event.at_us, "last_us": item.event.at_us,
        })  # fmt: skip
        row["events"] += item.event.weight
        row["last_us"] = max(row["last_us"], item.event.at_us)
    upsert(connection, issue_keys, list(rows.values()), adding="events")


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, adding: str = "") -> None:
    """Insert rows, or add to a column of those that are there; of `last_us` the later stays."""
    if not rows:
        return
    is_postgresql = connection.dialect.name == "postgresql"
    into: Any = postgresql.insert if is_postgresql else sqlite.insert
    statement = into(table)
    changes: dict[str, Any] = {}
    if adding:
        changes[adding] = table.c[adding] + statement.excluded[adding]
    if "last_us" in table.c:
        later = func.greatest if is_postgresql else func.max
        changes["last_us"] = later(table.c.last_us, statement.excluded.last_us)
    keys = [column.name for column in table.primary_key.columns]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def _pieces(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _PIECE):
        yield values[start : start + _PIECE]
