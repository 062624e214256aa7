"""Reports of odd histories: right, or said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from benchmarks.history import MINUTE_US

from outrider.model import Outcome, Release, UsageError
from outrider.real_users import LeadTimes
from outrider.reports import (
    Capacity,
    Incident,
    Light,
    NoIncidents,
    ReportSettings,
    ServiceRoom,
    as_markdown,
    gather,
    month_of,
    render_html,
    week_of,
)

from .conftest import NOW_US, Bench
from .test_weekly import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Browser

HOUR_US = 60 * MINUTE_US
NAMES = ("Kasse bezahlen ßä", "Оплата заказа", "支払い確認", "הזמנה ותשלום", "भुगतान की पुष्टि")
"""In five scripts, of which one is written from the right."""


class Lasting(NoIncidents):
    """An incident that began long before the period and never ended."""

    def incidents(self, since_us: int, until_us: int) -> Sequence[Incident]:
        return [Incident("home is slow", "probe:a::home", NOW_US - 9_000 * HOUR_US, None, "home is slow", "warning")]

    def lead_times(self, since_us: int, until_us: int) -> LeadTimes | None:
        return LeadTimes(4, 2, 1, 1, -90e6, 540e6)


class Planned(NoIncidents):
    """A target whose CPU ends first, and another of which nothing is known."""

    def capacity(self, until_us: int) -> Sequence[Capacity]:
        room = ServiceRoom(
            "storefront", 50.0, 18.0, 50 / 18 - 1, "in the week of 2027-07-05 (80 %: 2027-05-24 to 2027-08-30)"
        )
        return [
            Capacity("load:shoppers", "production", until_us, "CPU of node-9 ends first: full at 50/s", "", (room,)),
            Capacity("load:idle", "production", until_us, "unknown what ends first: no metrics", "no spans", ()),
        ]  # fmt: skip


def test_a_month_plans_capacity_and_a_week_does_not(bench: Bench) -> None:
    """What ends first, headroom and the week it is reached in; or why that is unknown."""
    month, week = (
        gather(bench.store, ReportSettings(), span, NOW_US, workspace="shop", incidents=Planned())
        for span in (month_of(None, NOW_US, "UTC"), week_of(None, NOW_US, "UTC"))
    )
    page, text = render_html(month, ReportSettings()), as_markdown(month)

    for form in (page, text):
        assert "CPU of node-9 ends first" in form
        assert "178 %" in form
        assert "in the week of 2027-07-05" in form
        assert "no spans" in form
    assert "Unknown what ends first" in page
    assert week.capacity == ()
    assert "Capacity" not in as_markdown(week)


def every_hour(bench: Bench, check: str, hours: int = 160, outcome: Outcome = Outcome.PASSED) -> None:
    """Store a run an hour up to now."""
    bench.store.runs.record_many([run(check, outcome, due_us=NOW_US - n * HOUR_US) for n in range(1, hours + 1)])


def test_nothing_measured_is_neither_good_nor_bad(bench: Bench) -> None:
    """The light is grey."""
    report = bench.report()

    assert report.verdict.light is Light.UNKNOWN
    assert 'class="verdict unknown"' in bench.page()


def test_one_check_is_told_as_one(bench: Bench) -> None:
    """No plural, and no other to compare with."""
    every_hour(bench, "probe:a::home")

    assert bench.report().verdict.sentence == "The only check met 99.5 %."


@pytest.mark.parametrize("name", [*(f"{name} " * 12 for name in NAMES), "x" * 200])
def test_a_long_name_in_any_script_fits_a_phone(bench: Bench, chromium: Browser, tmp_path: Path, name: str) -> None:
    """Nothing has to be scrolled sideways, and the name is there."""
    name = name[:200].strip()
    every_hour(bench, f"probe:a::{name}", 40, Outcome.FAILED)
    every_hour(bench, f"probe:b::{name}", 40)
    file = tmp_path / "report.html"
    file.write_text(bench.page(), encoding="utf-8")

    page = chromium.new_page(viewport={"width": 320, "height": 800})
    page.goto(file.as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("#health th", has_text=name[:30]).count() == 2
    page.close()


def test_a_link_of_the_table_unfolds_the_check(bench: Bench, chromium: Browser, tmp_path: Path) -> None:
    """Its charts and steps are seen; before, the page is short."""
    bench.fill(checks=3)
    file = tmp_path / "report.html"
    file.write_text(bench.page(), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(file.as_uri())
    card = page.locator("#check-2")
    before = card.is_visible()

    page.locator("#health a").nth(1).click()

    assert not before
    card.wait_for(state="visible")
    page.close()


def test_a_list_says_what_it_leaves_out(bench: Bench) -> None:
    """Of 500 checks the worst are seen, the others can be unfolded, and no list is cut in silence."""
    bench.store.runs.record_many(
        [run(f"probe:a::n{n:03}", Outcome.PASSED if n % 2 else Outcome.FAILED) for n in range(500)]
    )

    report = bench.report()
    page = render_html(report, ReportSettings())

    assert report.verdict.checks == 500
    assert "488 more, all better: " in page
    assert "242 more, none longer" in page
    assert "and 150 more: outrider report --format csv --table outages lists all" in page
    assert "and 400 more: outrider report --format csv --table health lists all" in as_markdown(report)
    assert len(re.findall(r'<a href="#check-\d+"', page)) == len(re.findall(r'id="check-\d+"', page)) == 500


def test_releases_every_ten_minutes_blame_none(bench: Bench) -> None:
    """Of many near a change none is more likely, the list is cut and says so, and charts stay readable."""
    bench.fill(days=35)
    for number in range(7 * 144):
        at_us = NOW_US - number * 10 * MINUTE_US
        bench.store.judgements.record_release(Release(f"r{number}", "production", at_us))

    report = bench.report()
    page = render_html(report, ReportSettings())

    assert all(change.release.startswith("one of ") for change in report.changes)
    assert "after one of " in report.summary[1]
    assert "The latest 10 of " in page
    assert page.count('class="release"') < 100


def test_an_incident_that_never_ended_is_open(bench: Bench) -> None:
    """Its length is that up to now, and the verdict is not green."""
    every_hour(bench, "probe:a::home")

    report = gather(
        bench.store, ReportSettings(), week_of(None, NOW_US, "UTC"), NOW_US, workspace="shop", incidents=Lasting()
    )
    page = render_html(report, ReportSettings())

    assert report.verdict.light is Light.AMBER
    assert report.verdict.sentence == "The only check met 99.5 %; 1 incident is still open."
    assert report.summary[2].startswith("Still open since ")
    assert "<b>still open</b>, for 9000 h" in page
    leads = (
        "Lead times: of 4 incidents on pages with users, 2 reached any; a prober saw 1 of these before the first user."
        " Medians: 2 min after the first user, 9 min before one visit in a hundred of a day."
    )
    assert leads in page
    assert leads in as_markdown(report)


def test_a_report_for_the_future_is_refused() -> None:
    """With what to name instead."""
    with pytest.raises(UsageError, match="has not begun") as caught:
        week_of("2031-W01", NOW_US, "UTC")

    assert caught.value.slug == "bad-week"


def test_a_day_with_a_clock_change_has_its_own_slot(bench: Bench) -> None:
    """In Berlin Sunday 25 October 2026 had 25 hours, and the week seven days all the same."""
    period = week_of("2026-W43", NOW_US, "Europe/Berlin")
    runs = [run("probe:a::b", Outcome.PASSED, due_us=period.since_us + n * HOUR_US) for n in range(169)]
    bench.store.runs.record_many([*runs[:-1], replace(runs[-1], outcome=Outcome.FAILED)])

    (health,) = bench.report(period=period).health

    assert [day.total if day else 0 for day in health.days] == [24, 24, 24, 24, 24, 24, 25]
    assert health.days[-1] is not None
    assert health.days[-1].good == 24
