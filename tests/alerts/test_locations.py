"""A check is down when enough of its locations say so; one location alone is a finding of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US
from tests.alerts.test_run_findings import make_run

from outrider.alerts import LOCATION, AlertProcessor, AlertSettings, headline, location_findings
from outrider.alerts.finding import Problem
from outrider.alerts.location_votes import LocationVotes
from outrider.model import Check, CheckId, Kind, Outcome, Policy, Run, Subject, new_run_id

if TYPE_CHECKING:
    from outrider.store import Store

PAY = CheckId("journey:pay")
P, F, M = Outcome.PASSED, Outcome.FAILED, Outcome.MISSED


def pay(*locations: str, down_in: int | None = None) -> Check:
    policy = Policy(every_s=60.0, locations=locations, down_in=down_in)
    return Check(PAY, Kind.JOURNEY, "p.py", "pay", "p.py::pay", policy)


def run_at(location: str, outcome: Outcome, minute: int) -> Run:
    due_us = NOW_US + minute * MINUTE_US
    reason = "" if outcome is P else "refused"
    made = make_run(outcome, PAY, reason)
    return replace(made, id=new_run_id(due_us), location=location, due_us=due_us, started_us=due_us, finished_us=due_us)


@pytest.mark.parametrize(
    ("outcomes", "down_in", "is_down", "told"),
    [
        ({"a": F}, None, True, ""),
        ({"a": F, "b": P}, None, False, "in a, and works in b"),
        ({"a": F, "b": P}, 1, True, "in a, and works in b"),
        ({"a": F, "b": F, "c": P}, None, True, "in a, b, and works in c alone"),
        ({"a": F, "b": F, "c": P}, 3, False, "in a, b, and works in c alone"),
        ({"a": F, "b": F}, 3, True, "in all 2 locations"),
        ({"a": F, "b": M, "c": M}, None, True, ""),
        ({"a": P, "b": P}, 1, False, ""),
    ],
)
def test_the_rule_of_a_check_decides_by_the_locations_that_measure(
    outcomes: dict[str, Outcome], down_in: int | None, is_down: bool, told: str
) -> None:
    """More than half by default; one that measures nothing has no say, and cannot keep an outage from being told."""
    votes, check = LocationVotes(), pay("a", "b", "c", down_in=down_in)
    for location, outcome in outcomes.items():
        said = votes.votes(run_at(location, outcome, 0), check)

    assert (said.are_enough, said.summary) == (is_down, told)
    assert votes.votes(run_at("a", F, 60), check).is_single
    assert votes.votes(run_at("a", P, 59), check).bad == ("a",), "what is delivered late is not the latest"


@pytest.mark.parametrize("restarts", [False, True])
def test_one_bad_location_is_an_incident_of_its_own_and_enough_of_them_are_an_outage(
    store: Store, restarts: bool
) -> None:
    """A persistent minority is never averaged away, and pages nobody as an outage; also if we start again each time."""
    check = pay("ams", "fra", "local")

    def service() -> AlertProcessor:
        return AlertProcessor(store, AlertSettings(), NOW_US, checks=[check], workspace="shop")

    alerting = service()

    def passes(minutes: range, **bad: Outcome) -> list[str]:
        nonlocal alerting
        for minute in minutes:
            for location in check.policy.locations:
                alerting = service() if restarts else alerting
                run = run_at(location, bad.get(location, P), minute)
                store.runs.record(run)
                alerting.process_run(run, [])
        return sorted(f"{incident.problem}: {headline(incident)}" for incident in alerting.open_incidents())

    minority = passes(range(4), fra=F)
    outage = passes(range(4, 9), fra=F, ams=F)
    over = passes(range(9, 15))

    assert len(minority) == 1
    assert minority[0].startswith("location: pay fails in fra")
    assert any(line.startswith("failure: ") for line in outage)
    assert over == []
    assert len(list(store.incidents.search())) == 2, "fra alone, then an outage"


def test_a_location_without_a_worker_is_one_incident_which_mutes_what_it_misses(store: Store) -> None:
    """Runs are missed there, not failed; those of another location notify as usual, and it ends with the worker."""
    check = pay("ams", "fra", "local")
    alerting = AlertProcessor(store, AlertSettings(), NOW_US, checks=[check], workspace="shop")
    alerting.process_findings(location_findings({"fra": "vm fell silent"}, ["ams"], [], NOW_US), NOW_US)
    for minute in range(4):
        run = run_at("fra", M, minute)
        store.runs.record(run)
        alerting.process_run(run, [])
    incidents = {incident.problem: incident for incident in alerting.open_incidents()}
    now_us = NOW_US + 5 * MINUTE_US
    muted = alerting._tracker.why_muted(incidents[Problem.COVERAGE], now_us)
    subjects = [Subject(f"{LOCATION}fra")]
    for step in range(5):
        at_us = now_us + step * MINUTE_US
        alerting.process_findings(location_findings({}, ["ams", "fra"], subjects, at_us), at_us)

    assert set(incidents) == {Problem.LOCATION, Problem.COVERAGE}
    assert headline(incidents[Problem.LOCATION]).startswith("location fra has no live worker: vm fell silent")
    assert muted == "muted by: vm fell silent: its runs are missed"
    assert Problem.LOCATION not in {incident.problem for incident in alerting.open_incidents()}
