"""A leader whose database goes away amid a commit, and comes back when nobody asks any more what became of it."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import NOW_US, Stages, check
from tests.scheduler.test_location_orders import deliver, work
from tests.store.contract.commit_cutter import CommitCutter
from tests.store.contract.postgresql_server import IS_HERE, PostgresqlServer, started

from outrider.model import CatchUp, Outcome, QueueEntry, RunId, Verdict, new_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not IS_HERE, reason="no PostgreSQL is installed")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with started() as server:
        yield server


@contextmanager
def cut_off(postgresql: PostgresqlServer, folder: Path) -> Iterator[tuple[Stages, CommitCutter]]:
    """Yield a stage whose store is reached through a cutter."""
    with postgresql.database() as url, tempfile.TemporaryDirectory(prefix="pg") as sockets:
        cutter = CommitCutter(Path(sockets), url)
        stages = Stages(folder, cutter.url)
        yield stages, cutter
        stages.store.close()
        cutter.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delivered_run_whose_storing_is_in_doubt_is_known_once_and_the_next_is_made(
    postgresql: PostgresqlServer, tmp_path: Path, when: str
) -> None:
    """Whether it was stored or not, the check is not taken for one that is under way."""
    with cut_off(postgresql, tmp_path) as (stages, cutter):
        stage = stages.stage(check(locations=("fra",), every_s=60.0))
        stage.store.locations.add("fra", stage.clock.wall)
        stage.passes(60)
        first = work(stage)
        assert deliver(stage, first) is Verdict.TAKEN
        cutter.go_away(when, "INSERT INTO runs")
        stage.passes(1)
        assert cutter.is_away
        cutter.come_back()
        stage.passes(60)

        second = work(stage)
        deliver(stage, second)
        stage.passes(2)

        stored = {run.id: run.outcome for run in stage.store.runs.search(limit=None)}
        assert stored == {first.entry.run: Outcome.PASSED, second.entry.run: Outcome.PASSED}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("catch_up", list(CatchUp))
def test_due_runs_whose_queueing_is_in_doubt_are_made_or_missed_once(
    postgresql: PostgresqlServer, tmp_path: Path, when: str, catch_up: CatchUp
) -> None:
    """What is in the queue is begun, what is not is planned again, and nothing is left there."""
    with cut_off(postgresql, tmp_path) as (stages, cutter):
        checks = [check(name, every_s=60.0, catch_up=catch_up) for name in ("a", "b", "c")]
        stage = stages.stage(*checks)
        stage.passes(60)
        cutter.go_away(when, "INSERT INTO queue")
        while not cutter.is_away:
            stage.passes(1)
        stage.passes(40, step_s=20)
        cutter.come_back()
        stage.passes(300 - (stage.clock.wall - NOW_US) / 1e6)

        stored = stage.store.runs.search(limit=None)
        due = Counter((run.check, run.due_us) for run in stored)
        assert set(due.values()) == {1}
        assert sum(run.due_count for run in stored) == 5 * len(checks)
        assert {run.outcome for run in stored} <= {Outcome.PASSED, Outcome.MISSED}
        assert stage.store.schedule.length() == (0, 0)
        assert len(stage.executor.begun) == len({entry.run for entry in stage.executor.begun})


@pytest.mark.parametrize("step", ["won", "began"])
def test_a_leader_whose_store_goes_away_as_it_begins_to_lead_begins_again(
    postgresql: PostgresqlServer, tmp_path: Path, step: str
) -> None:
    """Otherwise it would lead, and know nothing of what waits."""
    with cut_off(postgresql, tmp_path) as (stages, cutter):

        def began() -> None:
            cutter.is_away |= step == "began" and len(beginnings) == 0
            beginnings.append(step)

        beginnings: list[str] = []
        stage = stages.stage(check("a"), began=began)
        stage.store.schedule.ask([QueueEntry(RunId(new_run_id(NOW_US)), check("a").id, "local", NOW_US)])
        if step == "won":
            cutter.go_away("answered", "UPDATE queue")
        stage.tick()
        assert cutter.is_away
        cutter.come_back()

        stage.passes(2)

        assert [run.outcome for run in stage.store.runs.search(limit=None)] == [Outcome.PASSED]
