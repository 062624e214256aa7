"""New levels of steps, as a report tells them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.baselines import Quantile, Settings
from outrider.model import CheckId, Outcome, Points
from outrider.reports import week_of
from outrider.reports.facts import Availability, Health, StepFigures
from outrider.reports.speed import changes_of
from outrider.reports.summary import summarise

from .conftest import NOW_US

if TYPE_CHECKING:
    from outrider.reports import Period
    from outrider.reports.facts import Change

HOUR_US = 3_600_000_000
WEEK = week_of(None, NOW_US, "UTC")
PLACE = ("journey:a.py::shop", "pay")


PAY = StepFigures("pay", 168, Quantile(300.0, 290.0, 310.0, 168), None, None, None, None)
HEALTH = Health(
    CheckId(PLACE[0]), "a.py::shop", "journey", "production", "local", counts={Outcome.PASSED: 168},
    availability=Availability(168, 168, 0.98, 1.0), before=None, budget_used=0.0, coverage=1.0, steps=(PAY,),
)  # fmt: skip


def told(*levels: float, period: Period = WEEK, floor_ms: float = 5.0) -> list[Change]:
    """Return what is told of hourly values, three days a level, that end now."""
    value = np.repeat(levels, 72) * (1 + 0.02 * np.random.default_rng(1).standard_normal(72 * len(levels)))
    at_us = NOW_US - HOUR_US * np.arange(len(value), 0, -1)
    return changes_of(PLACE, Points(at_us, value), [], period, judging=Settings.of({"floor_ms": floor_ms}))


def test_a_level_that_was_left_for_the_one_before_is_one_change_with_an_end() -> None:
    """Better for three days and then as before is one story, in place of two."""
    (change,) = told(400, 400, 400, 300, 400)

    assert change.ratio == pytest.approx(-0.25, abs=0.02)
    assert change.ended_us is not None
    assert change.ended_us - change.at_us == pytest.approx(72 * HOUR_US, abs=4 * HOUR_US)


def test_a_change_that_began_before_the_period_and_ended_within_is_told() -> None:
    """The way back is news, and no regression."""
    (change,) = told(400, 400, 300, 300, 300, 400)

    assert change.at_us < WEEK.since_us
    assert change.ended_us is not None
    assert change.ended_us > WEEK.since_us


def test_levels_that_go_on_to_another_one_last() -> None:
    """Two changes of which neither leads back have no end."""
    assert [change.ended_us for change in told(400, 400, 400, 300, 500)] == [None, None]


def test_a_change_below_the_floor_of_milliseconds_is_not_told() -> None:
    """85 % of a millisecond leads no report; with a floor of zero it would."""
    assert told(1.0, 1.0, 1.0, 1.85) == []
    assert len(told(1.0, 1.0, 1.0, 1.85, floor_ms=0.0)) == 1


def test_the_summary_calls_lasting_only_what_lasts() -> None:
    """A level that was left is told with its time, and asks nobody to find out what changed."""
    (passing,) = told(400, 400, 400, 300, 400)
    lasting = replace(passing, ended_us=None, before_ms=300.0, after_ms=400.0, step="search")

    over, advice = summarise([HEALTH], [passing], (), 0.995, WEEK)
    both, search = summarise([HEALTH], [lasting, passing], (), 0.995, WEEK)
    two, _ = summarise([HEALTH], [lasting, lasting], (), 0.995, WEEK)

    assert over.startswith("No step got lastingly slower or faster. pay of shop was faster (-25 %) from ")
    assert over.endswith(", and is as before.")
    assert advice == "Nothing needs to be done."
    assert both.startswith("1 step got lastingly slower: search of shop +33 % since ")
    assert two.startswith("2 steps got lastingly slower; the largest: search of shop +33 % since ")
    assert search == "Find out what changed then in search."
