"""Probes of kind sql: SQLite, PostgreSQL where there is one, and servers that are none."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.listeners import serving

from outrider.model import Outcome
from outrider.probes.probe_outcome import ProberState, assess
from outrider.probes.sql_child import plain_value
from outrider.workspace import Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.probes.conftest import Bench

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED, SETUP, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.SETUP_ERROR, Outcome.INCONCLUSIVE
FOREVER = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
MANY = "with recursive c(x) as (select 1 union all select x + 1 from c limit 5000) select x from c"


@pytest.fixture
def shop(bench: Bench) -> Bench:
    """A workspace beside a database with three orders."""
    with closing(sqlite3.connect(bench.root / "shop.db")) as database:
        database.execute("create table orders (id integer, state text, cents integer)")
        database.executemany("insert into orders values (?, ?, ?)", [(1, "paid", 500), (2, "paid", 900), (3, "new", 1)])
        database.commit()
    return bench


def _text(query: str, keys: str = "", url: str = "sqlite:///shop.db") -> str:
    return f'[a]\nkind = "sql"\nurl = "{url}"\nquery = """{query}"""\n{keys}\n'


QUERIES = [
    ("select 1", "", PASSED, ""),
    ("select '12:30 :x %s 100%' as x", "expect.contains = '12:30 :x %s 100%'", PASSED, ""),
    ("select * from orders", "expect.rows = 3", PASSED, ""),
    ("select * from orders", "expect.rows = {'>=' = 4}", FAILED, "the number of rows is 3, not >= 4"),
    ("select * from orders where id > 9", "expect.rows = 1", FAILED, "the number of rows is 0, not 1"),
    ("select state, sum(cents) as cents from orders group by state order by state",
     "expect.json = {'$[1].cents' = {'>' = 1000}, '$[0].state' = 'new'}", PASSED, ""),
    ("select count(*) as waiting from orders where state = 'new'", "expect.json = {'$[0].waiting' = 0}", FAILED,
     "$[0].waiting is 1, not 0"),
    ("select 'a' as x", "expect.contains = 'b'", FAILED, "the result does not contain 'b'"),
    ("select 1", "expect.within = {query = '1us'}", FAILED, "the query took"),
    ("select colour from orders", "", FAILED, "no such column: colour"),
    ("selekt", "", FAILED, 'near "selekt": syntax error'),
    ("delete from orders", "", FAILED, "attempt to write a readonly database"),
    (MANY, "", FAILED, "there are more than 1000 rows; ask for fewer, or raise max_rows"),
    (MANY, "max_rows = 5000\nexpect.rows = 5000", PASSED, ""),
    ("select hex(zeroblob(15000000)) as x", "", FAILED, "the rows are larger than 20000000 bytes"),
]  # fmt: skip


QUICK = ("select state, sum", "select colour", "delete from", MANY)
"""How the queries begin that `make quick` asks, too: each starts a process with SQLAlchemy."""


@pytest.mark.parametrize(
    ("query", "keys", "outcome", "words"),
    [row if row[0].startswith(QUICK) else pytest.param(*row, marks=pytest.mark.slow) for row in QUERIES],
)
def test_the_rows_of_a_query_are_judged(shop: Bench, query: str, keys: str, outcome: Outcome, words: str) -> None:
    """Their number, their values, their size and their time."""
    measurement = shop.measure(_text(query, keys), limit_s=30)

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_query_brings_numbers(shop: Bench) -> None:
    """Its phases, the number of rows and, if wanted, the numbers of the first."""
    measurement = shop.measure(
        _text("select count(*) as orders, 'x' as name, 1.5 as mean from orders", "samples = true")
    )

    assert [(sample.step, sample.metric) for sample in measurement.samples] == [
        ("query", "duration_ms"), ("query", "connect_ms"), ("query", "query_ms"),
        ("", "rows"), ("", "orders"), ("", "mean"),
    ]  # fmt: skip
    assert [sample.value for sample in measurement.samples[3:]] == [1.0, 3.0, 1.5]
    assert [step.title for step in measurement.steps] == ["query"]


@pytest.mark.slow
def test_nothing_is_written(shop: Bench) -> None:
    """The transaction is read-only, and a database that is not there is not made."""
    shop.measure(_text("delete from orders"))
    missing = shop.measure(_text("select 1", url="sqlite:///none.db"))

    with closing(sqlite3.connect(shop.root / "shop.db")) as database:
        assert database.execute("select count(*) from orders").fetchone() == (3,)
    assert (missing.outcome, missing.reason) == (FAILED, "cannot connect: there is no file none.db")
    assert not (shop.root / "none.db").exists()


def test_a_driver_that_hangs_is_ended(shop: Bench) -> None:
    """Within its C code, where no time-out of Python reaches."""
    measurement = shop.measure(_text(FOREVER), limit_s=4)

    assert measurement.outcome == FAILED
    assert measurement.reason == "time-out after 4.0 s, waiting for the rows"


def test_a_host_asks_a_few_databases_at_a_time(shop: Bench) -> None:
    """What had no turn says nothing of its database."""
    (probe,) = shop.read(_text("select 1")).probes.values()
    busy = Busy(asyncio.Semaphore(0))

    result = asyncio.run(probe.attempt(busy, 0.05, evidence=False))  # type: ignore[arg-type]  # of which it uses this

    assert assess(result, ProberState())[0] == INCONCLUSIVE
    assert "for its turn" in result.failures[0].reason


@dataclass
class Busy:
    """A host that asks no database at the moment."""

    database_turns: asyncio.Semaphore


DRIVERS = [
    ("mysql+pymysql://a@b/c", "there is no driver pymysql for mysql+pymysql; install it with pip"),
    ("klingon://a@b/c", "SQLAlchemy knows no database klingon"),
]


@pytest.mark.parametrize(("url", "words"), DRIVERS)
def test_a_driver_that_is_missing_is_named(probe: Probe, url: str, words: str) -> None:
    """With what to do about it."""
    measurement = probe(_text("select 1", url=url))

    assert (measurement.outcome, words in measurement.reason) == (SETUP, True), measurement.reason


def _postgresql(address: str) -> str:
    pytest.importorskip("pg8000")
    return f"postgresql+pg8000://watch:hunter2-secret@{address}/shop"


def test_a_server_that_refuses_fails(probe: Probe, dead_port: int) -> None:
    """Nobody listens."""
    measurement = probe(_text("select 1", url=_postgresql(f"127.0.0.1:{dead_port}")))

    assert (measurement.outcome, "cannot connect: Can't create a connection" in measurement.reason) == (FAILED, True)


def test_a_server_that_is_silent_is_a_time_out(probe: Probe) -> None:
    """The connection stands, and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = _postgresql(f"127.0.0.1:{silent.getsockname()[1]}")
        measurement = probe(_text("select 1", url=url), limit_s=4)

    assert (measurement.outcome, measurement.reason) == (FAILED, "time-out after 4.0 s, while connecting")


