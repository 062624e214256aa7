"""The life of an incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
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

    for at_us, letter in enumerate(runs):
        watch = seen(watch, symptom(letter == "x", at_us), rule)

    assert watch.confirmed is confirmed


@pytest.mark.parametrize(("runs", "confirmed"), [(1, False), (2, True), (720, True)])
def test_a_record_of_several_runs_counts_as_all_of_them(runs: int, *, confirmed: bool) -> None:
    """A gap of minutes is one record, and opens as its runs one by one would."""
    watch = seen(Confirmation("key"), replace(symptom(True, 5), runs=runs), Thresholds(2, 3, 3))

    assert watch.confirmed is confirmed
    assert len(watch.recent) == min(runs, 3)


def test_a_run_that_is_heard_twice_counts_once() -> None:
    """After a crash runs are heard again."""
    watch = seen(Confirmation("key"), symptom(True, 5), Thresholds())

    assert seen(watch, symptom(True, 5), Thresholds()) is watch
    assert seen(watch, symptom(True, 4), Thresholds()) is watch


def test_runs_that_are_heard_again_after_a_crash_open_nothing(story: Callable[..., Story]) -> None:
    """Not even when the incident that they opened is over."""
    followed = story()
    began_us = followed.now_us
    followed.run("xx...")
    sent_before = len(followed.sent)

    for at_us in (began_us, began_us + 10 * SECOND_US):
        followed.observe(symptom(True, at_us))
    followed.wait(10)

    assert len(followed.sent) == sent_before
    assert followed.phases == ["resolved"]


def test_an_incident_lives_from_suspicion_to_resolution(story: Callable[..., Story]) -> None:
    """One message when it opens, one when it is over."""
    followed = story()

    phases = []
    for runs in ("x", "x", ".", ".", "."):
        followed.run(runs)
        phases += followed.phases

    assert phases == ["pending", "open", "recovering", "recovering", "resolved"]
    assert followed.kinds == ["trigger", "resolved"]
    assert [message.subject for _, _, message in followed.sent] == [
        "[shop] critical: home fails: connection refused, since 08:00",
        "[shop] resolved after 40 s: home (was: connection refused)",
    ]


def test_a_blip_tells_nobody_and_leaves_nothing_behind(story: Callable[..., Story]) -> None:
    """A suspicion that does not come true is forgotten."""
    followed = story()

    followed.run("x....")
    followed.wait(1_300, tick_s=10)

    assert followed.sent == []
    assert (followed.phases, followed.tracker.confirmations) == ([], {})
    assert [changes.forgotten_incidents != () for changes in followed.changes].count(True) == 1


def test_acknowledging_stops_reminders_and_survives_a_relapse(story: Callable[..., Story]) -> None:
    """Who took it on is not told that nobody did."""
    followed = story()
    followed.run("xx")
    (identity,) = followed.tracker.incidents

    followed.tracker.process_acknowledgement(
        Acknowledgement(identity, followed.now_us, "acknowledge", "ada", 7), followed.now_us
    )
    followed.run(".xx")
    followed.wait(5 * 3600, tick_s=60)

    assert followed.phases == ["acknowledged"]
    assert followed.tracker.incidents[identity].acknowledged_by == "ada"
    assert followed.kinds == ["trigger", "acknowledged"]
    assert (7,) in [changes.processed for changes in followed.changes]


def test_an_incident_is_assigned_and_goes_on_to_notify(story: Callable[..., Story]) -> None:
    """Only who acknowledges stops reminders; the time line says who assigned it to whom."""
    followed = story()
    followed.run("xx")
    (identity,) = followed.tracker.incidents

    for assignee in ("grace", "grace", ""):
        assignment = Acknowledgement(identity, followed.now_us, "assign", "ada", 7, assignee)
        followed.tracker.process_acknowledgement(assignment, followed.now_us)
    followed.wait(5 * 3600, tick_s=60)

    incident = followed.tracker.incidents[identity]
    assert [what for _, what in incident.events[1:]] == ["assigned to grace by ada", "assigned to nobody by ada"]
    assert (incident.assigned_to, incident.acknowledged_by) == ("", "")
    assert followed.kinds == ["trigger", "reminder"]


def test_what_nobody_takes_on_is_recalled(story: Callable[..., Story]) -> None:
    """Every four hours by default."""
    followed = story()
    followed.run("xx")

    followed.wait(4.2 * 3600, tick_s=30)

    assert followed.kinds == ["trigger", "reminder"]


def test_an_incident_began_when_the_judge_says_that_the_deviation_did(story: Callable[..., Story]) -> None:
    """The run that fired comes later; of several members the earliest counts, in the message as in the store."""
    told = story()
    onsets_us = [NOW_US - 40 * MINUTE_US, NOW_US - 90 * MINUTE_US]
    for _ in range(2):
        for check, since_us in zip(("probe:home", "probe:cart"), onsets_us, strict=True):
            finding = symptom(True, told.now_us, check, problem=Problem.DEGRADATION, causes=("host:shop",))
            told.observe(replace(finding, facts=Facts("slow", since_us=since_us)))
        told.wait(30)

    (incident,) = told.tracker.incidents.values()
    (_, _, message) = told.sent[0]
    assert incident.began_us == min(onsets_us)
    assert message.items[0].began_us == min(onsets_us)
    assert f"since {datetime.fromtimestamp(min(onsets_us) / 1e6, UTC):%H:%M}" in message.subject


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
    followed = story()
    followed.run("xx")
    (identity,) = followed.tracker.incidents

    followed.tracker.process_acknowledgement(
        Acknowledgement(identity, followed.now_us, "close", "ada"), followed.now_us
    )
    followed.run("xx")

    assert followed.phases == ["resolved", "open"]
    assert followed.kinds == ["trigger", "resolved", "trigger"]


def test_coming_back_soon_is_the_same_incident_and_often_is_flapping(story: Callable[..., Story]) -> None:
    """Flapping is told once, and ends after long calm."""
    followed = story(stability=Stability(relapses=2, calm_us=20 * MINUTE_US))

    for _ in range(5):
        followed.run("xx...")
    assert followed.phases == ["flapping"]
    (incident,) = followed.tracker.incidents.values()
    assert len(incident.relapses) == 2

    followed.wait(19 * 60, tick_s=10)
    assert followed.phases == ["flapping"]
    followed.wait(2 * 60, tick_s=10)

    assert followed.phases == ["resolved"]
    assert followed.kinds.count("trigger") == 3
    assert followed.kinds[-1] == "resolved"
    assert len([kind for kind in followed.kinds if kind == "update"]) <= 1


def test_trouble_long_after_the_end_is_a_new_incident(story: Callable[..., Story]) -> None:
    """Ten minutes by default."""
    followed = story()
    followed.run("xx...")
    followed.wait(700, tick_s=10)

    followed.run("xx")

    assert followed.phases == ["open"]
    assert followed.kinds == ["trigger", "resolved", "trigger"]


def test_one_cause_makes_one_incident(story: Callable[..., Story]) -> None:
    """The same host, step or fault over many checks; a fault of other hosts only if it is close in time."""
    followed = story()
    for name in ("a", "b"):
        followed.run("xx", f"journey:{name}", every_s=0.5, causes=("host:shop", "step:pay", "fault:refused"))
    followed.run("xx", "journey:c", every_s=0.5, causes=("step:pay",))
    followed.run("xx", "journey:d", every_s=0.5, causes=("host:other", "fault:refused"))
    assert len(followed.tracker.incidents) == 1

    followed.now_us += 10 * MINUTE_US
    followed.run("xx", "journey:e", every_s=0.5, causes=("host:third", "fault:refused"))
    followed.run("xx", "journey:f", every_s=0.5, causes=("host:shop",), problem=Problem.DEGRADATION)

    assert len(followed.tracker.incidents) == 3
    first = next(iter(followed.tracker.incidents.values()))
    assert first.checks == ("journey:a", "journey:b", "journey:c", "journey:d")
    assert "check" not in first.labels
    assert first.labels["environment"] == "production"
    assert "4 in all: journey:a, journey:b, journey:c, journey:d" in str(followed.sent[0][2].text) or followed.sent


def test_it_ends_when_the_last_of_its_members_is_well(story: Callable[..., Story]) -> None:
    """A host of which one check still fails is not well."""
    followed = story()
    for name in ("a", "b"):
        followed.run("xx", name, causes=("host:shop",))

    followed.run("...", "a", causes=("host:shop",))
    assert followed.phases == ["open"]
    followed.run("...", "b", causes=("host:shop",))

    assert followed.phases == ["resolved"]


def test_a_check_that_is_not_heard_of_any_more_does_not_hold_an_incident_open(story: Callable[..., Story]) -> None:
    """A check that was removed while it failed."""
    followed = story(forget_us=2 * 3600 * SECOND_US)
    followed.run("xx")

    followed.wait(3 * 3600, tick_s=60)

    assert followed.kinds == ["trigger", "resolved"]


def test_severity_is_that_of_the_trouble_unless_a_label_says_otherwise(story: Callable[..., Story]) -> None:
    """Degradations warn; what a label calls critical is."""
    followed = story()

    followed.run("xx", "a", problem=Problem.DEGRADATION)
    followed.run("xx", "b", problem=Problem.DEGRADATION, labels={"severity": "critical"})

    assert [incident.severity for incident in followed.tracker.incidents.values()] == [
        Severity.WARNING,
        Severity.CRITICAL,
    ]


def test_what_is_remembered_goes_on_after_a_restart(story: Callable[..., Story]) -> None:
    """Everything that matters is in what the store keeps."""
    from outrider.alerts.incident_tracker import IncidentTracker
    from outrider.model import AlertState

    followed = story()
    followed.run("xx")
    incidents: dict[str, Any] = {}
    watches: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    for changes in followed.changes:
        incidents |= {incident.id: incident for incident in changes.incidents}
        watches |= {watch.subject: watch for watch in changes.watches}
        groups |= {group.key: group for group in changes.groups}
    kept = AlertState(tuple(incidents.values()), tuple(watches.values()), tuple(groups.values()))

    again = IncidentTracker(followed.tracker.settings, kept)
    assert (again.incidents, again.confirmations, again.groups) == (
        followed.tracker.incidents,
        followed.tracker.confirmations,
        followed.tracker.groups,
    )
    followed.tracker = again
    followed.run("...")

    assert followed.kinds == ["trigger", "resolved"]


def test_a_clock_set_back_delays_nothing(story: Callable[..., Story]) -> None:
    """Runs are heard and waiting times go on as they were."""
    followed = story()
    followed.run("xx")

    followed.now_us -= 3600 * SECOND_US
    followed.tracker.tick(followed.now_us)
    followed.wait(2)
    followed.run("...")

    assert followed.now_us < NOW_US
    assert followed.kinds == ["trigger", "resolved"]
