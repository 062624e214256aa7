"""Sections of one report never contradict each other: over simulated stores of several kinds, and several periods."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from outrider.model import Outcome
from outrider.reports import ReportSettings, as_json, day_of, month_of, render_html, week_of

from .conftest import NOW_US

if TYPE_CHECKING:
    from outrider.reports import Report

    from .conftest import Bench

CAPTION = re.compile(r"Steps of a single run, the last that passed, \w{3} \d{2} \w{3} \d{2}:\d{2}<")
ROW = re.compile(r'<tr class="(bad|warn|good)"><th>(?:<a href="#check-\d+"><bdi>|<bdi>)')
PERIODS = {
    "week": week_of(None, NOW_US, "Europe/Berlin"),
    "day": day_of(NOW_US, "UTC"),
    "month": month_of("2027-01", NOW_US, "Europe/Berlin"),
}


def contradictions(report: Report, page: str) -> list[str]:
    """Return what one section says and another does not."""
    verdict, checks, sla = report.verdict, report.health, as_json(report)["sla"]
    table = page.partition('id="health"')[2].partition("</section>")[0]
    worst: dict[str, str] = {}
    for check, tone in zip(checks, ROW.findall(table), strict=True):
        order = ["bad", "warn", "good"]
        worst[check.check] = min(tone, worst.get(check.check, tone), key=order.index)
    unmeasured = {check.check for check in checks if check.availability is None}
    tones = Counter(tone for check, tone in worst.items() if check not in unmeasured)
    outages = [outage for check in checks for outage in check.outages]
    slower = sum(change.ratio > 0 and change.ended_us is None for change in report.changes)
    told = re.search(r"(\d+) steps? got lastingly slower", report.summary[1])
    claims = {
        "counts of the sentence are those of the table": [verdict.missed, verdict.unsure + verdict.seldom, verdict.met]
        == [tones[tone] for tone in ("bad", "warn", "good")],
        "standings of the SLA are those of the table": sum(row["standing"] == "missed" for row in sla) <= len(checks)
        and {row["check"] for row in sla if row["standing"] == "missed"}
        == {check for check, tone in worst.items() if tone == "bad"},
        "checks that ran too seldom are those of the SLA": verdict.seldom
        == sum(
            {row["standing"] for row in sla if row["check"] == check} <= {"ran too seldom to say", "met"}
            and any(row["standing"] == "ran too seldom to say" for row in sla if row["check"] == check)
            for check in worst
        ),
        "outages hold all failed runs": not all(check.tells_outages for check in checks)
        or sum(outage.runs for outage in outages) == sum(check.counts.get(Outcome.FAILED, 0) for check in checks),
        "days add up to the period": all(
            sum(day.total for day in check.days if day) == (check.availability.total if check.availability else 0)
            for check in checks
        ),
        "slower steps of the sentence are those of the section": int(told[1] if told else 0) == slower,
        "nothing is to be done only where all is fine": ("Nothing needs" not in report.summary[2])
        or (verdict.word == "Fine" and "used up by none" in page),
        "open incidents are counted as listed": page.count("still open</b>") == verdict.open_incidents,
        "pictures of steps say of which run": len(CAPTION.findall(page)) == page.count('class="waterfall"') > 0,
        "every chart has a title": all(
            re.search("<title>|aria-label", svg) for svg in re.findall(r"<svg[^>]*>.{0,200}", page, re.DOTALL)
        ),
    }
    return [claim for claim, holds in claims.items() if not holds]


@pytest.mark.parametrize(
    "simulated",
    [
        pytest.param({"checks": 8, "failing": 0.02, "seed": 1}, id="some fail"),
        pytest.param({"checks": 2, "failing": 0.0, "seed": 2}, id="all pass"),
        pytest.param({"checks": 4, "failing": 0.3, "seed": 3, "until_us": NOW_US - 40 * 3_600_000_000}, id="stopped"),
    ],
)
def test_sections_agree(bench: Bench, simulated: dict[str, int]) -> None:
    """Counts, standings, outages, days, new levels and the advice."""
    bench.fill(**simulated, minutes=120)
    settings = ReportSettings()

    for name, period in PERIODS.items():
        report = bench.report(settings, period)

        assert contradictions(report, render_html(report, settings, interactive=False)) == [], name
