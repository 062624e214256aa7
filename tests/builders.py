"""What tests of several rooms are built of: empty stores."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from outrider.store import Store


@cache
def _empty_database() -> bytes:
    """Return an empty SQLite file of the present schema: to copy one is far cheaper than to migrate one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        Store.open(path, artifacts=folder).close()
        return path.read_bytes()


def provide_database(path: Path) -> None:
    """Put an empty database where there is no file yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty_database())


def new_store(path: Path, *, artifacts: str | Path, **options: Any) -> Store:
    """Open a store of SQLite as `Store.open` does, without the migrations where it is new."""
    provide_database(path)
    return Store.open(path, artifacts=artifacts, **options)
