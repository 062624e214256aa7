"""Evidence decides who is disturbed: what is weak and stands alone is shown, and notifies once it grows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US, SECOND_US, receivers, symptom
from tests.alerts.test_subject_findings import CHECKOUT, aggregates

from outrider.alerts import (
    AlertProcessor,
    AlertSettings,
    Phase,
    Problem,
    ReceiverSettings,
    read_incident,
    subject_findings,
    why_muted,
)
from outrider.alerts.confirmation import Confirmation
from outrider.alerts.page_evidence import disturbs
from outrider.alerts.route import Route
from outrider.app.reporting.report_incidents import StoredIncidents
from outrider.baselines import Settings
from outrider.model import AggregateSample, Checkpoint, Subject
from outrider.runs import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.alerts.conftest import Drawer, Story

    from outrider.alerts import Finding
    from outrider.store import Store

WEAK, STRONG = 6.0, 1e6
DAY_US = 1440 * MINUTE_US


def slow(at_us: int, check: str = "probe:home", *, months: float = WEAK, present: bool = True) -> Finding:
    return symptom(
        present, at_us, check, problem=Problem.DEGRADATION, causes=("host:shop.example", f"check:{check}"),
        chance_months=months,
    )  # fmt: skip


def member(
    months: float | None, begun_us: int = NOW_US, *, bad: bool = True, release_share: float = 1.0
) -> Confirmation:
    return Confirmation(
        "key", "incident", (True, bad), bad_us=begun_us, confirmed=True, chance_months=months, latest_months=months,
        release_share=release_share,
    )  # fmt: skip


def workspace_of(store: Store, drawer: Drawer, series: int) -> AlertProcessor:
    """Return the alerting of a workspace in which so many series were judged lately."""
    subjects = [Subject(f"service:{number}") for number in range(series)]
    store.aggregates.record(
        [AggregateSample(name, "", "duration_ms", "production", "", NOW_US, 1.0) for name in subjects]
    )
    judged = [of_subject for name in subjects for of_subject in store.series.of(name)]
    store.judgements.record_checkpoints([Checkpoint(of_subject, NOW_US, "steady", "", b"") for of_subject in judged])
    chosen = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(ReceiverSettings("mail", drawer)))
    return AlertProcessor(store, chosen, NOW_US, workspace="shop")


def feed(processor: AlertProcessor, minutes: range, *checks: str, months: float = WEAK) -> None:
    for minute in minutes:
        at_us = NOW_US + minute * MINUTE_US
        processor.process_findings([slow(at_us, check, months=months) for check in checks], at_us)
        processor.ticked(at_us + SECOND_US)


def test_weak_evidence_alone_is_shown_and_notifies_nobody(store: Store, drawer: Drawer) -> None:
    """The incident is open, says why it is muted, stands in the report, and ends without a word."""
    processor = workspace_of(store, drawer, 200)

    feed(processor, range(0, 60, 5), "probe:home")

    [incident] = processor.open_incidents()
    assert (incident.phase, incident.pages) == (Phase.OPEN, False)
    assert "it is in the digest" in why_muted(incident, [incident], (), AlertSettings(), NOW_US)
    assert [shown.cause for shown in StoredIncidents(store).incidents(NOW_US, NOW_US + DAY_US)] == [
        "connection refused (weak evidence, nobody was notified)"
    ]
    for minute in (60, 65, 70, 75):
        at_us = NOW_US + minute * MINUTE_US
        processor.process_findings([slow(at_us, present=False)], at_us)
        processor.ticked(at_us + SECOND_US)
    assert not processor.open_incidents()
    assert not store.outbox.search()


def test_strong_evidence_notifies_at_once(store: Store, drawer: Drawer) -> None:
    """Such as chance brings to two hundred series less than once a week."""
    processor = workspace_of(store, drawer, 200)

    feed(processor, range(0, 15, 5), "probe:home", months=STRONG)

    assert [row.kind for row in store.outbox.search()] == ["trigger"]


def test_weak_evidence_notifies_once_it_lasts(store: Store, drawer: Drawer) -> None:
    """Within a day even where two hundred series are judged; what it is about stands in the incident's events."""
    processor = workspace_of(store, drawer, 200)

    feed(processor, range(0, 1440, 30), "probe:home")

    [first] = [row for row in store.outbox.search() if row.kind == "trigger"]
    assert first.created_us > NOW_US + 120 * MINUTE_US
    assert "evidence grew: it notifies from now on" in [what for _, what in processor.open_incidents()[0].events]


def test_weak_evidence_of_several_checks_of_one_cause_notifies_at_once(store: Store, drawer: Drawer) -> None:
    """Three checks of one host."""
    processor = workspace_of(store, drawer, 200)

    feed(processor, range(0, 15, 5), "probe:home", "probe:cart", "probe:pay")

    assert [row.kind for row in store.outbox.search()] == ["trigger"]


