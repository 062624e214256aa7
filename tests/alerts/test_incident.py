"""The life of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US, SECOND_US, symptom

from outrider.alerts.confirmation import Confirmation, Thresholds, seen
from outrider.alerts.finding import Facts, Problem, Severity
from outrider.alerts.incident import Incident, Phase, Stability, Tally, step
from outrider.model import Acknowledgement

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.alerts.conftest import Story


@pytest.mark.parametrize(
    ("rule", "runs", "confirmed"),
    [
        (Thresholds(2, 3, 3), ".x.", False),
        (Thresholds(2, 3, 3), "xx", True),
        (Thresholds(2, 3, 3), "x.x", True),
        (Thresholds(2, 3, 3), "x..x", False),
        (Thresholds(2, 3, 3), "xx..", True),
        (Thresholds(2, 3, 3), "xx...", False),
        (Thresholds(2, 3, 3), "xx..x..", True),
        (Thresholds(2, 3, 3), "xx...x", False),
        (Thresholds(1, 1, 1), "x", True),
        (Thresholds(1, 1, 1), "x.", False),
        (Thresholds(3, 5, 2), "x.x.x", True),
        (Thresholds(3, 5, 2), "x.x.x..", False),
    ],
)
def test_x_of_y_opens_and_good_runs_in_a_row_close(rule: Thresholds, runs: str, *, confirmed: bool) -> None:
    """Opening and closing have thresholds of their own."""
    watch = Confirmation("key")

    for at_us, one in enumerate(runs):
        watch = seen(watch, symptom(one == "x", at_us), rule)

    assert watch.confirmed is confirmed


def test_a_run_that_is_heard_twice_counts_once() -> None:
    """After a crash runs are heard again."""
    watch = seen(Confirmation("key"), symptom(True, 5), Thresholds())

    assert seen(watch, symptom(True, 5), Thresholds()) is watch
    assert seen(watch, symptom(True, 4), Thresholds()) is watch


def test_runs_that_are_heard_again_after_a_crash_open_nothing(story: Callable[..., Story]) -> None:
    """Not even when the incident that they opened is over."""
    one = story()
    began_us = one.now_us
    one.run("xx...")
    told = len(one.told)

    for at_us in (began_us, began_us + 10 * SECOND_US):
        one.observe(symptom(True, at_us))
    one.wait(10)

    assert len(one.told) == told
    assert one.phases == ["resolved"]


def test_an_incident_lives_from_suspicion_to_resolution(story: Callable[..., Story]) -> None:
    """One message when it opens, one when it is over."""
    one = story()

    phases = []
    for runs in ("x", "x", ".", ".", "."):
        one.run(runs)
        phases += one.phases

    assert phases == ["pending", "open", "recovering", "recovering", "resolved"]
    assert one.kinds == ["trigger", "resolved"]
    assert [message.subject for _, _, message in one.told] == [
        "[shop] critical: home fails: connection refused, since 08:00",
        "[shop] resolved after 40 s: home (was: connection refused)",
    ]


def test_a_blip_tells_nobody_and_leaves_nothing_behind(story: Callable[..., Story]) -> None:
    """A suspicion that does not come true is forgotten."""
    one = story()

    one.run("x....")
    one.wait(1_300, tick_s=10)

    assert one.told == []
    assert (one.phases, one.tracker.confirmations) == ([], {})
    assert [changes.forgotten_incidents != () for changes in one.changes].count(True) == 1


def test_acknowledging_stops_reminders_and_survives_a_relapse(story: Callable[..., Story]) -> None:
    """Who took it on is not told that nobody did."""
    one = story()
    one.run("xx")
    (identity,) = one.tracker.incidents

    one.tracker.said(Acknowledgement(identity, one.now_us, "acknowledge", "ada", 7), one.now_us)
    one.run(".xx")
    one.wait(5 * 3600, tick_s=60)

    assert one.phases == ["acknowledged"]
    assert one.tracker.incidents[identity].acknowledged_by == "ada"
    assert one.kinds == ["trigger", "acknowledged"]
    assert (7,) in [changes.processed for changes in one.changes]


def test_what_nobody_takes_on_is_recalled(story: Callable[..., Story]) -> None:
    """Every four hours by default."""
    one = story()
    one.run("xx")

    one.wait(4.2 * 3600, tick_s=30)

    assert one.kinds == ["trigger", "reminder"]


def test_events_beyond_the_limit_are_counted() -> None:
    """An incident that comes back for weeks says how much of its history is not kept."""
    incident = Incident("i", Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), phase=Phase.RESOLVED)

    for hour in range(60):
        tally = Tally() if hour % 2 else Tally(bad=1, confirmed=1)
        incident, transition = step(incident, tally, NOW_US + hour * 60 * MINUTE_US, Stability())
        assert transition is not None

    assert (len(incident.events), incident.earlier_events) == (50, 10)


def test_closing_by_hand_makes_the_same_trouble_a_new_incident(story: Callable[..., Story]) -> None:
    """Somebody said that it is over; if it is not, that is news."""
    one = story()
    one.run("xx")
    (identity,) = one.tracker.incidents

    one.tracker.said(Acknowledgement(identity, one.now_us, "close", "ada"), one.now_us)
    one.run("xx")

    assert one.phases == ["resolved", "open"]
    assert one.kinds == ["trigger", "resolved", "trigger"]


def test_coming_back_soon_is_the_same_incident_and_often_is_flapping(story: Callable[..., Story]) -> None:
    """Flapping is told once, and ends after long calm."""
    one = story(stability=Stability(relapses=2, calm_us=20 * MINUTE_US))

    for _ in range(5):
        one.run("xx...")
    assert one.phases == ["flapping"]
    (incident,) = one.tracker.incidents.values()
    assert len(incident.relapses) == 2

    one.wait(19 * 60, tick_s=10)
    assert one.phases == ["flapping"]
    one.wait(2 * 60, tick_s=10)

    assert one.phases == ["resolved"]
    assert one.kinds.count("trigger") == 3
    assert one.kinds[-1] == "resolved"
    assert len([kind for kind in one.kinds if kind == "update"]) <= 1


def test_trouble_long_after_the_end_is_a_new_incident(story: Callable[..., Story]) -> None:
    """Ten minutes by default."""
    one = story()
    one.run("xx...")
    one.wait(700, tick_s=10)

    one.run("xx")

    assert one.phases == ["open"]
    assert one.kinds == ["trigger", "resolved", "trigger"]


def test_one_cause_makes_one_incident(story: Callable[..., Story]) -> None:
    """The same host, step or fault over many checks; a fault of other hosts only if it is close in time."""
    one = story()
    for name in ("a", "b"):
        one.run("xx", f"journey:{name}", every_s=0.5, causes=("host:shop", "step:pay", "fault:refused"))
    one.run("xx", "journey:c", every_s=0.5, causes=("step:pay",))
    one.run("xx", "journey:d", every_s=0.5, causes=("host:other", "fault:refused"))
    assert len(one.tracker.incidents) == 1

    one.now_us += 10 * MINUTE_US
    one.run("xx", "journey:e", every_s=0.5, causes=("host:third", "fault:refused"))
    one.run("xx", "journey:f", every_s=0.5, causes=("host:shop",), problem=Problem.DEGRADATION)

    assert len(one.tracker.incidents) == 3
    first = next(iter(one.tracker.incidents.values()))
    assert first.checks == ("journey:a", "journey:b", "journey:c", "journey:d")
    assert "check" not in first.labels
    assert first.labels["environment"] == "production"
    assert "4 in all: journey:a, journey:b, journey:c, journey:d" in str(one.told[0][2].text) or one.told


def test_it_ends_when_the_last_of_its_members_is_well(story: Callable[..., Story]) -> None:
    """A host of which one check still fails is not well."""
    one = story()
    for name in ("a", "b"):
        one.run("xx", name, causes=("host:shop",))

    one.run("...", "a", causes=("host:shop",))
    assert one.phases == ["open"]
    one.run("...", "b", causes=("host:shop",))

    assert one.phases == ["resolved"]


def test_a_check_that_is_not_heard_of_any_more_does_not_hold_an_incident_open(story: Callable[..., Story]) -> None:
    """A check that was removed while it failed."""
    one = story(forget_us=2 * 3600 * SECOND_US)
    one.run("xx")

    one.wait(3 * 3600, tick_s=60)

    assert one.kinds == ["trigger", "resolved"]


def test_severity_is_that_of_the_trouble_unless_a_label_says_otherwise(story: Callable[..., Story]) -> None:
    """Degradations warn; what a label calls critical is."""
    one = story()

    one.run("xx", "a", problem=Problem.DEGRADATION)
    one.run("xx", "b", problem=Problem.DEGRADATION, labels={"severity": "critical"})

    assert [incident.severity for incident in one.tracker.incidents.values()] == [Severity.WARNING, Severity.CRITICAL]


def test_what_is_remembered_goes_on_after_a_restart(story: Callable[..., Story]) -> None:
    """Everything that matters is in what the store keeps."""
    from outrider.alerts.incident_tracker import IncidentTracker
    from outrider.model import AlertState

    one = story()
    one.run("xx")
    incidents: dict[str, Any] = {}
    watches: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    for changes in one.changes:
        incidents |= {each.id: each for each in changes.incidents}
        watches |= {each.subject: each for each in changes.watches}
        groups |= {each.key: each for each in changes.groups}
    kept = AlertState(tuple(incidents.values()), tuple(watches.values()), tuple(groups.values()))

    again = IncidentTracker(one.tracker.settings, kept)
    assert (again.incidents, again.confirmations, again.groups) == (
        one.tracker.incidents,
        one.tracker.confirmations,
        one.tracker.groups,
    )
    one.tracker = again
    one.run("...")

    assert one.kinds == ["trigger", "resolved"]


def test_a_clock_set_back_delays_nothing(story: Callable[..., Story]) -> None:
    """Runs are heard and waiting times go on as they were."""
    one = story()
    one.run("xx")

    one.now_us -= 3600 * SECOND_US
    one.tracker.tick(one.now_us)
    one.wait(2)
    one.run("...")

    assert one.now_us < NOW_US
    assert one.kinds == ["trigger", "resolved"]
