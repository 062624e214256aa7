"""Projects of errors and their keys, in a database."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    or_,
    select,
    update,
)

from outrider.model import ErrorProject, KeyPurpose, ProjectKey, ProjectRegistry, identity
from outrider.store.access_tables import Unchanged, changed
from outrider.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

projects = Table(
    "projects", metadata,
    Column("id", Integer, primary_key=True),
    Column("service", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("per_day", BigInteger, nullable=False),
    UniqueConstraint("service", "environment"),
    sqlite_autoincrement=True,
)  # fmt: skip

project_keys = Table(
    "project_keys", metadata,
    Column("id", String, primary_key=True),
    Column("project", Integer, ForeignKey("projects.id"), nullable=False),
    Column("purpose", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("origins", Text, nullable=False),
    Column("per_minute", BigInteger, nullable=False),
    Column("per_address", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
)  # fmt: skip


class ProjectTable(ProjectRegistry):
    """Projects and their keys."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def add(self, project: ErrorProject, key: ProjectKey) -> ErrorProject | None:
        row = _project_row(project)
        same = (projects.c.service == row["service"]) & (projects.c.environment == row["environment"])
        numbers: list[int] = []

        def write(connection: Connection) -> None:
            if connection.execute(select(projects.c.id).where(same)).first() is not None:
                raise Unchanged
            number = connection.execute(insert(projects).returning(projects.c.id), row).scalar_one()
            connection.execute(insert(project_keys), {**_key_row(key), "project": number})
            numbers[:] = [number]

        if not changed(self._writer, write):
            return None
        return replace(project, id=numbers[0])

    def change(self, project: ErrorProject) -> bool:
        def write(connection: Connection) -> None:
            own = update(projects).where(projects.c.id == project.id)
            if not connection.execute(own.values(**_project_row(project))).rowcount:
                raise Unchanged

        return changed(self._writer, write)

    def all(self) -> tuple[ErrorProject, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(select(projects).order_by(projects.c.id)).mappings()
            return tuple(ErrorProject(**row) for row in rows)

    def add_key(self, key: ProjectKey) -> bool:
        def write(connection: Connection) -> None:
            if connection.execute(select(projects.c.id).where(projects.c.id == key.project)).first() is None:
                raise Unchanged
            connection.execute(insert(project_keys), _key_row(key))

        return changed(self._writer, write)

    def expire_key(self, key_id: str, at_us: int) -> bool:
        lasts = or_(project_keys.c.expires_us.is_(None), project_keys.c.expires_us > at_us)
        statement = update(project_keys).where(project_keys.c.id == key_id, lasts).values(expires_us=at_us)

        def write(connection: Connection) -> None:
            if not connection.execute(statement).rowcount:
                raise Unchanged

        return changed(self._writer, write)

    def all_keys(self) -> tuple[ProjectKey, ...]:
        order = (project_keys.c.project, project_keys.c.created_us, project_keys.c.id)
        with self._database.reading() as connection:
            return tuple(map(_key, connection.execute(select(project_keys).order_by(*order)).mappings()))


def _project_row(project: ErrorProject) -> dict[str, object]:
    return {
        "service": identity(project.service),
        "environment": identity(project.environment),
        "created_us": project.created_us,
        "per_day": project.per_day,
    }


def _key_row(key: ProjectKey) -> dict[str, object]:
    return {
        "id": key.id,
        "project": key.project,
        "purpose": key.purpose.value,
        "created_us": key.created_us,
        "author": identity(key.author),
        "origins": json.dumps(list(map(identity, key.origins))),
        "per_minute": key.per_minute,
        "per_address": key.per_address,
        "expires_us": key.expires_us,
    }


def _key(row: RowMapping) -> ProjectKey:
    return ProjectKey(**{**row, "purpose": KeyPurpose(row["purpose"]), "origins": tuple(json.loads(row["origins"]))})