def test_weak_evidence_right_after_a_rare_release_notifies_at_once(store: Store, drawer: Drawer) -> None:
    """It is the release that makes it news: the same deviation without one waits."""
    processor = workspace_of(store, drawer, 200)

    for minute in range(0, 15, 5):
        at_us = NOW_US + minute * MINUTE_US
        released = replace(slow(at_us, "probe:pay"), causes=("check:probe:pay",), release_share=1 / 672)
        processor.process_findings([slow(at_us), released], at_us)
        processor.ticked(at_us + SECOND_US)

    assert [row.kind for row in store.outbox.search()] == ["trigger"]
    assert {incident.checks: incident.pages for incident in processor.open_incidents()} == {
        ("probe:home",): False, ("probe:pay",): True,
    }  # fmt: skip


@pytest.mark.slow
def test_what_was_held_back_is_still_held_back_after_a_restart(store: Store, drawer: Drawer) -> None:
    """And notifies from there once its evidence is strong."""
    feed(workspace_of(store, drawer, 200), range(0, 15, 5), "probe:home")

    again = workspace_of(store, drawer, 200)
    assert not again.open_incidents()[0].pages
    feed(again, range(15, 30, 5), "probe:home", months=STRONG)

    assert read_incident(store.incidents.search(lasting=True)[0]).pages
    assert [row.kind for row in store.outbox.search()] == ["trigger"]


def test_a_weak_parent_mutes_nobody(story: Callable[..., Story]) -> None:
    """A failure that is no matter of chance notifies, whatever stands beside it."""
    document = story()
    document.tracker.series = 200

    for _ in range(3):
        document.observe(slow(document.now_us))
        document.wait(300)
    document.run("xx", "probe:cart")
    document.wait(60)

    assert document.kinds == ["trigger"]
    assert [incident.pages for incident in document.tracker.incidents.values()] == [False, True]


@pytest.mark.slow
def test_the_judge_of_a_service_says_how_rare_its_evidence_is(store: Store, drawer: Drawer) -> None:
    """From aggregates to the outbox: a slight rise waits, a threefold one does not."""
    processor = workspace_of(store, drawer, 500)
    calm = 80 * np.exp(np.random.default_rng(9).normal(0, 0.05, 1250))
    calm[1200:1206] *= 1.12
    calm[1206:] *= 3
    store.aggregates.record(aggregates(0, calm[:1200]))
    judge, kinds = Judge(store, Settings()), []
    judge.judge_subject(CHECKOUT, environment="production")

    for number in range(1200, 1230):
        store.aggregates.record(aggregates(number, calm[number : number + 1]))
        judged = judge.judge_subject(CHECKOUT, environment="production")
        assert judged is not None
        processor.process_findings(subject_findings(judged), judged.at_us)
        processor.ticked(judged.at_us + 60 * SECOND_US)
        kinds.append([row.kind for row in store.outbox.search()])

    assert kinds[5] == []
    assert kinds[-1] == ["trigger"]


@pytest.mark.parametrize(
    ("members", "series", "expected"),
    [
        ([member(None)], 5000, True),
        ([member(STRONG)], 5000, True),
        ([member(WEAK)], 5000, False),
        ([member(WEAK)], 1, True),
        ([member(WEAK)] * 3, 200, True),
        ([member(WEAK)] * 3, 5000, False),
        ([member(WEAK)] * 30, 5000, True),
        ([member(WEAK, NOW_US - DAY_US)], 200, True),
        ([member(WEAK, NOW_US - DAY_US), member(STRONG, bad=False)], 200, True),
        ([member(STRONG, bad=False)], 200, False),
        ([member(WEAK, release_share=1 / 672)], 200, True),
        ([member(WEAK, release_share=1 / 672)], 50_000, False),
        ([member(WEAK, release_share=0.5)], 200, False),
        ([member(WEAK), member(WEAK, release_share=1 / 672, bad=False)], 200, False),
        ([], 1, False),
    ],
)
def test_company_and_time_count_as_much_as_chance_makes_them_rare(
    members: list[Confirmation], series: int, expected: bool
) -> None:
    """Three weak deviations at once are news in two hundred series, and no news in five thousand."""
    assert disturbs(members, series, AlertSettings(), NOW_US) is expected


def test_who_bears_more_is_told_sooner() -> None:
    """At most so many false pages a week."""
    assert not disturbs([member(WEAK)], 50, AlertSettings(), NOW_US)
    assert disturbs([member(WEAK)], 50, AlertSettings(false_pages_per_week=10), NOW_US)
