"""What PostgreSQL is made to do that SQLite does by its nature."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.statements import noted_statements
from tests.store.conftest import NOW_US, Place
from tests.store.contract.commit_cutter import CommitCutter
from tests.store.contract.postgresql_server import IS_HERE, PostgresqlServer

from outrider.model import CommitInDoubt, StoreError
from outrider.store import Store
from outrider.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.conftest import Maker

pytestmark = pytest.mark.skipif(not IS_HERE, reason="no PostgreSQL is installed")


@pytest.fixture
def place(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[Place]:
    with postgresql.database() as url:
        yield Place(url, tmp_path / "artifacts")


DAY_US = 86_400_000_000


def together(*works: object) -> list[object]:
    """Begin all at one moment, each in a thread; return what each returned or raised."""
    results: list[object] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def work(number: int) -> None:
        gate.wait()
        try:
            results[number] = works[number]()  # type: ignore[operator]
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_services_that_start_at_once_make_the_tables_once(postgresql: PostgresqlServer, tmp_path: Path) -> None:
    """The second waits for the first, and finds nothing left to do."""
    with postgresql.empty_database() as url:
        place = Place(url, tmp_path / "artifacts")

        opened = together(*[place.open] * 3)

        assert [type(store) for store in opened] == [Store] * 3
        for store in opened:
            assert isinstance(store, Store)
            assert store.schedule.length() == (0, 0)
            store.close()


@pytest.mark.parametrize("isolation", ["read committed", "serializable"])
def test_of_two_standbys_that_saw_the_same_leader_one_wins(
    postgresql: PostgresqlServer, tmp_path: Path, isolation: str
) -> None:
    """In READ COMMITTED, without a lock, both read that the leader has not moved, and both write.

    Where transactions see one state by default, whoever waited for the lock would see that of before.
    """
    with postgresql.empty_database() as url:
        place = Place(url, tmp_path / "artifacts")
        engine = create_engine(url)
        with engine.begin() as connection:
            name = engine.url.database
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"))
        engine.dispose()
        one_of_two_leads(place)


def one_of_two_leads(place: Place) -> None:
    with place.open() as ada, place.open() as bob:
        ada.schedule.lead("old", 0, None)
        for beat in range(1, 26):
            seen = ada.schedule.leadership()
            won = together(
                lambda: ada.schedule.lead("ada", beat, seen),  # noqa: B023 - it ends within the round
                lambda: bob.schedule.lead("bob", beat, seen),  # noqa: B023
            )
            assert sorted(won) == [False, True]  # type: ignore[type-var]


def test_runs_that_come_while_their_hour_is_rolled_up_are_counted_once(place: Place, make: Maker) -> None:
    """Whichever comes first."""
    with place.open() as ada, place.open() as bob:
        for at in range(3):
            run = make.run(due_us=NOW_US + at)
            together(lambda: ada.runs.record(run), lambda: bob.prune(NOW_US + DAY_US))  # noqa: B023 - it ends within
        ada.prune(NOW_US + DAY_US)
        (tally,) = ada.runs.tallies(0, NOW_US * 2)

    assert tally.runs == 3
    assert place.rows("late_runs") == {"late_runs": 0}


def test_a_reader_sees_one_state_and_waits_for_nobody(place: Place, store: Store, make: Maker) -> None:
    """What others store meanwhile comes into view with the next reading."""
    database = open_database(place.url)
    count = text("SELECT count(*) FROM runs")
    with database.reading() as connection:
        before = connection.execute(count).scalar_one()
        store.runs.record(make.run())
        assert connection.execute(count).scalar_one() == before
    with database.reading() as connection:
        assert connection.execute(count).scalar_one() == before + 1
    database.close()


@pytest.mark.usefixtures("store")
def test_how_a_transaction_sees_the_database_is_said_as_it_begins(place: Place) -> None:
    """A statement that said it would double the exchanges of most readings; the same connection writes and reads."""
    database = open_database(place.url)
    level = text("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
    ways = [database.reading, database.writing, database.reading, database.reading]
    seen, asked = [], []
    for way in ways:
        with noted_statements() as statements, way() as connection:
            seen.append(tuple(connection.execute(level).one()))
        asked.append(len(statements))
    database.close()

    reading, writing = ("repeatable read", "on"), ("read committed", "off")
    assert seen == [reading, writing, reading, reading]
    assert asked == [1, 2, 1, 1]


def test_a_writer_waits_for_the_one_before_it_and_no_longer_than_it_may(place: Place, make: Maker) -> None:
    """Nothing of it is stored then, and it can be done again."""
    with place.open(busy_timeout_s=0.3) as store:
        other = open_database(place.url)
        with other.writing():
            with pytest.raises(StoreError) as locked:
                store.runs.record(make.run())
            assert locked.value.slug == "store-locked"
            assert len(store.runs.search(limit=None)) == 0
        store.runs.record(make.run())
        assert len(store.runs.search(limit=None)) == 1
        other.close()


def test_a_process_that_is_stopped_while_it_writes_is_ended_by_who_waits(
    place: Place, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amid statements that are sent at once the server itself waits for ever."""
    with place.open(busy_timeout_s=0.5) as store:
        stopped, slugs = open_database(place.url), []
        with pytest.raises((StoreError, stopped.driver_error)), stopped.writing() as connection:  # noqa: PT012
            driver: Any = connection.connection.driver_connection
            with driver.pipeline():
                driver.execute("INSERT INTO pauses (check_id, since_us, reason) VALUES ('a', 1, '')")
                driver.pgconn.send_flush_request()
                driver.pgconn.flush()
                for stalled_s in (60.0, 0.2, 0.2):
                    monkeypatch.setattr("outrider.store.database._STALLED_S", stalled_s)
                    slugs.append(slug_of_writing(store, make))

        assert slugs == ["store-locked", "store-locked", ""]
        assert len(store.runs.search(limit=None)) == 1
        assert place.rows("pauses") == {"pauses": 0}
        stopped.close()


