"""Grouping kept events anew, once source maps that came late say where they were raised."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from outrider.errors import title_of_event
from outrider.model import IssueId, bounded
from outrider.store.issue_changes import merge_issues, place_events, split_issue
from outrider.store.issue_rows import content_of, note_row
from outrider.store.issue_schema import error_events, issue_keys, issue_notes, issues
from outrider.store.text_limits import TITLE_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from outrider.model import IssueNote
    from outrider.store.issue_writer import GroupedEvent


def regroup_events(connection: Connection, items: Sequence[GroupedEvent], note: IssueNote) -> tuple[IssueId, ...]:
    """Replace kept events, and give them to the issues that their new keys lead to; return the issues that changed."""
    by_id = {item.id: item for item in items}
    own = error_events.c
    wanted = select(own.id, own.issue_key, own.key).where(own.id.in_(sorted(by_id)))
    by_issue: dict[int, list[tuple[GroupedEvent, bytes]]] = defaultdict(list)
    for event, issue, key in connection.execute(wanted):
        by_issue[issue].append((by_id[bytes(event)], bytes(key)))
    return tuple(IssueId(_Regrouping(connection, issue, note).run(by_issue[issue])) for issue in sorted(by_issue))


class _Regrouping:
    """What becomes of one issue."""

    def __init__(self, connection: Connection, issue: int, note: IssueNote) -> None:
        self._connection = connection
        self._issue = issue
        self._note = note

    def run(self, events: Sequence[tuple[GroupedEvent, bytes]]) -> int:
        """Give events, each with its key before, to where they belong; return the number that they are at now."""
        self._write(item for item, _ in events)
        self._forget(key for item, key in events if item.key[1] != key)
        by_key: dict[tuple[int, bytes], list[GroupedEvent]] = defaultdict(list)
        for item, key in events:
            if item.key[1] != key:
                by_key[item.key].append(item)
        leads = self._leads(by_key)
        now_at = self._issue
        others = {lead for lead in leads.values() if lead != self._issue}
        if len(by_key) == 1 and others:
            now_at = self._merge(others.pop(), by_key)
        else:
            self._spread(by_key, leads)
        count = f"{len(events)} kept event{'s' if len(events) > 1 else ''} read again with source maps"
        self._tell(now_at, "symbolicate", count if by_key else f"{count}; grouped as before")
        return now_at

    def _tell(self, issue: int, action: str, text: str) -> None:
        note = replace(self._note, action=action, text=text)
        self._connection.execute(insert(issue_notes), note_row(issue, note))

    def _write(self, items: Iterable[GroupedEvent]) -> None:
        for item in items:
            values = {"key": item.key[1], "content": content_of(item.event)}
            self._connection.execute(update(error_events).where(error_events.c.id == item.id).values(**values))

    def _forget(self, keys: Any) -> None:
        """Count events no longer with the keys that they came by."""
        own = issue_keys.c
        for key, events in Counter(keys).items():
            mine = (own.issue_key == self._issue) & (own.key == key)
            left = self._connection.execute(select(own.events).where(mine)).scalar() or 0
            self._connection.execute(update(issue_keys).where(mine).values(events=max(0, left - events)))

    def _leads(self, by_key: Any) -> dict[tuple[int, bytes], int]:
        own = issue_keys.c
        leads: dict[tuple[int, bytes], int] = {}
        for project, key in by_key:
            wanted = select(own.issue_key).where(own.project == project, own.key == key)
            issue = self._connection.execute(wanted).scalar()
            if issue is not None:
                leads[project, key] = issue
        return leads

    def _merge(self, other: int, by_key: dict[tuple[int, bytes], list[GroupedEvent]]) -> int:
        """Make one issue of this and another, the one seen first; return its number."""
        into, gone = sorted((self._issue, other))
        for (project, key), items in by_key.items():
            self._count(project, key, len(items))
        note = replace(self._note, action="merge")
        merge_issues(self._connection, IssueId(into), [IssueId(gone)], note)
        return into

    def _spread(self, by_key: dict[tuple[int, bytes], list[GroupedEvent]], leads: dict[tuple[int, bytes], int]) -> None:
        """Let the most frequent cause keep the issue; others get issues of their own, or go to those they have."""
        is_kept = self._issue in leads.values()
        for place, items in sorted(by_key.items(), key=lambda entry: -len(entry[1])):
            project, key = place
            lead = leads.get(place)
            if lead == self._issue:
                self._count(project, key, len(items))
            elif lead is not None:
                self._move(items, lead)
                self._count(project, key, len(items))
            else:
                self._add_key(items)
                issue: int | None = self._issue
                if is_kept:
                    note = replace(self._note, action="split")
                    issue = split_issue(self._connection, IssueId(self._issue), key, note)
                self._entitle(issue, items)
                is_kept = True

    def _entitle(self, issue: int | None, items: Sequence[GroupedEvent]) -> None:
        """Name an issue by its latest event."""
        latest = max(items, key=lambda item: item.event.at_us)
        title, _, culprit = title_of_event(latest.event)
        titles = {"title": bounded(title, TITLE_CHARACTERS), "culprit": bounded(culprit, TITLE_CHARACTERS)}
        self._connection.execute(update(issues).where(issues.c.key == issue).values(**titles))

    def _move(self, items: Sequence[GroupedEvent], lead: int) -> None:
        ids = [item.id for item in items]
        moved = update(error_events).where(error_events.c.id.in_(ids)).values(issue_key=lead)
        self._connection.execute(moved)
        for issue, events in ((self._issue, -len(ids)), (lead, len(ids))):
            count = self._connection.execute(select(issues.c.events).where(issues.c.key == issue)).scalar_one()
            own = update(issues).where(issues.c.key == issue)
            self._connection.execute(own.values(events=max(0, count + events)))
            place_events(self._connection, IssueId(issue))
        self._tell(self._issue, "split", f"{len(ids)} kept events to #{lead}")

    def _count(self, project: int, key: bytes, events: int) -> None:
        mine = (issue_keys.c.project == project) & (issue_keys.c.key == key)
        self._connection.execute(update(issue_keys).where(mine).values(events=issue_keys.c.events + events))

    def _add_key(self, items: Sequence[GroupedEvent]) -> None:
        (project, key), grouping = items[0].key, items[0].grouping
        times = [item.event.at_us for item in items]
        self._connection.execute(insert(issue_keys), {
            "project": project, "key": key, "issue_key": self._issue, "version": grouping.version,
            "reason": bounded(grouping.reason, TITLE_CHARACTERS),
            "parts": json.dumps([bounded(part, TITLE_CHARACTERS) for part in grouping.parts[:50]]),
            "events": len(items), "first_us": min(times), "last_us": max(times),
        })  # fmt: skip
