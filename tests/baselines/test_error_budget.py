"""Availability and error budget."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines import error_budget
from outrider.model import BadSeries

AT = np.datetime64("2026-03-01", "s") + np.arange(288 * 7) * np.timedelta64(300, "s")


def test_a_spotless_period_keeps_its_budget() -> None:
    """No failure, nothing burns."""
    budget = error_budget(AT, np.zeros(len(AT)), objective=0.99)

    assert (budget.availability, budget.left, budget.burning) == (1.0, 1.0, ())


def test_half_the_allowed_failures_leave_half_the_budget() -> None:
    """0.5 % failures at an objective of 99 %."""
    failed = np.zeros(2000)
    failed[:10] = 1

    assert error_budget(AT[:2000], failed, objective=0.99).left == pytest.approx(0.5)


def test_an_outage_burns_at_every_rate_and_stops_burning_fast_when_it_is_over() -> None:
    """The short window of the fastest rule is empty of failures five minutes after the outage."""
    during, after = np.zeros(len(AT)), np.zeros(len(AT))
    during[-90:] = 1
    after[-100:-2] = 1

    rates = [{rule.rate for rule in error_budget(AT, item, objective=0.99).burning} for item in (during, after)]

    assert rates[0] == {14.4, 6.0, 1.0}
    assert 14.4 not in rates[1]


def test_no_runs_have_no_availability() -> None:
    """Missing runs are not failures."""
    budget = error_budget(AT[:5], np.full(5, np.nan), objective=0.99)

    assert budget.runs == 0
    assert np.isnan(budget.availability)


def test_an_objective_is_a_share() -> None:
    """99 is not one."""
    with pytest.raises(BadSeries):
        error_budget(AT, np.zeros(len(AT)), objective=99)
