"""What the database and the artifact folder keep of one person: searched, and erased."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import LargeBinary, String, UniqueConstraint, and_, delete, func, or_, select, update

from outrider.errors import session_user
from outrider.model import (
    USER_FIELDS,
    ErasedData,
    Person,
    PersonalDataLog,
    PersonalRecord,
    Status,
    StoreError,
    counted,
)
from outrider.store.artifact_search import Unsearchable, text_pieces
from outrider.store.artifact_use import forget_unreferenced
from outrider.store.attachment_schema import event_attachments
from outrider.store.issue_schema import error_events, issue_tags, issues
from outrider.store.release_health_table import release_days
from outrider.store.replay_schema import replays
from outrider.store.schema import artifacts, attempt_artifacts, metadata, runs
from outrider.store.source_map_table import source_maps
from outrider.store.user_sketch import UserSketch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Column, ColumnElement, Connection, Table

    from outrider.model import ArtifactStore, Identifier, Tombstones
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

EVENTS: Final = "error events"
REPLAYS: Final = "parts of replays"
FILES: Final = "files of runs"
ATTACHMENTS: Final = "attachments of events"
TAGS: Final = "tags of issues"
MENTIONS: Final = "mentions in other rows"
SKETCHES: Final = "digests of users that were counted"

_PAGE: Final = 500
_PICTURES: Final = ("image/", "video/", "font/")
_OF_OPERATORS: Final = frozenset({"users", "sessions", "tokens", "projects", "project_keys", "setting_overrides"})
"""Tables of who works with Outrider, and of what they set."""
_NAMES_OF_OPERATORS: Final = frozenset({"actor", "author", "assignee", "holder", "origin", "leased_by"})
_WHOLE: Final = frozenset({"error_events", "issue_tags"})
"""Tables whose rows go, instead of losing the name."""


@dataclass(slots=True)
class _PersonalKeys:
    """What there is of a person: keys of rows."""

    events: list[bytes] = field(default_factory=list)
    replays: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    unsearched: int = 0


class PersonalDataTable(PersonalDataLog):
    """Searches all tables and all files that may hold text."""

    def __init__(self, database: Database, writer: Writer, folder: ArtifactStore) -> None:
        self._database = database
        self._writer = writer
        self._folder = folder

    def find(self, person: Person, tell: Callable[[str], None] = lambda _text: None) -> Iterator[PersonalRecord]:
        theirs = self._search(person, tell)
        with self._database.reading() as connection:
            for page in _pages(theirs.events):
                yield from _events(connection, page)
            for page in _pages(theirs.replays):
                yield from _replays(connection, page)
            for page in _pages(theirs.files):
                yield from _files(connection, page)
            tell("searching the rows of all tables")
            yield from _tags(connection, person)
            for table, row, texts in _mentions(connection, person):
                name = " ".join(str(row[column.name]) for column in table.primary_key.columns)
                yield PersonalRecord(MENTIONS, f"{table.name} {name}", dict(texts), only_mentions=True)
            if sketched := len(_sketch_changes(connection, person)):
                yield PersonalRecord(SKETCHES, "all", {"rows": sketched}, only_mentions=True)

    def sessions(self, person: Person) -> frozenset[str]:
        theirs: set[str] = set()
        events: set[str] = set()
        with self._database.reading() as connection:
            for key, text in _event_texts(connection):
                if person.is_named_in(text):
                    event = json.loads(text)
                    contexts, tags = event.get("contexts", {}), event.get("tags", {})
                    named = (
                        contexts.get("session", {}).get("id"), contexts.get("replay", {}).get("replay_id"),
                        tags.get("replayId"),
                    )  # fmt: skip
                    theirs |= {own for own in named if isinstance(own, str) and own.strip("0-")}
                    events.add(key.hex())
            own = replays.c
            for row in connection.execute(select(own.session, own.error_ids).where(own.error_ids != "")):
                if not events.isdisjoint(row.error_ids.split()):
                    theirs.add(row.session)
        return frozenset(theirs)

    def erase(self, person: Person, tell: Callable[[str], None] = lambda _text: None) -> ErasedData:
        theirs = self._search(person, tell)
        counts: Counter[str] = Counter()
        for page in _pages(theirs.events):
            counts.update(self._remove(page, _remove_events))
        for page in _pages(theirs.replays):
            counts.update(self._remove(page, _remove_replays))
        for page in _pages(theirs.files):
            counts.update(self._remove(page, _remove_files))
        tell("searching the rows of all tables")
        counts.update(self._writer.write(lambda connection: _erase_mentions(connection, person)))
        with self._database.reading() as connection:
            left = _named_keys(connection, person)
        tell("rewriting the database, so that nothing deleted can be read in its file")
        if not self._database.compact():
            left.append("pages of before in the write-ahead log of the database: another process reads them; repeat")
        if theirs.unsearched:
            what = counted(theirs.unsearched, "damaged or too large artifact")
            left.append(f"{what} could not be searched")
        return ErasedData({kind: count for kind, count in counts.items() if count}, tuple(left))

    def receivers(self, person: Person) -> dict[str, int]:
        own = metadata.tables["notifications"].c
        with self._database.reading() as connection:
            wanted = _naming((own.message,), person, connection)
            if wanted is None:
                return {}
            rows = connection.execute(
                select(own.receiver, own.message).where(wanted, own.status == Status.DELIVERED.value)
            ).all()
            return dict(Counter(row.receiver for row in rows if person.is_named_in(row.message)))

    def delivered(self, kind: str) -> dict[str, int]:
        own = metadata.tables["notifications"].c
        sent = select(own.receiver, func.count()).where(own.kind == kind, own.status == Status.DELIVERED.value)
        with self._database.reading() as connection:
            return {receiver: count for receiver, count in connection.execute(sent.group_by(own.receiver))}  # noqa: C416 - rows are no pairs to mypy

    def recognise(self, tombstones: Tombstones) -> Person | None:
        identifiers: set[Identifier] = set()
        with self._database.reading() as connection:
            for _, text in _event_texts(connection):
                identifiers |= tombstones.recognised(text.decode())
            for session in connection.execute(select(replays.c.session).distinct()).scalars():
                identifiers |= tombstones.recognised(f'"{session}"')
            for table in _tables():
                columns = [*_texts(table), *([issue_tags.c.value] if table is issue_tags else [])]
                for row in connection.execute(select(*columns)) if columns else ():
                    identifiers |= tombstones.recognised(json.dumps(tuple(row)))
        for _, digest in self._searched(lambda _text: None):
            identifiers |= self._recognised(tombstones, digest)
        return Person(identifiers) if identifiers else None

    def _recognised(self, tombstones: Tombstones, digest: str) -> frozenset[Identifier]:
        theirs: set[Identifier] = set()
        try:
            with self._folder.open(digest) as file:
                for piece in text_pieces(file):
                    theirs |= tombstones.recognised(piece.decode("utf-8", "replace"))
        except (StoreError, Unsearchable):
            pass
        return frozenset(theirs)

    def _search(self, person: Person, tell: Callable[[str], None]) -> _PersonalKeys:
        theirs = _PersonalKeys()
        tell("searching error events")
        with self._database.reading() as connection:
            theirs.events = [key for key, text in _event_texts(connection) if person.is_named_in(text)]
            own = replays.c
            rows = connection.execute(select(own.key, own.artifact_key).where(own.session.in_(person.sessions))).all()
            theirs.replays = [row.key for row in rows]
            of_events = [
                key
                for page in _pages(theirs.events)
                for key in connection.execute(
                    select(event_attachments.c.artifact_key).where(event_attachments.c.event_id.in_(page))
                ).scalars()
            ]
        known = {row.artifact_key for row in rows} | set(of_events)
        for key, digest in self._searched(tell):
            if key not in known:
                try:
                    if self._names(digest, person):
                        known.add(key)
                        theirs.files.append(key)
                except Unsearchable:
                    theirs.unsearched += 1
        return theirs

    def _searched(self, tell: Callable[[str], None]) -> Iterator[tuple[int, str]]:
        """Yield key and digest of each artifact that may hold text of users."""
        pictures = or_(*(attempt_artifacts.c.media_type.startswith(kind) for kind in _PICTURES))
        shown = select(attempt_artifacts.c.artifact_key).where(pictures)
        mapped = select(source_maps.c.artifact_key)
        wanted = select(artifacts.c.key, artifacts.c.digest, artifacts.c.bytes).where(
            artifacts.c.key.not_in(shown), artifacts.c.key.not_in(mapped)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(artifacts.c.key)).all()
        for number, row in enumerate(rows, 1):
            tell(f"searching artifact {number:,} of {len(rows):,}")
            yield row.key, bytes(row.digest).hex()

    def _names(self, digest: str, person: Person) -> bool:
        try:
            with self._folder.open(digest) as file:
                return any(person.is_named_in(piece) for piece in text_pieces(file))
        except StoreError:  # retention was faster
            return False

    def _remove(self, keys: Sequence[Any], remove: Callable[[Connection, Sequence[Any]], _Removed]) -> dict[str, int]:
        names: list[str] = []

        def write(connection: Connection) -> dict[str, int]:
            names.clear()
            counts, freed = remove(connection, keys)
            names.extend(forget_unreferenced(connection, freed)[1])
            if self._folder.local:
                self._folder.remove(names)
            return counts

        counts = self._writer.write(write)
        if not self._folder.local:
            self._folder.remove(names)
        return counts


_Removed = tuple[dict[str, int], "Sequence[int]"]
"""How many rows went by kind, and the artifacts that they referred to."""


def _remove_events(connection: Connection, keys: Sequence[bytes]) -> _Removed:
    mine = event_attachments.c.event_id.in_(keys)
    freed = connection.execute(select(event_attachments.c.artifact_key).where(mine)).scalars().all()
    connection.execute(delete(event_attachments).where(mine))
    gone = connection.execute(delete(error_events).where(error_events.c.id.in_(keys))).rowcount
    return {EVENTS: gone, ATTACHMENTS: len(freed)}, freed


def _remove_replays(connection: Connection, keys: Sequence[int]) -> _Removed:
    freed = connection.execute(select(replays.c.artifact_key).where(replays.c.key.in_(keys))).scalars().all()
    return {REPLAYS: connection.execute(delete(replays).where(replays.c.key.in_(keys))).rowcount}, freed


def _remove_files(connection: Connection, keys: Sequence[int]) -> _Removed:
    """Remove whatever refers to files that name somebody; of a replay, all parts of the session."""
    sessions = select(replays.c.session).where(replays.c.artifact_key.in_(keys))
    mine = replays.c.session.in_(connection.execute(sessions).scalars().all())
    others = connection.execute(select(replays.c.artifact_key).where(mine)).scalars().all()
    counts = {REPLAYS: connection.execute(delete(replays).where(mine)).rowcount}
    for kind, table in ((FILES, attempt_artifacts), (ATTACHMENTS, event_attachments)):
        counts[kind] = connection.execute(delete(table).where(table.c.artifact_key.in_(keys))).rowcount
    return counts, [*keys, *others]


def _event_texts(connection: Connection) -> Iterator[tuple[bytes, bytes]]:
    """Yield the id and the JSON of each event that is kept."""
    after = b""
    while True:
        own = error_events.c
        wanted = select(own.id, own.content).where(own.id > after).order_by(own.id).limit(_PAGE)
        rows = connection.execute(wanted).all()
        for row in rows:
            yield bytes(row.id), zlib.decompress(row.content)
        if not rows:
            return
        after = bytes(rows[-1].id)


def _events(connection: Connection, keys: Sequence[bytes]) -> Iterator[PersonalRecord]:
    own = event_attachments.c
    joined = select(own.event_id, own.name, artifacts.c.digest).join(artifacts, artifacts.c.key == own.artifact_key)
    files: dict[bytes, list[tuple[str, str]]] = {}
    for row in connection.execute(joined.where(own.event_id.in_(keys)).order_by(own.event_id, own.number)):
        files.setdefault(bytes(row.event_id), []).append((row.name, bytes(row.digest).hex()))
    wanted = select(error_events.c.id, error_events.c.content).where(error_events.c.id.in_(keys))
    for kept in connection.execute(wanted):
        event = json.loads(zlib.decompress(kept.content))
        yield PersonalRecord(EVENTS, bytes(kept.id).hex(), event, tuple(files.get(bytes(kept.id), ())))


def _replays(connection: Connection, keys: Sequence[int]) -> Iterator[PersonalRecord]:
    own = replays.c
    wanted = select(replays, artifacts.c.digest).join(artifacts, artifacts.c.key == own.artifact_key)
    for row in connection.execute(wanted.where(own.key.in_(keys)).order_by(own.session, own.recording, own.number)):
        document = {"session": row.session, "start_us": row.start_us, "end_us": row.end_us, "page": row.page}
        name = f"{row.session}-{row.recording}-{row.number}"
        yield PersonalRecord(REPLAYS, name, document, ((f"{name}.json.gz", bytes(row.digest).hex()),))


def _files(connection: Connection, keys: Sequence[int]) -> Iterator[PersonalRecord]:
    own, digest = attempt_artifacts.c, artifacts.c.digest
    of_runs = select(runs.c.id, own.attempt, own.name, digest).join(runs, runs.c.key == own.run_key)
    for row in connection.execute(of_runs.join(artifacts, artifacts.c.key == own.artifact_key).where(
        own.artifact_key.in_(keys))):  # fmt: skip
        run = bytes(row.id).hex()
        document = {"run": run, "attempt": row.attempt, "name": row.name}
        yield PersonalRecord(FILES, f"{run}-{row.attempt}-{row.name}", document, ((row.name, bytes(row.digest).hex()),))
    sessions = select(replays.c.session).where(replays.c.artifact_key.in_(keys))
    of_sessions = select(replays.c.key).where(replays.c.session.in_(sessions))
    yield from _replays(connection, connection.execute(of_sessions).scalars().all())
    sent = event_attachments.c
    of_events = select(sent.event_id, sent.name, digest).join(artifacts, artifacts.c.key == sent.artifact_key)
    for file in connection.execute(of_events.where(sent.artifact_key.in_(keys))):
        event = bytes(file.event_id).hex()
        name = f"{event}-{file.name}"
        yield PersonalRecord(ATTACHMENTS, name, {"event": event}, ((file.name, bytes(file.digest).hex()),))


def _tags(connection: Connection, person: Person) -> Iterator[PersonalRecord]:
    for row in _naming_tags(connection, person):
        document = {"issue": row.issue_key, "name": row.name, "value": row.value, "events": row.events}
        yield PersonalRecord(TAGS, f"{row.issue_key} {row.name}", document, only_mentions=True)


def _naming_tags(connection: Connection, person: Person) -> list[Any]:
    own = issue_tags.c
    named = and_(own.name.in_(USER_FIELDS), own.value.in_(person.values))
    wide = _naming((own.value,), person, connection)
    rows = connection.execute(select(issue_tags).where(or_(named, wide) if wide is not None else named))
    return [row for row in rows if row.name in USER_FIELDS or person.is_named_in(row.value)]


def _erase_mentions(connection: Connection, person: Person) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in _naming_tags(connection, person):
        own = issue_tags.c
        mine = and_(own.issue_key == row.issue_key, own.name == row.name, own.value == row.value)
        counts[TAGS] += connection.execute(delete(issue_tags).where(mine)).rowcount
    for table, row, texts in list(_mentions(connection, person)):
        mine = and_(*(column == row[column.name] for column in table.primary_key.columns))
        values = {name: person.masked(text) for name, text in texts}
        counts[MENTIONS] += connection.execute(update(table).where(mine).values(values)).rowcount
    for column, keys, stored in _sketch_changes(connection, person):
        mine = and_(*(key == value for key, value in keys))
        counts[SKETCHES] += connection.execute(update(column.table).where(mine).values({column.name: stored})).rowcount
    return counts


def _mentions(connection: Connection, person: Person) -> Iterator[tuple[Table, Any, list[tuple[str, str]]]]:
    """Yield rows that name somebody: table, row, and the columns that do."""
    for table in _tables():
        columns = _texts(table)
        wanted = _naming(columns, person, connection)
        if wanted is None:
            continue
        for row in connection.execute(select(*table.primary_key.columns, *columns).where(wanted)).mappings():
            named = [(own.name, row[own.name]) for own in columns if _is_named(row[own.name], person)]
            if named:
                yield table, row, named


def _is_named(text: str | None, person: Person) -> bool:
    return bool(text) and person.masked(text or "") != text


def _tables() -> Iterator[Table]:
    yield from (table for table in metadata.sorted_tables if table.name not in _OF_OPERATORS | {"error_events"})


def _texts(table: Table) -> list[Column[str]]:
    """Return the columns of free text: neither keys nor names of operators."""
    keys = {column.name for column in table.primary_key.columns}
    unique = (own for own in table.constraints if isinstance(own, UniqueConstraint))
    keys |= {column.name for own in unique for column in own.columns} | _NAMES_OF_OPERATORS
    return [
        column
        for column in table.columns
        if isinstance(column.type, String) and not isinstance(column.type, LargeBinary)
        and column.name not in keys and not column.foreign_keys and table.name not in _WHOLE
    ]  # fmt: skip


def _named_keys(connection: Connection, person: Person) -> list[str]:
    """Say which keys name somebody: they identify checks and series, and stay."""
    left: list[str] = []
    for table in _tables():
        columns = [own for own in table.columns if isinstance(own.type, String) and own not in set(_texts(table))]
        columns = [own for own in columns if own.name not in _NAMES_OF_OPERATORS]
        wanted = _naming(columns, person, connection)
        if wanted is not None and (count := connection.execute(select(func.count()).where(wanted)).scalar()):
            left.append(f"{counted(count, 'row')} of {table.name}, which the name identifies")
    return left


def _naming(columns: Iterable[Column[str]], person: Person, connection: Connection) -> ColumnElement[bool] | None:
    """Return the condition that a column may name somebody; None if there is no column, or no long identifier."""
    is_postgresql = connection.dialect.name == "postgresql"
    fit = [
        column.icontains(form, autoescape=True) if is_postgresql else column.contains(form, autoescape=True)
        for column in columns
        for form in person.long_forms
    ]
    return or_(*fit) if fit else None


_SketchChange = tuple["Column[bytes]", "list[tuple[Column[Any], Any]]", bytes]


def _sketch_changes(connection: Connection, person: Person) -> list[_SketchChange]:
    """Return the sketches that count somebody, as they are to be: with a random digest instead."""
    changes: list[_SketchChange] = []
    for row in connection.execute(select(issues.c.key, issues.c.user_sketch)):
        sketch = UserSketch(row.user_sketch)
        if sketch.replace(person.values):
            changes.append((issues.c.user_sketch, [(issues.c.key, row.key)], sketch.stored))
    for day in connection.execute(select(release_days)).mappings():
        for column in (release_days.c.user_sketch, release_days.c.crashed_sketch):
            sketch = UserSketch(day[column.name])
            if sketch.replace(session_user(value, day["project"]) for value in person.values):
                keys = [(own, day[own.name]) for own in release_days.primary_key.columns]
                changes.append((column, keys, sketch.stored))
    return changes


def _pages(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(keys), _PAGE):
        yield keys[start : start + _PAGE]
