"""Exceptions in the telemetry of services become issues of their projects, each once, whatever tells of it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind
from tests.app.test_telemetry_forwarding import AwayStore, workspace_of
from tests.waiting import until

from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.model import IssueQuery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opentelemetry.trace import Tracer

    from outrider.store import Store

pytestmark = pytest.mark.filterwarnings("ignore:.LoggingHandler. in")  # one that moved into a package of its own
RESOURCE = Resource.create({"service.name": "shop", "service.version": "1.4", "deployment.environment.name": "live"})


@contextmanager
def taking(root: Path, more: str = "[errors]\n", *, per_day: int = 100) -> Iterator[tuple[Store, TelemetryIngest]]:
    """Return a workspace that takes telemetry, whose store is away: errors do not need it."""
    workspace = workspace_of(root, "127.0.0.1:0", more)
    with open_store(workspace) as store:
        add_project(store, workspace, "shop", "live", per_day=per_day, key=KeyRequest())
        with TelemetryIngest(workspace, store, AwayStore()) as ingest:
            yield store, ingest


def sell(count: int) -> None:
    raise ValueError(f"no stock of {count} for ada@example.org")


def pay(tracer: Tracer, logger: logging.Logger, count: int, traces: list[str]) -> None:
    with (
        tracer.start_as_current_span("POST /pay", kind=SpanKind.SERVER) as span,
        tracer.start_as_current_span("charge"),
    ):
        traces.append(f"{span.get_span_context().trace_id:032x}")
        try:
            sell(count)
        except ValueError:
            logger.exception("payment %d failed", count)
            raise


def fail(ingest: TelemetryIngest, times: int = 1) -> list[str]:
    """Raise through two spans and a log record, as a service does; return the ids of the traces."""
    spans = TracerProvider(resource=RESOURCE)
    spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{ingest.address}/v1/traces")))
    logs = LoggerProvider(resource=RESOURCE)
    logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{ingest.address}/v1/logs")))
    handler, logger = LoggingHandler(logger_provider=logs), logging.Logger("shop.pay")
    logger.addHandler(handler)
    traces: list[str] = []
    for count in range(times):
        with pytest.raises(ValueError, match="no stock"):
            pay(spans.get_tracer("t"), logger, count, traces)
    spans.shutdown()
    logs.shutdown()
    return traces


def test_an_exception_of_a_service_is_one_event_of_its_project(tmp_path: Path) -> None:
    """Of an SDK that tells it three times: two spans, a log; with stack and trace, and once though it is read again."""
    with taking(tmp_path) as (store, ingest):
        (trace,) = fail(ingest)
        until(lambda: ingest.tally.counts().get("events repeated", 0) >= 3)
        (issue,) = store.errors.list(IssueQuery(now_us()))
        (kept,) = store.errors.events(issue.id)
        place = store.errors.event(kept.id)
        counts = ingest.tally.counts()

    assert place is not None
    event = place.event
    assert event.raised is not None
    assert (issue.service, issue.events, counts["project 1 exceptions taken"]) == ("shop", 1, 1)
    assert (event.trace_id, event.release, event.environment) == (trace, "1.4", "live")
    assert (event.raised.type, event.raised.value) == ("ValueError", "no stock of 0 for ***")
    assert event.raised.frames[-1].function == "sell"
    assert event.platform == "python"


@pytest.mark.parametrize(
    ("more", "per_day", "stored", "left_out"), [("[errors]\notlp = false\n", 100, 0, 0), ("[errors]\n", 2, 2, 2)]
)
def test_exceptions_are_switched_off_and_limited(
    tmp_path: Path, more: str, per_day: int, stored: int, left_out: int
) -> None:
    """By a line of the settings, and by the day's limit of the project."""
    with taking(tmp_path, more, per_day=per_day) as (store, ingest):
        fail(ingest, 4)
        until(lambda: not [*(tmp_path / ".outrider/telemetry/spool").glob("*.open")])
        ingest.close()
        counts = ingest.tally.counts()
        issues = store.errors.list(IssueQuery(now_us()))

    assert sum(issue.events for issue in issues) == stored
    assert counts.get("project 1 exceptions taken", 0) == stored
    assert (counts.get("project 1 exceptions beyond the limit of the day", 0) > 0) == (left_out > 0)
