"""What databases are asked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@contextmanager
def noted_statements() -> Iterator[list[str]]:
    """Yield the statements that any database is asked within the context, in their order.

    BEGIN is one of SQLite's; drivers of PostgreSQL send theirs by themselves.
    """
    noted: list[str] = []

    def note(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        noted.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(Engine, "before_cursor_execute", note)
