"""Services that spans tell of are judged: what suffers from the same database is one incident."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.builders import new_store
from tests.telemetry_store.samples import NOW_NS, SECOND_NS, span

from outrider.alerts import AlertSettings, Phase, Problem, read_incident
from outrider.app.alerting.alert_service import AlertService
from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.telemetry.operation_watch import OperationWatch
from outrider.app.telemetry.progress_mark import ProgressMark
from outrider.app.telemetry.service_watch import PERIOD_S, SETTLED_S, ServiceWatch
from outrider.baselines import Settings
from outrider.model import DURATION, Subject
from outrider.runs import LiveJudge, moved_operations
from outrider.telemetry_store.call_rollup import CallRollup
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.service_search import ServiceSearch
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.alerts import Incident
    from outrider.model import Span
    from outrider.store import Store
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

END_S = (NOW_NS // SECOND_NS - SETTLED_S) // PERIOD_S * PERIOD_S
DAYS_S, BAD_S = 3 * 86_400, 4 * PERIOD_S
EVERY_S = 15


@pytest.fixture
def own(client: ClickHouseClient) -> ClickHouseClient:
    """A client with all tables in a database of its own."""
    upgrade_schema(client)
    return client


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def request(at_s: int, query_ms: float, status: str) -> list[Span]:
    """Return the spans of a request: front calls pay, which asks a database."""
    ago_s, trace = NOW_NS / SECOND_NS - at_s, uuid.uuid4().hex
    database = {"db.system": "postgresql", "db.name": "orders"}
    front = span(
        "front", "GET /", span_id="1" * 16, duration_ms=query_ms + 60, trace_id=trace, ago_s=ago_s, status=status
    )

    def below(parent: str, own: str, more_ms: float, **changes: Any) -> Span:
        duration_ns = round((query_ms + more_ms) * 1e6)
        return front._replace(span_id=own * 16, parent_span_id=parent * 16, duration_ns=duration_ns, **changes)

    return [
        front,
        below("1", "2", 30, name="call", kind="Client"),
        below("2", "3", 20, service="pay", name="POST /pay"),
        below("3", "4", 0, service="pay", name="q", kind="Client", attributes=database),
        front._replace(service="other", trace_id=uuid.uuid4().hex, duration_ns=80_000_000, status="Unset"),
    ]


def traffic(slower: float, status: str) -> list[Span]:
    """Return three days of requests, four a minute, whose last twenty minutes are worse."""
    draw = np.random.default_rng(7)
    times = range(END_S - DAYS_S, END_S, EVERY_S)
    queries = 80 * np.exp(draw.normal(0, 0.06, len(times)))
    spans: list[Span] = []
    for at_s, query_ms in zip(times, queries.tolist(), strict=True):
        is_bad = at_s >= END_S - BAD_S
        spans += request(at_s, query_ms * (slower if is_bad else 1.0), status if is_bad else "Unset")
    return spans


def incidents(client: ClickHouseClient, store: Store, mark: Path) -> list[Incident]:
    """Return the incidents that come of what is stored, judged period by period as time passes."""
    now_s = float(END_S + SETTLED_S)
    rollup = CallRollup(client, clock=lambda: now_s)
    while rollup.roll_up():
        pass
    alerts = AlertService(store, lambda: True)
    alerts.use(Workspace(root=Path(), name="t"), [], AlertSettings())
    judging = SubjectWatch(store.aggregates, alerts.subject_judged, judge_s=60)
    judging.judge = LiveJudge(store, Settings())
    search, operations = ServiceSearch(client), OperationWatch(ServiceSearch(client), "production")
    for at_s in range(END_S - BAD_S, END_S + 1, PERIOD_S):
        clock_s = float(at_s + SETTLED_S)
        watch = ServiceWatch(
            search, store.aggregates, "production", ProgressMark(mark), operations=operations, clock=lambda: clock_s  # noqa: B023
        )  # fmt: skip
        while watch.look():
            pass
        assert watch.look() == 0
        judging.ticked(at_s * 1_000_000)
        alerts.ticked(at_s * 1_000_000)
    alerts.close()
    return [
        incident
        for stored in store.incidents.search(since_us=0)
        if (incident := read_incident(stored)).phase is not Phase.PENDING
    ]


def sizes(store: Store) -> dict[tuple[str, str], int]:
    """Return how many samples each series of a service has."""
    series = store.series.of(Subject("service:pay"))
    return {(own.step, own.metric): len(store.series.samples(own).at_us) for own in series}


@pytest.mark.slow
def test_services_that_are_slow_since_their_database_is_are_one_incident(
    own: ClickHouseClient, store: Store, tmp_path: Path
) -> None:
    """Who calls the service that asks it suffers too; a service that has nothing to do with it stays well."""
    TelemetryTables(own).insert_spans(traffic(4.0, "Unset"), token="slow")

    [incident] = incidents(own, store, tmp_path / "mark.json")

    assert (incident.problem, incident.phase) == (Problem.DEGRADATION, Phase.OPEN)
    assert set(incident.checks) == {Subject("service:front"), Subject("service:pay")}
    assert any("service:pay" in cause for cause in incident.causes)
    assert "; operations: " in incident.lead.what
    [moved] = moved_operations(store.series, Subject("service:pay"), at_us=END_S * 1_000_000)
    assert (moved.operation, moved.metric) == ("POST /pay", DURATION)
    assert moved.since_us == (END_S - BAD_S) * 1_000_000
    assert moved.value == pytest.approx(340, rel=0.1)
    assert moved.usual == pytest.approx(100, rel=0.1)


@pytest.mark.slow
def test_services_that_fail_since_their_database_does_are_one_incident(
    own: ClickHouseClient, store: Store, tmp_path: Path
) -> None:
    """Failures are judged by the minute, and calm traffic before them gave none."""
    TelemetryTables(own).insert_spans(traffic(1.0, "Error"), token="failing")

    [incident] = incidents(own, store, tmp_path / "mark.json")

    assert (incident.problem, incident.phase) == (Problem.FAILURE, Phase.OPEN)
    assert set(incident.checks) == {Subject("service:front"), Subject("service:pay")}
    assert "more failures than usual in" in incident.lead.what
    assert re.search(r"operations: (GET /|POST /pay) 100.0 % fail, usually 0.\d %", incident.lead.what)


@pytest.mark.slow
def test_calm_services_have_no_incident(own: ClickHouseClient, store: Store, tmp_path: Path) -> None:
    """Nor is anything stored twice when a process begins anew without its mark."""
    TelemetryTables(own).insert_spans(traffic(1.0, "Unset"), token="calm")
    mark = tmp_path / "mark.json"

    assert incidents(own, store, mark) == []
    stored = sizes(store)
    mark.write_text("damaged", encoding="utf-8")
    incidents(own, store, mark)

    assert not any(metric.startswith("operation") for _, metric in stored)
    assert {metric for step, metric in stored if not step} == {"duration_ms", "failing"}  # too few to judge how many
    assert stored["database:postgresql orders", "call_p95_ms"] >= 10
    assert stored == sizes(store)
