"""Rules replayed over stored runs, among them runs that got slower."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.builders import run_of

from outrider.app import backtest_rules, open_store
from outrider.model import (
    AggregateSample,
    CheckId,
    Measurement,
    Outcome,
    Release,
    Sample,
    Step,
    StepKind,
    Subject,
    SubjectKind,
)
from outrider.runs import METRIC
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Run
    from outrider.store import Store
    from outrider.workspace import Workspace

CHECKS = ("journey:pay", "journey:search")
CADENCE_US = 300_000_000
CALM, SLOW = 1200, 48  # four days, then four hours


def passed(check: str, due_us: int, took_ms: float) -> Run:
    step = check.partition(":")[2]
    steps = (Step(step, step, StepKind.NAMED, 0.0, took_ms),)
    measurement = Measurement(Outcome.PASSED, "", due_us, took_ms, steps, (Sample(step, METRIC, took_ms),))
    return run_of(measurement, CheckId(check), environment="production")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "outrider.toml").write_text('[workspace]\nname = "shop"\n')
    return load(tmp_path)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Return a store in which the last four hours of paying took three times as long, of searching a tenth longer."""
    rng = np.random.default_rng(7)
    begin_us = time.time_ns() // 1000 - (CALM + SLOW + 1) * CADENCE_US
    with open_store(workspace) as opened:
        for check, factor in zip(CHECKS, (3.0, 1.1), strict=True):
            took = 300 * np.exp(rng.normal(0, 0.08, CALM + SLOW))
            took[CALM:] *= factor
            opened.runs.record_many(
                [passed(check, begin_us + k * CADENCE_US, float(value)) for k, value in enumerate(took)]
            )
        opened.judgements.record_release(Release("2.0", "production", begin_us + CALM * CADENCE_US - 60_000_000))
        yield opened


def test_degraded_runs_open_incidents_that_name_the_part_of_the_judge(workspace: Workspace, store: Store) -> None:
    """One for each check that got slower, by the rules as configured; a stricter rule opens no more."""
    results = backtest_rules(workspace, store, ["5 of 5"], days=30)

    configured = results["as configured"]
    assert {incident.checks for incident in configured.incidents} == {(check,) for check in CHECKS}
    assert sum(configured.by_part.values()) == 2
    assert set(configured.by_part) <= {"level", "shape", "tail", "spread"}
    assert len(results["5 of 5"].incidents) <= 2


def test_aggregates_open_incidents_of_their_subjects(workspace: Workspace, store: Store) -> None:
    """As they do while a service runs."""
    begin_us = time.time_ns() // 1000 - (CALM + SLOW + 1) * CADENCE_US
    took = 80 * np.exp(np.random.default_rng(8).normal(0, 0.08, CALM + SLOW))
    took[CALM:] *= 3
    checkout = Subject.of(SubjectKind.SERVICE, "checkout")
    store.aggregates.record(
        [
            AggregateSample(checkout, "POST /pay", METRIC, "production", "", begin_us + k * CADENCE_US, float(value))
            for k, value in enumerate(took)
        ]
    )

    incidents = backtest_rules(workspace, store)["as configured"].incidents

    (own,) = [incident for incident in incidents if checkout in incident.checks]
    assert (own.labels["service"], own.began_us // CADENCE_US) == (
        "checkout",
        (begin_us + CALM * CADENCE_US) // CADENCE_US,
    )


def test_a_time_before_the_deviation_opens_nothing(workspace: Workspace, store: Store) -> None:
    """Four quiet days hold no incident; the baseline is learned from all of them, however short the look back is."""
    only_slow = backtest_rules(workspace, store, days=1)["as configured"]
    whole = backtest_rules(workspace, store, days=30)["as configured"]

    assert [incident.checks for incident in only_slow.incidents] == [incident.checks for incident in whole.incidents]
    assert all(incident.began_us > time.time_ns() // 1000 - (SLOW + 2) * CADENCE_US for incident in whole.incidents)


def test_a_rule_of_which_nothing_was_measured_yet_opens_no_incident(workspace: Workspace) -> None:
    """Such as one that was just written, in a workspace without checks."""
    (workspace.root / "outrider.toml").write_text("[telemetry]\n")
    workspace = load(workspace.root)
    alerts = workspace.root / "scheduler" / "alerts.toml"
    alerts.parent.mkdir()
    alerts.write_text('[[rule]]\nname = "slow"\nspans = "kind:server"\nmeasure = "p95(duration)"\nbaseline = "above"\n')

    with open_store(workspace) as empty:
        results = backtest_rules(workspace, empty)

    assert [replayed.incidents for replayed in results.values()] == [(), ()]
