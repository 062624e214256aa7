"""Alerts as reports count them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.builders import new_store

from outrider.alerts.finding import Facts, Problem, Severity
from outrider.alerts.incident import Incident
from outrider.alerts.incident_records import stored_incident
from outrider.app.reporting.report_incidents import StoredIncidents
from outrider.model import AlertChanges, Comment, Notification, Status
from outrider.reports import CheckNoise, ReceiverNoise

if TYPE_CHECKING:
    from pathlib import Path

NOW_US = 1_800_000_000_000_000


def alert(number: int, check: str, kind: str = "trigger", *, at_us: int = NOW_US) -> Notification:
    item = {
        "incident": "i", "headline": "h", "lines": [], "phase": "open", "began_us": at_us, "ended_us": None,
        "labels": {"check": check}, "runbook": "", "run": "",
    }  # fmt: skip
    message = {
        "kind": kind, "topic": f"t{number}", "subject": "s", "severity": "critical", "items": [item],
        "created_us": at_us,
    }  # fmt: skip
    reported = json.dumps(message)
    return Notification(f"n{number}", "ops", f"t{number}", kind, at_us, at_us, reported, Status.DELIVERED, 1, at_us)


def test_alerts_are_counted_by_check_and_nothing_else_is(tmp_path: Path) -> None:
    """Tests of a channel, reports, and what lies outside the time are no noise of it."""
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        for number, (check, kind) in enumerate(
            [("a", "trigger"), ("b", "trigger"), ("b", "resolved"), ("b", "test"), ("c", "report")]
        ):
            store.outbox.add(alert(number, check, kind))
        store.outbox.add(alert(9, "a", at_us=NOW_US - 10))

        noise = StoredIncidents(store).noise(NOW_US - 5, NOW_US + 5)
        nothing = StoredIncidents(store).noise(NOW_US + 5, NOW_US + 6)

    assert noise is not None
    assert (noise.sent, noise.incidents, noise.acted_on) == (3, 0, 0)
    assert noise.checks == (CheckNoise("b", 2, 0, 0), CheckNoise("a", 1, 0, 0))
    assert nothing is None


def test_an_incident_counts_for_the_check_that_began_it(tmp_path: Path) -> None:
    """Whichever checks it affected later: how often somebody acts on a check's incidents is what its noise is."""
    kept = Incident(
        "i1", Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), opened_us=NOW_US, acknowledged_by="ada",
        checks=("home", "pay"),
    )  # fmt: skip
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        store.incidents.record(AlertChanges((stored_incident(kept),)))

        noise = StoredIncidents(store).noise(NOW_US - 5, NOW_US + 5)

    assert noise is not None
    assert noise.checks == (CheckNoise("home", 0, 1, 1),)


def test_noise_tells_what_was_acted_on_folded_and_alone(tmp_path: Path) -> None:
    """Closing by hand and a comment count as acting; a consequence is folded; weak evidence notified nobody."""
    plain = Incident(
        "root", Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), opened_us=NOW_US, ended_us=NOW_US + 9,
        checks=("service:pay",), check_count=1, severity=Severity.CRITICAL,
    )  # fmt: skip
    incidents = [
        replace(plain, events=((NOW_US, "closed by ada"),)),
        replace(plain, id="follows", checks=("home",), named=("service:pay",), severity=Severity.WARNING),
        replace(plain, id="alone", checks=("search",)),
        replace(plain, id="weak", checks=("cart",), pages=False),
        replace(plain, id="two", checks=("a", "b"), check_count=2, events=((NOW_US, "resolved"),)),
    ]
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        store.incidents.record(AlertChanges(tuple(map(stored_incident, incidents))))
        store.incidents.comment(Comment("alone", NOW_US, "ada", "looking"))
        store.outbox.add(alert(1, "search"))

        noise = StoredIncidents(store).noise(NOW_US - 5, NOW_US + 5)

    assert noise is not None
    assert (noise.sent, noise.incidents, noise.acted_on) == (1, 5, 2)
    assert (noise.folded, noise.alone, noise.weak) == (1, 1, 1)
    assert noise.receivers == (ReceiverNoise("ops", 1),)


def test_a_report_lists_the_incidents_that_lasted_in_its_time(tmp_path: Path) -> None:
    """In the order of time; those that begin with its end, and suspicions, are left out; weak evidence is marked."""
    opened = Incident("i", Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), opened_us=NOW_US, checks=("pay", "home"))
    incidents = [
        replace(opened, id="b", began_us=NOW_US + 2, pages=False, checks=()),
        replace(opened, id="a", began_us=NOW_US - 9, ended_us=NOW_US + 1),
        replace(opened, id="suspected", opened_us=None),
        replace(opened, id="later", began_us=NOW_US + 5),
    ]
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        store.incidents.record(AlertChanges(tuple(map(stored_incident, incidents))))

        listed = StoredIncidents(store).incidents(NOW_US, NOW_US + 5)
        noise = StoredIncidents(store).noise(NOW_US, NOW_US + 5)

    assert [(incident.check, incident.began_us, incident.ended_us, incident.cause) for incident in listed] == [
        ("pay", NOW_US - 9, NOW_US + 1, "refused"),
        ("", NOW_US + 2, None, "refused (weak evidence, nobody was notified)"),
    ]
    assert noise is not None
    assert (noise.sent, noise.incidents, noise.acted_on) == (0, 2, 0)
