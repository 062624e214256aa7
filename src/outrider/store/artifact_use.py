"""Whether anything refers to a content of the artifact folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, or_, select

from outrider.store.artifact_names import artifact_name
from outrider.store.attachment_schema import event_attachments
from outrider.store.replay_schema import replays
from outrider.store.schema import artifacts, attempt_artifacts
from outrider.store.source_map_table import source_maps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import ColumnElement, Connection, Row


def is_referenced() -> ColumnElement[bool]:
    """Return the condition that an attempt, a source map, a replay or an event refers to a row of `artifacts`."""
    tables = (attempt_artifacts, source_maps, replays, event_attachments)
    columns = (table.c.artifact_key for table in tables)
    return or_(*(exists().where(column == artifacts.c.key) for column in columns))


def forget_unreferenced(connection: Connection, keys: Sequence[int]) -> tuple[Sequence[Row[Any]], list[str]]:
    """Remove those rows of `artifacts` that nothing refers to; return them, and the names of their files."""
    still = artifacts.c.key.in_(keys) & ~is_referenced()
    gone = connection.execute(select(artifacts).where(still)).all()
    connection.execute(delete(artifacts).where(artifacts.c.key.in_([row.key for row in gone])))
    return gone, [artifact_name(bytes(row.digest).hex()) for row in gone]
