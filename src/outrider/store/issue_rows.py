"""Issues and their events as rows, and as values."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, func, literal, or_, select

from outrider.errors import RECENT_US
from outrider.model import (
    Grouping,
    IgnoredUntil,
    Issue,
    IssueId,
    IssueKey,
    IssueLife,
    IssueNote,
    IssueOrder,
    IssueState,
    KeptEvent,
    TagCount,
    bounded,
    event_from_json,
    event_to_json,
    identity,
    printable_json,
)
from outrider.store.issue_schema import error_events, issue_hours, issue_keys, issue_notes, issue_tags, issues
from outrider.store.rollups import hour_of
from outrider.store.run_rows import limit_and_one
from outrider.store.text_limits import COMMENT_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from outrider.model import ErrorEvent, IssueQuery

MOST_EVENTS: Final = 1_000
_ESCAPE: Final = "\\"
_RECENT: Final = (IssueState.NEW, IssueState.REGRESSED, IssueState.ESCALATING)
_ORDERS: Final = {
    IssueOrder.LAST_SEEN: issues.c.last_us,
    IssueOrder.FIRST_SEEN: issues.c.first_us,
    IssueOrder.EVENTS: issues.c.events,
    IssueOrder.USERS: issues.c.users,
}


def life_columns(life: IssueLife) -> dict[str, Any]:
    """Return the columns of what was decided about an issue."""
    until = life.ignored
    return {
        "state": life.state.value,
        "since_us": life.since_us,
        "until_us": until.until_us if until is not None else None,
        "fixed_in": identity(life.fixed_in),
        "ignored": json.dumps(asdict(until)) if until is not None else None,
        "events_before": life.events_before,
    }


def life_of(row: Mapping[str, Any]) -> IssueLife:
    """Return what was decided about an issue, as it is stored."""
    until = IgnoredUntil(**json.loads(row["ignored"])) if row["ignored"] else None
    return IssueLife(IssueState(row["state"]), row["since_us"], row["fixed_in"], until, row["events_before"])


def note_row(issue: int, note: IssueNote) -> dict[str, Any]:
    """Return the row of a note."""
    return {
        "issue_key": issue,
        "at_us": note.at_us,
        "author": identity(note.author),
        "action": note.action,
        "text": bounded(note.text, COMMENT_CHARACTERS),
    }


def content_of(event: ErrorEvent) -> bytes:
    """Return an event as it is kept."""
    return zlib.compress(event_to_json(event), 3)


def event_of(content: bytes) -> ErrorEvent:
    """Return an event that was kept."""
    return event_from_json(printable_json(json.loads(zlib.decompress(content))))


def state_at(now_us: int) -> ColumnElement[str]:
    """Return the state of an issue at a time, as `outrider.errors.current` has it."""
    recent_over = issues.c.state.in_([state.value for state in _RECENT]) & (issues.c.since_us <= now_us - RECENT_US)
    ignored_over = (issues.c.state == IssueState.IGNORED.value) & (issues.c.until_us <= now_us)
    return case((or_(recent_over, ignored_over), literal(IssueState.ONGOING.value)), else_=issues.c.state)


def list_statement(query: IssueQuery, limit: int) -> Select[Any]:
    """Return the query for the issues that fit."""
    wanted = _conditions(query)
    if query.states:
        wanted = and_(wanted, state_at(query.now_us).in_([state.value for state in query.states]))
    order = _ORDERS[query.order]
    fit = select(issues).where(wanted).order_by(order.desc(), issues.c.key.desc())
    return fit.offset(query.offset).limit(limit_and_one(limit))


def count_states(connection: Connection, query: IssueQuery) -> dict[IssueState, int]:
    """Return how many issues fit a query in each state."""
    state = state_at(query.now_us).label("shown")
    rows = connection.execute(select(state, func.count()).where(_conditions(query)).group_by(state))
    return {IssueState(name): count for name, count in rows}


def _conditions(query: IssueQuery) -> ColumnElement[bool]:
    own = issues.c
    wanted: list[ColumnElement[bool]] = [own.merged_into.is_(None)]
    if query.project:
        wanted.append(own.project == query.project)
    if query.service:
        wanted.append(own.service == query.service)
    if query.level:
        wanted.append(own.level == query.level)
    if query.assignee is not None:
        wanted.append(own.assignee == query.assignee)
    if query.since_us:
        wanted.append(own.last_us >= query.since_us)
    if query.new_since_us:
        wanted.append(own.first_us >= query.new_since_us)
    for word in query.text.lower().split()[:10]:
        pattern = f"%{_escaped(word)}%"
        texts = (own.title, own.value, own.culprit)
        wanted.append(or_(*(func.lower(text).like(pattern, escape=_ESCAPE) for text in texts)))
    for name, value in query.tags[:10]:
        tagged = select(issue_tags.c.issue_key).where(issue_tags.c.name == name, issue_tags.c.value == value)
        wanted.append(own.key.in_(tagged))
    return and_(*wanted)


def _escaped(word: str) -> str:
    return word.replace(_ESCAPE, _ESCAPE * 2).replace("%", f"{_ESCAPE}%").replace("_", f"{_ESCAPE}_")


def issues_of(connection: Connection, rows: Sequence[Any], now_us: int, hours: int) -> list[Issue]:
    """Return the values of rows of issues, with what groups them and their events by hour."""
    keys = [row["key"] for row in rows]
    counts = read_hours(connection, keys, now_us, hours)
    groupings, environments = _groupings(connection, keys), _environments(connection, keys)
    return [_issue(row, groupings, counts, environments[row["key"]]) for row in rows]


def read_hours(connection: Connection, keys: Collection[int], now_us: int, hours: int) -> dict[int, tuple[int, ...]]:
    """Return the events of issues by hour, the hour of `now_us` last."""
    until = hour_of(now_us)
    own = issue_hours.c
    wanted = select(own.issue_key, own.number, own.events).where(
        own.issue_key.in_(keys), own.number > until - hours, own.number <= until
    )
    counts = {key: [0] * hours for key in keys}
    for key, number, events in connection.execute(wanted):
        counts[key][number - until + hours - 1] = events
    return {key: tuple(values) for key, values in counts.items()}


def _groupings(connection: Connection, keys: Sequence[int]) -> dict[int, Grouping]:
    """Return the key of each issue that was seen first."""
    wanted = select(issue_keys).where(issue_keys.c.issue_key.in_(keys)).order_by(issue_keys.c.first_us.desc())
    return {
        row["issue_key"]: Grouping(
            row["version"], bytes(row["key"]).hex(), row["reason"], tuple(json.loads(row["parts"]))
        )
        for row in connection.execute(wanted).mappings()
    }


def _environments(connection: Connection, keys: Sequence[int]) -> dict[int, list[TagCount]]:
    own = issue_tags.c
    wanted = select(issue_tags).where(own.issue_key.in_(keys), own.name == "environment", own.value != "")
    counts: dict[int, list[TagCount]] = {key: [] for key in keys}
    for row in connection.execute(wanted.order_by(own.value)):
        counts[row.issue_key].append(TagCount(row.name, row.value, row.events, row.last_us))
    return counts


def _issue(
    row: Any,
    groupings: Mapping[int, Grouping],
    counts: Mapping[int, tuple[int, ...]],
    environments: Sequence[TagCount],
) -> Issue:
    return Issue(
        IssueId(row["key"]), row["project"], row["title"], row["value"], row["culprit"], row["level"],
        row["platform"], row["service"], row["first_us"], row["last_us"], row["events"], row["users"], life_of(row),
        row["assignee"], row["first_release"], row["last_release"],
        groupings.get(row["key"], Grouping(0, "", "")), counts[row["key"]], tuple(environments),
    )  # fmt: skip


def read_row(connection: Connection, issue: int) -> Any:
    """Return the row of an issue, or of the one that it was merged into; None if there is none."""
    row = connection.execute(select(issues).where(issues.c.key == issue)).mappings().one_or_none()
    if row is not None and row["merged_into"] is not None:
        return connection.execute(select(issues).where(issues.c.key == row["merged_into"])).mappings().one_or_none()
    return row


def read_keys(connection: Connection, issue: int) -> tuple[IssueKey, ...]:
    """Return the keys that lead to an issue."""
    own = issue_keys.c
    rows = connection.execute(select(issue_keys).where(own.issue_key == issue).order_by(own.first_us, own.key))
    return tuple(
        IssueKey(
            bytes(row["key"]).hex(), row["version"], row["reason"], tuple(json.loads(row["parts"])), row["events"],
            row["first_us"], row["last_us"],
        )
        for row in rows.mappings()
    )  # fmt: skip


def read_tags(connection: Connection, issue: int) -> tuple[TagCount, ...]:
    """Return the values of the tags of an issue."""
    own = issue_tags.c
    wanted = select(own.name, own.value, own.events, own.last_us).where(own.issue_key == issue)
    rows = connection.execute(wanted.order_by(own.name, own.events.desc(), own.value))
    return tuple(TagCount(row.name, row.value or None, row.events, row.last_us) for row in rows)


def read_notes(connection: Connection, issue: int, limit: int) -> tuple[IssueNote, ...]:
    """Return the notes of an issue; of too many the latest."""
    own = issue_notes.c
    wanted = select(issue_notes).where(own.issue_key == issue).order_by(own.at_us.desc(), own.key.desc()).limit(limit)
    rows = connection.execute(wanted).all()
    return tuple(IssueNote(row.at_us, row.author, row.action, row.text) for row in reversed(rows))


def kept_events(wanted: ColumnElement[bool], limit: int) -> Select[Any]:
    """Return the query for kept events, without their content, the latest first."""
    own = error_events.c
    columns = (own.id, own.at_us, own.release, own.environment, own.user, own.trace_id, own.message, own.position)
    latest = select(*columns, own.issue_key).where(wanted).order_by(own.at_us.desc(), own.id.desc())
    return latest.limit(limit_and_one(limit))


def kept_event(row: Any) -> KeptEvent:
    """Return a kept event in a list."""
    trace_id = bytes(row.trace_id).hex()
    return KeptEvent(
        bytes(row.id).hex(), row.at_us, row.release, row.environment, row.user, trace_id, row.message, row.position,
        IssueId(row.issue_key),
    )  # fmt: skip
