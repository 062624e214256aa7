"""A database of an earlier revision is brought up to date with all that it holds."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import (
    REVISION_0009,
    REVISION_0011,
    REVISION_0012,
    REVISION_0013,
    REVISION_0018,
    REVISION_0031,
    Place,
    take_back,
)
from tests.store.contract.test_aggregates import DAY_US, FOREVER, aggregate, values_of
from tests.store.contract.test_rollups import NOW_US, counted, hours_of, run_at

from outrider.app.upkeep.backups import put_back
from outrider.model import AuditEntry, Beat, CheckId, Checkpoint, Outcome, Release, Role, StoreError, TraceSource, User

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import Maker

    from outrider.store import Store


def test_a_database_of_the_revision_before_keeps_all_and_takes_aggregates(place: Place, make: Maker) -> None:
    """Checks, aliases, runs, series, rollups and checkpoints are those that they were."""
    new = CheckId("journey:new")
    with place.open() as store:
        for _ in range(3):
            store.runs.record(make.run())
        store.checks.rename(CheckId("journey:shop.py::test_pay"), new, 1)
        store.judgements.record_release(Release("1.1", "production", 5))
        series = store.series.of(new)
        store.judgements.record_checkpoints([Checkpoint(series[0], 7, "steady", "", b"state")])
        store.prune(make.run().due_us + DAY_US)
        before = contents(store, new)
    take_back(place, *REVISION_0009)

    with place.open() as store:
        after = contents(store, new)
        store.aggregates.record([aggregate(FOREVER)])

        assert after == before
        assert values_of(store) == [(FOREVER, 100.0)]


def test_a_copy_from_before_the_upgrade_is_what_a_former_program_goes_back_to(tmp_path: Path, make: Maker) -> None:
    """The newest one alone is kept, a program that is too old names it, and erasing a person removes it."""
    place = Place(f"sqlite:///{tmp_path / 'o.db'}", tmp_path / "artifacts")
    with place.open() as store:
        store.runs.record(make.run())
    (tmp_path / "o.db.revision-0001").write_bytes(b"of an upgrade before")
    take_back(place, *REVISION_0031)
    before = stat.S_IMODE((tmp_path / "o.db").stat().st_mode)
    with place.open() as store:
        store.runs.record(make.run())
    (copy,) = tmp_path.glob("o.db.revision-*")
    take_back(place, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreError) as refusal:
        place.open()
    with closing(sqlite3.connect(copy)) as former:
        revision = former.execute("SELECT version_num FROM alembic_version").fetchone()
    put_back(copy, place.url, str(place.artifacts), force=True)

    assert (copy.name, stat.S_IMODE(copy.stat().st_mode)) == ("o.db.revision-0030", before)
    assert refusal.value.slug == "store-newer"
    assert f"outrider restore {copy} --force" in refusal.value.fix
    assert revision == ("0030",)
    assert not list(tmp_path.glob("o.db.restoring*"))
    with place.open() as store:
        assert len(store.runs.search()) == 1, "what was stored since is lost"
        store.prune(copy.stat().st_mtime_ns // 1000 + 29 * DAY_US)
        assert copy.exists()
        store.prune(copy.stat().st_mtime_ns // 1000 + 31 * DAY_US)
        assert not copy.exists()


def contents(store: Store, check: CheckId) -> list[object]:
    """Return what a store holds of a check, as values that can be compared."""
    series = store.series.of(check)
    return [
        store.checks.all(),
        [store.runs.get(line.id) for line in store.runs.search()],
        series,
        [store.series.samples(rollup).value.tolist() for rollup in series],
        [store.rollups.hours(rollup, 0, FOREVER) for rollup in series],
        store.judgements.checkpoints(series),
        store.judgements.releases(),
        store.runs.tallies(0, FOREVER),
        store.runs.outcomes([store.runs.get(store.runs.search()[0].id).run], 9) == ((Outcome.PASSED,) * 3,),
    ]


def test_a_database_of_the_revision_before_gets_its_rollups(place: Place, make: Maker) -> None:
    """The samples that it holds are rolled up by the first housekeeping."""
    with place.open() as store:
        store.runs.record_many([run_at(make, NOW_US - age * DAY_US, float(age)) for age in (1, 2, 3)])
    tables = ("hours", "days", "outcome_hours", "outcome_days", "late_runs")
    take_back(place, *REVISION_0009, *(f"DROP TABLE {table}" for table in tables))
    take_back(place, "UPDATE alembic_version SET version_num = '0007'")

    with place.open() as store:
        store.prune(NOW_US + DAY_US)

        assert [rollup.sum for rollup in hours_of(store)] == [3.0, 2.0, 1.0]
    assert counted(place) == (3, 3, 0)


def test_what_is_stored_after_an_upgrade_waits_to_be_judged(place: Place) -> None:
    """Aggregates of before are judged together with the next of their series."""
    with place.open() as store:
        store.aggregates.record([aggregate(1)])
    take_back(place, *REVISION_0011)

    with place.open() as store:
        assert store.aggregates.unjudged(9) == ()
        store.aggregates.record([aggregate(2)])
        assert len(store.aggregates.unjudged(9)) == 1


def test_the_last_call_of_a_heartbeat_survives_the_upgrade(place: Place) -> None:
    """A failure that was the last word stays it."""
    check = CheckId("probe:nightly")
    with place.open() as store:
        store.heartbeats.record(check, Beat(10))
    row = "SELECT key, 20, 3, 'disk full' FROM subjects WHERE id = 'probe:nightly'"
    take_back(place, *REVISION_0012, f"INSERT INTO beats {row}")

    with place.open() as store:
        assert store.heartbeats.get(check).last == Beat(20, 3, "disk full")


def test_a_database_of_before_has_no_users_and_takes_some(place: Place) -> None:
    """What it holds stays."""
    check = CheckId("journey:pay")
    with place.open() as store:
        store.schedule.pause(check, 5, "roof")
    take_back(place, *REVISION_0013)

    with place.open() as store:
        assert not store.users.exist()
        with store.audit.alongside(AuditEntry(7, "root", "user.add", "ada")):
            store.users.add(User("ada", Role.ADMIN, "hash", 7, 7))

        assert [pause.check for pause in store.schedule.pauses()] == [check]
        assert [entry.subject for entry in store.audit.search()] == ["ada"]


def test_ids_of_traces_that_attempts_held_become_links(place: Place, make: Maker) -> None:
    """In their order; a journey met them, a probe began them."""
    journey, probe = make.run(), make.run("probe:home")
    with place.open() as store:
        store.runs.record_many([journey, probe, make.run()])
    ids = ("0a" * 16, "0b" * 16)
    key = "SELECT key FROM runs ORDER BY key LIMIT 1"
    take_back(
        place,
        *REVISION_0018,
        f"UPDATE attempts SET trace_ids = x'{''.join(ids)}' WHERE run_key = ({key})",
        f"UPDATE attempts SET trace_ids = x'{ids[1]}' WHERE run_key = ({key} OFFSET 1)",
    )

    with place.open() as store:
        of_journey, of_probe = (store.trace_links.of_run(run.id) for run in (journey, probe))

    assert [(link.trace_id, link.source) for link in of_journey] == [(name, TraceSource.PAGE) for name in ids]
    assert [(link.trace_id, link.source) for link in of_probe] == [(ids[1], TraceSource.OUTRIDER)]
