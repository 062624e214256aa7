"""Sums of sessions by release, in a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, func, insert, select, update

from outrider.model import Excerpt, ReleaseHealth, ReleaseHealthLog, identity
from outrider.store.access_tables import Unchanged
from outrider.store.issue_schema import issues
from outrider.store.key_cache import read_mark, write_mark
from outrider.store.project_table import projects
from outrider.store.rollups import DAY_HOURS, HOUR_US, hour_of
from outrider.store.schema import metadata
from outrider.store.user_sketch import UserSketch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from outrider.model import ReleaseVisits, SessionCount
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_MOST_A_DAY: Final = 200
_FIGURES: Final = ("sessions", "errored", "crashed", "abnormal", "from_pages")
_MARK: Final = "release sessions"
_DAY_US: Final = DAY_HOURS * HOUR_US

# `number` is the UTC day, or the hour, since 1970; sketches are `user_sketch.UserSketch`.
release_days = Table(
    "release_days", metadata,
    Column("project", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("environment", String, primary_key=True),
    Column("release", String, primary_key=True),
    Column("sessions", BigInteger, nullable=False),
    Column("errored", BigInteger, nullable=False),
    Column("crashed", BigInteger, nullable=False),
    Column("abnormal", BigInteger, nullable=False),
    Column("from_pages", BigInteger, nullable=False, server_default="0"),
    Column("user_sketch", LargeBinary, nullable=False),
    Column("crashed_sketch", LargeBinary, nullable=False),
    Index("release_days_by_number", "number"),
    sqlite_with_rowid=False,
)  # fmt: skip

release_hours = Table(
    "release_hours", metadata,
    Column("project", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("environment", String, primary_key=True),
    Column("release", String, primary_key=True),
    Column("sessions", BigInteger, nullable=False),
    Index("release_hours_by_number", "number"),
    sqlite_with_rowid=False,
)  # fmt: skip

_ALL: Final = "\0"
"""No release has such a name."""

_Release = tuple[int, str, str]
"""Project, environment, release."""

_Place = tuple[int, int, str, str]
"""Project, day or hour, environment, release: the primary keys."""


@dataclass(slots=True)
class _Sum:
    sessions: int = 0
    errored: int = 0
    crashed: int = 0
    abnormal: int = 0
    from_pages: int = 0
    first: int = 0
    last: int = 0
    users: UserSketch = field(default_factory=UserSketch)
    crashed_users: UserSketch = field(default_factory=UserSketch)
    visitors: int = 0
    crashed_visitors: int = 0

    def add(self, count: SessionCount) -> None:
        self.sessions += count.sessions
        self.errored += count.errored
        self.crashed += count.crashed
        self.abnormal += count.abnormal
        self.from_pages += count.from_pages
        if count.user:
            self.users.add([count.user])
            if count.crashed:
                self.crashed_users.add([count.user])

    def unite(self, row: Any) -> None:
        """Add what a row of `release_days` has."""
        for name in _FIGURES:
            setattr(self, name, getattr(self, name) + getattr(row, name))
        self.users.unite(row.user_sketch)
        self.crashed_users.unite(row.crashed_sketch)


class ReleaseHealthTable(ReleaseHealthLog):
    """Sums by hour and day."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def add(self, counts: Sequence[SessionCount], token: int) -> bool:
        def write(connection: Connection) -> None:
            if read_mark(connection, _MARK) == token:
                raise Unchanged
            write_mark(connection, _MARK, token)
            _write(connection, counts)

        try:
            self._writer.write(write)
        except Unchanged:
            return False
        return True

    def list(
        self, now_us: int, since_us: int, *, project: int = 0, environment: str = "", limit: int = 100,
        visits: Sequence[ReleaseVisits] = (),
    ) -> Excerpt[ReleaseHealth]:  # fmt: skip
        with self._database.reading() as connection:
            sums = _read_sums(connection, since_us // _DAY_US, project, environment)
            recent = _read_recent(connection, hour_of(now_us) - DAY_HOURS)
            fresh = _read_new_issues(connection)
            services = {row.id: row.service for row in connection.execute(select(projects.c.id, projects.c.service))}
        for own in visits:
            _add_visits(own, sums, recent)
        health = [
            ReleaseHealth(
                *place, known.first * _DAY_US, known.last * _DAY_US, known.sessions, known.errored, known.crashed,
                known.abnormal, known.users.users + known.visitors, known.crashed_users.users + known.crashed_visitors,
                recent.get(place, 0), recent.get((*place[:2], _ALL), 0), fresh.get((place[0], place[2]), 0),
                services.get(place[0], ""),
            )
            for place, known in sums.items()
        ]  # fmt: skip
        health.sort(key=lambda own: (own.project, own.environment, own.release))
        health.sort(key=lambda own: (own.last_us, own.recent, own.sessions), reverse=True)
        return Excerpt.within(health, limit)


def _add_visits(visits: ReleaseVisits, sums: dict[_Release, _Sum], recent: dict[_Release, int]) -> None:
    """Count visits of a release whose sessions no browser tells itself: those would count twice."""
    place = visits.project, identity(visits.environment), identity(visits.release)
    first, last = visits.first_us // _DAY_US, visits.last_us // _DAY_US
    known = sums.setdefault(place, _Sum(first=first, last=last))
    if known.from_pages:
        return
    known.first, known.last = min(known.first, first), max(known.last, last)
    known.sessions += visits.sessions
    known.errored += visits.errored
    known.crashed += visits.crashed
    known.visitors += visits.users
    known.crashed_visitors += visits.crashed_users
    for release in (place[2], _ALL):
        other = (*place[:2], release)
        recent[other] = recent.get(other, 0) + visits.recent


def _read_sums(connection: Connection, first: int, project: int, environment: str) -> dict[_Release, _Sum]:
    own = release_days.c
    wanted = select(release_days).where(own.number >= first)
    if project:
        wanted = wanted.where(own.project == project)
    if environment:
        wanted = wanted.where(own.environment == identity(environment))
    sums: dict[_Release, _Sum] = {}
    for row in connection.execute(wanted.order_by(own.number)):
        known = sums.setdefault((row.project, row.environment, row.release), _Sum(first=row.number))
        known.last = row.number
        known.unite(row)
    return sums


def _read_recent(connection: Connection, after: int) -> dict[_Release, int]:
    """Return sessions by release since an hour, and of all releases of a project and environment as `_ALL`."""
    own = release_hours.c
    counts: dict[_Release, int] = {}
    for row in connection.execute(select(release_hours).where(own.number > after)):
        for release in (row.release, _ALL):
            place = (row.project, row.environment, release)
            counts[place] = counts.get(place, 0) + row.sessions
    return counts


def _read_new_issues(connection: Connection) -> dict[tuple[int, str], int]:
    own = issues.c
    counted = select(own.project, own.first_release, func.count()).where(own.merged_into.is_(None))
    rows = connection.execute(counted.where(own.first_release != "").group_by(own.project, own.first_release))
    return {(project, release): count for project, release, count in rows}


def _write(connection: Connection, counts: Iterable[SessionCount]) -> None:
    days: dict[_Place, _Sum] = {}
    hours: dict[_Place, int] = {}
    known = _known(connection, {(count.project, count.at_us // _DAY_US) for count in counts})
    for count in counts:
        day = count.at_us // _DAY_US
        named = identity(count.environment), identity(count.release)
        places = known[count.project, day]
        if named not in places:
            named = named if len(places) < _MOST_A_DAY else ("", "")
            places.add(named)
        days.setdefault((count.project, day, *named), _Sum()).add(count)
        hour = (count.project, hour_of(count.at_us), *named)
        hours[hour] = hours.get(hour, 0) + count.sessions
    for place, added in days.items():
        _add_day(connection, place, added)
    own = release_hours.c
    for place, sessions in hours.items():
        here = _here(release_hours, place)
        if not connection.execute(update(release_hours).where(*here).values(sessions=own.sessions + sessions)).rowcount:
            connection.execute(insert(release_hours), {**_keys(place), "sessions": sessions})


def _add_day(connection: Connection, place: _Place, added: _Sum) -> None:
    here = _here(release_days, place)
    row = connection.execute(select(release_days).where(*here)).one_or_none()
    if row is not None:
        added.unite(row)
    values: dict[str, int | bytes] = {name: getattr(added, name) for name in _FIGURES}
    values |= {"user_sketch": added.users.stored, "crashed_sketch": added.crashed_users.stored}
    if row is None:
        connection.execute(insert(release_days), {**_keys(place), **values})
    else:
        connection.execute(update(release_days).where(*here).values(values))


def _known(connection: Connection, days: set[tuple[int, int]]) -> dict[tuple[int, int], set[tuple[str, str]]]:
    own = release_days.c
    known: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for project, day in days:
        names = select(own.environment, own.release).where(own.project == project, own.number == day)
        known[project, day] = {(row.environment, row.release) for row in connection.execute(names)}
    return known


def _keys(place: _Place) -> dict[str, int | str]:
    return dict(zip(("project", "number", "environment", "release"), place, strict=True))


def _here(table: Table, place: _Place) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in _keys(place).items()]
