"""A store with checks and what they did, and the pages made from it."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.routing import Route
from tests.builders import new_store, run_of

from outrider.alerts import AlertSettings, read_runbook
from outrider.alerts.finding import Facts, Problem, Severity
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.incident_records import stored_incident
from outrider.app.access.setting_overrides import WorkspaceSettings
from outrider.app.pages.operator_actions import OperatorActions
from outrider.app.reporting.report_shelf import WorkspaceReports
from outrider.dashboard import DashboardShelf, Sources, TelemetrySource
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
from outrider.runs import level_changes
from outrider.server import AcknowledgeSigner, application
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import HostState, Run, StoreSize
    from outrider.server import Application
    from outrider.store import Store
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

SIGNER = AcknowledgeSigner(b"k" * 32)
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NOW_US = 20_000 * DAY_US + 12 * HOUR_US + 46 * MINUTE_US
_NO_PAGES = (
    "/api/",
    "/checks",
    "/runs",
    "/heartbeat",
    "/live",
    "/metrics",
    "/healthz",
    "/readyz",
    "/logs",
    "/traces",
    "/hosts",
    "/services",
    "/sessions",
    "/vitals",
    "/dashboards",
    "/sign-in",
)
CALM = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)


def check(name: str, kind: Kind = Kind.PROBE, **policy: Any) -> Check:
    """Return a check of a file that is named for its kind."""
    path = {Kind.JOURNEY: "journeys/test_shop.py", Kind.PROBE: "probes/shop.toml", Kind.LOAD: "probes/rush_load.py"}
    return Check(CheckId(f"{kind}:{path[kind]}::{name}"), kind, path[kind], name, name, Policy(**policy))


@dataclass
class Scene:
    """A workspace and its store at one moment."""

    store: Store
    root: Path
    checks: list[Check] | None = field(default_factory=list)
    service: ServiceView = CALM
    runbooks: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    size: StoreSize | None = None
    host: HostState | None = None
    alerts: AlertSettings | None = field(default_factory=AlertSettings)
    telemetry: TelemetrySource = field(default_factory=TelemetrySource)
    off: frozenset[str] = frozenset()

    @property
    def sources(self) -> Sources:
        return Sources(
            self.store, lambda: self.checks, lambda: self.service, lambda: NOW_US, "milepost",
            lambda name: self.runbooks.get(name) or read_runbook(self.root, name),
            lambda _snapshot, _path: self.code, alerts=self.alerts,
            reports=WorkspaceReports(load(self.root), self.store), store_size=lambda: self.size, host=lambda: self.host,
            settings=WorkspaceSettings(self.root, self.store),
            code_url="https://git.example/shop/blob/{release}/{path}#L{line}",
            telemetry=self.telemetry, off=self.off, dashboards=DashboardShelf(self.root),
            level_changes=lambda check: level_changes(self.store, [check]),
        )  # fmt: skip

    @property
    def application(self) -> Application:
        return application(
            self.store.heartbeats, None, lambda: NOW_US, self.sources, actions=self.actions, links=SIGNER
        )

    @property
    def fixed_pages(self) -> set[str]:
        """Addresses of pages that name nothing, as the server routes them; without those of telemetry."""
        routes = (route for route in self.application.routes if isinstance(route, Route))
        paths = {route.path for route in routes if "GET" in (route.methods or ()) and "{" not in route.path}
        return {path for path in paths if not path.startswith(_NO_PAGES)}

    @property
    def actions(self) -> OperatorActions:
        return OperatorActions(self.store, load(self.root), self.checks or (), AlertSettings())

    def add(self, name: str, kind: Kind = Kind.PROBE, **policy: Any) -> Check:
        """Add a check to the workspace."""
        added = check(name, kind, **policy)
        assert self.checks is not None
        self.checks.append(added)
        self.store.checks.record([added], NOW_US)
        return added

    def ran(self, of: Check, outcome: Outcome = Outcome.PASSED, ago_us: int = MINUTE_US, **changes: Any) -> Run:
        """Store a run of a check, by default a good one of a minute ago that took 120 ms."""
        due_us = NOW_US - ago_us
        samples = (Sample("", "duration_ms", changes.pop("took_ms", 120.0)),)
        measurement = Measurement(outcome, changes.pop("reason", ""), due_us, 120.0, samples=samples)
        place = {"environment": of.policy.environment, "location": of.policy.locations[0]}
        run = run_of(measurement, of.id, **{**place, **changes})
        self.store.runs.record(run)
        return run

    def incident(self, of: Check, problem: Problem = Problem.FAILURE, what: str = "", **changes: Any) -> Incident:
        """Store an incident of a check that is open since an hour ago."""
        since_us = changes.pop("since_us", NOW_US - HOUR_US)
        release = changes.pop("release", "")
        facts = Facts(what, since_us=since_us, title=of.title, release=release, recent_release=release)
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

    def program_post(self, path: str, headers: dict[str, str]) -> httpx.Response:
        """Return what the server answers to an empty object of JSON that no page of its sent."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.post(path, headers=headers, json={})

        return asyncio.run(ask())

    def post(self, path: str, method: str = "POST", **sent: Any) -> httpx.Response:
        """Return what the server answers to a change: `data` of a form, with its token, or `json`."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                page = await client.get("/releases")
                token = page.text.split('name="form_token" value="')[1].split('"')[0]
                if "data" in sent:
                    sent["data"] = {"form_token": token, **sent["data"]}
                headers = {"Sec-Fetch-Site": "same-origin", "X-Form-Token": token}
                return await client.request(method, path, headers={**headers, **sent.pop("headers", {})}, **sent)

        return asyncio.run(ask())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    store = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    (tmp_path / "outrider.toml").touch()
    yield Scene(store, tmp_path)
    store.close()


@pytest.fixture(scope="session")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseClient]:
    """An engine with all tables, which the tests of a session share: each writes of services of its own."""
    pytest.importorskip("chdb", reason="the extra telemetry is not installed")
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
    from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
    from outrider.telemetry_store.schema_upgrade import upgrade_schema

    with EngineProcess(EngineOptions(tmp_path_factory.mktemp("engine"), nice=0)) as engine:
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        upgrade_schema(client)
        yield client
        client.close()


@pytest.fixture
def service() -> str:
    """The name of a service that no other test has."""
    return f"service-{uuid.uuid4().hex[:8]}"
