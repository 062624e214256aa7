"""What a gate compares a candidate with, where that was measured before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import new_store, run_of
from tests.gate.conftest import sessions

from outrider.app import SilentListener
from outrider.app.gate.gate_session import GateSession
from outrider.app.gate.gate_sources import MIN_SESSIONS, Base, StoredBases, accepted_bases, last_bases, stored_runs
from outrider.gate import ELSEWHERE_MARGIN, Accepted, Rules, file_of, fingerprint_here, write_accepted
from outrider.model import (
    Check,
    CheckId,
    Circumstances,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Run,
    Step,
    StepKind,
    UsageError,
)
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW_US = 1_800_000_000_000_000
MINUTE_US = 60_000_000
PAY = Check(CheckId("probe:p.toml::pay"), Kind.PROBE, "p.toml", "pay", "pay", Policy())
HOME = Check(CheckId("probe:p.toml::home"), Kind.PROBE, "p.toml", "home", "home", Policy())
GONE = CheckId("probe:p.toml::gone")
OLD = CheckId("probe:p.toml::old-home")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[GateSession]:
    workspace = Workspace(root=tmp_path, name="t", aliases={OLD: HOME.id})
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        yield GateSession(workspace, None, store, SilentListener())


def accept(folder: Path, check: CheckId, *, environment: str = "production", cores: int = 0) -> None:
    """Accept six sessions of a check, measured by this machine or by one with other cores."""
    mark = fingerprint_here("")
    mark = replace(mark, cores=cores or mark.cores)
    accepted = tuple(sessions(6, median_ms=100.0, seed=1))
    write_accepted(file_of(folder, check), Accepted(check, environment, "2026-03-01", "", mark, accepted))


def test_accepted_sessions_are_those_of_the_check_under_its_present_id(session: GateSession, tmp_path: Path) -> None:
    """Without a note where nothing has to be said."""
    accept(tmp_path, PAY.id)
    accept(tmp_path, OLD)

    stored = accepted_bases(session, [PAY, HOME], [PAY, HOME], tmp_path)

    assert {check: (len(base.sessions), base.elsewhere) for check, base in stored.bases.items()} == {
        PAY.id: (6, False), HOME.id: (6, False),
    }  # fmt: skip
    assert stored.notes == []
    assert stored.needed() is stored


def test_what_is_accepted_and_does_not_fit_is_said(session: GateSession, tmp_path: Path) -> None:
    """A check that is gone, another environment, another machine; one that was not chosen is nobody's concern."""
    accept(tmp_path, GONE)
    accept(tmp_path, PAY.id, environment="staging")
    accept(tmp_path, HOME.id, cores=999)

    stored = accepted_bases(session, [PAY, HOME], [PAY, HOME], tmp_path)
    others = accepted_bases(session, [], [PAY, HOME], tmp_path)

    gone, elsewhere, environment, unjudged = stored.notes
    assert "exists no more" in gone
    assert "measured elsewhere" in elsewhere
    assert "999" in elsewhere
    assert "accepted in staging, not in production" in environment
    assert unjudged == f"{PAY.id} has no accepted baseline: it is not judged"
    assert {check: base.elsewhere for check, base in stored.bases.items()} == {HOME.id: True}
    assert (len(others.notes), others.bases) == (1, {})


def test_without_any_base_a_gate_says_what_to_do(session: GateSession, tmp_path: Path) -> None:
    """With all that was noted about why there is none; only what there are runs for can be accepted at once."""
    first = accepted_bases(session, [PAY], [PAY], tmp_path)
    record(session, 5 * MIN_SESSIONS)
    stored = accepted_bases(session, [PAY], [PAY], tmp_path)

    with pytest.raises(UsageError, match=r"no accepted baseline in .* fits; .*pay has no accepted baseline") as raised:
        stored.needed()

    assert (raised.value.slug, raised.value.fix) == ("no-baseline", "outrider baseline accept")
    assert first.fix == "outrider run --repeat 20, then outrider baseline accept"