def slug_of_writing(store: Store, make: Maker) -> str:
    try:
        store.runs.record(make.run())
    except StoreError as error:
        return error.slug
    return ""


def test_a_bell_rings_for_what_another_process_stores(place: Place, store: Store, make: Maker) -> None:
    """Not for the beats of a leader; and again when its connection was lost."""
    bell = store.history.bell()
    assert bell is not None
    with place.open() as other:
        other.schedule.lead("ada", 0, None)
        rang = [bell.wait(0.1)]
        other.schedule.beat("ada", 1)
        rang.append(bell.wait(0.1))
        other.runs.record(make.run())
        rang.append(bell.wait(30))
        end_connections(place)
        rang += [bell.wait(0.1), bell.wait(0.1)]
        other.runs.record(make.run())
        rang.append(bell.wait(30))
    bell.close()

    assert rang == [True, False, True, True, True, True]


def test_a_server_that_was_started_again_is_asked_again(place: Place, store: Store, make: Maker) -> None:
    """Connections from before are dead; whoever writes next does not notice."""
    store.runs.record(make.run())
    end_connections(place)

    store.runs.record(make.run())
    end_connections(place)

    assert len(store.runs.search(limit=None)) == 2


def test_a_database_restored_from_before_is_noticed_and_gives_no_run_to_another_check(
    postgresql: PostgresqlServer, tmp_path: Path, make: Maker
) -> None:
    """Its keys were given to others since, and are remembered; leadership went back, too."""
    with postgresql.empty_database() as url:
        place = Place(url, tmp_path / "artifacts")
        with place.open() as store:
            store.schedule.lead("ada", 0, None)
            store.runs.record(make.run("probe:first"))
            copy_database(place, "_backup", drop=False)
            store.schedule.beat("ada", 1)
            store.runs.record(make.run("probe:lost"))
            before = store.renewed()
            copy_database(place, "_backup", drop=True)

            stored = ["probe:second", "probe:lost"]
            for check in stored:
                store.runs.record(make.run(check))
            found = [[run.check for run in store.runs.search(check, limit=None)] for check in ("probe:first", *stored)]

            assert found == [["probe:first"], ["probe:second"], ["probe:lost"]]
            assert (before, store.renewed(), store.renewed()) == (False, True, False)


