"""New and regressed issues call people through the same incidents, once, until somebody deals with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.alerts.conftest import NOW_US, SECOND_US
from tests.builders import new_store

from outrider.alerts import AlertSettings, Incident, Problem, Severity, headline, read_incidents, root_of
from outrider.app.alerting.alert_service import AlertService
from outrider.app.errors.issue_watch import IssueWatch
from outrider.app.errors.quota_watch import ERROR_LEDGER_FILE, QuotaWatch
from outrider.errors import resolved
from outrider.model import (
    ErrorEvent,
    ErrorException,
    ErrorProject,
    IssueId,
    IssueNote,
    KeyPurpose,
    ProjectKey,
    StackFrame,
    Subject,
)
from outrider.telemetry import DayLedger, Tally
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from outrider.store import Store

_MINUTE_US = 60 * SECOND_US
_HOUR_US = 60 * _MINUTE_US


def _event(
    number: int, function: str = "pay", *, at_us: int = NOW_US, level: str = "error", environment: str = ""
) -> ErrorEvent:
    frame = StackFrame("shop.pay", function)
    raised = ErrorException("Declined", "card declined", frames=(frame,))
    return ErrorEvent(
        f"{number:032x}", 1, at_us, at_us, level, exceptions=(raised,), service="payment", release="2.5",
        platform="python", environment=environment,
    )  # fmt: skip


def _incidents(store: Store) -> list[Incident]:
    return [own for own in read_incidents(store.incidents.search()) if own.problem is Problem.ISSUE]


def test_new_issues_are_one_incident_until_they_are_dealt_with(tmp_path: Path) -> None:
    """Looking again says nothing more; one event alone calls nobody; a regression calls again."""
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        alerts = AlertService(store, lambda: True)
        watch = IssueWatch(store.errors, alerts.issues_seen)
        alerts.use(Workspace(root=Path(), name="t"), [], AlertSettings())

        def look(minutes: int) -> None:
            now_us = NOW_US + minutes * _MINUTE_US
            alerts.ticked(now_us)
            watch.ticked(now_us)
            alerts.ticked(now_us + SECOND_US)

        store.errors.add([_event(1)])
        look(1)
        assert _incidents(store) == []

        store.errors.add([_event(2), _event(3, "refund"), _event(4, "refund"), _event(5, "warn", level="warning")])
        for minutes in range(2, 30):
            look(minutes)
        (incident,) = _incidents(store)
        assert sorted(incident.checks) == ["issue:1", "issue:2"]
        assert incident.labels["service"] == "payment"
        assert headline(incident).startswith("Declined #")
        assert "are new" in headline(incident)
        assert incident.phase.lasts

        note = IssueNote(NOW_US, "ada", "resolve", "")
        store.errors.decide([IssueId(1), IssueId(2)], resolved(NOW_US + 30 * _MINUTE_US), note)
        for minutes in range(31, 60):
            look(minutes)
        (incident,) = _incidents(store)
        assert not incident.phase.lasts

        store.errors.add([_event(6, at_us=NOW_US + 3 * _HOUR_US)])
        look(181)
        look(182)
        again = next(own for own in _incidents(store) if own.phase.lasts)
        assert "came back in payment: card declined" in headline(again)
        alerts.close()


def test_issues_of_two_environments_are_two_incidents(tmp_path: Path) -> None:
    """A check that fails in production explains that of production; each ends for itself, also beyond twenty issues."""
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        alerts = AlertService(store, lambda: True)
        watch = IssueWatch(store.errors, alerts.issues_seen)
        alerts.use(Workspace(root=Path(), name="t"), [], AlertSettings())

        def look(minutes: int) -> dict[str, Incident]:
            now_us = NOW_US + minutes * _MINUTE_US
            alerts.ticked(now_us)
            watch.ticked(now_us)
            alerts.ticked(now_us + SECOND_US)
            return {own.labels["environment"]: own for own in _incidents(store) if own.phase.lasts}

        places = {"live": 1, "test|2": 22}
        for first, (place, issues) in zip((100, 200), places.items(), strict=True):
            store.errors.add([_event(first + n, f"pay{n // 2}", environment=place) for n in range(2 * issues)])
        both = look(1)
        store.errors.add([_event(9, "pay0", at_us=NOW_US + 50 * _MINUTE_US, environment="live")])
        later = look(62)
        store.errors.decide([IssueId(1)], resolved(NOW_US + 62 * _MINUTE_US), IssueNote(NOW_US, "ada", "resolve", ""))
        ended = [look(minutes) for minutes in range(63, 70)][-1]
        alerts.close()

    check = replace(both["live"], id="check", problem=Problem.FAILURE, severity=Severity.CRITICAL, checks=())
    check = replace(check, named=(Subject("issue:1"),))
    assert {place: own.check_count for place, own in both.items()} == places
    assert "is new in payment of live: card declined" in headline(both["live"])
    assert {place: root_of(own, [check]) for place, own in both.items()} == {"live": check, "test|2": None}
    assert list(later) == ["live"]
    assert ended == {}


def test_a_project_that_refuses_errors_calls_until_it_takes_them_again(tmp_path: Path) -> None:
    """By what the process that takes them counted today; it ends when the limit is raised, or with the day."""
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        key = ProjectKey("a" * 32, 0, KeyPurpose.SERVER, NOW_US, "ada")
        made = store.projects.add(ErrorProject(0, "payment", "live", NOW_US, 100), key)
        assert made is not None
        number = made.id
        alerts = AlertService(store, lambda: True)
        watch = QuotaWatch(tmp_path, store.projects, alerts.quota_seen, replay_bytes=5_000_000, telemetry_bytes=10**9)
        alerts.use(Workspace(root=Path(), name="t"), [], AlertSettings())
        tally = Tally()
        ledger = DayLedger(tmp_path / ERROR_LEDGER_FILE, tally, lambda: NOW_US / 1e6)

        def open_after(minutes: int) -> list[str]:
            ledger.write()
            now_us = NOW_US + minutes * _MINUTE_US
            alerts.ticked(now_us)
            watch.ticked(now_us)
            alerts.ticked(now_us + SECOND_US)
            incidents = read_incidents(store.incidents.search())
            return [headline(own) for own in incidents if own.problem is Problem.QUOTA and own.phase.lasts]

        tally.add(f"project {number} events", 100)
        before = open_after(1)
        tally.add(f"project {number} events beyond the limit of the day", 5)
        during = [open_after(minutes) for minutes in (2, 3, 4)]
        store.projects.change(ErrorProject(number, "payment", "live", NOW_US, 200))
        after = [open_after(minutes) for minutes in range(5, 35)][-1]
        tally.add(f"project {number} beacons", 20 * 200)
        tally.add(f"project {number} beacons beyond the limit of the day", 7)
        [of_views] = [open_after(minutes) for minutes in range(35, 38)][-1]
        store.projects.change(ErrorProject(number, "payment", "live", NOW_US, 400))
        between = [open_after(minutes) for minutes in range(38, 70)][-1]
        tally.add(f"project {number} bytes of replays", 4_900_000)
        tally.add(f"project {number} replays beyond the limit of the day", 3)
        [of_replays] = [open_after(minutes) for minutes in range(70, 73)][-1]
        tally.add(f"project {number} bytes of replays", -4_900_000)
        ended = [open_after(minutes) for minutes in range(73, 105)][-1]
        tally.add(f"project {number} bytes of telemetry", 10**9 - 500)
        tally.add(f"project {number} telemetry beyond the limit of the day", 5)
        [of_telemetry] = [open_after(minutes) for minutes in range(105, 108)][-1]
        alerts.close()

    assert before == after == between == ended == []
    assert [len(own) for own in during] == [1, 1, 1]
    assert "payment has used up its errors of the day" in during[0][0]
    assert "5 were refused" in during[0][0]
    assert "payment has used up its page views of the day: 4,000 beacons" in of_views
    assert "7 were refused" in of_views
    assert "payment has used up its replays of the day: 5 MB of replays of project" in of_replays
    assert "its spans, logs, metrics and sessions of the day: 1,000 MB of spans, logs, metrics" in of_telemetry
