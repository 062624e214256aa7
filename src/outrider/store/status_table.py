"""Updates of the public status page, in a database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, insert, select

from outrider.model import (
    MOST_TEXT_CHARACTERS,
    MOST_TITLE_CHARACTERS,
    Excerpt,
    Impact,
    StatusLog,
    StatusPhase,
    StatusUpdate,
    bounded,
    identity,
)
from outrider.store.run_rows import limit_and_one
from outrider.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_MOST_COMPONENTS = 500

status_updates = Table(
    "status_updates", metadata,
    Column("id", String, primary_key=True),
    Column("incident", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("phase", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("impact", String),
    Column("components", Text),
    Index("status_updates_by_time", "at_us", "id"),
    Index("status_updates_by_incident", "incident", "at_us"),
)  # fmt: skip


class StatusTable(StatusLog):
    """Updates of the public status page."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, update: StatusUpdate) -> None:
        row = _row(update)

        def write(connection: Connection) -> None:
            known = select(status_updates.c.id).where(status_updates.c.id == row["id"])
            if connection.execute(known).first() is None:
                connection.execute(insert(status_updates), row)

        self._writer.write(write)

    def search(self, *, since_us: int = 0, incident: str = "", limit: int | None = 1_000) -> Excerpt[StatusUpdate]:
        latest_first = (status_updates.c.at_us.desc(), status_updates.c.id.desc())
        statement = select(status_updates).order_by(*latest_first).limit(limit_and_one(limit))
        if since_us:
            statement = statement.where(status_updates.c.at_us >= since_us)
        if incident:
            statement = statement.where(status_updates.c.incident == incident)
        with self._database.reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return Excerpt.within(map(_update, rows), limit)


def _row(update: StatusUpdate) -> dict[str, object]:
    components = update.components
    return {
        "id": identity(update.id),
        "incident": identity(update.incident),
        "at_us": update.at_us,
        "phase": update.phase.value,
        "text": bounded(update.text, MOST_TEXT_CHARACTERS),
        "title": bounded(update.title, MOST_TITLE_CHARACTERS),
        "impact": update.impact.value if update.impact is not None else None,
        "components": None if components is None else json.dumps(list(map(identity, components[:_MOST_COMPONENTS]))),
    }


def _update(row: RowMapping) -> StatusUpdate:
    return StatusUpdate(
        row["id"], row["incident"], row["at_us"], StatusPhase(row["phase"]), row["text"], row["title"],
        Impact(row["impact"]) if row["impact"] is not None else None,
        tuple(json.loads(row["components"])) if row["components"] is not None else None,
    )  # fmt: skip
