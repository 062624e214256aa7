"""A database that cannot be used is refused with what, where and what to do, and is left as it was."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event

from outrider.model import CheckId, Outcome, StoredProof, StoreError
from outrider.store import Store
from outrider.store.database import open_database
from outrider.store.migrations.upgrade import configuration, upgrade
from outrider.store.schema import REVISIONS, metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.store.conftest import Maker, Place

    from outrider.model import Run

NOBODY = 65_534
LATE_US = 10**17


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up what root may do, for as long as this lasts."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def garbage(path: Path) -> None:
    path.write_bytes(b"\x7fELF" + bytes(range(256)) * 40)


def a_few_bytes(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


def truncated(path: Path) -> None:
    Store.open(path, artifacts=path.parent / "artifacts").close()
    os.truncate(path, path.stat().st_size - 4096 - 100)


def emptied_beside_its_log(path: Path) -> None:
    path.touch()
    path.with_name(path.name + "-wal").write_bytes(b"x" * 4096)


def another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def another_program_with_alembic(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("PRAGMA application_id = 0x4F555452")


def newer(path: Path) -> None:
    Store.open(path, artifacts=path.parent / "artifacts").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def test_a_database_that_is_emptied_under_an_open_store_is_a_damaged_one(tmp_path: Path, make: Maker) -> None:
    """Whether its tables went or another program's database took its place: never a driver's own error."""
    with (
        Store.open(tmp_path / "o.db", artifacts=tmp_path / "a") as store,
        closing(sqlite3.connect(tmp_path / "o.db")) as db,
    ):
        tables = [
            row[0]
            for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        ]
        for table in tables:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        for use in (
            lambda: store.runs.record(make.run()), store.runs.search, store.schedule.leadership,
            lambda: store.schedule.beat("ada", 1), store.checks.all,
        ):  # fmt: skip
            with pytest.raises(StoreError) as raised:
                use()
            assert raised.value.slug == "store-damaged"


@pytest.mark.parametrize(
    ("url", "kind", "advice"),
    [
        ("postgresql+psycopg2://host/outrider", "postgresql", 'pip install "outrider[postgres]"'),
        ("mysql://host/outrider", "mysql", "MySQLdb"),
        ("oracle://host/outrider", "oracle", "oracledb"),
    ],
)
def test_a_missing_driver_is_advised_for_the_database_that_is_named(
    tmp_path: Path, url: str, kind: str, advice: str
) -> None:
    """The advice says which databases are tried, and names no driver of another one."""
    with pytest.raises(StoreError) as refused:
        Store.open(url, artifacts=tmp_path / "a")

    assert f"the driver of {kind} is not installed" in refused.value.what
    assert ("experimental" in refused.value.fix) == (kind != "postgresql")
    assert advice in refused.value.fix
    assert ("psycopg" in refused.value.fix) == (kind == "postgresql")


def test_a_kind_of_database_that_nobody_knows_is_no_missing_driver(tmp_path: Path) -> None:
    """`postgres://` is what other programs write."""
    with pytest.raises(StoreError, match='"postgres" is no kind of database') as refused:
        Store.open("postgres://host/outrider", artifacts=tmp_path / "a")

    assert "postgresql+psycopg://" in refused.value.fix


def test_a_port_that_is_no_number_is_said_in_words(tmp_path: Path) -> None:
    """The message is about the address, not about how it is read."""
    with pytest.raises(StoreError, match="its port is not a number"):
        Store.open("postgresql://host:xx/outrider", artifacts=tmp_path / "a")


@pytest.mark.parametrize(
    ("spoil", "slug"),
    [
        (garbage, "store-damaged"),
        (a_few_bytes, "store-damaged"),
        (truncated, "store-damaged"),
        (emptied_beside_its_log, "store-damaged"),
        (another_program, "store-foreign"),
        (another_program_with_alembic, "store-foreign"),
        (newer, "store-newer"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_and_not_changed(
    tmp_path: Path, spoil: Callable[[Path], None], slug: str
) -> None:
    """The message says where it lies and what to do."""
    path = tmp_path / "outrider.db"
    spoil(path)
    before = path.read_bytes()

    with pytest.raises(StoreError) as raised:
        Store.open(path, artifacts=tmp_path / "artifacts")

    assert raised.value.slug == slug
    assert str(path) in str(raised.value)
    assert raised.value.fix
    assert path.read_bytes() == before


@pytest.mark.slow
def test_damage_within_the_file_is_named_when_it_is_met(tmp_path: Path, make: Maker) -> None:
    """A page in the middle that is no page any more."""
    path = tmp_path / "outrider.db"
    with Store.open(path, artifacts=tmp_path / "artifacts") as store:
        store.runs.record_many(make.runs(200))
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 4096 * (pages - 20))

    with pytest.raises(StoreError) as raised, Store.open(path, artifacts=tmp_path / "artifacts") as store:
        store.runs.record_many([run for line in store.runs.search(limit=None) for run in [store.runs.get(line.id).run]])

    assert raised.value.slug == "store-damaged"


def test_a_folder_that_nobody_may_write_to_is_named() -> None:
    """Neither database nor artifacts come into being."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Store.open(folder / "open" / "outrider.db", artifacts=folder / "open" / "artifacts").close()
        folder.chmod(0o555)

        with as_nobody(), pytest.raises(StoreError) as database:
            open_database(folder / "outrider.db")
        with as_nobody(), pytest.raises(StoreError) as artifacts:
            Store.open(folder / "outrider.db", artifacts=folder / "artifacts")

        folder.chmod(0o755)
    assert database.value.slug == artifacts.value.slug == "store-read-only"
    assert str(folder / "outrider.db") in str(database.value)


