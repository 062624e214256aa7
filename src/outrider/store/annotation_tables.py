"""Annotations, and settings that were changed on a page, in a database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from outrider.model import Annotation, AnnotationLog, OverrideLog, SettingOverride, bounded, identity, printable
from outrider.store.access_tables import Unchanged, changed
from outrider.store.schema import annotation_entries, setting_overrides
from outrider.store.text_limits import REASON_CHARACTERS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class AnnotationTable(AnnotationLog):
    """Annotations."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, annotation: Annotation) -> None:
        row = {
            "id": annotation.id, "at_us": annotation.at_us, "text": bounded(annotation.text, REASON_CHARACTERS),
            "matchers": json.dumps([printable(matcher) for matcher in annotation.matchers]),
            "author": identity(annotation.author),
        }  # fmt: skip
        self._writer.write(lambda connection: connection.execute(insert(annotation_entries), row))

    def between(self, since_us: int, until_us: int, *, limit: int = 500) -> tuple[Annotation, ...]:
        own = annotation_entries.c
        statement = select(annotation_entries).where(own.at_us >= since_us, own.at_us <= until_us)
        latest = statement.order_by(own.at_us.desc(), own.id.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(latest).mappings().all()
        return tuple(Annotation(**{**row, "matchers": tuple(json.loads(row["matchers"]))}) for row in reversed(rows))

    def remove(self, annotation_id: str) -> bool:
        statement = delete(annotation_entries).where(annotation_entries.c.id == annotation_id)
        return self._writer.write(lambda connection: connection.execute(statement).rowcount) > 0


class OverrideTable(OverrideLog):
    """Settings that were changed on a page."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def put(self, override: SettingOverride) -> None:
        def write(connection: Connection) -> None:
            connection.execute(delete(setting_overrides).where(setting_overrides.c.name == override.name))
            connection.execute(insert(setting_overrides), _row(override))

        self._writer.write(write)

    def replace(self, override: SettingOverride, seen: SettingOverride | None) -> bool:
        own = setting_overrides.c

        def write(connection: Connection) -> None:
            if seen is None:
                is_other = connection.execute(select(own.name).where(own.name == override.name)).first() is not None
            else:
                same = (own.name == override.name) & (own.value == seen.value) & (own.at_us == seen.at_us)
                is_other = connection.execute(delete(setting_overrides).where(same)).rowcount == 0
            if is_other:
                raise Unchanged
            connection.execute(insert(setting_overrides), _row(override))

        return changed(self._writer, write)

    def remove(self, name: str) -> bool:
        statement = delete(setting_overrides).where(setting_overrides.c.name == name)
        return self._writer.write(lambda connection: connection.execute(statement).rowcount) > 0

    def all(self) -> tuple[SettingOverride, ...]:
        statement = select(setting_overrides).order_by(setting_overrides.c.name)
        with self._database.reading() as connection:
            return tuple(SettingOverride(**row) for row in connection.execute(statement).mappings())


def _row(override: SettingOverride) -> dict[str, object]:
    return {
        "name": override.name, "value": override.value, "at_us": override.at_us, "author": identity(override.author),
    }  # fmt: skip
