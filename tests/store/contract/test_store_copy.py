"""A store is copied between databases, whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Boolean, Connection, Float, Integer, LargeBinary, Table, insert
from tests.builders import provide_database
from tests.store.conftest import NOW_US, Place, take_back
from tests.store.contract.postgresql_server import IS_HERE, PostgresqlServer

from outrider.model import Outcome, StoreError
from outrider.reports import ReportSettings, gather, render_html, week_of
from outrider.store import StoreCopy, copy_store
from outrider.store.database import open_database
from outrider.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.store.conftest import Maker

pytestmark = pytest.mark.skipif(not IS_HERE, reason="no PostgreSQL is installed")

LATER_US = 10**12


@pytest.fixture
def source(tmp_path: Path) -> Place:
    """Return an SQLite store with three rows in every table."""
    made = Place(f"sqlite:///{tmp_path}/source.db", tmp_path / "artifacts")
    provide_database(tmp_path / "source.db")
    database = open_database(made.url)
    with database.writing() as connection:
        for table in metadata.sorted_tables:
            fill(connection, table)
    database.close()
    return made


@pytest.fixture
def target(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[Place]:
    with postgresql.empty_database() as url:
        yield Place(url, tmp_path / "artifacts")


def fill(connection: Connection, table: Table) -> None:
    """Insert rows whose numbers are those of the row, so that whatever they refer to exists."""
    for number in (1, 2, 3):
        connection.execute(insert(table), {column.name: value_of(column, number) for column in table.columns})


def value_of(column: Any, number: int) -> object:
    match column.type:
        case Boolean():
            return number == 1
        case Integer():
            return number
        case Float():
            return (-0.0, 0.1, 1e300)[number - 1]
        case LargeBinary():
            return bytes([0, 255, number]).ljust(column.type.length or 3, b"\\")
        case _:
            text = f"{number}\\N\t\r\n\N{UNICORN FACE}"
            return text[: column.type.length]


def copy(source: Place, target: Place, now_us: int = LATER_US) -> StoreCopy:
    return copy_store(source.url, target.url, now_us, lambda _done, _total, _what: None)


def rows_of(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of an SQLite file, in order."""
    with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
        return {
            table.name: sorted(connection.execute(f'SELECT * FROM "{table.name}"'), key=repr)
            for table in metadata.sorted_tables
        }


def test_every_table_goes_to_postgresql_and_back(source: Place, target: Place, tmp_path: Path) -> None:
    """Its rows are those that they were; numbers that were given are not given again, even of deleted rows."""
    take_back(source, "DELETE FROM beat_calls WHERE number = 3", "DELETE FROM audit_entries")
    back = Place(f"sqlite:///{tmp_path}/back.db", source.artifacts)
    told: list[tuple[int, int, str]] = []

    there = copy_store(source.url, target.url, LATER_US, lambda *what: told.append(what))
    and_back = copy(target, back)

    assert there.tables == and_back.tables
    assert {table.name: table.rows for table in there.tables} == {
        **{table.name: 3 for table in metadata.sorted_tables}, "beat_calls": 2, "audit_entries": 0,
    }  # fmt: skip
    assert rows_of(back) == rows_of(source)
    assert told[0][:2] == (0, 3 * len(metadata.sorted_tables) - 4)
    for place in (target, back):
        database = open_database(place.url)
        with database.writing() as connection:
            keys = [
                connection.execute(insert(table), next_row(table)).inserted_primary_key
                for table in (metadata.tables["beat_calls"], metadata.tables["subjects"])
            ]
        database.close()
        assert [key[0] for key in keys if key] == [4, 4]


def next_row(table: Table) -> dict[str, object]:
    texts = {"id", "kind", "note", "run", "name"}
    return {
        column.name: "next" if column.name in texts else 1
        for column in table.columns
        if not column.primary_key and not column.nullable
    }


def test_a_store_that_was_copied_goes_on(place: Place, target: Place, tmp_path: Path, make: Maker) -> None:
    """From either kind of database."""
    first = make.run()
    with place.open() as store:
        store.runs.record(first)
        before = store.runs.get(first.id)
    copy(place, target)

    with target.open() as store:
        store.runs.record(make.run())
        assert store.runs.get(first.id) == before
        assert len(store.runs.search()) == 2


def test_a_report_of_the_copy_is_that_of_the_store(tmp_path: Path, target: Place, make: Maker) -> None:
    """Sums are numbers of the same kind, and rows come in the same order."""
    began = Place(f"sqlite:///{tmp_path}/began.db", tmp_path / "artifacts")
    week_us = 7 * 86_400_000_000
    names = ("journey:b", "journey:Ä", "journey:a", "probe:a")
    with began.open() as store:
        for number in range(60):
            outcome = Outcome.FAILED if number % 13 == 0 else Outcome.PASSED
            due_us = NOW_US + number * week_us // 60
            store.runs.record(
                make.run(names[number % 4], make.attempt(outcome=outcome), due_us=due_us, outcome=outcome)
            )
        store.prune(NOW_US + week_us)
    copy(began, target)

    pages = []
    for place in (began, target):
        with place.open() as store:
            settings = ReportSettings()
            facts = gather(store, settings, week_of(None, NOW_US + week_us, "UTC"), NOW_US + week_us, workspace="shop")
            pages.append(render_html(facts, settings))
    assert pages[0] == pages[1]


def test_a_copy_that_is_interrupted_or_refused_leaves_nothing_and_can_be_made_again(
    source: Place, target: Place
) -> None:
    """The target says which row it refuses; NUL characters alone are replaced, and told."""
    take_back(source, "UPDATE runs SET reason = 'a' || char(0) || char(0) || 'b', due_count = 3000000000 WHERE key = 2")
    with pytest.raises(KeyboardInterrupt):
        copy_store(source.url, target.url, LATER_US, interrupt)
    with pytest.raises(StoreError, match=r"refuses a row of runs: .*3000000000") as refused:
        copy(source, target)
    assert refused.value.slug == "store-copy"
    take_back(source, "UPDATE runs SET due_count = 1 WHERE key = 2")

    copied = copy(source, target)

    assert copied.replaced == 1
    database = open_database(target.url)
    with database.reading() as connection:
        reason = connection.exec_driver_sql("SELECT reason FROM runs WHERE key = 2").scalar_one()
    database.close()
    assert reason == "a\ufffd\ufffdb"


def interrupt(done: int, _total: int, _what: str) -> None:
    if done > 100:
        raise KeyboardInterrupt


def test_what_cannot_be_copied_is_refused_before_anything_is_written(
    source: Place, target: Place, tmp_path: Path
) -> None:
    """No store, an older one, one that a service writes to; and a target that holds something."""
    nowhere = Place(f"sqlite:///{tmp_path}/nowhere.db", tmp_path)
    refused = {}
    for name, pair, now_us in (
        ("missing file", (nowhere, target), LATER_US),
        ("missing tables", (target, nowhere), LATER_US),
        ("in use", (source, target), 5),
        ("not empty", (source, source), LATER_US),
    ):
        with pytest.raises(StoreError) as caught:
            copy(*pair, now_us=now_us)
        refused[name] = caught.value.slug
    take_back(source, "DROP TABLE event_attachments", "UPDATE alembic_version SET version_num = '0025'")
    with pytest.raises(StoreError) as caught:
        copy(source, target)

    assert refused == {
        "missing file": "store-missing", "missing tables": "store-missing", "in use": "store-in-use",
        "not empty": "store-not-empty",
    }  # fmt: skip
    assert caught.value.slug == "store-older"
    assert not (tmp_path / "nowhere.db").exists()
    assert source.url.startswith("sqlite")