@pytest.mark.parametrize("is_open", [False, True], ids=["at rest", "while another user writes"])
def test_a_store_in_a_folder_that_nobody_may_write_to_can_be_read(make: Maker, is_open: bool) -> None:
    """Without a trace there; whoever wants to write is told so at once, or at the first attempt."""
    run = make.run()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "50 % of?it"
        database, artifacts = folder / "outrider.db", folder / "artifacts"
        writer = Store.open(database, artifacts=artifacts)
        writer.runs.record(run)
        if not is_open:
            writer.close()
        Path(name).chmod(0o755)
        for path in (folder, artifacts, artifacts / "incoming"):
            path.chmod(0o555)
        files = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

        with as_nobody():
            with Store.open(database, artifacts=artifacts) as reader:
                read = reader.runs.get(run.id).run
                with pytest.raises(StoreError) as first:
                    reader.runs.record(make.run())
            with pytest.raises(StoreError) as refused:
                Store.open(database, artifacts=artifacts, to_write=True)

        writer.close()
        assert is_open or {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == files
    assert read == run
    assert first.value.slug == refused.value.slug == "store-read-only"


def test_a_database_whose_folder_is_a_file_is_read_only(tmp_path: Path) -> None:
    """As is one that is itself a folder."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()

    for path in (tmp_path / "file" / "outrider.db", tmp_path / "folder"):
        with pytest.raises(StoreError) as raised:
            Store.open(path, artifacts=tmp_path / "artifacts")
        assert raised.value.slug == "store-read-only"
        assert str(path) in str(raised.value)


def test_a_database_opened_for_reading_can_be_read_and_not_written(tmp_path: Path, make: Maker) -> None:
    """Its file may lie on a disk that is mounted read-only."""
    path, run = tmp_path / "outrider.db", make.run()
    with Store.open(path, artifacts=tmp_path / "artifacts") as store:
        store.runs.record(run)

        with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true", artifacts=tmp_path / "artifacts") as reader:
            assert reader.runs.get(run.id).run == run
            with pytest.raises(StoreError) as raised:
                reader.runs.record(make.run())

    assert raised.value.slug == "store-read-only"


def test_a_database_that_another_process_holds_for_too_long_is_locked(place: Place, make: Maker) -> None:
    """The writer that waited in vain has written nothing, and may try again."""
    run = make.run()
    with place.open(busy_timeout_s=0.01) as store:
        with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as raised:
                store.runs.record(run)

        store.runs.record(run)

        assert raised.value.slug == "store-locked"
        assert len(store.runs.search()) == 1


def test_a_full_disk_loses_nothing_that_was_stored(place: Place, make: Maker) -> None:
    """The run that did not fit is not half there, and fits once there is room again."""
    place.open().close()
    tried: list[Run] = []
    with place.open(max_bytes=1_000_000) as store, pytest.raises(StoreError) as raised:
        fill(store, make, tried)

    with place.open() as roomier:
        rows = len(roomier.runs.search(limit=None))
        roomier.runs.record(tried[-1])

        assert raised.value.slug == "store-full"
        assert rows == len(tried) - 1 > 10
        assert len(roomier.runs.search(limit=None)) == len(tried)


@pytest.mark.slow
def test_a_full_database_can_still_be_pruned(place: Place, make: Maker) -> None:
    """Forgetting is the way out, so it must not need room."""
    with place.open(max_bytes=1_000_000) as store, pytest.raises(StoreError):
        fill(store, make, [])

    with place.open(max_bytes=1_000_000) as store:
        store.prune(LATE_US)
        store.runs.record(make.run())

        assert len(store.runs.search(limit=None)) == 1


def test_a_file_that_is_no_url_and_a_url_that_is_no_file_are_told_apart(tmp_path: Path) -> None:
    """An unknown kind of database, one without a driver, and one that would be forgotten at once."""
    for url in ("nosuch://host/db", "sqlite://", "sqlite:///:memory:", "mysql://user:secret@host/db"):
        with pytest.raises(StoreError) as raised:
            Store.open(url, artifacts=tmp_path / "artifacts")
        assert raised.value.slug == "store-url"
        assert "secret" not in str(raised.value)


def test_creating_a_store_makes_the_folders_that_it_needs(tmp_path: Path, make: Maker) -> None:
    """One command on an empty machine is enough."""
    with Store.open(tmp_path / "a" / "b" / "outrider.db", artifacts=tmp_path / "c" / "d") as store:
        store.runs.record(make.run())

        assert len(store.runs.search()) == 1


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    """It is what `touch` leaves."""
    (tmp_path / "outrider.db").touch()

    with Store.open(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        assert store.runs.search() == ()


def test_a_database_of_the_first_revision_is_upgraded_with_what_it_holds(place: Place, make: Maker) -> None:
    """Upgrading takes the same path as creating."""
    path, run = place.url.removeprefix("sqlite:///"), make.run()
    at_revision(path, REVISIONS[0])
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("INSERT INTO checks (key, id, first_seen_us, last_seen_us) VALUES (7, 'journey:old', 1, 2)")

    with place.open() as store:
        store.runs.record(run)
        store.proofs.record([StoredProof(CheckId("journey:old"), "abort", 3, Outcome.FAILED, True, "", "")])

        assert [check.id for check in store.checks.all()] == ["journey:old", run.check]
        assert len(store.proofs.latest()) == 1


def test_every_migrated_database_has_the_tables_that_the_program_uses(place: Place) -> None:
    """The frozen migrations and the living schema agree."""
    place.open().close()
    database = open_database(place.url)

    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        sql = {row.name: row.sql for row in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")}
    database.close()

    assert differences == []
    for table in metadata.tables.values():
        without_rowid = table.dialect_options["sqlite"]["with_rowid"] is False
        assert sql[table.name].rstrip().endswith("WITHOUT ROWID") == without_rowid


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    """Opening compares with a constant, so that Alembic need not be imported."""
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()

    assert tuple(reversed([script.revision for script in scripts])) == REVISIONS


def test_an_upgrade_that_fails_leaves_the_old_database(place: Place) -> None:
    """It happens in one transaction."""
    path = place.url.removeprefix("sqlite:///")
    at_revision(path, REVISIONS[0])
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("CREATE TABLE proofs (in_the_way)")

    with pytest.raises(Exception, match="proofs"):
        place.open()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[0],)]


@pytest.mark.slow
def test_opening_a_current_database_imports_neither_alembic_nor_fsspec_nor_numpy(place: Place, make: Maker) -> None:
    """They cost more than everything that a short command does with a store."""
    with place.open() as store:
        store.runs.record(make.run())
    program = (
        "import sys\n"
        "from outrider.store import Store\n"
        "with Store.open(sys.argv[1], artifacts=sys.argv[2]) as store:\n"
        "    assert len(store.runs.search()) == 1\n"
        "print(sorted({'alembic', 'fsspec', 'numpy'} & set(sys.modules)))\n"
    )

    command = [sys.executable, "-c", program, place.url, str(place.artifacts)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def fill(store: Store, make: Maker, tried: list[Run]) -> None:
    """Record runs until there is no room."""
    while True:
        tried.append(make.run(reason="x" * 1_000))
        store.runs.record(tried[-1])


def at_revision(path: str, revision: str) -> None:
    """Create a database as an earlier Outrider left it."""
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        upgrade(connection, path, revision)
    engine.dispose()


def test_a_locked_database_is_waited_for_as_long_as_is_asked(tmp_path: Path) -> None:
    """SQLite itself waits: it is told in milliseconds."""
    database = open_database(tmp_path / "runs.db", busy_timeout_s=0.25)

    with database.reading() as connection:
        waited_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()

    database.close()
    assert waited_ms == 250
