"""A run is made, stored and cleaned up after, with a measure and a recorder handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from outrider.model import (
    Check,
    CheckId,
    Circumstances,
    Kind,
    Measurement,
    Order,
    Outcome,
    Policy,
    Run,
    RunId,
    StoreError,
)
from outrider.runs.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.runs.attempts import Plan

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


@dataclass
class Script:
    """A measure that ends its attempts as it is told, and leaves a file each."""

    outcomes: list[Outcome]
    browsers: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    error: Exception | None = None

    def measure(self, order: Order) -> Measurement:
        assert list(order.scratch.iterdir()) == []
        (order.scratch / "trace.zip").write_bytes(b"x")
        self.orders.append(order)
        if self.error is not None:
            raise self.error
        outcome = self.outcomes[order.attempt - 1]
        attributes = {"browser": self.browsers[order.attempt - 1]} if self.browsers else {}
        return Measurement(outcome, "" if outcome == PASSED else "why", 0, 1.0, attributes=attributes)


@dataclass
class Memory:
    """A recorder that keeps runs, and notes which files were there when it was asked to."""

    runs: list[Run] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    folder: Path | None = None
    error: Exception | None = None

    def record(self, run: Run) -> None:
        if self.folder is not None:
            self.files = sorted(str(path.relative_to(self.folder / run.id)) for path in self.folder.rglob("*.zip"))
        if self.error is not None:
            raise self.error
        self.runs.append(run)


@dataclass
class Ear:
    """A listener that keeps what it hears."""

    plans: list[Plan] = field(default_factory=list)

    def attempt_started(self, check: Check, plan: Plan) -> None:
        self.plans.append(plan)


def check(policy: Policy | None = None, kind: Kind = Kind.JOURNEY) -> Check:
    """Return a check."""
    return Check(CheckId("journey:buy"), kind, "test_buy.py", "buy", "test_buy.py::buy", policy or Policy())


def runner(script: Script, memory: Memory, folder: Path, ear: Ear | None = None) -> Runner:
    """Return a runner of journeys in a scratch folder."""
    return Runner({Kind.JOURNEY: script}, memory, folder, Circumstances(release="1.2", host="me"), ear)


@pytest.mark.parametrize(
    ("outcomes", "policy", "outcome", "attempts"),
    [
        ([PASSED], Policy(), PASSED, [(1, True, False)]),
        ([FAILED, PASSED], Policy(), Outcome.PASSED_ON_RETRY, [(1, False, False), (2, False, False)]),
        ([FAILED, FAILED, PASSED], Policy(), FAILED, [(1, False, False), (2, False, False), (3, False, True)]),
        ([FAILED, FAILED], Policy(evidence=False), FAILED, [(1, False, False), (2, False, False)]),
        ([FAILED], Policy(retries=0), FAILED, [(1, False, False)]),
        ([FAILED], Policy(timeout_s=0.5), FAILED, [(1, False, False)]),
        ([Outcome.SETUP_ERROR], Policy(retries=3), Outcome.SETUP_ERROR, [(1, False, False)]),
        ([Outcome.SKIPPED], Policy(retries=3), Outcome.SKIPPED, [(1, False, False)]),
    ],
)
def test_a_run_makes_its_attempts_and_is_stored_once(
    tmp_path: Path,
    outcomes: list[Outcome],
    policy: Policy,
    outcome: Outcome,
    attempts: list[tuple[int, bool, bool]],
) -> None:
    """Only a first attempt that passed is measured; the evidence attempt never changes the outcome."""
    script, memory, ear = Script(outcomes), Memory(), Ear()

    run = runner(script, memory, tmp_path, ear).run(check(policy))

    assert memory.runs == [run]
    assert run.outcome == outcome
    assert [(attempt.number, attempt.measured, attempt.evidence) for attempt in run.attempts] == attempts
    assert [(plan.number, plan.evidence) for plan in ear.plans] == [(number, more) for number, _, more in attempts]
    assert [order.evidence for order in script.orders] == [more for _, _, more in attempts]


def test_all_attempts_share_one_time_out(tmp_path: Path) -> None:
    """Each is told what is left of it, which only gets less."""
    script = Script([FAILED, FAILED, FAILED])

    runner(script, Memory(), tmp_path).run(check(Policy(timeout_s=30.0)))

    deadlines = [order.deadline_s for order in script.orders]
    assert len(deadlines) == 3
    assert deadlines == sorted(deadlines, reverse=True)
    assert deadlines[0] <= 30.0


def test_the_recorder_sees_the_files_and_nobody_after_it(tmp_path: Path) -> None:
    """Each attempt has an empty folder of its own; all are gone when the run returns."""
    script, memory = Script([FAILED, PASSED]), Memory(folder=tmp_path)

    runner(script, memory, tmp_path).run(check())

    assert memory.files == ["1/trace.zip", "2/trace.zip"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("breaks", ["measure", "recorder"])
def test_an_error_of_ours_passes_through_and_leaves_no_file(tmp_path: Path, breaks: str) -> None:
    """A full disk or a lost database is the caller's to handle; the scratch folder is empty all the same."""
    error = StoreError("the disk is full", slug="disk-full")
    script = Script([PASSED], error=error if breaks == "measure" else None)
    memory = Memory(error=error if breaks == "recorder" else None)

    with pytest.raises(StoreError, match="the disk is full"):
        runner(script, memory, tmp_path).run(check())

    assert memory.runs == []
    assert list(tmp_path.iterdir()) == []


def test_a_run_after_a_failed_one_is_made_as_usual(tmp_path: Path) -> None:
    """The same run may be made again under the same id."""
    memory = Memory(error=StoreError("locked", slug="locked"))
    made = runner(Script([PASSED]), memory, tmp_path)
    with pytest.raises(StoreError):
        made.run(check(), run=RunId("r1"))
    memory.error = None

    run = made.run(check(), run=RunId("r1"))

    assert memory.runs == [run]
    assert run.id == "r1"


def test_a_run_tells_when_and_where_it_was_due(tmp_path: Path) -> None:
    """The clock of the series is the moment that it was due, not the one that it started."""
    memory = Memory()

    run = runner(Script([PASSED]), memory, tmp_path).run(
        check(Policy(environment="staging")), location="fra", due_us=1_000
    )

    assert (run.check, run.environment, run.location, run.due_us) == ("journey:buy", "staging", "fra", 1_000)
    assert run.due_us < run.started_us <= run.finished_us


def test_a_run_that_was_not_scheduled_is_due_when_it_starts(tmp_path: Path) -> None:
    """Its new id carries the same time."""
    memory = Memory()

    run = runner(Script([PASSED]), memory, tmp_path).run(check())

    assert run.due_us == run.started_us
    assert UUID(run.id).int >> 80 == run.started_us // 1000


@pytest.mark.parametrize(
    ("browsers", "browser"),
    [(["chromium 140", "chromium 140"], "chromium 140"), (["", "chromium 140"], "chromium 140"), (["", ""], "")],
)
def test_the_browser_that_was_measured_with_is_a_circumstance(
    tmp_path: Path, browsers: list[str], browser: str
) -> None:
    """What is known before the run stays as it was; an attempt that was killed may not have told its browser."""
    script = Script([FAILED, PASSED], browsers=browsers)

    run = runner(script, Memory(), tmp_path).run(check())

    assert run.circumstances == Circumstances(release="1.2", host="me", browser=browser)
