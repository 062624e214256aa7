"""What loads sustain, and when error budgets end."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from outrider.model import Outcome
from outrider.reports import Period, ReportSettings, as_json, as_markdown, render_html

from .conftest import LOAD, NOW_US, SECOND_US, Bench, climbing
from .test_weekly import run

DAY_US = 86_400 * SECOND_US
HOUR_US = 3_600 * SECOND_US


def test_what_a_load_profile_sustains_is_told_with_interval_and_size(bench: Bench) -> None:
    """Its knee is found again from what is stored; the oldest comes first."""
    bench.store.checks.record([LOAD], NOW_US - 9 * DAY_US)
    bench.store.runs.record_many([climbing(NOW_US - day * DAY_US, most=90 + day) for day in (8, 2)])

    (load,) = bench.report().load

    assert all(knee.reached for knee in load.knees)
    assert [knee.rate == pytest.approx(90, rel=0.15) for knee in load.knees] == [True, True]
    assert load.knees[0].rate > load.knees[1].rate
    assert load.knees[0].low <= load.knees[0].rate <= load.knees[0].high
    assert load.headroom == pytest.approx(load.knees[-1].rate / 60 - 1)
    assert load.usual is None  # two runs are too few for an interval
    page = bench.page()
    assert 'class="curve"' in page
    assert "(80 %), 8 levels" in page


def test_one_knee_is_no_trend(bench: Bench) -> None:
    """That is said."""
    bench.store.checks.record([LOAD], NOW_US - 9 * DAY_US)
    bench.store.runs.record(climbing())

    assert "Too little data for a trend" in bench.page()


def failing(bench: Bench, bad: int, runs: int, *, check: str = "probe:a::b") -> None:
    """Spread runs over the last week, the first of them bad."""
    pace = 7 * DAY_US // (runs + 1)
    bench.store.runs.record_many(
        [run(check, Outcome.FAILED if n < bad else Outcome.PASSED, due_us=NOW_US - (n + 1) * pace) for n in range(runs)]
    )


def test_a_budget_that_is_used_up_soon_is_foretold_with_interval_and_size(bench: Bench) -> None:
    """20 of 3,000 a week: 60 a month are allowed and 20 are gone; the other 40 last two weeks."""
    failing(bench, 20, 3000)

    (result,) = bench.report().forecasts

    assert result.days == pytest.approx(14, abs=0.1)
    assert result.earliest < 0.7 * result.days
    assert 28 > result.latest > 1.5 * result.days
    assert result.count == 3000
    assert "at this pace, the error budget of 28 days will be used up in 14 days" in bench.page()


def test_a_budget_that_may_last_is_not_foretold(bench: Bench) -> None:
    """5 of 1,000 a week last three weeks, or two months: nobody can act on that."""
    failing(bench, 5, 1000)

    assert bench.report().forecasts == ()


def test_a_budget_that_is_overspent_is_told_once(bench: Bench) -> None:
    """100 of 1,000 a week failed, where 20 of 4,000 may in four: nothing is left to foretell, and the table says it."""
    failing(bench, 100, 1000)

    report = bench.report()

    assert report.forecasts == ()
    assert report.health[0].budget_used == pytest.approx(5)
    assert "500 %" in bench.page()
    assert "500 %" in as_markdown(report)
    assert "No forecast.\n\n1 check used the error budget of 28 days up: b.\n" in as_markdown(report)


def test_a_budget_of_a_longer_time_is_called_by_it(bench: Bench) -> None:
    """The 28 days that end now hold no failure, the month of which 28.5 days are over has one: not the same budget."""
    bench.store.runs.record_many(
        [
            run("probe:a::b", Outcome.FAILED if n == 682 else Outcome.PASSED, due_us=NOW_US - (n + 1) * DAY_US // 24)
            for n in range(684)
        ]
    )
    begins_us = NOW_US - 57 * DAY_US // 2
    month = Period("month", begins_us - 31 * DAY_US, begins_us, NOW_US, "UTC", ("the month before", "this month"))

    week, longer = bench.report(), bench.report(period=month)

    assert [report.health[0].budget_used for report in (week, longer)] == [0.0, pytest.approx(1 / 3.42)]
    assert "| error budget of 28 days used |" in as_markdown(week)
    assert "| error budget of this month used |" in as_markdown(longer)


def test_a_budget_of_nothing_is_overspent_by_one_failure(bench: Bench) -> None:
    """An objective of 100 % allows none."""
    failing(bench, 1, 100)
    failing(bench, 0, 100, check="probe:a::c")
    settings = ReportSettings(objective=1.0)

    report = bench.report(settings)

    assert [health.budget_used for health in report.health] == [math.inf, 0.0]
    assert report.verdict.sentence.startswith("1 check missed 100 %, 1 met it; b is down since ")
    assert "all: no failure is allowed" in render_html(report, settings)
    assert "all: no failure is allowed" in as_markdown(report)
    json.dumps(as_json(report), allow_nan=False)


def test_a_calm_check_and_one_with_few_runs_are_not_foretold(bench: Bench) -> None:
    """The one has nothing to tell, the other too little data, which is said."""
    failing(bench, 0, 500)
    failing(bench, 2, 20, check="probe:a::c")

    report = bench.report()

    assert report.forecasts == ()
    assert report.unforecast == 1
    assert "Too little data to forecast the budgets of 1 check:" in bench.page()


def test_reasons_that_are_not_read_are_counted(bench: Bench) -> None:
    """No cap is silent."""
    failing(bench, 5_001, 5_001)

    lines = bench.report().unmeasured

    assert "reasons of failures: only those of the latest 5,000 of 5,001 failed runs" in lines


def test_rare_reasons_are_counted_together(bench: Bench) -> None:
    """The most frequent are named, and a reader sees how many others there are."""
    whys = ["timeout"] * 3 + ["refused"] * 2 + ["status 500", "status 502", "status 503"]
    bench.store.runs.record_many(
        [
            replace(run("probe:a::b", Outcome.FAILED, due_us=NOW_US - (n + 1) * HOUR_US), reason=why)
            for n, why in enumerate(whys)
        ]
    )

    (health,) = bench.report().health

    assert health.reasons == (("timeout", 3), ("refused", 2), ("status 500", 1), ("2 other reasons", 2))


def test_checks_that_failed_and_have_no_charts_can_be_unfolded(bench: Bench) -> None:
    """Only so many stand open to choose from, and the others are not forgotten."""
    for name in "bcd":
        failing(bench, 2, 2, check=f"probe:a::{name}")
    settings = ReportSettings(detailed=1)

    page = render_html(bench.report(settings), settings)

    assert "<summary>2 more</summary>" in page
    assert [f'id="check-{number}"' in page for number in (1, 2, 3)] == [True] * 3
