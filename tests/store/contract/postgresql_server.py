"""A PostgreSQL server for the tests: one that the environment names, or Debian's, started in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from tests.waiting import until

from outrider.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "OUTRIDER_TEST_POSTGRESQL"
NAMED = os.environ.get(VARIABLE, "")

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_INITDB = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, _FOLDERS)]))
IS_HERE = bool(NAMED or _INITDB) and find_spec("psycopg") is not None
_ALWAYS = ("listen_addresses=", "max_connections=60")
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


_REMEMBER = """
CREATE SCHEMA fresh;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE fresh.%1$I AS TABLE public.%1$I', name);
    END LOOP;
END $$
"""
_REFRESH = """
DO $$ DECLARE name text; filled text[] = '{}'; has_rows boolean; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
        IF has_rows THEN filled = filled || format('public.%I', name); END IF;
    END LOOP;
    EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE public.%I RESTART', name);
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'fresh' LOOP
        EXECUTE format('INSERT INTO public.%1$I TABLE fresh.%1$I', name);
    END LOOP;
END $$
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class PostgresqlServer:
    """A database with all tables, which each test finds as it was made, and empty ones.

    To make a database anew for each of hundreds of tests takes longer than the tests.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._used = ""

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of a database with all tables, and no rows but those that it was made with."""
        if not self._used:
            self._used = self._create()
            open_database(self._address(self._used)).close()
            self._run(self._used, _REMEMBER)
        yield self._address(self._used)
        self._run(self._used, _END_OTHERS, _REFRESH)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Yield the URL of an empty database, which is dropped at the end."""
        name = self._create()
        yield self._address(name)
        self._drop(name)

    def answers(self) -> bool:
        """Return whether it takes connections."""
        try:
            self._engine.connect().close()
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        """Drop what is left."""
        if self._used:
            self._drop(self._used)
        self._engine.dispose()

    def _create(self) -> str:
        name = f"outrider_{uuid4().hex}"
        with self._engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return name

    def _run(self, name: str, *statements: str) -> None:
        engine = create_engine(self._address(name), poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def _drop(self, name: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)


class LocalServer(PostgresqlServer):
    """Debian's server in a folder of its own, which is killed and started again. Only a durable one waits for disks."""

    def __init__(self, folder: str, *, durable: bool = False) -> None:
        super().__init__(f"postgresql+psycopg://postgres@/postgres?host={folder}")
        assert _INITDB is not None
        self._owner: dict[str, Any] = {}
        if os.getuid() == 0:  # which PostgreSQL refuses to be run by; the package made this user
            shutil.chown(folder, "postgres")
            self._owner = {"user": "postgres", "cwd": folder}
        make = [_INITDB, "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, **self._owner)
        settings = (*_ALWAYS, *(() if durable else _FAST), f"unix_socket_directories={folder}")
        options = [word for setting in settings for word in ("-c", setting)]
        self._command = [Path(_INITDB).parent / "postgres", "-D", f"{folder}/data", *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with what it held before."""
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL, **self._owner)
        until(self.answers, "PostgreSQL answers")

    def kill(self) -> None:
        """End it and its backends as a crash of the host does."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        self._engine.dispose()
        server.suspend()  # it starts no other backend
        for process in (*server.children(), server):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()

    def close(self) -> None:
        """Drop what is left, and end it."""
        if self._process is not None and self._process.poll() is None:
            super().close()
            self._process.send_signal(signal.SIGINT)  # a fast shutdown, which waits for no connection of ours
            self._process.wait()


@contextmanager
def started_here(*, durable: bool = False) -> Iterator[LocalServer]:
    """Yield a server that was started here; it is ended, and its folder removed."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = LocalServer(folder, durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.close()


@contextmanager
def started(*, durable: bool = False) -> Iterator[PostgresqlServer]:
    """Yield the server that the environment names, or one that is started here."""
    if not NAMED:
        with started_here(durable=durable) as server:
            yield server
        return
    named = PostgresqlServer(NAMED)
    yield named
    named.close()
