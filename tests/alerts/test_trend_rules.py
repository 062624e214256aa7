"""What histories say once a day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.alerts.conftest import NOW_US
from tests.alerts.test_run_findings import make_run

from outrider.alerts import AlertSettings, survey
from outrider.alerts.alert_settings import Forecast
from outrider.alerts.matcher import parse_matcher
from outrider.baselines import Settings
from outrider.model import CheckId, Sample, Step, StepKind, new_run_id

if TYPE_CHECKING:
    from outrider.store import Store

DAY_US = 86_400_000_000
PER_DAY = 24
RULE = Forecast((parse_matcher("step=pay"),), 600.0, 14.0)


def fill(store: Store, values: np.ndarray) -> None:
    """Store a run an hour up to now."""
    begin_us = NOW_US - len(values) * DAY_US // PER_DAY
    runs = []
    for number, value in enumerate(values.tolist()):
        due_us = begin_us + number * DAY_US // PER_DAY
        steps = (Step("pay", "Pay", StepKind.NAMED, 0.0, value),)
        run = make_run(steps=steps, samples=(Sample("pay", "duration_ms", value),))
        runs.append(replace(run, id=new_run_id(due_us), due_us=due_us))
    store.runs.record_many(runs)


@pytest.mark.parametrize(
    ("per_day", "jump_after_days", "trouble"), [(0.0, None, []), (5.0, None, ["forecast"]), (0.0, 29, ["change"])]
)
def test_trends_and_new_levels_are_told(
    store: Store, per_day: float, jump_after_days: int | None, trouble: list[str]
) -> None:
    """A quiet history says nothing."""
    days = np.arange(30 * PER_DAY) / PER_DAY
    values = (380 + per_day * days) * np.exp(np.random.default_rng(3).normal(0, 0.02, len(days)))
    if jump_after_days is not None:
        values[days >= jump_after_days] *= 1.3
    fill(store, values)

    new_findings = survey(store, [CheckId("journey:pay")], AlertSettings(forecasts=(RULE,)), NOW_US)

    kinds = [new_finding.key.problem.value for new_finding in new_findings if new_finding.present]
    assert [kind for kind in kinds if kind in trouble] == trouble
    assert bool(kinds) is bool(trouble)


def test_a_short_history_says_nothing_of_the_future(store: Store) -> None:
    """Two weeks are needed."""
    fill(store, np.full(3 * PER_DAY, 300.0))

    new_findings = survey(store, [CheckId("journey:pay")], AlertSettings(forecasts=(RULE,)), NOW_US)

    assert not [new_finding for new_finding in new_findings if new_finding.present]


@pytest.mark.parametrize(("floor_ms", "is_told"), [(5.0, False), (0.0, True)])
def test_a_new_level_below_the_floor_is_not_told(store: Store, floor_ms: float, is_told: bool) -> None:
    """Neither a season nor half as much again of a millisecond is news; without a floor the latter is (seed 4)."""
    days = np.arange(30 * PER_DAY) / PER_DAY
    season = 1 + 0.15 * np.sin(2 * np.pi * days)
    values = season * np.where(days >= 29, 1.5, 1.0) * np.exp(np.random.default_rng(4).normal(0, 0.02, len(days)))
    fill(store, values)

    judging = Settings.of({"floor_ms": floor_ms})
    findings = survey(store, [CheckId("journey:pay")], AlertSettings(), NOW_US, judging=judging)

    assert any(finding.present for finding in findings) is is_told


def test_a_season_is_no_new_level(store: Store) -> None:
    """A day's tide of 15 % says nothing, whenever the survey is made (seed 5)."""
    days = np.arange(30 * PER_DAY) / PER_DAY
    fill(
        store, 400 * (1 + 0.15 * np.sin(2 * np.pi * days)) * np.exp(np.random.default_rng(5).normal(0, 0.02, len(days)))
    )

    findings = survey(store, [CheckId("journey:pay")], AlertSettings(), NOW_US)

    assert not any(finding.present for finding in findings)
