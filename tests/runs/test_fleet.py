"""Runs of many checks at a time, with a starter and a recorder handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Check,
    CheckId,
    Circumstances,
    Kind,
    Measurement,
    Order,
    Outcome,
    Policy,
    Run,
    StoreError,
)
from outrider.runs import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


@dataclass
class Script:
    """A starter that answers at once, as each check's name says, attempt by attempt."""

    orders: list[Order] = field(default_factory=list)

    def soon(self, work: Callable[[], None]) -> None:
        work()

    def start(self, order: Order, done: Callable[[Measurement], None]) -> None:
        self.orders.append(order)
        outcome = {"p": PASSED, "f": FAILED}[order.check.name[order.attempt - 1]]
        artifacts: tuple[ArtifactFile, ...] = ()
        if outcome == FAILED:
            order.scratch.mkdir(parents=True)
            path = order.scratch / "body"
            path.write_bytes(b"x")
            artifacts = (ArtifactFile(ArtifactKind.BODY, "body", "text/plain", path),)
        done(Measurement(outcome, "" if outcome == PASSED else "why", 0, 1.0, artifacts=artifacts))


@dataclass
class Memory:
    """A recorder that keeps runs, and notes whether their files were there."""

    runs: list[Run] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    error: Exception | None = None

    def record_many(self, runs: Sequence[Run]) -> None:
        if self.error is not None:
            raise self.error
        files = [
            artifact.path for run in runs for attempt in run.attempts for artifact in attempt.measurement.artifacts
        ]
        assert all(path.exists() for path in files)
        self.runs += runs
        self.groups.append(len(runs))


def check(name: str, retries: int = 1) -> Check:
    return Check(CheckId(f"probe:{name}"), Kind.PROBE, "a.toml", name, name, Policy(retries=retries, evidence=False))


def test_every_check_has_its_run_in_order(tmp_path: Path) -> None:
    """Attempts follow each other as the policy says, and what finished together is stored together."""
    memory, received = Memory(), list[Run]()

    with Fleet(Script(), memory, tmp_path, Circumstances(host="me")) as fleet:
        runs = fleet.run_all([check("p"), check("fp"), check("ff")], received.append)

    assert [run.outcome for run in runs] == [PASSED, Outcome.PASSED_ON_RETRY, FAILED]
    assert [len(run.attempts) for run in runs] == [1, 2, 2]
    assert {run.circumstances.host for run in runs} == {"me"}
    assert memory.groups == [3]
    assert sorted(received, key=runs.index) == memory.runs == runs


def test_no_file_is_left_and_none_is_made_for_nothing(tmp_path: Path) -> None:
    """A run that passed at once never had a folder."""
    with Fleet(Script(), Memory(), tmp_path, Circumstances()) as fleet:
        fleet.run_all([check("p"), check("fp")])

    assert list(tmp_path.iterdir()) == []


def test_what_is_finished_is_stored_before_the_fleet_is_left(tmp_path: Path) -> None:
    """Nobody has to wait for it."""
    memory = Memory()

    with Fleet(Script(), memory, tmp_path, Circumstances()) as fleet:
        fleet.start([check("p")] * 5, lambda _: None, due_us=77)

    assert [run.due_us for run in memory.runs] == [77] * 5


def test_an_attempt_that_cannot_be_started_ends_its_run_and_no_other(tmp_path: Path) -> None:
    """The starter breaks, at the first attempt or at a later one: the run is inconclusive, and does not vanish."""
    memory = Memory()

    with Fleet(Script(), memory, tmp_path, Circumstances()) as fleet:
        runs = fleet.run_all([check("?"), check("f?"), check("p")])

    assert [run.outcome for run in runs] == [Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, PASSED]
    assert runs[0].reason == "the prober itself broke: KeyError: '?'"


def test_a_store_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    """Who waits hears of it, and so does who starts another run."""
    memory = Memory(error=StoreError("disk full", slug="store-full"))
    fleet = Fleet(Script(), memory, tmp_path, Circumstances())

    with pytest.raises(StoreError, match="disk full"), fleet:
        fleet.run_all([check("p")])
    with pytest.raises(StoreError, match="disk full"):
        fleet.start([check("p")], lambda _: None)
