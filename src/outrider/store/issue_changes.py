"""What people do to issues: decide, assign, comment, merge and split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from outrider.errors import counted
from outrider.model import IssueId, IssueNote, identity
from outrider.store.event_sample import FIRST, LAST
from outrider.store.issue_rows import life_columns, note_row
from outrider.store.issue_schema import error_events, issue_hours, issue_keys, issue_notes, issue_tags, issues
from outrider.store.issue_writer import upsert
from outrider.store.user_sketch import UserSketch

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from outrider.model import IssueLife

_MOST: Final = 1_000
_COLUMNS: Final = tuple(column.name for column in issues.columns if column.name != "key")


def write_decision(
    connection: Connection, wanted: Collection[IssueId], life: IssueLife, note: IssueNote
) -> tuple[IssueId, ...]:
    """Give issues a state; return those that are there."""
    rows = _present(connection, wanted)
    for row in rows:
        connection.execute(
            update(issues).where(issues.c.key == row.key).values(**life_columns(counted(life, row.events)))
        )
    return _noted(connection, rows, note)


def write_assignee(
    connection: Connection, wanted: Collection[IssueId], assignee: str, note: IssueNote
) -> tuple[IssueId, ...]:
    """Assign issues; return those that are there."""
    rows = _present(connection, wanted)
    keys = issues.c.key.in_([row.key for row in rows])
    connection.execute(update(issues).where(keys).values(assignee=identity(assignee)))
    return _noted(connection, rows, note)


def write_comment(connection: Connection, issue: IssueId, note: IssueNote) -> bool:
    """Add a note to an issue; return false if there is no such issue."""
    return bool(_noted(connection, _present(connection, [issue]), note))


def merge_issues(
    connection: Connection, into: IssueId, others: Collection[IssueId], note: IssueNote
) -> tuple[IssueId, ...]:
    """Give all that other issues of the project have to one; return those that were there."""
    target = next(iter(_present(connection, [into])), None)
    if target is None:
        return ()
    rows = [row for row in _present(connection, others) if row.key != into and row.project == target.project]
    if not rows:
        return ()
    keys = [row.key for row in rows]
    sketch = UserSketch(target.user_sketch)
    for row in rows:
        sketch.unite(row.user_sketch)
    everyone = (target, *rows)
    connection.execute(update(issues).where(issues.c.key == into).values(
        events=sum(row.events for row in everyone), users=sketch.users, user_sketch=sketch.stored,
        first_us=min(row.first_us for row in everyone), last_us=max(row.last_us for row in everyone),
        first_release=min(everyone, key=lambda row: row.first_us).first_release,
        last_release=max(everyone, key=lambda row: row.last_us).last_release,
    ))  # fmt: skip
    _move_counts(connection, into, keys)
    for table in (issue_keys, error_events, issue_notes):
        connection.execute(update(table).where(table.c.issue_key.in_(keys)).values(issue_key=into))
    place_events(connection, into)
    gone = issues.c.key.in_(keys) | issues.c.merged_into.in_(keys)
    connection.execute(update(issues).where(gone).values(merged_into=into))
    names = ", ".join(f"#{key}" for key in keys)
    connection.execute(insert(issue_notes), note_row(into, IssueNote(note.at_us, note.author, note.action, names)))
    return tuple(IssueId(key) for key in keys)


def split_issue(connection: Connection, issue: IssueId, key: bytes, note: IssueNote) -> IssueId | None:
    """Make an issue of what came by one of several keys; None if that is not so."""
    row = next(iter(_present(connection, [issue])), None)
    keys = connection.execute(select(issue_keys).where(issue_keys.c.issue_key == issue)).all()
    own = next((entry for entry in keys if bytes(entry.key) == key), None)
    if row is None or own is None or len(keys) == 1:
        return None
    events = connection.execute(
        select(error_events).where(error_events.c.issue_key == issue, error_events.c.key == key)
    ).all()
    sketch = UserSketch().add(event.user for event in events if event.user)
    values = {name: getattr(row, name) for name in _COLUMNS} | {
        "events": own.events, "first_us": own.first_us, "last_us": own.last_us,
        "users": sketch.users, "user_sketch": sketch.stored,
        "value": events[-1].message if events else row.value,
    }  # fmt: skip
    inserted = connection.execute(insert(issues), values).inserted_primary_key
    assert inserted is not None
    split = IssueId(int(inserted[0]))
    mine = issue_keys.c.key == key, issue_keys.c.project == row.project
    connection.execute(update(issue_keys).where(*mine).values(issue_key=split))
    moved = error_events.c.issue_key == issue, error_events.c.key == key
    connection.execute(update(error_events).where(*moved).values(issue_key=split))
    connection.execute(update(issues).where(issues.c.key == issue).values(events=max(0, row.events - own.events)))
    for place, text in ((issue, f"into #{split}"), (split, f"from #{issue}")):
        place_events(connection, place)
        connection.execute(insert(issue_notes), note_row(place, IssueNote(note.at_us, note.author, note.action, text)))
    return split


def _present(connection: Connection, wanted: Collection[IssueId]) -> Sequence[Any]:
    """Return the rows of issues that are there and not merged into another one."""
    keys = sorted(set(wanted))[:_MOST]
    return connection.execute(select(issues).where(issues.c.key.in_(keys), issues.c.merged_into.is_(None))).all()


def _noted(connection: Connection, rows: Sequence[Any], note: IssueNote) -> tuple[IssueId, ...]:
    if rows:
        connection.execute(insert(issue_notes), [note_row(row.key, note) for row in rows])
    return tuple(IssueId(row.key) for row in rows)


def _move_counts(connection: Connection, into: IssueId, keys: Sequence[int]) -> None:
    hours, tags = issue_hours.c, issue_tags.c
    by_hour = select(hours.number, func.sum(hours.events)).where(hours.issue_key.in_(keys)).group_by(hours.number)
    rows = [{"issue_key": into, "number": row[0], "events": int(row[1])} for row in connection.execute(by_hour)]
    upsert(connection, issue_hours, rows, adding="events")
    by_value = select(tags.name, tags.value, func.sum(tags.events), func.max(tags.last_us))
    counted_tags = by_value.where(tags.issue_key.in_(keys)).group_by(tags.name, tags.value)
    rows = [
        {"issue_key": into, "name": row[0], "value": row[1], "events": int(row[2]), "last_us": row[3]}
        for row in connection.execute(counted_tags)
    ]
    upsert(connection, issue_tags, rows, adding="events")
    for table in (issue_hours, issue_tags):
        connection.execute(delete(table).where(table.c.issue_key.in_(keys)))


def place_events(connection: Connection, issue: IssueId) -> None:
    """Say anew which kept event of an issue is the first, and which the last."""
    own = error_events.c
    wanted = select(own.id).where(own.issue_key == issue).order_by(own.at_us, own.id)
    ids = connection.execute(wanted).scalars().all()
    connection.execute(update(error_events).where(own.issue_key == issue).values(position=""))
    if len(ids) > 1:
        connection.execute(update(error_events).where(own.id == ids[-1]).values(position=LAST))
    if ids:
        connection.execute(update(error_events).where(own.id == ids[0]).values(position=FIRST))
