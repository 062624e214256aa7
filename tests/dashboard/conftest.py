"""A store with checks and what they did, and the pages made from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.builders import new_store, run_of

from outrider.alerts.finding import Facts, Problem, Severity
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.incident_records import stored_incident
from outrider.dashboard import Sources
from outrider.model import (
    AlertChanges,
    Check,
    CheckId,
    CheckView,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Sample,
    ServiceView,
    new_run_id,
)
from outrider.server import application

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Run
    from outrider.server import Application
    from outrider.store import Store

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NOW_US = 20_000 * DAY_US + 12 * HOUR_US + 46 * MINUTE_US
CALM = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)


def check(name: str, kind: Kind = Kind.PROBE, **policy: Any) -> Check:
    """Return a check of a file that is named for its kind."""
    path = {Kind.JOURNEY: "journeys/test_shop.py", Kind.PROBE: "probes/shop.toml", Kind.LOAD: "probes/rush_load.py"}
    return Check(CheckId(f"{kind}:{path[kind]}::{name}"), kind, path[kind], name, name, Policy(**policy))


@dataclass
class Scene:
    """A workspace and its store at one moment."""

    store: Store
    checks: list[Check] | None = field(default_factory=list)
    service: ServiceView = CALM

    @property
    def sources(self) -> Sources:
        return Sources(self.store, lambda: self.checks, lambda: self.service, lambda: NOW_US, "milepost")

    @property
    def application(self) -> Application:
        return application(self.store.heartbeats, None, lambda: NOW_US, self.sources)

    def add(self, name: str, kind: Kind = Kind.PROBE, **policy: Any) -> Check:
        """Add a check to the workspace."""
        added = check(name, kind, **policy)
        assert self.checks is not None
        self.checks.append(added)
        return added

    def ran(self, of: Check, outcome: Outcome = Outcome.PASSED, ago_us: int = MINUTE_US, **changes: Any) -> Run:
        """Store a run of a check, by default a good one of a minute ago that took 120 ms."""
        due_us = NOW_US - ago_us
        samples = (Sample("", "duration_ms", 120.0),)
        measurement = Measurement(outcome, changes.pop("reason", ""), due_us, 120.0, samples=samples)
        place = {"environment": of.policy.environment, "location": of.policy.locations[0]}
        run = run_of(measurement, of.id, **{**place, **changes})
        self.store.runs.record(run)
        return run

    def incident(self, of: Check, problem: Problem = Problem.FAILURE, what: str = "", **changes: Any) -> Incident:
        """Store an incident of a check that is open since an hour ago."""
        since_us = changes.pop("since_us", NOW_US - HOUR_US)
        facts = Facts(what, since_us=since_us, title=of.title, release=changes.pop("release", ""))
        opened = Incident(
            str(new_run_id(since_us)), problem, since_us, since_us, facts,
            severity=Severity.CRITICAL, phase=Phase.OPEN, checks=(of.id,), check_count=1, opened_us=since_us,
            events=((since_us, "opened"),), lead_subject=f"{problem}|production|local|{of.id}|",
        )  # fmt: skip
        incident = replace(opened, **changes)
        self.store.incidents.record(AlertChanges(incidents=(stored_incident(incident),)))
        return incident

    def paused(self, of: Check) -> None:
        """Pause a check."""
        self.service = replace(self.service, checks=(CheckView(of.id, "local", paused=True),))

    def get(self, *paths: str, **headers: str) -> list[httpx.Response]:
        """Return what the server answers."""

        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
                return [await client.get(path) for path in paths]

        return asyncio.run(ask())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    store = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    yield Scene(store)
    store.close()
