"""Source maps, in a database and the artifact folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from outrider.model import Excerpt, SourceMapEntry, SourceMapLog, identity
from outrider.store.rows import artifact_keys
from outrider.store.run_rows import limit_and_one
from outrider.store.schema import Key, artifacts, metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, RowMapping, Select

    from outrider.model import ArtifactStore, Content
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

# `key` is never used again, so that what is new can be told; `file` is the last part of the path.
source_maps = Table(
    "source_maps", metadata,
    Column("key", Key, primary_key=True),
    Column("project", Integer, nullable=False),
    Column("release", String, nullable=False),
    Column("dist", String, nullable=False),
    Column("path", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("debug_id", String, nullable=False),
    Column("artifact_key", ForeignKey("artifacts.key"), nullable=False, index=True),
    Column("added_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Column("is_applied", Boolean, nullable=False),
    Index("source_maps_by_path", "path"),
    Index("source_maps_by_file", "file"),
    Index("source_maps_by_debug_id", "debug_id"),
    Index("source_maps_by_use", "used_us"),
    sqlite_autoincrement=True,
)  # fmt: skip

_IDENTITY: Final = ("project", "release", "dist", "path", "debug_id")


class SourceMapTable(SourceMapLog):
    """Entries of source maps; their contents are artifacts."""

    def __init__(self, database: Database, writer: Writer, folder: ArtifactStore) -> None:
        self._database = database
        self._writer = writer
        self._folder = folder

    def add(self, entries: Sequence[tuple[SourceMapEntry, Path]]) -> None:
        taken = [(entry, self._folder.take(path)) for entry, path in entries]

        def write(connection: Connection) -> None:
            for (_, content), (_, path) in zip(taken, entries, strict=True):
                if self._folder.local and not self._folder.holds(content.digest):
                    self._folder.take(path)  # a collector was faster; now we are the one writer
            keys = artifact_keys(connection, [content for _, content in taken])
            for entry, content in taken:
                row = _row(entry, content, keys)
                same = [source_maps.c[name] == row[name] for name in _IDENTITY]
                connection.execute(delete(source_maps).where(*same))
                connection.execute(insert(source_maps), row)

        if taken:
            self._writer.write(write)

    def of_debug_id(self, debug_id: str) -> SourceMapEntry | None:
        own = source_maps.c
        return self._first(_entries().where(own.debug_id == debug_id).order_by(own.key.desc())) if debug_id else None

    def of_paths(self, paths: Sequence[str], project: int, release: str, dist: str) -> SourceMapEntry | None:
        own = source_maps.c
        fits = _entries().where(
            own.path.in_(paths), own.project.in_({project, 0}), own.release.in_({identity(release), ""}),
            own.dist.in_({identity(dist), ""}),
        )  # fmt: skip
        nearest = (own.release.desc(), own.dist.desc(), own.project.desc(), own.path.in_(paths[1:]), own.key.desc())
        return self._first(fits.order_by(*nearest))

    def of_file(self, name: str, limit: int = 20) -> tuple[SourceMapEntry, ...]:
        own = source_maps.c
        with self._database.reading() as connection:
            wanted = _entries().where(own.file == identity(name)).order_by(own.key.desc()).limit(limit)
            return tuple(map(_entry, connection.execute(wanted).mappings()))

    def list(self, limit: int = 100) -> Excerpt[SourceMapEntry]:
        with self._database.reading() as connection:
            wanted = _entries().order_by(source_maps.c.key.desc()).limit(limit_and_one(limit))
            return Excerpt.within(map(_entry, connection.execute(wanted).mappings()), limit)

    def unapplied(self, limit: int = 1_000) -> tuple[SourceMapEntry, ...]:
        own = source_maps.c
        with self._database.reading() as connection:
            wanted = _entries().where(own.is_applied.is_(False)).order_by(own.key).limit(limit)
            return tuple(map(_entry, connection.execute(wanted).mappings()))

    def applied(self, numbers: Collection[int]) -> None:
        applied = update(source_maps).where(source_maps.c.key.in_(sorted(numbers))).values(is_applied=True)
        if numbers:
            self._writer.write(lambda connection: connection.execute(applied))

    def use(self, numbers: Collection[int], at_us: int) -> None:
        used = update(source_maps).where(source_maps.c.key.in_(sorted(numbers))).values(used_us=at_us)
        if numbers:
            self._writer.write(lambda connection: connection.execute(used))

    def latest(self) -> int:
        with self._database.reading() as connection:
            return connection.execute(select(func.max(source_maps.c.key))).scalar() or 0

    def _first(self, wanted: Select[Any]) -> SourceMapEntry | None:
        with self._database.reading() as connection:
            row = connection.execute(wanted.limit(1)).mappings().first()
            return _entry(row) if row is not None else None


def _entries() -> Select[Any]:
    content = artifacts.c.key == source_maps.c.artifact_key
    return select(source_maps, artifacts.c.digest, artifacts.c.bytes).join(artifacts, content)


def _row(entry: SourceMapEntry, content: Content, keys: dict[str, int]) -> dict[str, Any]:
    return {
        "project": entry.project,
        "release": identity(entry.release),
        "dist": identity(entry.dist),
        "path": identity(entry.path),
        "file": identity(entry.path.rpartition("/")[2]),
        "debug_id": entry.debug_id,
        "artifact_key": keys[content.digest],
        "added_us": entry.added_us,
        "used_us": max(entry.used_us, entry.added_us),
        "is_applied": False,
    }


def _entry(row: RowMapping) -> SourceMapEntry:
    entry = SourceMapEntry(row["path"], bytes(row["digest"]).hex(), row["bytes"], row["added_us"])
    names = ("project", "release", "dist", "debug_id", "used_us")
    return replace(entry, **{name: row[name] for name in names}, number=row["key"])
