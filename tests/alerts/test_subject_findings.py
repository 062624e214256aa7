"""A service is judged by the machine that judges checks, from aggregates to an incident and a notification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.alerts.conftest import NOW_US, SECOND_US, receivers
from tests.alerts.test_run_findings import SLOW

from outrider.alerts import (
    AlertProcessor,
    AlertSettings,
    Phase,
    Problem,
    ReceiverSettings,
    read_incident,
    subject_findings,
)
from outrider.alerts.route import Route
from outrider.baselines import Condition, Settings
from outrider.model import REQUESTS, AggregateSample, Release, Subject, SubjectKind
from outrider.runs import Judge, Judgement, LiveJudge, SubjectJudgement

if TYPE_CHECKING:
    from tests.alerts.conftest import Drawer

    from outrider.store import Store

CHECKOUT = Subject.of(SubjectKind.SERVICE, "checkout")
CADENCE_US = 300 * SECOND_US
CALM = 1_200
SLOW_FOR = 40


def aggregates(first: int, values: np.ndarray) -> list[AggregateSample]:
    return [
        AggregateSample(CHECKOUT, "POST /pay", "duration_ms", "production", "", NOW_US + number * CADENCE_US, value)
        for number, value in enumerate(values.tolist(), first)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("judge_of", [Judge, LiveJudge])
def test_a_slow_service_is_judged_degraded_and_opens_an_incident(
    store: Store, drawer: Drawer, judge_of: type[Judge | LiveJudge]
) -> None:
    """Its aggregates belong to no run; route, outbox and labels are those of a check's incident."""
    calm = 80 * np.exp(np.random.default_rng(7).normal(0, 0.08, CALM + SLOW_FOR))
    store.aggregates.record(aggregates(0, calm[:CALM]))
    store.judgements.record_release(Release("2.1", "production", NOW_US + CALM * CADENCE_US))
    judge = judge_of(store, Settings())
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(ReceiverSettings("mail", drawer)))
    processor = AlertProcessor(store, settings, NOW_US, workspace="shop")
    judged = judge.judge_subject(CHECKOUT, environment="production")
    assert judged is not None
    assert judged.judgements[0].signal.condition is Condition.STEADY

    for number in range(CALM, CALM + SLOW_FOR):
        store.aggregates.record(aggregates(number, calm[number : number + 1] * 3))
        judged = judge.judge_subject(CHECKOUT, environment="production")
        assert judged is not None
        processor.process_findings(subject_findings(judged), judged.at_us)
        processor.ticked(judged.at_us + SECOND_US)

    incident = read_incident(store.incidents.search(lasting=True)[0])
    assert judged.judgements[0].signal.condition is Condition.DEGRADED
    assert (incident.problem, incident.phase, incident.checks) == (Problem.DEGRADATION, Phase.OPEN, (CHECKOUT,))
    assert (incident.lead.title, incident.lead.step, incident.lead.release) == ("checkout", "POST /pay", "2.1")
    assert {name: incident.labels[name] for name in ("kind", "service", "subject")} == {
        "kind": "service", "service": "checkout", "subject": "service:checkout",
    }  # fmt: skip
    assert [row.receiver for row in store.outbox.search()] == ["mail"]
    processor.use_checks([], judged.at_us + 2 * SECOND_US)
    assert len(store.incidents.search(lasting=True)) == 1


def test_the_same_aggregates_are_judged_the_same_again(store: Store) -> None:
    """Without new ones the judge says what it said, from its checkpoint."""
    store.aggregates.record(aggregates(0, np.full(400, 80.0) + np.arange(400) % 7))
    judge = Judge(store, Settings())

    first = judge.judge_subject(CHECKOUT, environment="production")
    again = judge.judge_subject(CHECKOUT, environment="production")

    assert first is not None
    assert again is not None
    assert again.at_us == first.at_us
    assert again.judgements[0].signal.condition is first.judgements[0].signal.condition
    assert judge.judge_subject(CHECKOUT, environment="staging") is None
    assert judge.judge_subject(Subject.of(SubjectKind.SERVICE, "unknown"), environment="production") is None


def test_a_service_is_judged_by_the_scale_of_aggregates(store: Store) -> None:
    """Two averages of five minutes that are half as high again are degraded; of a probe they would be steady."""
    values = 80 * np.exp(np.random.default_rng(8).normal(0, 0.03, 802))
    values[800:] *= 1.5
    store.aggregates.record(aggregates(0, values))

    judged = Judge(store, Settings()).judge_subject(CHECKOUT, environment="production")

    assert judged is not None
    assert judged.judgements[0].signal.condition is Condition.DEGRADED


def test_numbers_of_requests_are_judged_after_a_week(store: Store) -> None:
    """The first nights look like no outage; in the second week an outage of half an hour is seen."""
    t = np.arange(8 * 288)
    counts = np.random.default_rng(9).poisson(400 * (1 + 0.7 * np.sin(2 * np.pi * t / 288))).astype(float)
    counts[-6:] = 0
    stored = [
        AggregateSample(CHECKOUT, "", REQUESTS, "production", "", NOW_US + number * CADENCE_US, value)
        for number, value in enumerate(counts.tolist())
    ]
    judge, conditions = Judge(store, Settings()), []
    for begin, end in ((0, 216), (216, len(t) - 6), (len(t) - 6, len(t))):
        store.aggregates.record(stored[begin:end])
        judged = judge.judge_subject(CHECKOUT, environment="production", metric=REQUESTS)
        assert judged is not None
        conditions.append(judged.judgements[0].signal.condition)

    assert conditions == [Condition.LEARNING, Condition.STEADY, Condition.DEGRADED]


def test_a_subject_without_a_kind_is_named_by_itself() -> None:
    """Labels hold no empty name."""
    (finding,) = subject_findings(SubjectJudgement(Subject("odd"), "production", "", 7, (Judgement("", SLOW),)))

    assert (finding.present, finding.at_us, finding.facts.predicate) == (True, 7, "is slow")
    assert finding.labels == {
        "problem": "degradation", "trouble": "degradation", "subject": "odd", "environment": "production",
    }  # fmt: skip