def test_a_server_of_another_kind_fails(probe: Probe) -> None:
    """Garbage instead of the protocol."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)

    with serving(speak) as address:
        measurement = probe(_text("select 1", url=_postgresql(address)))

    assert (measurement.outcome, "cannot connect" in measurement.reason) == (FAILED, True), measurement.reason


def test_a_password_is_not_shown(bench: Bench, dead_port: int) -> None:
    """Neither in the address nor in what a driver says, declared or not."""
    bench.mask = Mask(["another-secret"])
    measurement = bench.measure(_text("select 1", url=_postgresql(f"127.0.0.1:{dead_port}")))

    assert "hunter2" not in repr(measurement)
    assert measurement.errors[0].url == f"postgresql+pg8000://127.0.0.1:{dead_port}/shop"


def test_values_of_databases_have_a_form_in_json() -> None:
    """Numbers stay numbers; what JSON has no form for is text."""
    from datetime import UTC, datetime
    from decimal import Decimal
    from uuid import UUID

    values = [
        1,
        True,
        None,
        "a",
        1.5,
        Decimal("2.50"),
        float("nan"),
        b"\x01\xff",
        datetime(2026, 1, 2, tzinfo=UTC),
        UUID(int=1),
    ]

    assert list(map(plain_value, values)) == [
        1, True, None, "a", 1.5, 2.5, "nan", "01ff", "2026-01-02T00:00:00+00:00", str(UUID(int=1)),
    ]  # fmt: skip


SERVER = os.environ.get("OUTRIDER_TEST_POSTGRESQL", "")


@pytest.mark.skipif(not SERVER, reason="OUTRIDER_TEST_POSTGRESQL names no server")
def test_a_real_server_is_asked_and_not_changed(probe: Probe) -> None:
    """PostgreSQL itself refuses to write, and ends a slow query with its connection."""
    pytest.importorskip("pg8000")
    url = SERVER.replace("+psycopg", "+pg8000")

    asked = probe(_text("select 7 as seven, now() as at", "samples = true\nexpect.json = {'$[0].seven' = 7}", url))
    changed = probe(_text("create table outrider_probe (a int)", url=url))
    slow = probe(_text("select pg_sleep(60)", url=url), limit_s=5)

    assert asked.outcome == PASSED, asked.reason
    assert (changed.outcome, "read-only transaction" in changed.reason) == (FAILED, True), changed.reason
    assert slow.reason == "time-out after 5.0 s, waiting for the rows"
