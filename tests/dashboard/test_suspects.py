"""The page of a service's incident, and the API, say which of its dependencies it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.alerts import Problem
from outrider.causes import WorseService, service_suspects
from outrider.model import CALL_ERRORS, CALL_P95, DURATION, FAILING, AggregateSample, Subject

from .conftest import MINUTE_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

SINCE_US = NOW_US - 30 * MINUTE_US
DATABASE = "database:postgresql orders"


def aggregates(service: str, step: str, metric: str, usual: float, lately: float) -> list[AggregateSample]:
    """Return a day of five minutes, the last half hour of which differs."""
    times = range(NOW_US // MINUTE_US // 5 * 5 * MINUTE_US - 280 * 5 * MINUTE_US, NOW_US, 5 * MINUTE_US)
    return [
        AggregateSample(
            Subject(f"service:{service}"), step, metric, "production", "", at_us,
            (lately if at_us >= SINCE_US else usual) * (1 + number % 5 / 50),
        )
        for number, at_us in enumerate(times)
    ]  # fmt: skip


def test_the_root_is_unknown_where_not_all_could_be_looked_at(scene: Scene) -> None:
    """Rather than the last one that was; a service named like a database is not that database."""
    usual, lately = 100.0, 400.0
    scene.store.aggregates.record([
        *aggregates("front", "", DURATION, usual, lately), *aggregates("front", DATABASE, CALL_P95, usual, usual),
        *aggregates("front", f"service:{DATABASE}", CALL_P95, usual, lately),
        *aggregates(DATABASE, "", DURATION, usual, lately * 1.2), *aggregates(DATABASE, "service:front", CALL_P95, 1, 1)
    ])  # fmt: skip
    worse = WorseService(Subject("service:front"), "production", SINCE_US, NOW_US, is_failing=False)

    known, cut = (service_suspects(scene.store.series, worse, most=most) for most in (2, 1))

    assert [(own.name, own.stands_out) for own in known] == [
        (DATABASE, True), (DATABASE, False), ("front", False)
    ]  # fmt: skip
    assert cut == ()


@pytest.mark.parametrize("problem", [Problem.DEGRADATION, Problem.FAILURE])
def test_a_database_behind_two_services_is_named(scene: Scene, problem: Problem) -> None:
    """Slower or failing: it deviates, and those who call it deviate no more."""
    is_failing = problem is Problem.FAILURE
    own, call = (FAILING, CALL_ERRORS) if is_failing else (DURATION, CALL_P95)
    usual, lately = (0.0, 1.0) if is_failing else (100.0, 400.0)
    percent = 100.0 if is_failing else 1.2
    scene.store.aggregates.record([
        *aggregates("front", "", own, usual, lately), *aggregates("front", "service:pay", call, usual, lately),
        *aggregates("pay", "", own, usual, lately), *aggregates("pay", DATABASE, call, usual, lately * percent),
        *aggregates("pay", "service:front", call, usual, usual),
    ])  # fmt: skip
    check, subject = scene.add("front"), f"{problem}|production||service:front|"
    before_us = NOW_US - 500 * MINUTE_US
    known = scene.incident(check, problem, lead_subject=subject, since_us=SINCE_US)
    calm = scene.incident(check, problem, lead_subject=subject, since_us=before_us, ended_us=before_us + 50 * MINUTE_US)

    page, answer, quiet = scene.get(f"/incidents/{known.id}", f"/api/v1/incidents/{known.id}", f"/incidents/{calm.id}")

    assert f"<b><bdi>{DATABASE}</bdi></b> is where it comes from" in page.text
    suspects = answer.json()["suspects"]
    assert (suspects["suspects"][0]["name"], suspects["stands_out"], suspects["count"]) == (DATABASE, True, 3)
    assert "No suspect stands out." in quiet.text
