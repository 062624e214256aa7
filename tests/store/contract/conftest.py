"""The contract of the ports: the tests of this folder hold for every implementation.

SQLite needs nothing. PostgreSQL is tried where OUTRIDER_TEST_POSTGRESQL is the URL of a server on which databases may
be created, such as `postgresql+psycopg://user@127.0.0.1/postgres`; each test has a database of its own there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.store.conftest import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POSTGRESQL = "OUTRIDER_TEST_POSTGRESQL"


SERVER = os.environ.get(POSTGRESQL, "")


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Yield an empty place of each kind of database."""
    if request.param == "sqlite":
        yield Place(f"sqlite:///{tmp_path}/outrider.db", tmp_path / "artifacts")
        return
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    name = f"outrider_{uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield Place(make_url(SERVER).set(database=name).render_as_string(hide_password=False), tmp_path / "artifacts")
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
