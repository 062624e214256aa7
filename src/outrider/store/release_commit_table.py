"""Commits of releases, in a database."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, insert, select

from outrider.model import Commit, CommitLog, identity
from outrider.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

# `content` is a list of commits as JSON, deflated.
release_commits = Table(
    "release_commits", metadata,
    Column("release", String, primary_key=True),
    Column("at_us", BigInteger, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
)  # fmt: skip


class ReleaseCommitTable(CommitLog):
    """What releases consist of."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, release: str, commits: Sequence[Commit], at_us: int) -> None:
        content = zlib.compress(json.dumps([asdict(commit) for commit in commits]).encode())
        row = {"release": identity(release), "at_us": at_us, "content": content}

        def write(connection: Connection) -> None:
            connection.execute(delete(release_commits).where(release_commits.c.release == row["release"]))
            connection.execute(insert(release_commits), row)

        self._writer.write(write)

    def of(self, release: str) -> tuple[Commit, ...]:
        wanted = select(release_commits.c.content).where(release_commits.c.release == identity(release))
        with self._database.reading() as connection:
            content = connection.execute(wanted).scalar()
        stored = json.loads(zlib.decompress(content)) if content is not None else []
        return tuple(Commit(**{**fields, "files": tuple(fields["files"])}) for fields in stored)