def record(session: GateSession, count: int, check: CheckId = PAY.id, **changes: Any) -> list[Run]:
    """Store runs of a check, one a minute."""
    first = len(session.store.runs.search(limit=None))
    runs = []
    for number in range(first, first + count):
        due_us = NOW_US + number * MINUTE_US
        steps = (Step("pay", "Pay", StepKind.NAMED, 0.0, 100.0 + number),)
        runs.append(run_of(Measurement(Outcome.PASSED, "", due_us, 200.0, steps=steps), check, **changes))
    session.store.runs.record_many(runs)
    return runs


def last_looks(session: GateSession, count: int, size: int = 2) -> StoredBases:
    return last_bases(session, [PAY], Rules(), size, count)


def test_stored_runs_are_dealt_into_as_many_sessions_as_the_last_look_needs(session: GateSession) -> None:
    """The latest of them; fewer runs than were asked for are said."""
    most = Rules().plan.looks[-1]
    record(session, 2 * (most + 3))

    enough = last_looks(session, 2 * (most + 3))
    fewer = last_looks(session, 2 * (most + 3) + 1)

    assert len(enough.bases[PAY.id].sessions) == most
    assert enough.bases[PAY.id].sessions[0].durations["pay"] == (106.0, 107.0)
    assert enough.notes == []
    assert fewer.notes == [f"{PAY.id} has {2 * (most + 3)} stored runs in one place, fewer than {2 * (most + 3) + 1}"]


def test_too_few_stored_runs_are_no_base(session: GateSession) -> None:
    """One session less than it takes; with one more it is a base."""
    record(session, 2 * MIN_SESSIONS - 1)
    short = last_looks(session, 100)
    asked = last_looks(session, 7)
    record(session, 1)
    enough = last_looks(session, 100)

    assert short.bases == {}
    assert short.notes == [f"{PAY.id} has {MIN_SESSIONS - 1} of at least {MIN_SESSIONS} sessions of 2 runs"]
    assert short.fix == f"outrider run --repeat {2 * MIN_SESSIONS}"
    assert asked.fix == "ask for as many: outrider gate --last 8"
    assert len(enough.bases[PAY.id].sessions) == MIN_SESSIONS


def test_stored_runs_are_of_one_environment_place_and_browser(session: GateSession) -> None:
    """Those of the last run, back to where the browser was another; a run without one is of any."""
    assert stored_runs(session.store.runs, PAY, 10) == []
    record(session, 1, circumstances=Circumstances(browser="chromium 1"))
    record(session, 1, circumstances=Circumstances(browser="chromium 2"))
    record(session, 1, circumstances=Circumstances())
    record(session, 1, location="oslo", circumstances=Circumstances(browser="chromium 3"))
    record(session, 1, environment="staging")
    record(session, 1, circumstances=Circumstances(browser="chromium 2"))

    runs = stored_runs(session.store.runs, PAY, 10)

    assert [(run.due_us - NOW_US) // MINUTE_US for run in runs] == [1, 2, 5]
    assert [run.circumstances.browser for run in stored_runs(session.store.runs, PAY, 2)] == ["", "chromium 2"]


@pytest.mark.parametrize(
    ("count", "elsewhere", "margin", "looks"),
    [(6, False, 0.05, (5, 6)), (6, True, ELSEWHERE_MARGIN, (5, 6)), (5, False, 0.05, (5,)), (99, False, 0.05, (5, 10))],
)
def test_rules_are_fitted_to_the_sessions_that_there_are(
    count: int, elsewhere: bool, margin: float, looks: tuple[int, ...]
) -> None:
    """The last look is at all of them, and another machine widens the margin."""
    rules = Rules(plan=replace(Rules().plan, looks=(5, 10)))

    fitted = Base(sessions(count, median_ms=100.0, seed=1), elsewhere=elsewhere).fitted(rules)

    assert (fitted.margin, fitted.plan.looks, fitted.most_sessions) == (margin, looks, count)
