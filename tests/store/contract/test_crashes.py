"""Several processes write, and some of them are killed; nothing that was stored is lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrider.model import CheckId

if TYPE_CHECKING:
    from tests.store.conftest import Maker, Place

    from outrider.store import Store

PROGRAM = Path(__file__).parents[1] / "program.py"
SAMPLES = 20


def start(place: Place, check: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(PROGRAM), place.url, str(place.artifacts), check, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def assert_whole(store: Store, run_id: str) -> None:
    stored = store.runs.get(run_id)
    measurement = stored.run.attempts[0].measurement
    assert (len(measurement.steps), len(measurement.samples), stored.omitted) == (1, SAMPLES, ())
    with stored.artifacts[0].open() as trace:
        assert trace.read() == run_id.encode() * 50


def assert_sound(place: Place) -> None:
    """A database server looks after its files itself."""
    if place.url.startswith("sqlite:///"):
        with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.slow
def test_two_processes_that_write_at_once_lose_nothing(place: Place) -> None:
    """They also create the database at the same moment."""
    writers = [start(place, check, 50) for check in ("a", "b")]

    printed = [writer.communicate()[0].split() for writer in writers]

    assert [writer.returncode for writer in writers] == [0, 0]
    with place.open() as store:
        for check, ids in zip("ab", printed, strict=True):
            assert {line.id for line in store.runs.search(check)} == set(ids)
            assert {store.series.samples(series).value.size for series in store.series.of(CheckId(check))} == {50}


@pytest.mark.parametrize("stored_before", [0, 1, 7, 23])
def test_a_writer_killed_while_it_records_loses_no_finished_run(place: Place, stored_before: int) -> None:
    """Every run that it told of is there whole, at most one more is, and the database is sound."""
    place.open().close()
    reported = []
    with start(place, "a", 10_000) as writer:
        assert writer.stdout is not None
        reported += [writer.stdout.readline().strip() for _ in range(stored_before)]
        writer.send_signal(signal.SIGKILL)
        reported += writer.stdout.read().split()

    with place.open() as store:
        ids = {line.id for line in store.runs.search(limit=None)}
        assert set(reported) <= ids
        assert len(ids) <= len(reported) + 1
        for run_id in ids:
            assert_whole(store, run_id)
        assert_sound(place)


@pytest.mark.slow
def test_opening_a_database_twice_in_one_process_loses_nothing(place: Place, make: Maker) -> None:
    """The log that this process writes to stays when another one, which came later, closes the database."""
    with place.open() as store:
        store.runs.record(make.run("mine"))
        place.open().close()
        (first,) = start(place, "theirs", 1).communicate()[0].split()
        store.runs.record(make.run("mine"))
        (second,) = start(place, "theirs", 1).communicate()[0].split()
        store.runs.record(make.run("mine"))

    with place.open() as store:
        assert len(store.runs.search("mine")) == 3
        assert {line.id for line in store.runs.search("theirs")} == {first, second}
        assert_sound(place)
