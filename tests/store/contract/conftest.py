"""The contract of the ports: the tests of this folder hold for every implementation.

SQLite needs nothing. PostgreSQL is tried where its programs are installed, or OUTRIDER_TEST_POSTGRESQL is the URL of a
server on which databases may be created, such as `postgresql+psycopg://user@127.0.0.1/postgres`; each test has a
database of its own there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import Place
from tests.store.contract.postgresql_server import IS_HERE, PostgresqlServer, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"] if IS_HERE else ["sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Yield an empty place of each kind of database."""
    if request.param == "sqlite":
        yield Place(f"sqlite:///{tmp_path}/outrider.db", tmp_path / "artifacts")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield Place(url, tmp_path / "artifacts")
