"""An SQLite file gives room back to its file system."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.store.contract.test_retention import NOW_US, aged

if TYPE_CHECKING:
    from tests.store.conftest import Maker, Place

    from outrider.store import Store


def path_bytes(path: str) -> int:
    return Path(path).stat().st_size


@pytest.mark.slow
def test_an_emptied_database_gives_its_room_back(place: Place, store: Store, make: Maker) -> None:
    """The file shrinks when most of it is empty."""
    path = place.url.removeprefix("sqlite:///")
    for _ in range(30):
        store.runs.record_many([replace(aged(make, 400), reason="x" * 1_000) for _ in range(200)])
    before = path_bytes(path)

    store.prune(NOW_US)
    store.close()

    with closing(sqlite3.connect(path)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    assert path_bytes(path) < before / 4
    assert free <= max(250, pages / 4)
