"""Who leads, by a row that beats, with the time in our hands and a real store."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.scheduler.conftest import NOW_US, SetClock

from outrider.scheduler import holder_here, is_dead
from outrider.scheduler.leadership import BEAT_US, DEAD_AFTER_US, Leading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def test_the_first_leads_at_once_and_hears_what_was_left(store: Store) -> None:
    """Nobody led before: everything is as it is in a new store."""
    leading = Leading(store.schedule, SetClock(), "elsewhere 1 1.0")

    left = leading.look(NOW_US)

    assert leading.leads
    assert left is not None
    assert (left.holder, left.era) == ("elsewhere 1 1.0", 0)
    assert leading.look(NOW_US) is None


def test_the_leader_beats_every_two_seconds_and_not_more_often(store: Store) -> None:
    """Each beat is a write."""
    clock = SetClock()
    leading = Leading(store.schedule, clock, "elsewhere 1 1.0")
    beats = []
    for _ in range(9):
        leading.look(clock.wall)
        row = store.schedule.leadership()
        assert row is not None
        beats.append(row.beat)
        clock.passes(BEAT_US / 2e6)

    assert [later - earlier for earlier, later in pairwise(beats)] == [1, 0, 1, 0, 1, 0, 1, 0]


def test_a_standby_waits_while_the_row_beats_and_leads_when_it_stands_still(store: Store) -> None:
    """By its own monotonic clock, from when it saw the row change last."""
    clock = SetClock()
    leader, standby = (Leading(store.schedule, clock, f"elsewhere {number} 1.0") for number in (1, 2))
    leader.look(clock.wall)
    for _ in range(12):
        clock.passes(1)
        leader.look(clock.wall)
        assert standby.look(clock.wall) is None
    clock.passes(BEAT_US / 1e6)
    leader.look(clock.wall)
    standby.look(clock.wall)
    silent_us = 0
    while not standby.leads:
        clock.passes(1)
        silent_us += 1_000_000
        left = standby.look(clock.wall)

    assert silent_us == DEAD_AFTER_US
    assert left is not None
    leader.look(clock.wall)
    assert not leader.leads


def test_a_leader_that_resigned_is_followed_at_once(store: Store) -> None:
    """It ended as it should."""
    clock = SetClock()
    first, second = (Leading(store.schedule, clock, f"elsewhere {number} 1.0") for number in (1, 2))
    first.look(clock.wall)
    second.look(clock.wall)
    store.schedule.resign(first.holder)

    second.look(clock.wall)

    assert second.leads


def test_a_leader_of_this_machine_that_died_is_followed_at_once(store: Store) -> None:
    """Its process is not there any more, so that nobody needs to wait for a beat."""
    clock = SetClock()
    machine = holder_here().rpartition(" ")[0].rpartition(" ")[0]
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    Leading(store.schedule, clock, f"{machine} {process.pid} 1.0").look(clock.wall)
    standby = Leading(store.schedule, clock, "elsewhere 2 1.0")

    standby.look(clock.wall)

    assert standby.leads


def test_a_process_is_dead_if_its_machine_knows_no_such_process() -> None:
    """One of another machine, and a name that is none, are never known to be dead."""
    machine, number, began = _parts(holder_here())

    assert number == str(os.getpid())
    assert not is_dead(holder_here())
    assert is_dead(f"{machine} {number} {float(began) - 1:.2f}")
    assert not is_dead(f"elsewhere {number} 1.0")
    assert not is_dead(f"{machine} nobody 1.0")


def test_a_process_that_ended_and_was_not_waited_for_is_dead() -> None:
    """Its number is taken still, and nobody works under it."""
    machine, _, _ = _parts(holder_here())
    program = "import psutil, os; print(f'{psutil.Process().create_time():.2f}')"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        began = process.stdout.read().strip()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(f"{machine} {process.pid} {began}")


def _parts(holder: str) -> tuple[str, str, str]:
    rest, _, began = holder.rpartition(" ")
    machine, _, number = rest.rpartition(" ")
    return machine, number, began
