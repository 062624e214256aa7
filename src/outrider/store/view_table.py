"""Queries that people saved under a name, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from outrider.model import SavedView, ViewLog, ViewPage, identity, printable
from outrider.store.schema import saved_views

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class ViewTable(ViewLog):
    """Saved views."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def put(self, view: SavedView) -> None:
        row = {
            "page": view.page.value, "name": identity(view.name), "query": printable(view.query),
            "author": identity(view.author), "saved_us": view.saved_us,
        }  # fmt: skip

        def write(connection: Connection) -> None:
            connection.execute(delete(saved_views).where(_is(view.page, identity(view.name))))
            connection.execute(insert(saved_views), row)

        self._writer.write(write)

    def remove(self, page: ViewPage, name: str) -> bool:
        statement = delete(saved_views).where(_is(page, identity(name)))
        return self._writer.write(lambda connection: connection.execute(statement).rowcount) > 0

    def all(self) -> tuple[SavedView, ...]:
        statement = select(saved_views).order_by(saved_views.c.page, saved_views.c.name)
        with self._database.reading() as connection:
            rows = connection.execute(statement).mappings()
            return tuple(SavedView(**{**row, "page": ViewPage(row["page"])}) for row in rows)


def _is(page: ViewPage, name: str) -> ColumnElement[bool]:
    return (saved_views.c.page == page.value) & (saved_views.c.name == name)
