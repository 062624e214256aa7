"""A PostgreSQL server for the tests: one that the environment names, or Debian's, started in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from tests.waiting import until

from outrider.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "OUTRIDER_TEST_POSTGRESQL"
NAMED = os.environ.get(VARIABLE, "")

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_INITDB = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, _FOLDERS)]))
IS_HERE = bool(NAMED or _INITDB)
_ALWAYS = ("listen_addresses=", "max_connections=60")
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


class PostgresqlServer:
    """Databases that are made and dropped, each with all tables."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._template = ""

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Yield the URL of a database with all tables, or of an empty one; it is dropped at the end."""
        if not empty and not self._template:
            self._template = self._create()
            open_database(self._address(self._template)).close()
        name = self._create(self._template if not empty else "template1")
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
        if self._template:
            self._drop(self._template)
        self._engine.dispose()

    def _create(self, template: str = "template1") -> str:
        name = f"outrider_{uuid4().hex}"
        with self._engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return name

    def _drop(self, name: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def started(*, durable: bool = False) -> Iterator[PostgresqlServer]:
    """Yield a server; one started here is ended, and its folder removed. Only a durable one waits for disks."""
    if NAMED:
        server = PostgresqlServer(NAMED)
        yield server
        server.close()
        return
    assert _INITDB is not None
    programs = Path(_INITDB).parent
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        owner: dict[str, Any] = {}
        if os.getuid() == 0:  # which PostgreSQL refuses to be run by; the package made this user
            shutil.chown(folder, "postgres")
            owner = {"user": "postgres", "cwd": folder}
        make = [_INITDB, "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, **owner)
        settings = (*_ALWAYS, *(() if durable else _FAST), f"unix_socket_directories={folder}")
        options = [word for setting in settings for word in ("-c", setting)]
        command = [programs / "postgres", "-D", f"{folder}/data", *options]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, **owner) as process:
            server = PostgresqlServer(f"postgresql+psycopg://postgres@/postgres?host={folder}")
            until(server.answers, "PostgreSQL answers")
            yield server
            server.close()
            process.terminate()
