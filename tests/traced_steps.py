"""Runs of a step that got slower, with the spans of their traces."""

from __future__ import annotations

import uuid

from tests.builders import run_of

from outrider.model import AttemptTrace, Measurement, Outcome, Run, Span, Step, StepKind

MINUTE_US = 60_000_000
MS = 1_000_000
SLOWER_RUNS = 29
"""So many of the last minutes' runs are slower."""


def slower_runs(
    now_us: int, service: str, *, statement: str = "SELECT products", runs: int = 55, check: str = "journey:shop"
) -> list[tuple[Run, list[Span]]]:
    """Return a run a minute, the last first: its query takes 40 ms, of those since half an hour 350."""
    return [_traced(now_us - number * MINUTE_US, number, service, statement, check) for number in range(1, runs + 1)]


def _traced(at_us: int, number: int, service: str, statement: str, check: str) -> tuple[Run, list[Span]]:
    trace, query_ms = uuid.uuid4().hex, (350 if number <= SLOWER_RUNS else 40) + number % 3
    step = Step("list", "list", StepKind.NAMED, 5.0, query_ms + 90.0)
    traces = (AttemptTrace(trace, "list"),)
    measurement = Measurement(Outcome.PASSED, "", at_us, 500.0, steps=(step,), traces=traces)

    def span(name: str, identity: str, parent: str, kind: str, took_ms: int) -> Span:
        resource = {"service.name": service}
        return Span(
            at_us * 1000, trace, identity, parent, "", name, kind, service, resource, "app", "1", {}, took_ms * MS
        )

    return run_of(measurement, check), [
        span("GET /list", "1" * 16, "", "Server", query_ms + 30),
        span(statement, "2" * 16, "1" * 16, "Client", query_ms),
    ]
