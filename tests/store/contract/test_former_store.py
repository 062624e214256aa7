"""A store that an older Outrider wrote is brought up to date with all that it holds, on either kind of database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Boolean, MetaData, create_engine, text
from tests.store.conftest import NOW_US, Place
from tests.store.contract.postgresql_server import IS_HERE, PostgresqlServer

from outrider.model import CheckId, Outcome, Release
from outrider.store.migrations.upgrade import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.conftest import Maker

    from outrider.model import Rollup
    from outrider.store import Store

REVISION = "0018"
WRITTEN = Path(__file__).parents[1] / "data" / f"store_of_{REVISION}.sql"
"""Written by the program whose newest revision that was, and dumped by SQLite."""
JOURNEY, PROBE = CheckId("journey:shop.py::test_buy"), CheckId("probe:home")
DAY_US = 86_400_000_000


@pytest.fixture(params=["sqlite", "postgresql"] if IS_HERE else ["sqlite"])
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    file = tmp_path / "former.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(WRITTEN.read_text(encoding="utf-8"))
    if request.param == "sqlite":
        yield Place(f"sqlite:///{file}", tmp_path / "artifacts")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.empty_database() as url:
        fill(url, file)
        yield Place(url, tmp_path / "artifacts")


def fill(url: str, file: Path) -> None:
    """Make the tables of that revision, and put the rows of an SQLite file into them."""
    engine = create_engine(url)
    tables = MetaData()
    with engine.begin() as connection:
        upgrade(connection, url, REVISION)
        tables.reflect(connection)
        with closing(sqlite3.connect(file)) as source:
            for table in tables.sorted_tables:
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                rows = [
                    {
                        column.name: bool(value) if isinstance(column.type, Boolean) else value
                        for column, value in zip(table.columns, row, strict=True)
                    }
                    for row in source.execute(f'SELECT {columns} FROM "{table.name}"')
                ]
                if not rows or table.name == "alembic_version":
                    continue
                connection.execute(table.insert(), rows[::-1])  # an old name refers to a newer one
                if "key" in table.columns:
                    numbered = (
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'key'), max(key)) FROM {table.name}"
                    )
                    connection.execute(text(numbered))
    engine.dispose()


def test_a_store_of_an_older_program_keeps_all_and_goes_on(former: Place, make: Maker) -> None:
    """Runs, aliases, pauses, releases, rollups and checkpoints are there; runs are added, and counted once."""
    with former.open() as store:
        lines = store.runs.search()
        hours = hours_of_pay(store)

        assert [(line.check, line.outcome) for line in lines] == [(PROBE, Outcome.PASSED)] + [
            (JOURNEY, Outcome.PASSED)
        ] * 3
        assert [step.key for step in store.runs.get(lines[1].id).run.attempts[0].measurement.steps] == ["pay"]
        assert [pause.reason for pause in store.schedule.pauses()] == ["roof"]
        assert store.judgements.releases() == (Release("1.1", "production", 5),)
        assert [(hour.count, hour.sum) for hour in hours] == [(3, 751.5)]
        late = make.run(JOURNEY, due_us=lines[1].due_us)
        store.runs.record(late)
        store.prune(NOW_US + 3 * DAY_US)
        assert [hour.count for hour in hours_of_pay(store)] == [4]


def hours_of_pay(store: Store) -> tuple[Rollup, ...]:
    (series,) = [series for series in store.series.of(JOURNEY) if series.step == "pay"]
    return store.rollups.hours(series, 0, NOW_US * 2)
