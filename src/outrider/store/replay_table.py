"""Replays of sessions, in a database and the artifact folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, func, insert, or_, select

from outrider.model import ReplayLog, ReplaySegment, ReplaySummary, identity
from outrider.store.artifact_use import forget_unreferenced
from outrider.store.replay_schema import replays
from outrider.store.rows import artifact_keys
from outrider.store.schema import artifacts

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from sqlalchemy import Connection, RowMapping

    from outrider.model import ArtifactStore, ReplayQuery
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_DAY_US: Final = 86_400_000_000


class ReplayTable(ReplayLog):
    """Parts of replays; their contents are artifacts."""

    def __init__(self, database: Database, writer: Writer, folder: ArtifactStore) -> None:
        self._database = database
        self._writer = writer
        self._folder = folder

    def add(self, segment: ReplaySegment, content: Path) -> bool:
        taken = self._folder.take(content)
        own = replays.c
        same = (
            (own.session == segment.session)
            & (own.recording == segment.recording)
            & (own.number == segment.number)
        )  # fmt: skip

        def write(connection: Connection) -> bool:
            if connection.execute(select(own.key).where(same)).first() is not None:
                return False
            if self._folder.local and not self._folder.holds(taken.digest):
                self._folder.take(content)  # a collector was faster; now we are the one writer
            row = {
                "session": segment.session, "recording": segment.recording, "number": segment.number,
                "project": segment.project, "start_us": segment.start_us, "end_us": segment.end_us,
                "has_snapshot": segment.has_snapshot, "events": segment.events, "page": identity(segment.page),
                "error_ids": " ".join(segment.error_ids),
                "artifact_key": artifact_keys(connection, [taken])[taken.digest],
            }  # fmt: skip
            connection.execute(insert(replays), row)
            return True

        return self._writer.write(write)

    def of_session(self, session: str) -> tuple[ReplaySegment, ...]:
        own = replays.c
        began_us = func.min(own.start_us).over(partition_by=own.recording)
        wanted = (
            select(replays, artifacts.c.digest, artifacts.c.bytes)
            .join(artifacts, artifacts.c.key == own.artifact_key)
            .where(own.session == session)
            .order_by(began_us, own.recording, own.number)
        )
        with self._database.reading() as connection:
            return tuple(map(_segment, connection.execute(wanted).mappings()))

    def latest(self, query: ReplayQuery, *, limit: int) -> tuple[ReplaySummary, ...]:
        own, began_us = replays.c, func.min(replays.c.start_us)
        recent = select(own.session).where(own.start_us >= query.since_us, own.start_us < query.until_us)
        if query.page:
            recent = recent.where(own.page.icontains(query.page, autoescape=True))
        if query.project:
            recent = recent.where(own.project == query.project)
        sums = (
            select(
                own.session, func.min(own.project), began_us, func.max(own.end_us), func.count(), func.sum(own.events),
                func.sum(artifacts.c.bytes),
            )
            .join(artifacts, artifacts.c.key == own.artifact_key)
            .where(own.session.in_(recent))
            .group_by(own.session)
            .order_by(began_us.desc(), own.session)
            .limit(limit)
        )  # fmt: skip
        if query.before is not None:
            at_us, session = query.before
            sums = sums.having(or_(began_us < at_us, and_(began_us == at_us, own.session > session)))
        with self._database.reading() as connection:
            rows = connection.execute(sums).all()
            first = select(own.session, own.page).where(own.session.in_([row[0] for row in rows]))
            pages = {session: page for session, page in connection.execute(first.order_by(own.start_us.desc()))}  # noqa: C416 - the earliest stays
        return tuple(
            ReplaySummary(session, project, start_us, end_us, pages[session], parts, int(events), int(size))
            for session, project, start_us, end_us, parts, events, size in rows
        )

    def session_bytes(self, session: str) -> int:
        own = replays.c
        size = select(func.sum(artifacts.c.bytes)).join(replays, artifacts.c.key == own.artifact_key)
        with self._database.reading() as connection:
            return int(connection.execute(size.where(own.session == session)).scalar() or 0)

    def among(self, sessions: Collection[str]) -> frozenset[str]:
        own = replays.c
        wanted = select(own.session).where(own.session.in_(sorted(sessions))).distinct()
        with self._database.reading() as connection:
            return frozenset(connection.execute(wanted).scalars()) if sessions else frozenset()

    def of_event(self, event: str, at_us: int) -> str:
        own = replays.c
        wanted = select(own.session).where(own.start_us.between(at_us - _DAY_US, at_us + _DAY_US))
        wanted = wanted.where(own.error_ids.contains(event, autoescape=True)).limit(1)
        with self._database.reading() as connection:
            return str(connection.execute(wanted).scalar() or "") if event else ""

    def delete(self, session: str) -> int:
        own = replays.c
        names: list[str] = []

        def write(connection: Connection) -> int:
            names.clear()
            keys = connection.execute(select(own.artifact_key).where(own.session == session)).scalars().all()
            connection.execute(delete(replays).where(own.session == session))
            names.extend(forget_unreferenced(connection, keys)[1])
            if self._folder.local:
                self._folder.remove(names)
            return len(keys)

        count = self._writer.write(write)
        if not self._folder.local:
            self._folder.remove(names)
        return count


def _segment(row: RowMapping) -> ReplaySegment:
    return ReplaySegment(
        session=row["session"], recording=row["recording"], number=row["number"], project=row["project"],
        start_us=row["start_us"], end_us=row["end_us"], has_snapshot=bool(row["has_snapshot"]), events=row["events"],
        page=row["page"], error_ids=tuple(row["error_ids"].split()),
        digest=bytes(row["digest"]).hex(), content_bytes=row["bytes"],
    )  # fmt: skip
