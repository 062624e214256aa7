"""New and regressed issues call people through the same incidents, once, until somebody deals with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.alerts.conftest import NOW_US, SECOND_US
from tests.builders import new_store

from outrider.alerts import AlertSettings, Incident, Problem, headline, read_incidents
from outrider.app.alert_service import AlertService
from outrider.app.issue_watch import IssueWatch
from outrider.errors import resolved
from outrider.model import ErrorEvent, ErrorException, IssueId, IssueNote, StackFrame
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from outrider.store import Store

_MINUTE_US = 60 * SECOND_US
_HOUR_US = 60 * _MINUTE_US


def _event(number: int, function: str = "pay", *, at_us: int = NOW_US, level: str = "error") -> ErrorEvent:
    frame = StackFrame("shop.pay", function)
    raised = ErrorException("Declined", "card declined", frames=(frame,))
    return ErrorEvent(
        f"{number:032x}", 1, at_us, at_us, level, exceptions=(raised,), service="payment", release="2.5",
        platform="python",
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
