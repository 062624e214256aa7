"""The traffic light and the sentence of a period, and the outages that they tell of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.baselines import proportion_interval
from outrider.model import CheckId
from outrider.reports import Health, Incident, Light, Outage, week_of
from outrider.reports.facts import Availability
from outrider.reports.outages import outages_of, together_us
from outrider.reports.verdict import verdict_of

from .conftest import NOW_US, SECOND_US

PERIOD = week_of(None, NOW_US, "UTC")
MINUTE_US = 60 * SECOND_US
PLACE = ("probe:a::home", "home", "production", "local")
OPEN = Incident("home is slow", "probe:a::home", NOW_US - MINUTE_US, None, "", "warning")


def check(name: str, bad: int = 0, total: int = 1000, *, outages: tuple[Outage, ...] = ()) -> Health:
    seen = Availability(total - bad, total, *proportion_interval(total - bad, total)) if total else None
    place = (CheckId(f"probe:a::{name}"), name, "probe", "production", "local")
    return Health(*place, {}, seen, None, None, 1.0, outages=outages)


def outage(name: str, ago: int, minutes: float, *, is_over: bool = True) -> Outage:
    began_us = NOW_US - ago * MINUTE_US
    end_us = began_us + int(minutes * MINUTE_US)
    return Outage(f"probe:a::{name}", name, "production", "local", began_us, end_us, is_over, 2, "status 500")


@pytest.mark.parametrize(
    ("health", "incidents", "light", "sentence"),
    [
        ([], [], Light.UNKNOWN, "Nothing was measured in this time."),
        ([check("home")], [], Light.GREEN, "The only check met 99.5 %."),
        ([check("home"), check("pay")], [], Light.GREEN, "All 2 checks met 99.5 %."),
        (
            [check(f"m{n}", 100) for n in range(4)] + [check(f"u{n}", 6) for n in range(19)] + [check("m")],
            [],
            Light.RED,
            "4 checks missed 99.5 %, 19 may have, 1 met it.",
        ),
        ([check("u", 6), check("m")], [], Light.AMBER, "1 check may have missed 99.5 %, 1 met it."),
        (
            [check("home"), replace(check("pay", total=0), coverage=0.5)],
            [],
            Light.AMBER,
            "1 check met 99.5 %, 1 has no data.",
        ),
        ([check("home"), check("once", total=1)], [], Light.GREEN, "1 check met 99.5 %, 1 ran too seldom to say."),
        ([check("once", total=16)], [], Light.UNKNOWN, "1 check ran too seldom to say whether it met 99.5 %."),
        (
            [check("once", total=1)],
            [OPEN],
            Light.AMBER,
            "1 check ran too seldom to say whether it met 99.5 %; 1 incident is still open.",
        ),
        ([check("hourly", total=24)], [], Light.GREEN, "The only check met 99.5 %."),
        ([check("hourly", 1, 24)], [], Light.AMBER, "1 check may have missed 99.5 %."),
        (
            [check("home", outages=(replace(outage("home", 60, 60), runs=1),))],
            [],
            Light.GREEN,
            "The only check met 99.5 %, though home was down for up to 60 min from Fri 15 Jan 07:00.",
        ),
        ([check("home")], [OPEN], Light.AMBER, "The only check met 99.5 %; 1 incident is still open."),
        (
            [check("home")],
            [replace(OPEN, severity="critical")],
            Light.RED,
            "The only check met 99.5 %; 1 incident is still open.",
        ),
        (
            [
                check("home", outages=(outage("home", 60, 43 / 60),)),
                check("health", outages=(outage("health", 60, 40 / 60),)),
                check("pay"),
            ],
            [],
            Light.GREEN,
            "All 3 checks met 99.5 %, though home and health were down for 43 s from Fri 15 Jan 07:00.",
        ),
        (
            [check(name, outages=(outage(name, 60, 60, is_over=False),)) for name in ("home", "health", "pay")],
            [OPEN],
            Light.RED,
            "All 3 checks met 99.5 %, though home, health and 1 more are down since Fri 15 Jan 07:00; 1 incident is"
            " still open.",
        ),
    ],
)
def test_every_check_is_counted_and_nothing_is_contradicted(
    health: list[Health], incidents: list[Incident], light: Light, sentence: str
) -> None:
    """An outage of the whole shop with an open incident is never "3 of 3 met" alone."""
    verdict = verdict_of(health, incidents, 0.995, PERIOD)

    assert (verdict.light, verdict.sentence) == (light, sentence)
    assert verdict.checks == len(health)


@pytest.mark.parametrize(("minutes", "now_us"), [(60, NOW_US + 1), (43, NOW_US)])
def test_what_is_not_known_of_this_moment_is_not_said_of_it(minutes: float, now_us: int) -> None:
    """Of a time that is past, and of a check that runs no more, the last that is known is told in the past tense."""
    down = check("home", outages=(outage("home", 60, minutes, is_over=False),))

    verdict = verdict_of([down], (), 0.995, PERIOD, now_us=now_us)

    assert verdict.sentence.endswith("home was down from Fri 15 Jan 07:00 on, and still at the last run of this time.")


def test_a_check_that_ran_too_seldom_may_have_missed_its_objective() -> None:
    """It is counted as it is coloured."""
    seldom = replace(check("home"), coverage=0.5)

    verdict = verdict_of([seldom, check("pay")], (), 0.995, PERIOD)

    assert verdict.sentence == "1 check may have missed 99.5 %, 1 met it."


def test_a_check_in_two_places_counts_once_as_the_worse() -> None:
    """A reader counts checks, not rows."""
    paris = replace(check("home", 100), location="paris")

    verdict = verdict_of([check("home"), paris], (), 0.995, PERIOD)

    assert (verdict.missed, verdict.met) == (1, 0)


def test_a_check_that_never_ran_is_counted() -> None:
    """It has no line, and is not forgotten."""
    verdict = verdict_of([check("home")], (), 0.995, PERIOD, unseen=2)

    assert verdict.sentence == "1 check met 99.5 %, 2 have no data."
    assert verdict.light is Light.AMBER


def test_failed_runs_that_follow_each_other_are_one_outage() -> None:
    """It lasts until the next run that did not fail; a single run until the next one."""
    start_us = NOW_US - 100 * MINUTE_US
    failed = [(start_us + minute * MINUTE_US, f"reason {minute}") for minute in (10, 11, 12, 50)]
    passed = [start_us + minute * MINUTE_US for minute in range(99) if minute not in {10, 11, 12, 50}]

    long, short = outages_of(PLACE, failed, passed, PERIOD)

    assert (long.length_us, long.runs, long.reason, long.is_over) == (3 * MINUTE_US, 3, "reason 10", True)
    assert (short.length_us, short.runs) == (MINUTE_US, 1)


def test_a_check_that_did_not_run_is_not_down_meanwhile() -> None:
    """A failed run stands for two usual distances at most: then nothing is known."""
    start_us = NOW_US - 1000 * MINUTE_US
    passed = [start_us + minute * MINUTE_US for minute in range(10)]

    (outage,) = outages_of(PLACE, [(start_us + 10 * MINUTE_US, "")], [*passed, NOW_US - MINUTE_US], PERIOD)

    assert outage.length_us == 2 * MINUTE_US


def test_an_outage_without_an_end_lasts() -> None:
    """Up to now, as far as is known."""
    times = [NOW_US - minute * MINUTE_US for minute in range(1, 11)]

    (outage,) = outages_of(PLACE, [(times[0], "")], sorted(times[1:]), PERIOD)

    assert not outage.is_over
    assert outage.until_us == NOW_US


def test_time_in_which_several_checks_were_down_counts_once() -> None:
    """Users are affected once."""
    outages = [outage("home", 60, 10), outage("pay", 55, 10), outage("search", 10, 1)]

    assert together_us(outages) == 16 * MINUTE_US