def copy_database(place: Place, suffix: str, *, drop: bool) -> None:
    """Make a copy of a database, or replace the database by that copy."""
    url = make_url(place.url)
    name, copy = url.database, f"{url.database}{suffix}"
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    replaced = [f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE {copy} RENAME TO {name}"]
    end_connections(place)
    with engine.connect() as connection:
        for statement in replaced if drop else [f"CREATE DATABASE {copy} TEMPLATE {name}"]:
            connection.execute(text(statement))
    engine.dispose()


def test_who_gives_a_wrong_password_is_told(postgresql: PostgresqlServer, tmp_path: Path) -> None:
    """In the server's words, and without the password."""
    with postgresql.empty_database() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE ROLE eve NOLOGIN"))
        address = make_url(url).set(username="eve", password="wrong-word").render_as_string(hide_password=False)
        try:
            with pytest.raises(StoreError) as refused:
                Store.open(address, artifacts=tmp_path / "artifacts")
        finally:
            with engine.begin() as connection:
                connection.execute(text("DROP ROLE eve"))
            engine.dispose()

    assert refused.value.slug == "store-unreachable"
    assert "eve" in str(refused.value)
    assert "wrong-word" not in str(refused.value)
    assert "user and password" in refused.value.fix


def test_a_connection_that_ends_amid_a_transaction_leaves_nothing(place: Place) -> None:
    """The error says that the database is away."""
    place.open().close()
    database = open_database(place.url)
    pause = text("INSERT INTO pauses (check_id, since_us, reason) VALUES (:check, 1, '')")

    def write() -> None:
        with database.writing() as connection:
            connection.execute(pause, {"check": "a"})
            end_connections(place)
            connection.execute(pause, {"check": "b"})

    with pytest.raises(StoreError) as gone:
        write()

    assert gone.value.slug == "store-unreachable"
    assert place.rows("pauses") == {"pauses": 0}
    database.close()


def end_connections(place: Place) -> None:
    engine = create_engine(place.url)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    engine.dispose()


@pytest.mark.parametrize(("when", "slug", "runs"), [("after", "", 1), ("before", "store-unreachable", 0)])
def test_what_became_of_a_commit_without_an_answer_is_asked(
    postgresql: PostgresqlServer, make: Maker, when: str, slug: str, runs: int
) -> None:
    """Whoever wrote is told that it is stored if it is, and that it is not if it is not."""
    with postgresql.database() as url, tempfile.TemporaryDirectory(prefix="pg") as folder:
        cutter = CommitCutter(Path(folder), url)
        with Place(cutter.url, Path(folder, "artifacts")).open() as store:
            store.runs.search(limit=None)
            cutter.cut(when)

            said = slug_of_writing(store, make)

            assert said == slug
            assert len(store.runs.search(limit=None)) == runs
        cutter.close()


def test_a_commit_of_which_nobody_says_what_became_is_in_doubt(postgresql: PostgresqlServer, make: Maker) -> None:
    """It may be stored all the same, which whoever keeps something in step with the store has to know."""
    with postgresql.database() as url, tempfile.TemporaryDirectory(prefix="pg") as folder:
        cutter = CommitCutter(Path(folder), url)
        with Place(cutter.url, Path(folder, "artifacts")).open(busy_timeout_s=0.5) as store:
            store.runs.search(limit=None)
            cutter.go_away("after", "INSERT INTO runs")

            with pytest.raises(CommitInDoubt) as doubt:
                store.runs.record(make.run())
            cutter.come_back()

            assert doubt.value.slug == "store-unreachable"
            assert len(store.runs.search(limit=None)) == 1
        cutter.close()
