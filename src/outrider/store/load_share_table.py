"""Shares of loads that are under way, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text, delete, false, insert, select, update

from outrider.model import CheckId, LoadShare, LoadShareLog, ShareState
from outrider.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from outrider.model import FailedShare
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_WHY_CHARACTERS = 500

load_shares = Table(
    "load_shares", metadata,
    Column("id", String, primary_key=True),
    Column("location", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("master_host", Text, nullable=False),
    Column("master_port", Integer, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("config", Text, nullable=False),
    Column("is_taken", Boolean, nullable=False, server_default=false()),
    Column("why", Text, nullable=False, server_default=""),
)  # fmt: skip


class LoadShareTable(LoadShareLog):
    """Shares of loads."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._write = writer.write

    def ask(self, shares: Sequence[LoadShare], at_us: int) -> None:
        rows = [
            {
                "id": share.id, "location": share.location, "check": str(share.check),
                "master_host": share.master_host, "master_port": share.master_port,
                "until_us": share.until_us, "config": share.config,
            }
            for share in shares
        ]  # fmt: skip

        def write(connection: Connection) -> None:
            connection.execute(delete(load_shares).where(load_shares.c.until_us < at_us))
            connection.execute(insert(load_shares), rows)

        self._write(write)

    def take(self, location: str, at_us: int) -> LoadShare | None:
        here = _is_free(at_us) & (load_shares.c.location == location)
        if location not in self.waiting_places(at_us):  # nothing is written by whoever asks in vain
            return None

        def write(connection: Connection) -> LoadShare | None:
            row = connection.execute(select(load_shares).where(here).order_by(load_shares.c.id).limit(1)).one_or_none()
            if row is None:
                return None
            connection.execute(update(load_shares).where(load_shares.c.id == row.id).values(is_taken=True))
            check = CheckId(row.check)
            return LoadShare(
                row.id, row.location, check, row.master_host, row.master_port, row.until_us, row.config
            )  # fmt: skip

        return self._write(write)

    def waiting_places(self, at_us: int) -> frozenset[str]:
        with self._database.reading() as connection:
            return frozenset(connection.execute(select(load_shares.c.location).where(_is_free(at_us))).scalars())

    def fail(self, location: str, failed: Sequence[FailedShare]) -> None:
        here = load_shares.c.location == location

        def write(connection: Connection) -> None:
            for share in failed:
                named = here & (load_shares.c.id == share.id)
                connection.execute(update(load_shares).where(named).values(why=share.why[:_WHY_CHARACTERS]))

        self._write(write)

    def states(self, ids: Sequence[str]) -> tuple[ShareState, ...]:
        wanted = select(load_shares).where(load_shares.c.id.in_(ids))
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(load_shares.c.location, load_shares.c.id)).all()
        return tuple(ShareState(row.location, row.is_taken, row.why) for row in rows)

    def end(self, ids: Sequence[str]) -> None:
        self._write(lambda connection: connection.execute(delete(load_shares).where(load_shares.c.id.in_(ids))))


def _is_free(at_us: int) -> ColumnElement[bool]:
    return load_shares.c.is_taken.is_(False) & (load_shares.c.until_us > at_us)
