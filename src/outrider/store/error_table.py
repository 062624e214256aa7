"""Errors and their issues, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import select

from outrider.errors import SCRIPT_PLATFORMS
from outrider.model import (
    ErrorLog,
    ErrorRules,
    EventPlace,
    Excerpt,
    IssueId,
    IssueState,
    identity,
    is_event_id,
    is_trace_id,
)
from outrider.store.access_tables import Unchanged
from outrider.store.issue_changes import merge_issues, split_issue, write_assignee, write_comment, write_decision
from outrider.store.issue_rows import (
    count_states,
    event_of,
    issues_of,
    kept_event,
    kept_events,
    list_statement,
    read_keys,
    read_notes,
    read_row,
    read_tags,
)
from outrider.store.issue_schema import error_events, issues
from outrider.store.issue_writer import grouped, write_events
from outrider.store.late_source_maps import regroup_events
from outrider.store.trace_link_table import MOST_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Column, Connection

    from outrider.model import (
        AddedEvent,
        ErrorEvent,
        Issue,
        IssueKey,
        IssueLife,
        IssueNote,
        IssueQuery,
        KeptEvent,
        TagCount,
    )
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

T = TypeVar("T")

_NO_RULES: Final = ErrorRules()


class ErrorTable(ErrorLog):
    """Issues and the events that are kept of them."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def add(self, events: Sequence[ErrorEvent], rules: ErrorRules = _NO_RULES) -> tuple[AddedEvent, ...]:
        items = grouped(events, rules)
        return self._writer.write(lambda connection: write_events(connection, items, rules)) if items else ()

    def built(self, releases: Collection[str] | None, limit: int = 1_000) -> Sequence[ErrorEvent]:
        own = error_events.c
        wanted = select(own.content).join(issues, issues.c.key == own.issue_key)
        wanted = wanted.where(issues.c.platform.in_(sorted(SCRIPT_PLATFORMS)))
        if releases is not None:
            wanted = wanted.where(own.release.in_(sorted(map(identity, releases))))
        with self._database.reading() as connection:
            contents = connection.execute(wanted.order_by(own.at_us.desc()).limit(limit)).scalars().all()
        return [event_of(content) for content in contents]

    def regroup(self, events: Sequence[ErrorEvent], rules: ErrorRules, note: IssueNote) -> tuple[IssueId, ...]:
        items = grouped(events, rules)
        return self._changed(lambda connection: regroup_events(connection, items, note)) or ()

    def list(self, query: IssueQuery, limit: int = 100, *, hours: int = 24) -> Excerpt[Issue]:
        with self._database.reading() as connection:
            rows = connection.execute(list_statement(query, limit)).mappings().all()
            return Excerpt.within(issues_of(connection, rows, query.now_us, hours), limit)

    def count(self, query: IssueQuery) -> Mapping[IssueState, int]:
        with self._database.reading() as connection:
            return count_states(connection, query)

    def issue(self, issue: IssueId, now_us: int, *, hours: int = 24) -> Issue | None:
        with self._database.reading() as connection:
            row = read_row(connection, issue)
            return issues_of(connection, [row], now_us, hours)[0] if row is not None else None

    def keys(self, issue: IssueId) -> tuple[IssueKey, ...]:
        with self._database.reading() as connection:
            return read_keys(connection, issue)

    def tags(self, issue: IssueId) -> tuple[TagCount, ...]:
        with self._database.reading() as connection:
            return read_tags(connection, issue)

    def events(self, issue: IssueId, limit: int = 100) -> Excerpt[KeptEvent]:
        with self._database.reading() as connection:
            rows = connection.execute(kept_events(error_events.c.issue_key == issue, limit))
            return Excerpt.within(map(kept_event, rows), limit)

    def event(self, event: str) -> EventPlace | None:
        if not is_event_id(event):
            return None
        own = error_events.c
        with self._database.reading() as connection:
            row = connection.execute(select(error_events).where(own.id == bytes.fromhex(event))).one_or_none()
            if row is None:
                return None
            mine = select(own.id).where(own.issue_key == row.issue_key)
            here = (own.at_us == row.at_us) & (own.id < row.id)
            there = (own.at_us == row.at_us) & (own.id > row.id)
            before = mine.where((own.at_us < row.at_us) | here).order_by(own.at_us.desc(), own.id.desc()).limit(1)
            after = mine.where((own.at_us > row.at_us) | there).order_by(own.at_us, own.id).limit(1)
            ids = [connection.execute(statement).scalar() for statement in (before, after)]
        neighbours = [bytes(event_id).hex() if event_id is not None else "" for event_id in ids]
        return EventPlace(event_of(row.content), IssueId(row.issue_key), neighbours[0], neighbours[1])

    def of_traces(self, trace_ids: Collection[str], limit: int = 100) -> Excerpt[KeptEvent]:
        return self._kept(error_events.c.trace_id, [own for own in trace_ids if is_trace_id(own)], limit)

    def of_ids(self, event_ids: Collection[str], limit: int = 100) -> Excerpt[KeptEvent]:
        return self._kept(error_events.c.id, [own for own in event_ids if is_event_id(own)], limit)

    def _kept(self, column: Column[bytes], ids: Sequence[str], limit: int) -> Excerpt[KeptEvent]:
        if len(ids) > MOST_TRACES:
            raise ValueError(f"{len(ids)} ids; {MOST_TRACES} at most")
        wanted = [bytes.fromhex(own) for own in ids]
        with self._database.reading() as connection:
            rows = connection.execute(kept_events(column.in_(wanted), limit)).all() if wanted else []
        return Excerpt.within(map(kept_event, rows), limit)

    def notes(self, issue: IssueId, limit: int = 200) -> tuple[IssueNote, ...]:
        with self._database.reading() as connection:
            return read_notes(connection, issue, limit)

    def decide(self, issues: Collection[IssueId], life: IssueLife, note: IssueNote) -> tuple[IssueId, ...]:
        return self._changed(lambda connection: write_decision(connection, issues, life, note)) or ()

    def assign(self, issues: Collection[IssueId], assignee: str, note: IssueNote) -> tuple[IssueId, ...]:
        return self._changed(lambda connection: write_assignee(connection, issues, assignee, note)) or ()

    def comment(self, issue: IssueId, note: IssueNote) -> bool:
        return bool(self._changed(lambda connection: write_comment(connection, issue, note)))

    def merge(self, into: IssueId, others: Collection[IssueId], note: IssueNote) -> tuple[IssueId, ...]:
        return self._changed(lambda connection: merge_issues(connection, into, others, note)) or ()

    def split(self, issue: IssueId, key: str, note: IssueNote) -> IssueId | None:
        if not is_event_id(key):
            return None
        return self._changed(lambda connection: split_issue(connection, issue, bytes.fromhex(key), note))

    def _changed(self, write: Callable[[Connection], T]) -> T | None:
        """Return what a change returns, or None, and store nothing beside it, if it changed nothing."""

        def changing(connection: Connection) -> T:
            if not (done := write(connection)):
                raise Unchanged
            return done

        try:
            return self._writer.write(changing)
        except Unchanged:
            return None
